"""Journals on every database there is: one contract, whatever it is kept in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from firsthand.testing import trials

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


@contextmanager
def on(kind: str) -> Iterator[str]:
    """Have the journals of a test on a kind of database; those that were made for it are removed."""
    chosen[0], before = kind, trials.database_in
    trials.database_in = url
    yield kind
    chosen[0], trials.database_in = "sqlite", before
    for each in list(made):
        postgres.dropped(made.pop(each))


@pytest.fixture(autouse=True, params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> Iterator[str]:
    """The database that a test is about: each one in turn."""
    with on(request.param) as chosen:
        yield chosen
