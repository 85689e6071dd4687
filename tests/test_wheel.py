"""A wheel works outside the checkout: everything that the package needs is in it."""

import os
import pwd
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, unpacked where only it is."""
    folder = tmp_path_factory.mktemp("wheel")
    build = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", build, str(folder)], cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder / "site")
    return folder / "site"


def test_the_wheel_has_types_and_migrations_and_no_caches(installed: Path) -> None:
    names = {str(path.relative_to(installed)) for path in installed.rglob("*") if path.is_file()}
    assert {"firsthand/py.typed", "firsthand/storage/migrations/sqlite/0001_journal.sql"} <= names
    (entries,) = installed.glob("firsthand-*.dist-info/entry_points.txt")
    assert "[pytest11]\nfirsthand = firsthand.testing.plugin" in entries.read_text()
    assert not [name for name in names if "__pycache__" in name or "_cache" in name]


def test_the_wheel_performs_the_demo_outside_the_checkout(installed: Path, tmp_path: Path) -> None:
    environment = {
        **os.environ, "PYTHONPATH": str(installed), "FIRSTHAND_DESK": "firsthand.demo.support:desk",
        "FIRSTHAND_DATABASE": "sqlite:///firsthand.db",
    }  # fmt: skip

    def firsthand(*arguments: str) -> str:
        command = [sys.executable, "-m", "firsthand", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
        ).stdout  # fmt: skip

    where = [sys.executable, "-c", "import firsthand; print(firsthand.__file__)"]
    found = subprocess.run(where, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True).stdout
    assert found.startswith(str(installed))
    firsthand("people", "add", "priya", "--role", "support", "--login", pwd.getpwuid(os.getuid()).pw_name)
    assert "it succeeded" in firsthand("run", "subscription.cancel", "--account", "42", "--reason", "fraud")
    assert "Priya ran Cancel subscription" in firsthand("feed")
