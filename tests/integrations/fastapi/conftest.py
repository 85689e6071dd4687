"""The service on each database, and what ends with a test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgres

from .service import Service


@pytest.fixture(params=["sqlite", "postgresql"])
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Service]:
    """The service on each database in turn: its journal in the same PostgreSQL, or in a file beside."""
    if request.param == "sqlite":
        yield from on_sqlite(tmp_path)
        return
    url = postgres.empty()
    own = url.removesuffix("&synchronous=off").replace("postgresql://", "postgresql+psycopg://")
    made = Service(own, url).set_up()
    yield made
    ended(made)
    postgres.dropped(url)


@pytest.fixture
def sqlite_service(tmp_path: Path) -> Iterator[Service]:
    """The service on SQLite."""
    yield from on_sqlite(tmp_path)


def on_sqlite(folder: Path) -> Iterator[Service]:
    made = Service(f"sqlite:///{folder / 'shop.db'}", f"sqlite:///{folder / 'journal.db'}?synchronous=off").set_up()
    yield made
    ended(made)


def ended(service: Service) -> None:
    """Look that no connection was kept, and close all."""
    assert service.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    service.engine.dispose()
    service.desk.journal.close()  # type: ignore[attr-defined]
