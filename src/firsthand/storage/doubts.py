"""Commits of which it is not known whether they were made: the connection was lost before the answer came.

A step says what it needs to find, so it is taken again; that its event is there says that it was taken before. Whoever
gives up on anything else leaves word how to undo it: once the journal is there again it is found out, and undone.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from firsthand.core.errors import JournalUnavailable

if TYPE_CHECKING:
    from firsthand.storage.at_once import Change
    from firsthand.storage.database import Connection, Database

T = TypeVar("T")

PATIENCE = 5.0
"""Seconds for which a step is taken again, where its answer was lost."""

PAUSE = 0.05
"""Seconds between two tries."""

TAKEN = "SELECT 1 FROM events WHERE run = ? AND at = ? AND kind = ? AND coalesce(actor, '') = ? AND data = ?"


class AnswerLost(JournalUnavailable):
    """The answer to a commit was lost: it may be on record or not.

    ``committed`` finds out, and raises ``JournalUnavailable`` where that cannot be done now; ``result`` is what the
    commit would have returned. Of a single statement neither is known.
    """

    def __init__(self, message: str, fix: str, committed: Callable[[], bool] | None = None, result: Any = None) -> None:
        super().__init__(message, fix)
        self.committed = committed
        self.result = result


class Doubts:
    """What this process has given up on without knowing whether it was committed."""

    def __init__(self) -> None:
        self.guard = threading.Lock()
        self.open: deque[tuple[AnswerLost, Callable[[Any], object]]] = deque()

    def note(self, lost: AnswerLost, undo: Callable[[Any], object]) -> None:
        """Leave word how to undo a commit, given its result, if it turns out to be made."""
        if lost.committed is not None:
            self.open.append((lost, undo))

    def settle(self) -> None:
        """Find out about each, and undo it if it was made; raises ``JournalUnavailable`` where that cannot be done."""
        while self.open:
            with self.guard:
                if self.open:
                    lost, undo = self.open[0]
                    if lost.committed is not None and lost.committed():
                        undo(lost.result)
                    self.open.popleft()


def taken_again(
    database: Database, work: Callable[[Connection], Sequence[bool]], changes: Sequence[Change]
) -> list[bool]:
    """Take steps again whose answer was lost, and say which are taken, now or then."""
    done = again(database, work)
    return [each or is_taken(database, change) for each, change in zip(done, changes, strict=True)]


def again(database: Database, work: Callable[[Connection], T]) -> T:
    """Do some work again and again for a while, until it is done; raises the last ``JournalUnavailable``."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return database.commit(work)
        except JournalUnavailable:
            if time.monotonic() > deadline:
                raise
        time.sleep(PAUSE)


def is_taken(database: Database, change: Change) -> bool:
    """Say whether a step's very event is on record."""
    step = change.step
    return bool(database.read(TAKEN, (step.run, step.at, step.kind or step.status, step.actor or "", change.data)))
