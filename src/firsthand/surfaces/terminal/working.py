"""``worker``: performs the runs that wait, on this machine, until stopped."""

from __future__ import annotations

import signal
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from firsthand.settings import ENGINES, Settings
from firsthand.surfaces.terminal import printing
from firsthand.surfaces.terminal.context import import_desk, names_of
from firsthand.surfaces.words import sentence

if TYPE_CHECKING:
    from firsthand.core.runs import Run
    from firsthand.storage.journal import SqlJournal


@click.command()
@click.argument("desk", required=False)
@click.option("--threads", type=click.IntRange(1, 256), default=2, show_default=True, help="Runs performed at once.")
@click.option("--engine", type=click.Choice(ENGINES), help="What wakes it; that of the settings if not given.")
@click.option("--verbose", "-v", is_flag=True, help="Print a line for each run that it performed.")
def worker_command(desk: str | None, threads: int, engine: str | None, verbose: bool) -> None:
    """Perform the runs of DESK that wait (module:name; that of the settings if not given) until stopped.

    People are told by mail and webhooks, too, as the settings and their preferences say. Told to stop (SIGTERM or ^C)
    it ends what it has begun, and begins nothing more.
    """
    from firsthand.surfaces.notify.deliverer import Deliverer
    from firsthand.work.worker import Worker

    settings = Settings.load()
    loaded = import_desk(settings.of_desk(desk) if desk else settings)
    settings = loaded.opened_by or settings
    journal = loaded.open(settings, engine or "")
    performed = Performed(journal, verbose=verbose)
    deliverer = Deliverer(loaded, journal, settings)
    told = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: told.set())
    with deliverer, Worker(loaded, threads, told=performed):
        printing.say(f"{loaded.name} ({loaded.environment}): performing what waits, {threads} at once.")
        told.wait()
        printing.say("Stopping: what has begun is ended first.", error=True)
    printing.say(performed.words(), error=True)


class Performed:
    """What a worker has performed: counted, and told run by run where that is wanted."""

    def __init__(self, journal: SqlJournal, *, verbose: bool) -> None:
        self.journal = journal
        self.verbose = verbose
        self.guard = threading.Lock()
        self.counts: Counter[str] = Counter()

    def __call__(self, run: Run[Any]) -> None:
        """Count a run, and tell of it."""
        with self.guard:
            self.counts[run.status] += 1
            if self.verbose and run.ended_at:
                said = sentence(run, names_of(self.journal))
                printing.say_painted(f"{run.ended_at:%H:%M:%S} run {run.id}: {said}", printing.COLOURS[run.status])

    def words(self) -> str:
        """Return how many runs there were, by how they ended."""
        found = ", ".join(f"{number:,} {status}" for status, number in self.counts.most_common())
        total = self.counts.total()
        return f"Performed {total:,} {'run' if total == 1 else 'runs'}: {found}." if found else "Nothing was performed."
