"""What does one subject need, and how does it differ from its kind?"""

from __future__ import annotations

from dataclasses import dataclass

from firsthand.followers.counting import ALL_TIME, kind_of
from firsthand.insights.figures import Figures, Number
from firsthand.insights.scope import Scope
from firsthand.insights.subjects import Difference, differences
from firsthand.storage.journal import SqlJournal

LAST_RANK = 1_000
"""The last place that is told; most subjects need little and share the last."""

BEFORE = """SELECT key FROM tally_wide JOIN tally_lists ON tally_lists.id = tally_wide.list
    WHERE scope = '' AND dimension = 'subject' AND period = ? AND runs > ? AND substr(key, 1, ?) = ? LIMIT ?"""


@dataclass(frozen=True, slots=True)
class SubjectUse:
    """The runs that a subject is counted for, its place among its kind, and what it has more or less often than these.

    ``rank`` is how many subjects of its kind need more support, plus one; None from ``LAST_RANK`` on.
    """

    runs: Number
    rank: int | None
    differences: tuple[Difference, ...]


def of_subject(journal: SqlJournal, subject: str, hidden: frozenset[str] = frozenset()) -> SubjectUse:
    """Return the figures of one subject against its kind, most frequent first; of its newest runs where it has many.

    Traits are no difference: what it has itself, all its runs have.
    """
    with journal.database.snapshot():
        figures = Figures(journal, Scope(), hidden)
        kind, runs = kind_of(subject), figures.of_keys("subject", [subject])[subject]
        telling = [each for each in differences(figures, kind, [subject]) if each.what != "trait"]
        found = sorted(telling, key=lambda each: (-each.runs.runs, each.what, each.key))
        rank = rank_of(figures, kind, runs) if runs else None
        return SubjectUse(figures.number(runs, counted_for=subject), rank, tuple(found))


def rank_of(figures: Figures, kind: str, runs: int) -> int | None:
    """Return the place of a subject of a kind with so many runs; None from ``LAST_RANK`` on."""
    start = f"{kind}:"
    before = [key for (key,) in figures.database.read(BEFORE, (ALL_TIME, runs, len(start), start, LAST_RANK))]
    if len(before) == LAST_RANK:
        return None
    if figures.unseen:
        before = [key for key, others in figures.of_keys("subject", before).items() if others > runs]
    return len(before) + 1
