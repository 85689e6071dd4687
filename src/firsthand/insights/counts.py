"""How many runs are there, by action, person, customer, reason, outcome, tag or day?"""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime

from firsthand.core.errors import FirsthandError
from firsthand.followers.counting import WIDE
from firsthand.insights.figures import Figures, summed
from firsthand.insights.scope import Scope, as_text, namespace_of
from firsthand.storage.journal import SqlJournal

BY = ("action", "namespace", "tag", "actor", "requested_by", "asked_by", "subject", "reason", "outcome", "day")
"""What runs can be counted by."""


class Counts(list[tuple[str, int]]):
    """Keys with their runs, most first, ties by key.

    ``counted_until`` is None where every run is counted. Else the tally is far behind, and runs that ended since then
    are missing.
    """

    def __init__(self, runs: Counter[str], limit: int | None, counted_until: datetime | None) -> None:
        super().__init__(sorted(runs.items(), key=lambda each: (-each[1], each[0]))[:limit])
        self.counted_until = counted_until


def counts(
    journal: SqlJournal,
    by: str,
    since: date | None = None,
    until: date | None = None,
    *,
    limit: int | None = None,
    scope: Scope | None = None,
    hidden: frozenset[str] = frozenset(),
) -> Counts:
    """Return how many runs there are by one of ``BY``, between two days (both included, UTC), the first so many.

    ``scope`` says of which runs, its days too, in place of the two; runs of ``hidden`` actions do not count.
    """
    if by not in BY:
        raise FirsthandError(f"Runs are not counted by {by}.", f"Count them by one of {', '.join(BY)}.")
    with journal.database.snapshot():
        figures = Figures(journal, scope or Scope(since, until), hidden)
        return Counts(counted_by(figures, by, limit), limit, figures.counted_until)


def counted_by(figures: Figures, by: str, limit: int | None) -> Counter[str]:
    """Return the runs of each key; with a limit, at least those of the keys with most."""
    if by in WIDE:
        return figures.most(by, limit)
    if by == "day":
        days = Counter[str]()
        for (period, _), runs in figures.series(figures.days, monthly=False).items():
            days[as_text(period)] += runs
        return days
    if by in ("action", "namespace"):
        return of_actions(figures, by)
    return summed(figures.narrow(by), lambda key, _: key)


def of_actions(figures: Figures, by: str) -> Counter[str]:
    """Return the runs of each action, former names joined, or of each namespace; without one a run counts for none."""
    found = Counter[str]()
    for (action, _, _), runs in figures.by_action().items():
        if name := action if by == "action" else namespace_of(action):
            found[name] += runs
    return found
