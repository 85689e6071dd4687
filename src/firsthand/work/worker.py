"""A worker: threads that claim runs that wait and perform them, until told to stop.

Each thread claims one run, performs it, and looks for the next: nobody holds what another worker could perform now.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Any, Protocol

from firsthand.core.errors import ChangedMeanwhile, JournalError, JournalUnavailable, SubjectBusy
from firsthand.core.runs import Run
from firsthand.storage.queue import Queue
from firsthand.work.batches import advance_all
from firsthand.work.engines import Engine, Threads
from firsthand.work.schedules import tick

if TYPE_CHECKING:
    from firsthand.core.pipeline import Pipeline
    from firsthand.storage.journal import SqlJournal

LOG = logging.getLogger("firsthand")

POLL = 1.0
"""Seconds after which a worker looks by itself, where no engine woke it."""

SELDOM = 3600.0
"""Seconds between two looks, at most, whether a run that stays unknown can be found out about."""

SETTLE_EVERY = 3.0
"""Seconds between two looks for what dead processes left."""

Duty = Callable[[], float]
"""Something that a worker sees to beside performing: it returns after how many seconds it is to be called again."""


class Works(Protocol):
    """What of a desk a worker needs."""

    name: str
    clock: Callable[[], int]
    engine: Engine | None

    @property
    def journal(self) -> Any:
        """The journal."""

    @property
    def pipeline(self) -> Pipeline:
        """The six steps."""

    def start(self) -> None:
        """Work out the actions and record the catalogue, once."""

    def verify_unknown(self, without: Collection[int] = ()) -> object:
        """Find out of every run that ended unknown whether it happened."""


class Worker:
    """Performs a desk's runs that wait on ``threads`` threads, woken by ``engine``; see `start` and `stop`.

    ``duties`` are called on a thread of their own; ``without`` names the batches whose runs are left for now;
    ``told`` is called with each run that was performed, on the thread that did.
    """

    def __init__(
        self,
        desk: Works,
        threads: int = 2,
        engine: Engine | None = None,
        *,
        duties: Iterable[Duty] = (),
        without: Callable[[], Collection[int]] = tuple,
        told: Callable[[Run[Any]], None] = lambda _: None,
    ) -> None:
        self.desk = desk
        self.threads = threads
        self.engine = engine or desk.engine or Threads()
        self.duties: tuple[Duty, ...] = (self.settle, self.begin_scheduled, *duties)
        self.without = without
        self.told = told
        self.bell = threading.Condition()
        self.rung = 0
        self.stopping = threading.Event()
        self.running: list[threading.Thread] = []
        self.before: Engine | None = None
        self.deaf: Callable[[], None] = lambda: None
        self.asked: dict[int, tuple[float, float]] = {}
        self.lost = self.freed = 0

    @property
    def journal(self) -> SqlJournal:
        """The desk's journal."""
        journal: SqlJournal = self.desk.journal
        return journal

    # Beginning and ending

    def start(self) -> None:
        """Start the threads, and let the desk wake them.

        Raises ``DeskError`` where the desk is not right, ``SettingsError`` where the engine is not.
        """
        self.desk.start()
        self.engine.require()
        _ = self.journal.process
        self.queue = Queue(self.journal)
        self.before, self.desk.engine = self.desk.engine, self.engine
        self.deaf = self.engine.listen(self.ring)
        names = [(f"firsthand-worker-{number}", self.work) for number in range(1, self.threads + 1)]
        beside = (("firsthand-duties", self.see_to_duties), ("firsthand-batches", self.see_to_batches))
        for name, target in (*names, *beside):
            thread = threading.Thread(target=target, name=name)
            self.running.append(thread)
            thread.start()

    def stop(self) -> None:
        """Claim nothing more, and return once all that is being performed has ended."""
        self.stopping.set()
        self.ring()
        for thread in self.running:
            thread.join()
        self.running.clear()
        self.deaf()
        if self.desk.engine is self.engine:
            self.desk.engine = self.before

    def __enter__(self) -> Worker:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # Waking

    def ring(self) -> None:
        """Have all threads look whether there is work."""
        with self.bell:
            self.rung += 1
            self.bell.notify_all()

    def wait(self, heard: int, seconds: float) -> None:
        """Wait until somebody has rung since ``heard``, or the time has passed."""
        with self.bell:
            self.bell.wait_for(lambda: self.rung != heard or self.stopping.is_set(), seconds)

    def pause(self) -> float:
        """Return how many seconds there are until the next run is due, at most those between two looks."""
        now = self.desk.clock()
        due = self.queue.next_due(self.desk.name, now)
        return POLL if due is None else min(POLL, (due - now) / 1_000_000)

    # Working

    def work(self) -> None:
        """Claim and perform, one run after the other, until stopped."""
        while not self.stopping.is_set():
            heard, run, seconds = self.rung, None, POLL
            try:
                run = self.claim()
                seconds = 0.0 if run else self.pause()
            except JournalUnavailable as error:
                self.lost += 1
                LOG.warning("Nothing can be claimed now: %s", error)
            if run and self.stopping.is_set():
                self.let_go(run)
            elif run:
                self.perform(run)
            else:
                self.wait(heard, seconds)

    def claim(self) -> Run[Any] | None:
        """Claim the run that has waited the longest."""
        process, now, without = self.journal.process, self.desk.clock(), self.without()
        without = [*without, *self.journal.batches.under_way(self.desk.name, paused=True)]
        claimed = self.queue.claim(process, 1, now=now, desk=self.desk.name, without=without)
        return claimed[0] if claimed else None

    def perform(self, run: Run[Any]) -> None:
        """Perform a claimed run; one that cannot begin is let go, for this worker or another to claim again."""
        try:
            self.told(self.desk.pipeline.resume(run))
        except (SubjectBusy, ChangedMeanwhile) as error:
            LOG.info("Run %s waits on: %s", run.id, error)
            self.let_go(run)
        except JournalError as error:
            LOG.warning("Run %s: %s", run.id, error)
            self.stopping.wait(POLL)
            self.let_go(run)
        self.ring()

    def let_go(self, run: Run[Any]) -> None:
        """Let a run go that has not begun, as soon as the journal can be written; one that has begun is left alone."""
        while True:
            try:
                self.queue.let_go(run)
            except JournalUnavailable as error:
                LOG.warning("Run %s cannot be let go now: %s", run.id, error)
                if self.stopping.wait(POLL):
                    return  # the process ends, and so its claims do
            else:
                return

    # Beside performing

    def see_to_duties(self) -> None:
        """Call each duty when its time has come, until stopped."""
        due = dict.fromkeys(self.duties, 0.0)
        while not self.stopping.wait(max(0.0, min(due.values()) - time.monotonic())):
            for duty, at in due.items():
                if at <= time.monotonic():
                    due[duty] = time.monotonic() + self.seen_to(duty)

    def see_to_batches(self) -> None:
        """Perform the rows of confirmed batches on a thread of their own, until stopped."""
        seconds, stopped = 0.0, self.stopping.is_set
        while not self.stopping.wait(seconds):
            seconds = self.seen_to(lambda: advance_all(self.desk.pipeline, self.journal, stopped))

    def seen_to(self, duty: Duty) -> float:
        """Call a duty; where the journal is not there it is called again later."""
        try:
            return duty()
        except JournalError as error:
            LOG.warning("%s", error)
            return POLL

    def begin_scheduled(self) -> float:
        """Begin what is due by calendar."""
        now = self.desk.clock()
        due = tick(self.desk, self.journal, now)
        return POLL if due is None else max(0.0, min(POLL, (due - now) / 1_000_000))

    def settle(self) -> float:
        """See to what dead processes left: what they had claimed is free again, what is unknown may be found out.

        So is what this one may have claimed without hearing so.
        """
        self.journal.settle()
        if (lost := self.lost) != self.freed:
            self.queue.let_all_go(self.journal.process)
            self.freed = lost
        self.find_out()
        self.ring()
        return SETTLE_EVERY

    def find_out(self) -> None:
        """Ask of unknown runs whether they happened: soon at first, then ever more seldom, up to once an hour.

        What an author's ``verify`` asks may be a service that is down.
        """
        now, unknown = time.monotonic(), {run.id for run in self.journal.unknown()}
        self.asked = {id: each for id, each in self.asked.items() if id in unknown}
        later = {id for id, (at, _) in self.asked.items() if at > now}
        self.desk.verify_unknown(without=later)
        for id in unknown - later:
            pause = min(2 * self.asked.get(id, (now, SETTLE_EVERY))[1], SELDOM)
            self.asked[id] = (now + pause, pause)
