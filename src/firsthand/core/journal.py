"""What the core needs of a journal; `storage` has the real ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from firsthand.core.actors import Person
from firsthand.core.runs import Run


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the journal, never changed: what happened, when (UTC), by whom, to which run."""

    id: int
    at: datetime
    kind: str
    actor: str | None = None
    run: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """Return the event as JSON can carry it."""
        data = dict(self.data)
        return {"id": self.id, "at": self.at.isoformat(), "kind": self.kind, "actor": self.actor, "data": data}


class Step(NamedTuple):
    """One change of a run: from ``expected`` to ``status``, with the columns that change, as JSON can carry them.

    ``at`` is when, in microseconds since 1970: when it was performing, or ended, too. ``kind`` names the event, which
    is the new status unless said otherwise.
    """

    run: int
    expected: str
    status: str
    at: int
    actor: str | None
    changes: Mapping[str, object] = {}
    kind: str = ""


class Journal(Protocol):
    """The record of everything, as the pipeline writes it.

    Every method raises ``JournalUnavailable`` where it cannot be done, with nothing half done.
    """

    def person(self, id: str) -> Person | None:
        """Return the known and active person of an id."""

    def record(self, by: str, intent: Callable[[Person], Run[Any]]) -> tuple[Person, Run[Any]] | None:
        """Insert the run that somebody intends, with its first event, durably; return both, the run with id and key.

        ``intent`` makes the run for the person as they are in the same transaction; it may be called again. None,
        with nothing inserted, where nobody active has the id.
        """

    def step(self, step: Step) -> bool:
        """Change a run and append the event, durably; False where the run was not in the expected status."""

    def finish(self, step: Step) -> None:
        """Record an outcome whatever happens: tried again, then kept in a file beside the journal."""

    def append(self, kind: str, *, actor: str | None, at: int, run: int | None, data: Mapping[str, object]) -> None:
        """Append an event that changes no run."""

    def run(self, id: int) -> Run[Any] | None:
        """Return a run."""

    def enter_catalogue(self, desk: str, entries: Mapping[str, Mapping[str, Any]], at: int) -> Sequence[object]:
        """Record what a desk offers, and an event of what changed; return the changes."""

    def roles(self) -> set[str]:
        """Return the roles that somebody has."""
