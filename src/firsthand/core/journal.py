"""What the core needs of a journal; `storage` has the real ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from firsthand.core.actors import Person
from firsthand.core.manual import Manual
from firsthand.core.runs import Run
from firsthand.core.schedules import Schedule
from firsthand.core.steps import Steps


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


def output_of(events: Iterable[Event]) -> tuple[str, tuple[float, float] | None]:
    """Return what a run has said so far, by its events, and how far it is: how much is done, of how much."""
    text, progress = "", None
    for event in events:
        if event.kind == "said":
            text += event.data["text"]
        elif event.kind == "progress":
            progress = (event.data["done"], event.data["total"])
        elif isinstance(whole := event.data.get("output"), str):
            text = whole
    return text, progress


class Step(NamedTuple):
    """One change of a run: from ``expected`` to ``status``, with the columns that change, as JSON can carry them.

    ``at`` is when, in microseconds since 1970: when it was performing, or ended, too. ``kind`` names the event, which
    is the new status unless said otherwise. ``once`` is the key under which the actor sent it, if any, and ``digest``
    that of what was sent; ``noted`` stands in the event alone. With ``fence`` the run must not have been claimed by
    another worker since.
    """

    run: int
    expected: str
    status: str
    at: int
    actor: str | None
    changes: Mapping[str, object] = {}
    kind: str = ""
    once: str | None = None
    noted: Mapping[str, object] = {}
    fence: int | None = None
    digest: str | None = None


class Manuals(Protocol):
    """The manual actions on record, and the ticks of their runs."""

    def get(self, name: str) -> Manual | None:
        """Return the current declaration of a name, a retired one too."""

    def all(self) -> list[Manual]:
        """Return the current declaration of every name, retired ones too."""

    def save(self, manual: Manual, *, kind: str, actor: str, at: int, changes: Sequence[object]) -> bool:
        """Record a version, and the event of it; False where it is not the one after the current version."""

    def tick(self, run: int, step: int, *, done: bool, actor: str, at: int) -> bool:
        """Record whether a step is done, unless that is on record; False where the run is not open."""

    def steps(self, run: int) -> Steps | None:
        """Return the steps of a run, with their ticks; None where it is no run of a manual action."""

    def finish(self, run: int, ended: Callable[[Steps], Step]) -> bool:
        """Take the step that ``ended`` makes of the ticks as they are then; False where the run is not open."""


class Schedules(Protocol):
    """The schedules on record. Times are microseconds since 1970."""

    def get(self, id: int) -> Schedule | None:
        """Return a schedule as it is now, a retired one too."""

    def of_version(self, id: int, version: int) -> Schedule | None:
        """Return a schedule as it was in a version."""

    def save(
        self,
        schedule: Schedule,
        *,
        kind: str,
        actor: str | None,
        at: int,
        due: int | None,
        changes: Sequence[object] = (),
        refused: tuple[Run[Any], Step] | None = None,
        once: str | None = None,
        digest: str | None = None,
    ) -> Schedule | None:
        """Record a version and the event of it, and when it is next due; None where it is not after the current one.

        With ``refused`` a run is recorded, and refused, in the same commit. Where the actor has sent a schedule under
        the key ``once`` before, that is returned, and nothing recorded.
        """

    def pin(self, id: int, moment: int) -> int | None:
        """Return the version of which a moment is the due one, which no change alters any more; None where it is not.

        Whoever else begins the same moment gets the same version.
        """

    def advance(self, schedule: Schedule, moment: int, due: int | None, noted: Mapping[str, object], at: int) -> bool:
        """Go on from a moment to the next; False where somebody else did. ``noted`` is an event, with its kind."""


class Journal(Protocol):
    """The record of everything, as the pipeline writes it.

    Every method raises ``JournalUnavailable`` where it cannot be done, with nothing half done.
    """

    @property
    def id(self) -> str:
        """The journal's own random id."""

    @property
    def manuals(self) -> Manuals:
        """The manual actions."""

    @property
    def schedules(self) -> Schedules:
        """The schedules."""

    def person(self, id: str) -> Person | None:
        """Return the known and active person of an id."""

    def record(
        self, by: str, intent: Callable[[Person], Run[Any]], once: str | None = None, digest: str | None = None
    ) -> tuple[Person, Run[Any]] | None:
        """Insert the run that somebody intends, with its first event, durably; return both, the run with id and key.

        ``intent`` makes the run for the person as they are in the same transaction; it may be called again. None,
        with nothing inserted, where nobody active has the id. Where the person has sent a run under the key ``once``
        before, that is returned as it stands, as ``again``; ``digest_of`` tells whether it was the same that was sent.
        """

    def sent(self, person: str, kind: str, once: str) -> int | None:
        """Return the run of the event of a kind that a person sent under a key, if they have."""

    def digest_of(self, person: str, kind: str, once: str) -> str | None:
        """Return the digest of what a person sent under a key; None for one recorded without."""

    def step(self, step: Step) -> bool:
        """Change a run and append the event, durably; False where the run was not in the expected status."""

    def step_within(self, connection: Any, step: Step) -> bool:
        """Take a step on somebody else's connection to the same database, in their transaction."""

    def steps(self, steps: Sequence[Step]) -> list[bool]:
        """Take several steps in one durable commit; say of each whether the run was as expected."""

    def finish(self, step: Step) -> None:
        """Record an outcome whatever happens: tried again, then kept in a file beside the journal."""

    def append(
        self,
        kind: str,
        *,
        actor: str | None,
        at: int,
        run: int | None,
        data: Mapping[str, object],
        once: str | None = None,
        digest: str | None = None,
    ) -> bool:
        """Append an event that changes no run; False where the actor has sent one of the kind under the key before.

        Raises ``Refused`` for a key that cannot be one.
        """

    def tell(self, run: int, *, actor: str, at: int, events: Sequence[tuple[str, Mapping[str, object]]]) -> None:
        """Append what a run says, kind and data each, if it is still performed."""

    def unknown(self) -> Sequence[Run[Any]]:
        """Return the runs of which it is not known whether they happened, oldest first, a thousand at most."""

    def holder(self, held: str) -> int | None:
        """Return the run that is performed on what only one at a time is, if there is one."""

    def run(self, id: int) -> Run[Any] | None:
        """Return a run."""

    def event(self, id: int) -> Event | None:
        """Return an event."""

    def enter_catalogue(self, desk: str, entries: Mapping[str, Mapping[str, Any]], at: int) -> Sequence[object]:
        """Record what a desk offers, and an event of what changed; return the changes."""

    def gone(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the last entry, as far as it says who may know of it, of each name that no action has any more."""

    def roles(self) -> set[str]:
        """Return the roles that somebody has."""
