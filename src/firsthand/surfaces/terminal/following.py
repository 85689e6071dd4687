"""Following a run that a worker performs: its output as it comes, until it ends."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Protocol

from firsthand.core.journal import output_of
from firsthand.core.queueing import UNENDED
from firsthand.core.runs import Run
from firsthand.surfaces.terminal import printing

if TYPE_CHECKING:
    from firsthand.desk import Desk

LOOK_EVERY = 0.15
"""Seconds between two looks."""

UNTAKEN = 5.0
"""Seconds after which it is said that no worker has begun it."""


class Listener(Protocol):
    """What shows a run's output and progress."""

    bar: printing.Bar

    def __call__(self, kind: str, said: Any) -> None:
        """Take what the run says."""


def follow(desk: Desk, run: Run[Any], listener: Listener) -> Run[Any]:
    """Show what a run says until it ends, and return it; left with ^C, it waits on, or goes on, without us."""
    try:
        return followed(desk, run, listener)
    except KeyboardInterrupt:
        printing.say(f"Left alone: firsthand show {run.id} tells how it goes on.", error=True)
        return desk.wait(run, 0)
    finally:
        listener.bar.close()


def followed(desk: Desk, run: Run[Any], listener: Listener) -> Run[Any]:
    """Show a run's output until it ends, or waits for a person."""
    journal: Any = desk.journal
    shown, told, began = 0, False, time.monotonic()
    while True:
        now = desk.wait(run, 0)
        said, progress = output_of(journal.history.events(run.id))
        if said[shown:].strip():
            listener("say", said[shown:].rstrip("\n"))
        shown = len(said)
        if progress and now.status == "performing":
            listener("progress", progress)
        if now.status not in UNENDED or (now.status == "performing" and journal.manuals.steps(run.id)):
            return now
        if not told and now.status == "queued" and time.monotonic() - began > UNTAKEN:
            told = True
            printing.say("No worker has begun it yet: firsthand worker performs what waits; ^C leaves it.", error=True)
        time.sleep(LOOK_EVERY)
