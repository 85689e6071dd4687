"""A run: one attempt to perform an action, refused ones too, and the states it goes through."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from firsthand.core.errors import FirsthandError

T = TypeVar("T")

EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)

TRANSITIONS: Mapping[tuple[str, str], str] = {
    ("recorded", "asked"): "whoever recorded it wants a colleague to perform it",
    ("recorded", "refused"): "not authorized, not found, or a check did not hold",
    ("recorded", "queued"): "it is performed in the background, or later; everything is checked again then",
    ("recorded", "performing"): "everything was checked, the author's function is called next",
    ("recorded", "failed"): "it stopped before anything was performed: nothing happened",
    ("asked", "recorded"): "somebody who may took it; everything is checked again",
    ("asked", "declined"): "somebody who may perform it said no",
    ("asked", "withdrawn"): "whoever asked does not want it any more",
    (
        "performing",
        "succeeded",
    ): "the author's function returned and its resources were closed, or whoever did it by hand says so",
    ("performing", "refused"): "the author's function, or whoever did it by hand, says that nothing was done",
    ("performing", "failed"): "the author's function or its resources raised, or whoever did it by hand says so",
    ("queued", "performing"): "a worker has claimed it, and everything was checked again",
    ("queued", "refused"): "not authorized, not found, or a check does not hold any more",
    ("queued", "failed"): "it stopped before anything was performed: nothing happened",
    ("queued", "withdrawn"): "it was withdrawn before it began",
    ("queued", "succeeded"): "its mark was found: an earlier try had been committed",
    ("queued", "unknown"): "it was begun before its process died, and cannot be performed again: it may have happened",
    ("performing", "queued"): "its process died, and it is safe to perform it again: nothing happened, or the same key",
    ("performing", "unknown"): "its process died in between: whether it happened is not known",
    ("unknown", "succeeded"): "it was found out that it did happen",
    ("unknown", "failed"): "it was found out that it did not happen",
    ("unknown", "queued"): "it was found out that it did not happen, and it is performed in the background",
}
"""Every change of status that there is, with its reason."""

OPEN = ("recorded", "asked", "queued", "performing")
OUTCOMES = ("succeeded", "refused", "failed", "declined", "withdrawn", "unknown")
"""How a run can end; ``unknown`` may still be settled."""


def microseconds(moment: datetime) -> int:
    """Return a moment as whole microseconds since 1970 in UTC, which is what the journal keeps."""
    return (moment - EPOCH) // MICROSECOND


def moment(microseconds: int) -> datetime:
    """Return the moment, in UTC, of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=microseconds)


@dataclass(frozen=True, slots=True)
class Subject:
    """The account or thing that a run is about, with label and traits as they were when it ran."""

    kind: str
    id: str
    label: str = ""
    traits: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """``account:42``."""
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a run was stopped before performing: what happened, what to do, and the check that did not hold."""

    code: str
    message: str
    fix: str = ""
    check: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """What the author's code raised: its type, its message, its traceback."""

    type: str
    message: str
    traceback: str = ""


@dataclass(slots=True)
class Run(Generic[T]):
    """One attempt to perform an action.

    As a parameter of an author's function it gives ``key`` (the same for every try of this run, for services that
    take an idempotency key), ``say()`` and ``progress()``. ``value`` is what the function returned; on a run read
    from the journal it is that as JSON. ``due`` is when it is performed at the earliest, ``fence`` how often it was
    claimed by a worker, ``batch`` and ``schedule`` what it is part of. ``again`` says that it was sent before, under
    the same key: nothing was recorded or performed anew, this is how the run stands.
    """

    id: int
    action: str
    status: str
    at: datetime
    actor: str | None
    surface: str
    environment: str
    desk: str = ""
    requested_by: str | None = None
    asked_by: str | None = None
    ticket: str | None = None
    reason: str | None = None
    notes: str | None = None
    digest: str | None = None
    tags: tuple[str, ...] = ()
    subjects: tuple[Subject, ...] = ()
    inputs: Mapping[str, object] | None = None
    value: T | None = None
    output: str = ""
    refusal: Refusal | None = None
    error: Failure | None = None
    performing_at: datetime | None = None
    ended_at: datetime | None = None
    process: int | None = None
    mode: str = "once"
    due: datetime | None = None
    fence: int = 0
    batch: int | None = None
    schedule: int | None = None
    key: str = ""
    again: bool = field(default=False, compare=False)
    listener: Callable[[str, object], None] | None = field(default=None, repr=False, compare=False)

    @property
    def outcome(self) -> str | None:
        """How it ended, one of ``OUTCOMES``; None while it has not."""
        return self.status if self.status in OUTCOMES else None

    @property
    def subject(self) -> Subject | None:
        """The first subject, for which the run is counted."""
        return self.subjects[0] if self.subjects else None

    def say(self, text: str) -> None:
        """Add a line to the run's output, which is recorded and shown while it runs."""
        text = f"{text}"
        self.output += f"{text}\n"
        if self.listener:
            self.listener("say", text)

    def progress(self, done: float, total: float) -> None:
        """Show how far the run is: ``done`` of ``total``, in whatever unit the author counts."""
        if self.listener:
            self.listener("progress", (done, total))

    def raise_for_outcome(self) -> Run[T]:
        """Return the run if it succeeded, else raise ``OutcomeError`` with why not."""
        if self.status == "succeeded":
            return self
        if self.refusal:
            raise OutcomeError(self, self.refusal.message, self.refusal.fix)
        if self.error:
            raise OutcomeError(self, f"{self.error.type}: {self.error.message}", f"firsthand show {self.id} has more.")
        raise OutcomeError(self, f"Run {self.id} is {self.status}.", f"firsthand show {self.id} has more.")

    def as_dict(self) -> dict[str, object]:
        """Return the run as JSON can carry it: times in ISO 8601 and UTC, the outcome beside the status."""
        row: dict[str, object] = {"id": self.id, "outcome": self.outcome}
        for each in fields(self):
            if each.name not in ("listener", "process", "again"):
                row[each.name] = plain(getattr(self, each.name))
        return row


class OutcomeError(FirsthandError):
    """A run that did not succeed: ``run`` is it."""

    def __init__(self, run: Run[Any], message: str, fix: str = "") -> None:
        super().__init__(message, fix)
        self.run = run


def plain(value: object) -> object:
    """Return a field of a run as JSON can carry it."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (Subject, Refusal, Failure)):
        return asdict(value)
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    return value
