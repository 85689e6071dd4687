"""A schedule: which action is started by calendar, with which inputs, when, and on whose authority.

Reading needs this module, so it imports neither pydantic nor what calls authors' code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Protocol

STATES = ("active", "paused", "retired")

OF_RECORD = ("id", "version", "state", "changed_by", "at", "due", "desk")
"""Fields that the journal knows besides the declaration itself."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Runs of an action by calendar: ``cron`` has five fields, in the time of ``zone`` (``Europe/Berlin``).

    ``by`` is the person on whose authority they are, ``due`` when the next is (UTC; None while it is paused).
    ``stopped`` says why it was paused by itself. ``version`` counts its changes from 1, of which ``changed_by`` (None:
    by itself) made the current one.
    """

    action: str
    cron: str
    zone: str
    by: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    reason: str | None = None
    notes: str | None = None
    requested_by: str | None = None
    ticket: str | None = None
    stopped: str = ""
    id: int = 0
    version: int = 0
    state: str = "active"
    desk: str = ""
    due: datetime | None = None
    changed_by: str | None = None
    at: datetime | None = None

    def declaration(self) -> dict[str, Any]:
        """Return the declaration as the journal keeps it."""
        return {name: value for name, value in asdict(self).items() if name not in OF_RECORD}

    def as_dict(self) -> dict[str, Any]:
        """Return the schedule as JSON can carry it: times in ISO 8601 and UTC."""
        times = {name: each.isoformat() if each else None for name, each in (("due", self.due), ("at", self.at))}
        return {**asdict(self), **times}


class Calendar(Protocol):
    """What tells the moments of a cron expression in a time zone, in microseconds since 1970."""

    def faults(self, cron: str, zone: str, after: int) -> list[str]:
        """Return what is wrong with an expression and a zone, as sentences."""

    def after(self, cron: str, zone: str, moment: int) -> Iterator[int]:
        """Yield the moments after one."""

    def last(self, cron: str, zone: str, moment: int) -> int:
        """Return the last moment that is not after one."""
