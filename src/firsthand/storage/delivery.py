"""Recording outcomes whatever happens: tried again for a while, then kept in a file, and recorded from there later."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from firsthand.core.actors import Person
from firsthand.core.errors import JournalUnavailable
from firsthand.core.fates import NOT_BEGUN
from firsthand.core.journal import Step
from firsthand.core.runs import TRANSITIONS, Run, microseconds
from firsthand.storage.at_once import Change
from firsthand.storage.database import Database
from firsthand.storage.doubts import Doubts, is_taken
from firsthand.storage.kept import Kept

RETRY = 5.0
"""Seconds for which an outcome is tried again before it is kept in a file."""


class Journal(Protocol):
    """What of a journal this needs."""

    database: Database

    @property
    def process(self) -> int:
        """The id under which this process writes; entering first, if it has not."""

    def step(self, step: Step) -> bool:
        """Change a run and append the event; False where the run was not in the expected status."""

    def change(self, step: Step) -> Change:
        """Return what a step writes."""

    def run(self, id: int) -> Run[Any] | None:
        """Return a run."""

    def append(
        self, kind: str, *, actor: str | None, at: int, run: int | None, data: Mapping[str, object] | None
    ) -> bool:
        """Append an event that changes no run."""


class Delivery:
    """Brings outcomes into the journal: those of now, those kept in the file, and what is in doubt."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.kept = Kept(journal.database.beside("outcomes"))
        self.doubts = Doubts()

    def finish(self, step: Step) -> None:
        """Record an outcome. It is kept in the file, too, where somebody stops the process while it is being tried."""
        finished = False
        try:
            finished = self.tried(step)
        finally:
            if not finished:
                self.kept.keep(step)

    def tried(self, step: Step) -> bool:
        """Try to record an outcome, again and again for a while, and say whether it is recorded."""
        deadline = time.monotonic() + RETRY
        while True:
            try:
                self.deliver(step)
                if self.kept.own:
                    self.replay()
                self.doubts.settle()
            except JournalUnavailable:
                if time.monotonic() > deadline:
                    return False
                time.sleep(0.1)
            else:
                return True

    def deliver(self, step: Step) -> None:
        """Record an outcome, whatever the run has come to; one that comes too late for its run is an event of its own.

        That one was recorded before, and the answer lost, is told by its very event.
        """
        journal = self.journal
        if journal.step(step) or any(journal.step(each) for each in other_ways(step)):
            return
        if any(is_taken(journal.database, journal.change(each)) for each in (step, *other_ways(step))):
            return
        run = journal.run(step.run)
        data = {"status": step.status, "found": run.status if run else None, **step.changes}
        journal.append("late", actor=step.actor, at=step.at, run=step.run, data=data)

    def replay(self) -> None:
        """Record what is kept in the file, and empty it; having entered first, since to enter is to do that, too."""
        _ = self.journal.process
        with self.kept.opened() as file:
            for step in self.kept.steps():
                self.deliver(step)
            os.ftruncate(file, 0)
        self.kept.own = False

    def disown(self, recorded: tuple[Person, Run[Any]] | None) -> None:
        """End a run that nobody performs, since it was not known whether it was on record."""
        if recorded and not recorded[1].again:
            run = recorded[1]
            at, actor = microseconds(run.at), run.actor or run.asked_by
            self.deliver(Step(run.id, "recorded", "failed", at, actor, {"error": NOT_BEGUN}, fence=run.fence))


def other_ways(step: Step) -> Iterator[Step]:
    """Yield a step as it is where its run has come further than whoever takes it knows.

    It may have begun to be performed, with the answer lost: then it was not. Others may have taken its process for
    dead: then its own outcome settles it.
    """
    if step.expected in ("recorded", "queued") and step.status in ("failed", "refused"):
        yield step._replace(expected="performing")
    elif step.expected != "performing":
        return
    if ("unknown", step.status) in TRANSITIONS:
        yield step._replace(expected="unknown", kind="settled")
