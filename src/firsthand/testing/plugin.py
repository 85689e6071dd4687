"""What pytest finds of Firsthand: the fixtures ``trial`` and ``desk``, and the tests of ``conforms``.

Pytest imports this module in every run where Firsthand is installed, used or not, so it imports nothing of the package
before a test needs it. A project's own fixtures of these names are closer to its tests than these, so they win.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from firsthand.desk import Desk
    from firsthand.testing.trials import Trial

HELP = 'where the desk is, such as "support:desk"; else as Firsthand\'s own settings say'


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a project say where its desk is."""
    parser.addini("firsthand_desk", HELP, default="")


@pytest.fixture
def desk(request: pytest.FixtureRequest) -> Desk:
    """The desk of ``firsthand_desk`` in pytest's settings, or else of Firsthand's own."""
    return desk_of(request.config, request.path.parent)


@pytest.fixture
def trial(request: pytest.FixtureRequest) -> Iterator[Callable[..., Trial]]:
    """Put desks on trial until the end of the test.

    ``t = trial(desk, priya="support")``: arguments are those of ``firsthand.testing.trial``. Without a desk it is that
    of the fixture ``desk``.
    """
    from firsthand.testing.trials import trial as begin

    with ExitStack() as trials:

        def put_on_trial(desk: Desk | None = None, *args: Any, **said: Any) -> Trial:
            return trials.enter_context(begin(desk or request.getfixturevalue("desk"), *args, **said))

        yield put_on_trial


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test of ``conforms`` each rule of each action."""
    kit = getattr(metafunc.function, "firsthand_conformance", None)
    if kit is None or "rule" not in metafunc.fixturenames:
        return
    from firsthand.core.errors import FirsthandError

    try:
        if kit.desk is None:
            kit.desk = desk_of(metafunc.config, metafunc.definition.path.parent)
        rules = kit.rules()
    except FirsthandError as error:
        raise pytest.Collector.CollectError(str(error)) from error
    metafunc.parametrize("rule", rules, ids=[each.id for each in rules])


def desk_of(config: pytest.Config, folder: Path) -> Desk:
    """Return the desk that is set; Firsthand's own settings are looked for in the tests' folder and those above it."""
    from firsthand.core.errors import SettingsError
    from firsthand.desk.finding import find_modules, import_desk
    from firsthand.settings import Settings

    settings, named = Settings.load(folder), config.getini("firsthand_desk")
    if named:
        find_modules(Settings(folder=config.rootpath))
    if not (named or settings.desk):
        raise SettingsError(
            "No desk is set.",
            'Name it, trial(desk, ...); or say where it is: firsthand_desk = "support:desk" in pytest\'s settings, '
            'desk = "support:desk" in firsthand.toml, or a fixture called desk.',
        )
    return import_desk(settings.of_desk(named or settings.desk))
