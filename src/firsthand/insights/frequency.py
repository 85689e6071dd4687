"""How often is each action performed, and refused, and asked for? How many runs are there from day to day?"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from firsthand.core.runs import OPEN, moment
from firsthand.followers.counting import DAY, EPOCH
from firsthand.insights.figures import Days, Figures, Number, ends_of_month, text_of
from firsthand.insights.scope import day_of

OUTCOMES = {
    "performed": ("succeeded",),
    "refused": ("refused",),
    "failed": ("failed",),
    "others": ("declined", "withdrawn", "unknown", *OPEN),
}
"""How runs ended, in figures: ``others`` are those that somebody took back or said no to, unknown and open ones."""

LAST = """SELECT names.value, (SELECT max(at) FROM runs WHERE action = names.value AND at < ?)
    FROM json_each(?) AS names"""

LONGEST_BY_DAY = 92
LONGEST_BY_WEEK = 731
"""Days of a range that is still shown by day, and by week; a longer one is shown by month."""


@dataclass(frozen=True, slots=True)
class ActionFigures:
    """How often an action was run, and how that ended; ``last`` is its newest run in these days, whatever its tags."""

    action: str
    runs: Number
    performed: Number
    refused: Number
    failed: Number
    others: Number
    asked_for: Number
    last: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """A day, a week or a month, as far as it is in the range, with its runs."""

    since: str
    until: str
    runs: Number
    performed: Number
    refused: Number
    failed: Number
    others: Number


def ended(figures: Figures, outcomes: Counter[str], **more: str) -> dict[str, Number]:
    """Return runs in all and by how they ended, of a count by status."""
    found = {"runs": figures.number(sum(outcomes.values()), **more)}
    for name, statuses in OUTCOMES.items():
        found[name] = figures.number(sum(outcomes[each] for each in statuses), **more, outcome=",".join(statuses))
    return found


def of_each_action(figures: Figures) -> list[ActionFigures]:
    """Return the figures of each action that has runs, most first."""
    statuses: dict[str, Counter[str]] = {}
    for (action, status, _), runs in figures.by_action().items():
        statuses.setdefault(action, Counter())[status] += runs
    asked, newest = asked_for(figures), last_runs(figures, [*statuses])
    ordered = sorted(statuses, key=lambda action: (-statuses[action].total(), action))
    return [
        ActionFigures(
            action, **ended(figures, statuses[action], action=action),
            asked_for=figures.number(asked[action], action=action, asked="yes"), last=newest[action],
        )
        for action in ordered
    ]  # fmt: skip


def asked_for(figures: Figures) -> Counter[str]:
    """Return how often each action was asked for."""
    found: Counter[str] = Counter()
    for (name, _), runs in figures.narrow("asked").items():
        found[figures.names.of(name)] += runs
    return found


def last_runs(figures: Figures, actions: Sequence[str], *, ever: bool = False) -> dict[str, str]:
    """Return when each action was run last, up to the end of the scope's days or ever, in ISO 8601 and UTC."""
    present = {name: action for action, names in figures.names.joined(actions).items() for name in names}
    before = 2**62 if ever else (figures.days[1] + 1) * DAY
    newest: dict[str, int] = {}
    for name, at in figures.database.read(LAST, (before, json.dumps([*present]))):
        newest[present[name]] = max(at or 0, newest.get(present[name], 0))
    return {action: moment(at).isoformat() for action, at in newest.items()}


def in_time(figures: Figures) -> tuple[str, list[Stretch]]:
    """Return the runs of each day, week or month of the range, those without runs too, and which of these it is."""
    days = shown(figures)
    length = days[1] - days[0] + 1
    unit = "day" if length <= LONGEST_BY_DAY else "week" if length <= LONGEST_BY_WEEK else "month"
    stretches = stretches_of(days, unit)
    starts = {day: span for span in stretches for day in range(span[0], span[1] + 1)} if unit != "month" else {}
    outcomes: dict[Days, Counter[str]] = {span: Counter() for span in stretches}
    for (period, status), runs in figures.series(days, monthly=unit == "month").items():
        span = starts.get(period) or clipped(ends_of_month(day_in(period)), days)
        outcomes[span][status] += runs
    return unit, [stretch(figures, span, outcomes[span]) for span in stretches]


def shown(figures: Figures) -> Days:
    """Return the days that are asked for, of those without runs before the first and after the last only so many."""
    first, last = figures.recorded
    since, until = figures.scope.since, figures.scope.until
    if first > last:
        return figures.recorded
    return (
        max(day_of(since), first - LONGEST_BY_DAY) if since else first,
        min((until - EPOCH).days, last + LONGEST_BY_DAY) if until else last,
    )


def stretch(figures: Figures, span: Days, outcomes: Counter[str]) -> Stretch:
    """Return the figures of some days."""
    days = text_of(span)
    return Stretch(days["since"], days["until"], **ended(figures, outcomes, **days))


def stretches_of(days: Days, unit: str) -> list[Days]:
    """Return the days, weeks (from Monday on) or months that some days are in, each as far as it is in them."""
    found = []
    first, last = days
    while first <= last:
        end = {"day": first, "week": first + 6 - (first + 3) % 7, "month": ends_of_month(first)[1]}[unit]
        found.append((first, min(end, last)))
        first = end + 1
    return found


def clipped(span: Days, days: Days) -> Days:
    """Return what two spans have in common."""
    return max(span[0], days[0]), min(span[1], days[1])


def day_in(period: int) -> int:
    """Return a day, or the first day of a month, of a period of the tally."""
    if period >= 0:
        return period
    return (date(-period // 12, -period % 12 + 1, 1) - EPOCH) // timedelta(1)
