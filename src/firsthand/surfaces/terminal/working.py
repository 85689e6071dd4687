"""``worker``: performs the runs that wait, on this machine, until stopped."""

from __future__ import annotations

import signal
import threading

import click

from firsthand.settings import Settings
from firsthand.storage.journal import SqlJournal
from firsthand.surfaces.terminal import printing
from firsthand.surfaces.terminal.context import import_desk


@click.command()
@click.argument("desk", required=False)
@click.option("--threads", type=click.IntRange(1, 256), default=2, show_default=True, help="Runs performed at once.")
def worker_command(desk: str | None, threads: int) -> None:
    """Perform the runs of DESK that wait (module:name; that of the settings if not given) until stopped.

    Told to stop (SIGTERM or ^C) it ends what it has begun, and begins nothing more.
    """
    from firsthand.work.worker import Worker

    settings = Settings.load()
    loaded = import_desk(settings.of_desk(desk) if desk else settings)
    loaded.use(SqlJournal(settings.database))
    told = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: told.set())
    with Worker(loaded, threads):
        printing.say(f"{loaded.name} ({loaded.environment}): performing what waits, {threads} at once.")
        told.wait()
        printing.say("Stopping: what has begun is ended first.", error=True)
