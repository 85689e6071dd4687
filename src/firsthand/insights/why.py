"""Why is it done: which reasons, how many of them are ``other``, and what do people write there?"""

from __future__ import annotations

from dataclasses import dataclass, replace

from firsthand.core.reasons import OTHER
from firsthand.insights.figures import Figures, Number, summed
from firsthand.storage.history import Filter

NOTES = 10
"""Notes of ``other`` that are shown."""


@dataclass(frozen=True, slots=True)
class ReasonFigures:
    """How many runs have a reason, and its share of the runs that have any."""

    reason: str
    runs: Number
    share: float


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody wrote to a run for the reason ``other``: several alike are a reason that is missing."""

    at: str
    run: int
    action: str
    notes: str


def reasons(figures: Figures) -> list[ReasonFigures]:
    """Return the reasons, most first."""
    runs = summed(figures.narrow("reason"), lambda key, _: key)
    ordered = sorted(runs.items(), key=lambda each: (-each[1], each[0]))
    return [ReasonFigures(key, figures.number(number, reason=key), number / runs.total()) for key, number in ordered]


def notes(figures: Figures) -> list[Note]:
    """Return the newest notes to the reason ``other``, read from the newest days that have such runs."""
    found: list[Note] = []
    for day in figures.days_of("reason", OTHER, NOTES):
        in_day = replace(figures.filter((day, day)), reason=OTHER)
        found += notes_of(figures, in_day, NOTES - len(found))
        if len(found) == NOTES:
            break
    return found


def notes_of(figures: Figures, wanted: Filter, limit: int) -> list[Note]:
    """Return the newest notes of the runs that a filter wants."""
    return [
        Note(run.at.isoformat(), run.id, figures.names.of(run.action), run.notes or "")
        for run in figures.journal.history.feed(wanted, limit)
    ]
