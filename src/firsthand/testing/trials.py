"""Trials: the same desk on a journal of its own, with a fixed clock."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from firsthand.core.actors import Person
from firsthand.core.runs import microseconds
from firsthand.core.text import several
from firsthand.desk import Desk
from firsthand.storage.journal import SqlJournal

START = datetime(2026, 1, 1, 9, 0, tzinfo=UTC)


class Trial:
    """A desk on trial: ``run``, ``arun``, ``ask`` and so on are the desk's own; ``now`` is the time, to be changed."""

    def __init__(self, desk: Desk, journal: SqlJournal, now: datetime, folder: Path) -> None:
        self.desk = desk
        self.journal = journal
        self.folder = folder
        self.now = now
        self.run = desk.run
        self.arun = desk.arun
        self.ask = desk.ask
        self.take = desk.take
        self.decline = desk.decline
        self.withdraw = desk.withdraw
        self.wait = desk.wait

    def clock(self) -> int:
        """Return the trial's time in microseconds since 1970."""
        return microseconds(self.now)

    def tick(self, **amount: float) -> None:
        """Move the time on: ``t.tick(days=30)``."""
        self.now += timedelta(**amount)

    def person(self, id: str, roles: str | Iterable[str] = ()) -> Person:
        """Add somebody with one role or several."""
        return self.journal.people.add(Person(id, id.capitalize(), several(roles)), by="trial")


def database_in(folder: Path) -> str:
    """Return the URL of a trial's database."""
    return f"sqlite:///{folder / 'trial.db'}?synchronous=off"


@contextmanager
def trial(
    desk: Desk, people: Mapping[str, Any] | None = None, *, now: datetime = START, **more: Any
) -> Iterator[Trial]:
    """Put a desk on trial, with a journal of its own and a clock that stands still.

    ``with trial(desk, priya="support") as t``: each keyword is a person with a role, or several. People whose ids are
    not Python names go into ``people``. The journal is a real one, in a folder that is gone afterwards; the desk has
    its own journal and clock back then.
    """
    journal_before, clock_before, engine_before = desk._journal, desk.clock, desk.engine
    with tempfile.TemporaryDirectory(prefix="firsthand-") as folder:
        journal = SqlJournal(database_in(Path(folder)))
        tried = Trial(desk, journal, now, Path(folder))
        for id, roles in {**(people or {}), **more}.items():
            tried.person(id, roles)
        desk.use(journal, tried.clock)
        desk.engine = None
        try:
            yield tried
        finally:
            journal.close()
            desk.use(journal_before, clock_before)
            desk.engine = engine_before
