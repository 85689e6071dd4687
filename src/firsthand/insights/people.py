"""Who performs, who requests and who asks? And who often wants what they may not do themselves?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from firsthand.core.catalogue import may
from firsthand.insights.figures import Figures, Number, summed

OFTEN = 3
"""Runs of one action from which on somebody wants it often."""


@dataclass(frozen=True, slots=True)
class PersonFigures:
    """How many runs are somebody's, and their share of all runs."""

    person: str
    runs: Number
    share: float


@dataclass(frozen=True, slots=True)
class Wish:
    """Somebody often wants an action that they may not perform themselves: perhaps they should be trained.

    ``how`` is ``asked`` where they asked in Firsthand, and ``requested`` where they told somebody.
    """

    person: str
    action: str
    how: str
    runs: Number


def performers(figures: Figures, total: int, limit: int) -> list[PersonFigures]:
    """Return who performs most."""
    return persons(figures, "actor", summed(figures.narrow("actor"), lambda key, _: key), total, limit)


def requesters(figures: Figures, total: int, limit: int) -> list[PersonFigures]:
    """Return for whom most is done."""
    return persons(figures, "requested_by", figures.most("requested_by", limit), total, limit)


def askers(figures: Figures, total: int, limit: int) -> list[PersonFigures]:
    """Return which colleagues ask most."""
    return persons(figures, "asked_by", summed(figures.narrow("asked_by"), lambda key, _: key), total, limit)


def persons(figures: Figures, field: str, runs: Counter[str], total: int, limit: int) -> list[PersonFigures]:
    """Return the first of some people, with their share of all runs."""
    ordered = sorted(runs.items(), key=lambda each: (-each[1], each[0]))[:limit]
    return [PersonFigures(key, figures.number(number, **{field: key}), number / total) for key, number in ordered]


def wishes(figures: Figures, limit: int) -> list[Wish]:
    """Return which known people often want which actions that they may not perform, most first.

    What was requested is not told of the runs of a tag: only in all is it counted by person and action.
    """
    roles = {person.id: person.roles for person in figures.journal.people.all() if person.active}
    often = [each for each in wanted(figures, [*roles]) if each[-1] >= OFTEN and each[2] in roles]
    entries = figures.journal.history.entries_of({action for _, _, _, action, _ in often} - figures.hidden)
    found = [
        Wish(person, action, how, figures.number(runs, **{"action": action, field: person}))
        for how, field, person, action, runs in often
        if action in entries and may(entries[action], roles[person]) != "perform"
    ]
    return sorted(found, key=lambda each: (-each.runs.runs, each.person, each.action))[:limit]


def wanted(figures: Figures, people: list[str]) -> Iterator[tuple[str, str, str, str, int]]:
    """Yield how, the filter's field, person, action and runs of what people asked for and requested."""
    pairs = [("asked", "asked_by", figures.narrow("asked_by"))]
    if figures.scope.tag is None:
        often = [person for person, runs in figures.of_keys("requested_by", people).items() if runs >= OFTEN]
        pairs.append(("requested", "requested_by", figures.pairs("wanted", often)))
    for how, field, runs_of in pairs:
        joined: Counter[tuple[str, str]] = Counter()
        for (person, name), runs in runs_of.items():
            if figures.actions is None or name in figures.actions:
                joined[person, figures.names.of(name)] += runs
        for (person, action), runs in joined.items():
            yield how, field, person, action, runs
