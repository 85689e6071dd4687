"""What does one person perform, ask for and request?"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from firsthand.followers.counting import DAY
from firsthand.insights.figures import Figures, Number
from firsthand.insights.scope import Scope, as_text
from firsthand.storage.journal import SqlJournal

LOOKED_AT = 1_000
"""Runs of a person, the newest, of which is told which actions they are."""

START = "SELECT at FROM runs WHERE actor = ? ORDER BY at DESC LIMIT 1 OFFSET ?"
PERFORMED = "SELECT action, count(*) FROM runs WHERE actor = ? AND at >= ? GROUP BY action"


@dataclass(frozen=True, slots=True)
class Often:
    """How many of a person's runs are of an action."""

    action: str
    runs: Number


@dataclass(frozen=True, slots=True)
class PersonUse:
    """A person's runs in all, and of which actions: performed since a day, asked for and requested ever."""

    runs: Number
    since: str
    performs: tuple[Often, ...]
    asks_for: tuple[Often, ...]
    requests: tuple[Often, ...]


def of_person(journal: SqlJournal, person: str, hidden: frozenset[str] = frozenset()) -> PersonUse:
    """Return what a person performs, of the days of their newest runs; what they ask for and request, of all days."""
    with journal.database.snapshot():
        figures = Figures(journal, Scope(), hidden)
        total = figures.pairs("actor", [person]).total()
        rows = figures.database.read(START, (person, LOOKED_AT))
        start = min(rows[0][0] // DAY + 1, figures.days[1]) if rows else figures.days[0]
        performs = Counter(dict(figures.database.read(PERFORMED, (person, start * DAY))))
        asks_for = by_action(figures.pairs("asked_by", [person]))
        requests = by_action(figures.pairs("wanted", [person]))
        return PersonUse(
            figures.number(total, actor=person), as_text(start),
            often(figures, performs, actor=person, since=as_text(start)),
            often(figures, asks_for, asked_by=person), often(figures, requests, requested_by=person),
        )  # fmt: skip


def by_action(pairs: Counter[tuple[str, str]]) -> Counter[str]:
    """Return the runs of each action, of one person's pairs."""
    found: Counter[str] = Counter()
    for (_, action), runs in pairs.items():
        found[action] += runs
    return found


def often(figures: Figures, runs: Counter[str], **more: str) -> tuple[Often, ...]:
    """Return how often each action is run, former names joined, hidden ones left out, most first."""
    joined: Counter[str] = Counter()
    for name, number in runs.items():
        if (action := figures.names.of(name)) not in figures.hidden:
            joined[action] += number
    ordered = sorted(joined.items(), key=lambda each: (-each[1], each[0]))
    return tuple(Often(action, figures.number(number, action=action, **more)) for action, number in ordered)
