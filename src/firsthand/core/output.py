"""What a run says while it is performed: heard by whoever listens, and put on record as it comes.

One thread a process does the recording, and only while a run has something unsaid: a short run costs no commit more,
and no run waits for it or fails by it.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from math import isfinite
from typing import Any

from firsthand.core.calling import call
from firsthand.core.errors import AuthorError, JournalError, Refused
from firsthand.core.journal import Journal
from firsthand.core.outcomes import LONGEST
from firsthand.core.secrets import Mask

SOON = 0.5
"""Seconds for which a run is performed before what it says is put on record, and at least between two times."""

PART = 50
"""What a run says is put on record again after one of so many parts of the time for which it has been performed."""

TAIL = 1_000
"""Characters that are kept of each new output of a run that has said more than ``LONGEST``."""

Listener = Callable[[str, Any], None]


class Output:
    """What one run says: as its listener it takes in what is said; from ``begin`` to ``end`` that goes on record."""

    def __init__(self, mask: Mask, listener: Listener | None) -> None:
        self.mask = mask
        self.listener = listener
        self.pieces: list[str] = []
        self.said = 0
        self.progress: tuple[Any, Any] | None = None
        self.write: Callable[[list[tuple[str, dict[str, object]]]], None] | None = None
        self.process = self.began = self.last = 0.0

    def __call__(self, kind: str, said: Any) -> None:
        """Take in what a run says, and tell whoever listens."""
        if kind == "say":
            self.pieces.append(f"{said}\n")
        elif kind == "progress":
            self.progress = said
        if self.write and self.process == os.getpid():
            TELLER.expect(self)
        if self.listener:
            self.tell(self.listener, kind, said)

    def tell(self, listener: Listener, kind: str, said: Any) -> None:
        """Tell a listener, without secrets; one that cannot hear is told no more, which is no matter of the run."""
        try:
            call(listener, kind, self.mask.text(said) if isinstance(said, str) else said)
        except (AuthorError, Refused) as error:
            self.listener = None
            if isinstance(error, AuthorError) and not isinstance(error.error, Exception):
                raise error.error from error

    def begin(self, journal: Journal, run: int, actor: str, clock: Callable[[], int]) -> None:
        """Put on record what is said from now on, and what was said before."""
        self.process, self.began = os.getpid(), time.monotonic()
        self.write = lambda events: journal.tell(run, actor=actor, at=clock(), events=events)
        if self.pieces or self.progress:
            TELLER.expect(self)

    def end(self) -> None:
        """Put no more on record: the outcome has the whole output."""
        self.write = None

    @property
    def due(self) -> float:
        """When what is unsaid goes on record, by the monotonic clock."""
        if not self.last:
            return self.began + SOON
        return self.last + max(SOON, (time.monotonic() - self.began) / PART)

    def record(self) -> None:
        """Put on record what is unsaid and settled; a journal that cannot be written is skipped until the next time."""
        write, count, progress = self.write, len(self.pieces), self.progress
        if write is None:
            return
        text = "".join(self.pieces[:count])
        end = settled(self.mask, text)
        self.last = time.monotonic()
        events: list[tuple[str, dict[str, object]]] = []
        if end:
            events.append(("said", {"text": self.kept(self.mask.text(text[:end]))}))
        if progress and (numbers := [number(each) for each in progress]) and None not in numbers:
            events.append(("progress", dict(zip(("done", "total"), numbers, strict=True))))
        rest = [text[end:]] if text[end:] else []
        try:
            if events:
                write(events)
        except JournalError:
            TELLER.expect(self)
            return
        self.said += end
        self.pieces[:count] = rest
        self.progress = None if self.progress is progress else self.progress
        if len(self.pieces) > len(rest) or self.progress:
            TELLER.expect(self)

    def kept(self, text: str) -> str:
        """Return what is kept of a new output: all of it, until the run has said very much."""
        most = max(TAIL, LONGEST - self.said)
        return text if len(text) <= most else f"…{text[-most:]}"


class Teller:
    """The one thread of a process that puts on record what its runs say. It ends where there is nothing unsaid."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.waiting: dict[Output, float] = {}
        self.wakes = 0.0
        self.thread: threading.Thread | None = None

    def expect(self, output: Output) -> None:
        """Have an output put on record once it is due."""
        with self.changed:
            new = output not in self.waiting
            if new:
                self.waiting[output] = output.due
            if self.thread is None or not self.thread.is_alive():
                self.thread = threading.Thread(target=self.work, name="firsthand-output", daemon=True)
                with suppress(RuntimeError):  # no thread can be had now; the next word tries again
                    self.thread.start()
            elif new and self.waiting[output] < self.wakes:
                self.changed.notify()

    def work(self) -> None:
        """Put on record whatever is due, until nothing waits."""
        while output := self.next():
            output.record()

    def next(self) -> Output | None:
        """Return the next output, when it is due; None, with the thread let go, where none waits."""
        with self.changed:
            while self.waiting:
                output = min(self.waiting, key=self.waiting.__getitem__)
                self.wakes = self.waiting[output]
                if (left := self.wakes - time.monotonic()) <= 0:
                    del self.waiting[output]
                    return output
                self.changed.wait(left)
            self.thread = None
            return None


TELLER = Teller()


def renew() -> None:
    """Start anew in a forked child, which has none of its parent's threads."""
    global TELLER  # noqa: PLW0603
    TELLER = Teller()


os.register_at_fork(after_in_child=renew)


def number(value: object) -> float | int | None:
    """Return a number as JSON can carry it; None for anything else."""
    if type(value) is int and value.bit_length() < 64:
        return value
    try:
        told: float = call(float, value)
    except (AuthorError, Refused):
        return None
    return told if isfinite(told) else None


def settled(mask: Mask, text: str) -> int:
    """Return up to where a growing text can be masked for itself: whole lines, with no secret going on after them."""
    several = [each for each in mask.spellings if "\n" in each.strip()]
    end = text.rfind("\n") + 1
    while end and (open := max((begun(each, text, end) for each in several), default=0)):
        end = text.rfind("\n", 0, end - open) + 1
    return end


def begun(secret: str, text: str, end: int) -> int:
    """Return how many characters before a place in a text are the first lines of a secret that goes on; 0 if none."""
    start = 0
    while 0 < (place := secret.find("\n", start) + 1) < len(secret):
        if text.endswith(secret[start:place], 0, end) and text.endswith(secret[:place], 0, end) and place > 1:
            since = text[end - place :]
            if since.startswith(secret) or secret.startswith(since):
                return place
        start = place
    return 0
