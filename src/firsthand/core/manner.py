"""How an action is performed: what its mode promises, in the background or not, and what it may not overlap with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from firsthand.core.binding import Wiring
from firsthand.core.runs import Run

MODES = ("once", "idempotent", "transactional")
"""What an action promises where its process dies: at most once (the default), again under the same key, or effect and
outcome in one transaction."""


@dataclass(frozen=True, slots=True)
class Said:
    """What an author said of it; without a ``mode`` it is that of the desk.

    ``verify`` is a read-only function that says, after a crash, whether it happened; ``subjects`` is a query of what it
    may be done to, for batches.
    """

    mode: str | None = None
    background: bool = False
    one_at_a_time: bool = False
    verify: Callable[..., Any] | None = None
    subjects: Callable[..., Any] | None = None

    @property
    def problem(self) -> str | None:
        """What is wrong with it, if anything."""
        if self.mode is not None and self.mode not in MODES:
            return f"its mode is {self.mode!r}; there are {', '.join(MODES)}"
        return None


@dataclass(frozen=True, slots=True)
class Manner:
    """The same worked out: ``resource`` is the type of the resource whose transaction it is performed in."""

    mode: str = "once"
    background: bool = False
    one_at_a_time: bool = False
    verify: Wiring | None = None
    resource: Any = None
    subjects: Wiring | None = None

    def hold(self, run: Run[Any]) -> str | None:
        """Return what a run has for itself while it is performed: its first subject, or, without one, its action."""
        if not self.one_at_a_time:
            return None
        return run.subject.key if run.subject else run.action

    def describe(self) -> dict[str, object]:
        """Return what differs from an ordinary action, for the catalogue."""
        told = {"mode": self.mode, "background": self.background, "one_at_a_time": self.one_at_a_time}
        told["verify"] = self.verify is not None
        return {name: value for name, value in told.items() if value not in ("once", False)}
