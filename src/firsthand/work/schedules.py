"""What is due by calendar is begun, by every worker over and over: however many look, each moment is one run."""

from __future__ import annotations

from typing import Protocol

from firsthand.core.pipeline import Pipeline
from firsthand.core.scheduling import Scheduling
from firsthand.storage.journal import SqlJournal
from firsthand.work.calendar import Calendar


class Scheduled(Protocol):
    """What of a desk these need."""

    name: str

    @property
    def pipeline(self) -> Pipeline:
        """The six steps."""


def tick(desk: Scheduled, journal: SqlJournal, now: int) -> int | None:
    """Begin what of a desk's schedules is due, and return when the next is, in microseconds since 1970.

    None where nothing is scheduled. Where nothing is due it is two reads.
    """
    for schedule in journal.schedules.due(desk.name, now):
        Scheduling(desk.pipeline, Calendar()).begin(schedule, now)
    return journal.schedules.next_due(desk.name)
