"""Performing from a page: in a thread of its own, so that a long run does not hold the page that started it."""

from __future__ import annotations

import contextvars
import logging
import threading
from collections.abc import Callable
from typing import Any

from firsthand.core.errors import FirsthandError
from firsthand.core.runs import Run
from firsthand.surfaces.console.console import Console

LOG = logging.getLogger("firsthand")

HANDED_ON = 1.0
"""Seconds after which a page goes on to the run, which then shows its output as it comes."""

Listener = Callable[[str, object], None]


class Busy(FirsthandError):
    """As many runs are being performed as a console performs at once; nothing was recorded."""


class Performance:
    """One run being performed in a thread: ``id`` is known once it is on record; ``again`` once it was sent before.

    ``ending`` is called when it has ended.
    """

    def __init__(self, perform: Callable[[Listener], Run[Any]], ending: Callable[[], None] = lambda: None) -> None:
        self.perform = perform
        self.ending = ending
        self.id: int | None = None
        self.run: Run[Any] | None = None
        self.error: FirsthandError | None = None
        self.left = False
        self.recorded = threading.Event()
        self.ended = threading.Event()
        self.guard = threading.Lock()

    def start(self) -> None:
        """Start performing, in what the request's thread knows of its context: the host's event loop."""
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(self.go,), name="firsthand-run").start()

    def go(self) -> None:
        """Perform, and keep how it went for the page, or for the log where the page has gone on."""
        try:
            self.run = self.perform(self.hear)
        except FirsthandError as error:
            with self.guard:
                self.error = error
                if self.left:
                    LOG.error("Run %s: %s", self.id, error.message)  # noqa: TRY400 - it is told in words
        finally:
            self.ending()
            self.ended.set()
            self.recorded.set()

    def hear(self, kind: str, said: object) -> None:
        """Hear of the run that it is on record."""
        if kind == "recorded" and isinstance(said, int):
            self.id = said
            self.recorded.set()

    @property
    def again(self) -> bool:
        """Whether it was sent before, so that nothing was performed now."""
        return self.run is not None and self.run.again

    def outcome(self) -> int:
        """Return the run's id, once it has ended or a second has passed; raises what kept it from being one."""
        self.recorded.wait()
        self.ended.wait(HANDED_ON)
        with self.guard:
            if self.error:
                raise self.error
            if self.run is not None:
                return self.run.id
            self.left = True
        assert self.id is not None, "it is on record"  # noqa: S101
        return self.id


def performed(console: Console, perform: Callable[[Listener], Run[Any]]) -> tuple[int, bool]:
    """Perform; return the id of the run, which may still be going on, and whether it was sent before.

    Raises ``Busy`` where as many are going on as may.
    """
    busy = Busy("The console is busy: too many runs are going on at once.", "Nothing was done. Send it again later.")
    if not console.room.acquire(blocking=False):
        raise busy
    performance = Performance(perform, console.room.release)
    try:
        performance.start()
    except RuntimeError as error:  # the machine has no thread left
        console.room.release()
        raise busy from error
    id = performance.outcome()
    return id, performance.again
