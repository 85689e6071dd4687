"""Performing batches: rows become runs some hundred in a commit, and each goes through the whole pipeline.

How many commits that takes depends on what the action's mode promises. ``idempotent``: as many runs as are performed
within a quarter of a second are performing in one commit, their outcomes are recorded in another. ``once``: the outcome
of a run and that the next is performing are one commit, so that a crash leaves one run unknown, as without a batch.
``transactional``: as each run does alone.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from firsthand.core.actors import Person
from firsthand.core.batch import Batch, Progress
from firsthand.core.batches import Batches
from firsthand.core.errors import ChangedMeanwhile, JournalError, JournalUnavailable, SubjectBusy
from firsthand.core.journal import Journal, Step
from firsthand.core.pipeline import Pipeline
from firsthand.core.preflights import Preflight
from firsthand.core.refusals_of_batches import unknown_batch
from firsthand.core.runs import Run

if TYPE_CHECKING:
    from firsthand.storage.journal import SqlJournal

LOG = logging.getLogger("firsthand")

FIRST = 50
"""Rows that are taken at first, before it is known how long each takes."""

MOST = 500
"""Rows that are taken, and outcomes that are recorded, in one commit at most."""

SOON = 0.25
"""Seconds after which what has ended is recorded, however few it is, and for which rows are taken."""

LOOK_EVERY = 0.5
"""Seconds after which it is looked again whether the batch is still to be performed."""

BUSY = 1_000_000
"""Microseconds for which a run waits whose subject another one holds."""

WAIT = 0.05
"""Seconds after which it is looked again for rows, where there were none: others hold them, or it is too soon."""

SETTLE_EVERY = 3.0
"""Seconds between two looks for what dead processes left."""

FAILURES = ("failed", "unknown")


class Grouped:
    """A journal that takes steps of several runs in one commit; all else is the journal's own.

    With ``begun`` the runs are on record as performing already, so that a run's first commit is its outcome, kept
    back until there are ``MOST``. Without, an outcome is kept back until the next run is performing.
    """

    def __init__(self, journal: SqlJournal, *, begun: bool) -> None:
        self.journal = journal
        self.begun = begun
        self.kept: list[Step] = []
        self.found: dict[int, Step] = {}
        self.since = 0.0
        self.people: dict[str, tuple[Person | None, float]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.journal, name)

    def person(self, id: str) -> Person | None:
        """Return who somebody is; looked up again after ``SOON`` seconds."""
        known = self.people.get(id)
        if known is None or time.monotonic() > known[1] + SOON:
            known = self.people[id] = self.journal.person(id), time.monotonic()
        return known[0]

    def step(self, step: Step) -> bool:
        """Take a step, with the outcomes that were kept back; what is begun already is only noted."""
        if self.begun and step.status == "performing":
            self.found[step.run] = step
            return True
        return self.take([*self.swept(), step])[-1]

    def finish(self, step: Step) -> None:
        """Keep an outcome back for the next commit."""
        if self.begun:
            begun = self.found.pop(step.run, None)
            changes = {**begun.changes, **step.changes} if begun else step.changes
            step = step._replace(expected="performing", changes=changes)
        if not self.kept:
            self.since = time.monotonic()
        self.kept.append(step)
        if len(self.kept) >= MOST or time.monotonic() > self.since + SOON:
            self.flush()

    def flush(self) -> None:
        """Record the outcomes that were kept back; where that cannot be, they are safe in a file."""
        if kept := self.swept():
            with suppress(JournalUnavailable):
                self.take(kept)

    def swept(self) -> list[Step]:
        """Return the outcomes that were kept back, and forget them."""
        kept, self.kept = self.kept, []
        return kept

    def take(self, steps: list[Step]) -> list[bool]:
        """Take steps in one commit; an outcome that finds its run changed, or no journal, is the journal's to keep."""
        taken = None
        try:
            taken = self.journal.steps(steps)
        finally:
            for place, step in enumerate(steps):
                if step.status != "performing" and (taken is None or not taken[place]):
                    self.journal.finish(step) if taken else self.journal.keep(step)
        return taken


class Part:
    """One process's part in performing a batch."""

    def __init__(self, pipeline: Pipeline, journal: SqlJournal, batch: Batch) -> None:
        action = pipeline.actions.get(batch.action)
        alone = action is not None and action.manner.one_at_a_time
        self.batch, self.journal, self.clock = batch, journal, pipeline.clock
        self.begun = batch.mode == "idempotent" and not alone
        self.grouped = Grouped(journal, begun=self.begun)
        plain = batch.mode == "transactional" or alone
        self.pipeline = pipeline if plain else replace(pipeline, journal=cast(Journal, self.grouped))
        self.again = pipeline
        self.looked, self.over, self.together = time.monotonic(), False, FIRST

    def perform(self, stopped: Callable[[], bool]) -> int:
        """Perform the next rows, or what waits of them, and return how many; 0 where there is nothing to do now."""
        batch, at = self.batch, self.clock()
        runs = self.journal.batches.take(batch, self.together, at, begun=self.begun)
        pipeline, begun = self.pipeline, self.begun
        if not runs:
            runs, pipeline, begun = self.journal.batches.claim(batch.id, self.together, at), self.again, False
        left, began = list(reversed(runs)), time.monotonic()
        try:
            while left and not (stopped() or self.is_over()):
                self.perform_run(pipeline, left.pop())
        finally:
            self.grouped.flush()
            while left and not self.is_put_back(left, begun=begun):
                time.sleep(LOOK_EVERY)
        done, took = len(runs) - len(left), time.monotonic() - began
        self.together = max(1, min(MOST, int(done * SOON / took))) if done else self.together
        return done

    def perform_run(self, pipeline: Pipeline, run: Run[Any]) -> None:
        """Take a run through the pipeline; one that cannot begin yet waits on."""
        try:
            ended = pipeline.resume(run)
        except SubjectBusy:
            self.journal.batches.let_go([run.id], self.clock() + BUSY)
        except ChangedMeanwhile:  # it was withdrawn, or somebody else performs it
            return
        else:
            if ended.status in FAILURES and self.batch.stop_after:
                self.count_failure(self.batch.stop_after)

    def count_failure(self, most: int) -> None:
        """Count a failure, and pause the batch where there are too many."""
        failures = self.journal.batches.failed(self.batch.id, 1)
        if failures >= most:
            why = f"{failures} {'run has' if failures == 1 else 'runs have'} failed."
            at = self.clock()
            self.journal.batches.move(
                self.batch.id,
                "confirmed",
                "paused",
                kind="batch_paused",
                actor=None,
                at=at,
                why=why,
                action=self.batch.action,
            )
            self.over = True

    def is_over(self) -> bool:
        """Say whether the batch was paused, cancelled or ended; looked at now and then."""
        if not self.over and time.monotonic() >= self.looked + LOOK_EVERY:
            self.looked = time.monotonic()
            now = self.journal.batches.get(self.batch.id)
            self.over = now is None or now.status != "confirmed"
        return self.over

    def is_put_back(self, runs: list[Run[Any]], *, begun: bool) -> bool:
        """Let runs go that have not begun, and say whether the journal could be written."""
        try:
            self.put_back(runs, begun=begun)
        except JournalUnavailable:
            return False
        return True

    def put_back(self, runs: list[Run[Any]], *, begun: bool) -> None:
        """Let runs go that have not begun: they wait, or are withdrawn where the batch was cancelled."""
        at = self.clock()
        if begun:
            back: dict[str, object] = {"due": at, "process": None, "performing_at": None}
            steps = [Step(run.id, "performing", "queued", at, None, back, fence=run.fence) for run in runs]
            self.journal.steps(steps)
        else:
            self.journal.batches.let_go([run.id for run in runs], at)
        now = self.journal.batches.get(self.batch.id)
        if now and now.status == "cancelled":
            Batches(self.again, self.journal.batches).withdraw(now.id, None)


def advance(
    pipeline: Pipeline,
    journal: SqlJournal,
    id: int,
    seconds: float = 1.0,
    stopped: Callable[[], bool] = lambda: False,
) -> bool:
    """Perform rows of a confirmed batch for about so many seconds; return whether there may be more to do at once.

    Safe to call from any number of workers, and after any of them has died. A batch whose every row has ended ends.
    """
    deadline = time.monotonic() + seconds
    batch = journal.batches.get(id)
    if batch is None or batch.status != "confirmed":
        return False
    part = Part(pipeline, journal, batch)
    while not stopped() and not part.is_over():
        if not part.perform(stopped):
            if not journal.batches.left(id):
                at = pipeline.clock()
                journal.batches.move(
                    id, "confirmed", "ended", kind="batch_ended", actor=None, at=at, action=batch.action, ended_at=at
                )
            return False
        if time.monotonic() > deadline:
            return True
    return False


def advance_all(pipeline: Pipeline, journal: SqlJournal, stopped: Callable[[], bool]) -> float:
    """Look at rows, and perform those, of each batch in turn; return after how many seconds there may be more to do."""
    batches, preflight = journal.batches, Preflight(pipeline, journal.batches)
    batches.forget(pipeline.clock())
    more = [preflight.look(id, LOOK_EVERY, stopped) for id in batches.unlooked(pipeline.desk)]
    more += [advance(pipeline, journal, id, LOOK_EVERY, stopped) for id in batches.under_way(pipeline.desk)]
    return 0.0 if any(more) else LOOK_EVERY


def look_beside(pipeline: Pipeline, journal: SqlJournal, id: int) -> threading.Thread:
    """Look at the rows of a batch on a thread, which is returned; it ends at once where somebody else looks at them."""

    def look() -> None:
        try:
            Preflight(pipeline, journal.batches).look(id)
        except JournalError as error:
            LOG.warning("Batch %s: %s", id, error)

    thread = threading.Thread(target=look, name=f"firsthand-preflight-{id}", daemon=True)
    thread.start()
    return thread


def perform(
    pipeline: Pipeline,
    journal: SqlJournal,
    id: int,
    stopped: Callable[[], bool] = lambda: False,
    hears: Callable[[Progress], None] | None = None,
) -> Batch:
    """Perform a batch until it is over or ``stopped`` says so, telling now and then how far it is; return it."""
    settled = time.monotonic()
    while True:
        more = advance(pipeline, journal, id, LOOK_EVERY, stopped)
        batch = journal.batches.get(id)
        if batch is None:
            raise unknown_batch(id)
        if hears:
            hears(journal.batches.progress(batch, pipeline.clock()))
        if batch.status != "confirmed" or stopped():
            return batch
        if time.monotonic() > settled + SETTLE_EVERY:
            journal.settle()
            settled = time.monotonic()
        if not more:
            time.sleep(WAIT)
