"""Journals on every database there is: one contract, whatever it is kept in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from firsthand import testing

from . import postgres

made: dict[Path, str] = {}
chosen = ["sqlite"]

SQLITE = pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
"""For a test of what only SQLite has."""

POSTGRESQL = pytest.mark.parametrize("kind", ["postgresql"], indirect=True)
"""For a test of what only PostgreSQL has."""


def url(folder: Path) -> str:
    """Return the URL of the journal of a folder, on the database that this test is about."""
    if chosen[0] == "sqlite":
        return f"sqlite:///{folder / 'journal.db'}?synchronous=off"
    if folder not in made:
        made[folder] = postgres.fresh()
    return made[folder]


@pytest.fixture(autouse=True, params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> Iterator[str]:
    """The database that a test is about: each one in turn."""
    chosen[0], before = request.param, testing.database_in
    testing.database_in = url
    yield request.param
    chosen[0], testing.database_in = "sqlite", before
    for each in list(made):
        postgres.dropped(made.pop(each))
