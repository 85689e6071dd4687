"""Performing from a page: in a thread of its own, so that a long run does not hold the page that started it."""

from __future__ import annotations

import contextvars
import logging
import threading
from collections.abc import Callable
from typing import Any

from firsthand.core.errors import FirsthandError
from firsthand.core.runs import Run

LOG = logging.getLogger("firsthand")

HANDED_ON = 1.0
"""Seconds after which a page goes on to the run, which then shows its output as it comes."""

Listener = Callable[[str, object], None]


class Performance:
    """One run being performed in a thread: ``id`` is known once it is on record."""

    def __init__(self, perform: Callable[[Listener], Run[Any]]) -> None:
        self.perform = perform
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
                    LOG.error("Run %s: %s", self.id, error.message)
        finally:
            self.ended.set()
            self.recorded.set()

    def hear(self, kind: str, said: object) -> None:
        """Hear of the run that it is on record."""
        if kind == "recorded" and isinstance(said, int):
            self.id = said
            self.recorded.set()

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


def performed(perform: Callable[[Listener], Run[Any]]) -> int:
    """Perform, and return the id of the run, which may still be going on."""
    performance = Performance(perform)
    performance.start()
    return performance.outcome()
