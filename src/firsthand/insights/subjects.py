"""Which subjects need the most support, and what is over-represented among them, against their kind?"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from firsthand.followers.counting import DAY, kind_of
from firsthand.insights.figures import Days, Figures, Number, text_of

NEEDIEST = 10
"""Subjects that are compared with their kind."""

LOOKED_AT = 300
"""Runs of each of them that are looked at, the newest."""

SUPPORT = 5
"""Runs from which on a difference is told."""

RATIO = 1.5
"""How many times its share among all something must have to be over-represented."""

LABELS = """SELECT keys.value, (SELECT json_extract(runs.subjects, '$[0].label') FROM run_subjects
    JOIN runs ON runs.id = run_subjects.run AND runs.subject = run_subjects.subject
    WHERE run_subjects.subject = keys.value AND runs.action NOT IN (SELECT value FROM json_each(?))
    ORDER BY run_subjects.at DESC, run_subjects.run DESC LIMIT 1)
    FROM json_each(?) AS keys"""

START = """SELECT at FROM run_subjects WHERE subject = ? AND at >= ? AND at < ?
    ORDER BY at DESC LIMIT 1 OFFSET ?"""

CONCERNED = """SELECT runs.subject, runs.action, runs.reason, json_extract(runs.subjects, '$[0].traits')
    FROM run_subjects JOIN runs ON runs.id = run_subjects.run AND runs.subject = run_subjects.subject"""


@dataclass(frozen=True, slots=True)
class SubjectFigures:
    """How many runs a subject is counted for, and their share of all runs."""

    subject: str
    label: str
    runs: Number
    share: float


@dataclass(frozen=True, slots=True)
class Difference:
    """A reason, an action or a trait that some subjects of a kind have, beside how often the whole kind has it.

    ``runs`` are the subjects' runs with it, ``share`` their part of all runs of these subjects; ``of_kind`` are those
    of the whole kind, ``expected`` their part of all of that kind's; ``ratio`` is how many times the one the other is.
    ``since`` is the first day that was looked at.
    """

    kind: str
    what: str
    key: str
    runs: Number
    share: float
    of_kind: Number
    expected: float
    ratio: float
    since: str


def neediest(figures: Figures, total: int, limit: int) -> list[SubjectFigures]:
    """Return the subjects with most runs, labelled as they were last."""
    ordered = sorted(figures.most("subject", limit).items(), key=lambda each: (-each[1], each[0]))[:limit]
    hidden, keys = json.dumps(figures.hidden_names), json.dumps([subject for subject, _ in ordered])
    labels = dict(figures.database.read(LABELS, (hidden, keys)))
    return [
        SubjectFigures(subject, labels.get(subject) or "", figures.number(runs, counted_for=subject), runs / total)
        for subject, runs in ordered
    ]


def over_represented(figures: Figures, subjects: Sequence[str]) -> list[Difference]:
    """Return what is over-represented among the neediest subjects, against all runs of their kinds, most first.

    Looked at are the days in which none of them has more than ``LOOKED_AT`` runs: with more, only the newest days.
    """
    found: list[Difference] = []
    for kind in dict.fromkeys(kind_of(subject) for subject in subjects[:NEEDIEST]):
        found += differences(figures, kind, [each for each in subjects[:NEEDIEST] if kind_of(each) == kind], SUPPORT)
    telling = [each for each in found if each.ratio >= RATIO]
    return sorted(telling, key=lambda each: (-each.runs.runs * (1 - 1 / each.ratio), each.kind, each.what, each.key))


def differences(figures: Figures, kind: str, subjects: Sequence[str], least: int = 1) -> Iterator[Difference]:
    """Yield each reason, action and trait that so many runs of some subjects have, beside how often the kind has it."""
    days = days_of(figures, subjects)
    found = observed(figures, subjects, days)
    often = {place: runs for place, runs in found.items() if place[0] and runs >= least}
    everything = of_kind(figures, kind, days) if often else Counter[tuple[str, str]]()
    for (what, key), runs in often.items():
        if not everything[what, key]:
            continue
        share, expected = runs / found["", ""], everything[what, key] / everything["", ""]
        fields = {**text_of(days), what: key}
        yield Difference(
            kind, what, key,
            figures.number(runs, **fields, counted_for=tuple(subjects)), share,
            figures.number(everything[what, key], **{**fields, "kind": kind}), expected,
            share / expected, fields["since"],
        )  # fmt: skip


def days_of(figures: Figures, subjects: Sequence[str]) -> Days:
    """Return the newest days in which no subject has more than ``LOOKED_AT`` runs; the last one whatever it has."""
    first, last = figures.days
    for subject in subjects:
        rows = figures.database.read(START, (subject, first * DAY, (last + 1) * DAY, LOOKED_AT))
        if rows:
            first = min(rows[0][0] // DAY + 1, last)
    return first, last


def observed(figures: Figures, subjects: Sequence[str], days: Days) -> Counter[tuple[str, str]]:
    """Count the runs of some subjects by reason, action and trait; ``("", "")`` is all of them."""
    found: Counter[tuple[str, str]] = Counter()
    for subject in subjects:
        for _, name, reason, traits in runs_of(figures, subject, days):
            found["", ""] += 1
            found["action", figures.names.of(name)] += 1
            if reason is not None:
                found["reason", reason] += 1
            if traits and traits != "{}":
                found.update(("trait", f"{trait}={value}") for trait, value in json.loads(traits).items())
    return found


def runs_of(figures: Figures, subject: str, days: Days) -> list[tuple[Any, ...]]:
    """Return subject, action, reason and traits of the scope's runs that are counted for a subject."""
    conditions, values = figures.filter(days).clauses()
    by_subject = (each.replace("runs.action", "runs.action || ''") for each in conditions)
    conditions = ["run_subjects.subject = ?", *by_subject]
    where = " AND ".join(conditions).replace("{at}", "run_subjects.at")
    return figures.database.read(f"{CONCERNED} WHERE {where}", (subject, *values))


def of_kind(figures: Figures, kind: str, days: Days) -> Counter[tuple[str, str]]:
    """Count the runs of a kind of subject by reason, action and trait; ``("", "")`` is all of them."""
    found: Counter[tuple[str, str]] = Counter()
    for dimension in ("reason", "trait"):
        for (key, part), runs in figures.narrow(dimension, days).items():
            if part == kind:
                found[dimension, key] += runs
    for (action, _, part), runs in figures.by_action(days).items():
        if part == kind:
            found["action", action] += runs
    found["", ""] = sum(runs for (_, part), runs in figures.narrow("outcome", days).items() if part == kind)
    return found
