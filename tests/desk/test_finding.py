"""A desk is found where the settings say, and where it is not, they are told what to do."""

from pathlib import Path

import pytest

from firsthand import Settings, SettingsError
from firsthand.desk.finding import import_desk

SOURCES = {
    "found_well": "from firsthand import Desk\nteam = Desk('Acme')",
    "found_broken": "raise ValueError('half written')",
    "found_stopped": "raise KeyboardInterrupt",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, source in SOURCES.items():
        (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_a_desk_is_imported_by_module_and_name(folder: Path):
    assert import_desk(Settings(desk="found_well:team", folder=folder)).name == "Acme"


@pytest.mark.parametrize(
    ("desk", "told"),
    [
        ("found_well", "found_well is not a desk"),
        ("found_well:nobody", "found_well:nobody is not a desk"),
        ("found_broken:desk", "ValueError: half written"),
        ("found_nowhere:desk", "No module named 'found_nowhere'"),
    ],
)
def test_what_is_no_desk_is_told_with_the_traceback_of_its_module(folder: Path, desk: str, told: str):
    with pytest.raises(SettingsError, match=told) as raised:
        import_desk(Settings(desk=desk, folder=folder))
    assert raised.value.fix


def test_whoever_stops_it_stops_it(folder: Path):
    with pytest.raises(KeyboardInterrupt):
        import_desk(Settings(desk="found_stopped:desk", folder=folder))
