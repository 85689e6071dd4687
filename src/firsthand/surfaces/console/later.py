"""When a form's run is performed: now, in the background or at a time; and the runs that wait for a worker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from firsthand.core.due import due_of
from firsthand.core.errors import Refused
from firsthand.core.queueing import OVERDUE
from firsthand.core.runs import Run, microseconds, moment
from firsthand.storage.queue import Queue
from firsthand.surfaces.console.rendering import length
from firsthand.surfaces.console.visit import Visit


@dataclass(frozen=True, slots=True)
class When:
    """When a person wants a run performed, as they fill it in: ``at`` is what a clock shows in the time zone."""

    background: bool = False
    at: str = ""
    zone: str = "UTC"

    @classmethod
    def of(cls, visit: Visit) -> When:
        """Return what was sent."""
        return cls(visit.said("background") == "1", visit.said("at"), visit.said("zone") or "UTC")

    @property
    def chosen(self) -> bool:
        """Whether it is anything but now."""
        return self.background or bool(self.at)

    def said(self) -> dict[str, Any]:
        """Return it as the desk takes it."""
        at = f"{self.at} {self.zone}" if self.at else None
        return {"background": self.background or None, "at": at}

    def fault(self, now: int) -> Refused | None:
        """Return what is wrong with the time, in the core's words."""
        try:
            if at := self.said()["at"]:
                due_of(at, now)
        except Refused as refusal:
            return refusal
        return None


NOW = When()


def overdue(visit: Visit, limit: int) -> list[Run[Any]]:
    """Return the runs that this person may know of and that no worker has begun for over a minute."""
    before = visit.desk.clock() - microseconds_of_overdue()
    names = [name for entry in visit.entries.values() for name in (str(entry["name"]), *entry.get("aliases", ()))]
    return Queue(visit.journal).overdue(before, limit, names)


def microseconds_of_overdue() -> int:
    """Return after how long a run that is due waits for a worker."""
    return int(OVERDUE.total_seconds() * 1_000_000)


def waits_for(visit: Visit, run: Run[Any]) -> str:
    """Return for how long a run has waited for a worker, in words; empty where it is not overdue."""
    if run.status != "queued" or run.due is None:
        return ""
    late = visit.desk.clock() - microseconds(run.due)
    return length(late / 1_000_000) if late > microseconds_of_overdue() else ""


def is_later(visit: Visit, run: Run[Any]) -> bool:
    """Say whether a run's time is still to come."""
    return run.due is not None and run.due > moment(visit.desk.clock())
