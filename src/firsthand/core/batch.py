"""A batch: one action for many subjects under one confirmation, a run for each of its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from firsthand.core.runs import Run

OPENED = ("confirmed", "paused")
"""A batch that is under way; it is performed while it is confirmed."""

ENDED = ("cancelled", "ended")

MOVES: Mapping[tuple[str, str], str] = {
    ("preflight", "drafted"): "every row was looked at; nothing was performed",
    ("preflight", "cancelled"): "it is not wanted any more",
    ("drafted", "confirmed"): "whoever drafted it has seen what would go through",
    ("drafted", "cancelled"): "it is not wanted any more",
    ("confirmed", "paused"): "somebody paused it, or too many of its runs failed",
    ("paused", "confirmed"): "somebody resumed it",
    ("confirmed", "cancelled"): "somebody cancelled it; what has begun is performed",
    ("paused", "cancelled"): "somebody cancelled it",
    ("confirmed", "ended"): "every row's run has ended",
}
"""Every change of a batch's status that there is, with its reason.

Before, it is ``loading`` while its rows are stored, which nobody sees, and then in ``preflight``.
"""


Given = tuple[int, Mapping[str, object], Mapping[str, str], str]
"""A row as it is stored: its number, its inputs, what it says, and what makes two the same."""

Unfit = tuple[int, Mapping[str, object]]
"""The number of a row that would not go through, and why."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why some rows would not go through: how many, the first of their numbers, and what was said of the first.

    ``alike`` says whether the same was said of all of them.
    """

    code: str
    message: str
    count: int
    rows: tuple[int, ...]
    check: str | None = None
    alike: bool = True


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as it stands.

    ``total`` rows were given, of which ``fit`` would go through when it was drafted, and are performed; ``digest`` is
    of the rows and of what was found of each. ``throttle`` is in rows a minute, ``stop_after`` in failures. While it is
    in preflight, ``fit`` and ``failures`` count what was found so far.
    """

    id: int
    action: str
    actor: str
    at: datetime
    surface: str
    environment: str
    desk: str
    requested_by: str | None
    ticket: str | None
    reason: str | None
    notes: str | None
    source: str
    mode: str
    status: str
    digest: str
    total: int
    fit: int
    faults: tuple[Fault, ...]
    throttle: int | None
    stop_after: int | None
    failures: int
    why: str
    confirmed_at: datetime | None
    ended_at: datetime | None

    @property
    def unfit(self) -> int:
        """How many rows would not go through, and are not performed."""
        return self.total - self.fit

    @property
    def looked(self) -> int:
        """How many rows were looked at so far, while it is in preflight."""
        return self.fit + self.failures


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A row of a batch: its inputs, what was wrong with it when it was drafted, and the run that it became."""

    number: int
    inputs: Mapping[str, object]
    said: Mapping[str, str]
    fault: Mapping[str, Any] | None = None
    run: int | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is: runs by their status, the rows that go through, and how fast the last minute was.

    While it is in preflight: rows by what was found of them, and all rows that there are.
    """

    counts: Mapping[str, int]
    fit: int
    a_second: float = 0.0

    @property
    def done(self) -> int:
        """How many runs have ended."""
        return sum(n for status, n in self.counts.items() if status not in ("recorded", "queued", "performing"))

    @property
    def left(self) -> int:
        """How many rows have no outcome yet."""
        return self.fit - self.done

    @property
    def seconds_left(self) -> float | None:
        """How long it takes at this rate; None where none is known."""
        return self.left / self.a_second if self.a_second > 0 else None


class Store(Protocol):
    """The batches of a journal, as the core writes them; every change is one durable commit."""

    def begin(self, facts: Mapping[str, object]) -> int:
        """Insert a batch that is being loaded, which nobody sees until all its rows are given."""

    def add(self, batch: int, rows: Sequence[Given], at: int) -> bool:
        """Store rows: number, inputs, what they say, and what makes two the same; False where it was forgotten.

        It may be forgotten after ``at``.
        """

    def twice(self, batch: int) -> tuple[int, int] | None:
        """Return the numbers of two rows that are about the same, if there are such."""

    def given(self, batch: int, total: int) -> None:
        """Note that all rows are stored, and how many they are: they are to be looked at."""

    def discard(self, batch: int) -> None:
        """Forget a batch that could not be loaded, or looked at."""

    def forget(self, at: int) -> None:
        """Forget the batches whose rows were never given to the end, as they stand at a time."""

    def hold(self, batch: int, at: int, until: int) -> int | None:
        """Take a preflight in hand until a time, and return the last row that was looked at; None where another has."""

    def looked(
        self,
        batch: int,
        place: int,
        last: int,
        number: int,
        faults: Sequence[Unfit],
        at: int,
    ) -> bool:
        """Note what was found of rows after ``place`` up to ``last``; False where another did, or it was cancelled."""

    def leave(self, batch: int) -> None:
        """Let go of a preflight, for whoever comes next."""

    def move(
        self, batch: int, expected: str, status: str, *, kind: str, actor: str | None, at: int, **changes: object
    ) -> bool:
        """Change a batch's status, with the event of it; False where it was not in the expected status."""

    def get(self, id: int) -> Batch | None:
        """Return a batch."""

    def rows(self, batch: int, after: int = 0, limit: int = 500, *, unfit: bool = False) -> list[BatchRow]:
        """Return rows after a number, in their order."""

    def open(self, batch: int, status: str) -> list[int]:
        """Return the runs of a batch in an open status."""

    def progress(self, batch: Batch, at: int) -> Progress:
        """Return how far a batch is."""

    def runs(self, rows: Sequence[BatchRow]) -> dict[int, Run[Any]]:
        """Return the runs that rows became, by their ids."""
