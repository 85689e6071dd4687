from collections.abc import Iterator

import pytest

from tests.databases import on

from .shop import Shop

BOTH = (
    "asks", "batches", "keys", "once", "pipeline", "preflights", "queueing", "schedules", "settling", "ticking",
    "waiting",
)  # fmt: skip
"""What writes through the journal, and is tried on every database; the others say nothing of where it is kept."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Try the tests of some modules on every database, but for those that say on which."""
    said = any("kind" in each.args[0] for each in metafunc.definition.iter_markers("parametrize"))
    if metafunc.module.__name__.rpartition("test_")[2] in BOTH and not said:
        metafunc.parametrize("kind", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture(autouse=True)
def kind(request: pytest.FixtureRequest) -> Iterator[str]:
    """The database that a test is about."""
    with on(getattr(request, "param", "sqlite")) as chosen:
        yield chosen


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def desk(shop: Shop):
    return shop.desk
