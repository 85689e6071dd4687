"""What wakes workers. An engine is only a hint: the journal alone decides who performs a run, and when.

Whatever an engine says may come twice, late or never: a worker looks into the journal each time, and once a second
by itself. Its adapter is one small file; `tests/work/test_engines.py` is what every one must keep.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from firsthand.storage.beside import Beside
from firsthand.storage.database import Database

Callback = Callable[[], None]


class Engine(Protocol):
    """Something that tells workers that there may be work."""

    def wake(self, run: int, due: int) -> None:
        """Say that a run waits, due in microseconds since 1970. Never raises for what the engine cannot do now."""

    def beside(self, database: Database) -> Beside | None:
        """Return what says so within the very transaction, where the engine is kept in the journal's database.

        None where it is not: it is woken after the commit then.
        """

    def require(self) -> None:
        """Raise ``SettingsError`` where something is lacking without which it wakes nobody, and say what to do."""

    def listen(self, callback: Callback) -> Callback:
        """Have ``callback`` called, on any thread, whenever there may be work; return what ends that."""


class Threads:
    """The embedded engine: it wakes the workers of its own process."""

    def __init__(self) -> None:
        self.guard = threading.Lock()
        self.callbacks: list[Callback] = []

    def wake(self, run: int, due: int) -> None:
        """Wake every worker of this process: it looks what is due, and when the next run is."""
        with self.guard:
            callbacks = tuple(self.callbacks)
        for callback in callbacks:
            callback()

    def beside(self, _: Database) -> None:
        """Return nothing: these threads are in no database."""

    def require(self) -> None:
        """There is nothing that could be lacking."""

    def listen(self, callback: Callback) -> Callback:
        """Have ``callback`` called on the thread that wakes; return what ends that."""
        with self.guard:
            self.callbacks.append(callback)

        def end() -> None:
            with self.guard:
                self.callbacks.remove(callback)

        return end
