"""Grouped commits: the first to come leads, and commits for all who came meanwhile.

The leader commits its group, wakes it, and hands over to the first who waits. A lone caller leads itself, without
another thread; many share one durable commit. After Helland et al., "Group Commit Timers and High Volume Transaction
Systems" (1987), without the timer: a group is whoever came while the one before was written.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from firsthand.core.errors import JournalUnavailable

T = TypeVar("T")


class Commit(Generic[T]):
    """One caller's part of a group: ``work`` writes, ``result`` or ``error`` is what became of it."""

    __slots__ = ("done", "error", "result", "wake", "work")

    def __init__(self, work: Callable[[Any], T]) -> None:
        self.work = work
        self.result: T | None = None
        self.error: Exception | None = None
        self.done = False
        self.wake: threading.Lock | None = None


class Commits:
    """A queue of commits before one writer. ``write_group`` writes a group and settles each of its commits."""

    def __init__(self, write_group: Callable[[Sequence[Commit[Any]]], None], after: Callable[[], None]) -> None:
        self.write_group = write_group
        self.after = after
        self.guard = threading.Lock()
        self.waiting: deque[Commit[Any]] = deque()
        self.led = False

    def commit(self, work: Callable[[Any], T]) -> T:
        """Have some work committed, alone or with others, and return its result or raise its error."""
        own: Commit[T] = Commit(work)
        with self.guard:
            if leads := not self.led:
                self.led = True
            else:
                own.wake = threading.Lock()
                own.wake.acquire()
                self.waiting.append(own)
        if not leads:
            self.wait(own)
        if not own.done:
            self.lead(own)
        if own.error is not None:
            raise own.error
        return own.result  # type: ignore[return-value]

    def wait(self, own: Commit[Any]) -> None:
        """Wait until the commit is done or it is this caller's turn to lead."""
        woken = False
        try:
            woken = own.wake.acquire()  # type: ignore[union-attr]
        finally:
            if not woken:
                self.give_up(own)

    def give_up(self, own: Commit[Any]) -> None:
        """Leave the queue, interrupted while waiting; a turn to lead that came meanwhile is passed on."""
        with self.guard:
            if own in self.waiting:
                self.waiting.remove(own)
                return
        if not own.done and own.wake and own.wake.acquire(blocking=False):
            self.hand_over()

    def lead(self, own: Commit[Any]) -> None:
        """Commit for oneself and all who wait, wake them, and hand over."""
        with self.guard:
            group = [own, *self.waiting]
            self.waiting.clear()
        written = False
        try:
            self.write_group(group)
            written = True
        finally:
            for each in group:
                each.done = True
                if not written and each.error is None:
                    each.error = JournalUnavailable("Recording was interrupted.", "Nothing was performed. Try again.")
                if each.wake and each is not own:
                    each.wake.release()
            try:
                self.after()
            finally:
                self.hand_over()

    def hand_over(self) -> None:
        """Wake the first who waits, to lead; where nobody does, the next to come leads."""
        with self.guard:
            if self.waiting:
                self.waiting.popleft().wake.release()  # type: ignore[union-attr]
            else:
                self.led = False
