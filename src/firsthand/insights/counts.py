"""How many runs are there, by action, person, customer, reason, outcome, tag or day?"""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta

from firsthand.core.errors import FirsthandError
from firsthand.core.runs import moment
from firsthand.followers.tally import ALL_DAYS, DAY, EMPTYING, EPOCH, WIDE, Tally
from firsthand.storage.history import History
from firsthand.storage.journal import SqlJournal
from firsthand.storage.sqlite import Sqlite

BY = ("action", "namespace", "tag", "actor", "requested_by", "asked_by", "subject", "reason", "outcome", "day")
"""What runs can be counted by."""

LONGEST_TAIL = 5_000
"""Events since the last fold that are still counted while somebody waits."""

ALL_TIME = "SELECT key, runs FROM tally WHERE dimension = ? AND day = -1"
MOST = f"{ALL_TIME} ORDER BY runs DESC, key LIMIT ?"
SPAN = "SELECT key, sum(runs) FROM tally WHERE dimension = ? AND day BETWEEN ? AND ? GROUP BY key"

Days = tuple[int, int]
"""First and last day, both included, in days since 1970."""


class Counts(list[tuple[str, int]]):
    """Keys with their runs, most first, ties by key.

    ``counted_until`` is None where every run is counted. Else the tally is far behind, and runs that ended since then
    are missing.
    """

    def __init__(self, runs: Counter[str], limit: int | None, counted_until: datetime | None) -> None:
        super().__init__(sorted(runs.items(), key=lambda each: (-each[1], each[0]))[:limit])
        self.counted_until = counted_until


def counts(
    journal: SqlJournal, by: str, since: date | None = None, until: date | None = None, *, limit: int | None = None
) -> Counts:
    """Return how many runs there are by one of ``BY``, between two days (both included, UTC), the first so many."""
    if by not in BY:
        raise FirsthandError(f"Runs are not counted by {by}.", f"Count them by one of {', '.join(BY)}.")
    days = None if since is None and until is None else (day_of(max(since or EPOCH, EPOCH)), day_of(until or date.max))
    with journal.database.snapshot():
        if by in WIDE and days is not None:
            return Counts(of_runs(journal.database, by, days), limit, None)
        figures = Figures(journal)
        if by not in ("action", "namespace"):
            return Counts(figures.runs(by, days, limit), limit, figures.counted_until)
        runs = joined(figures.runs("action", days), present_names(journal.history))
        return Counts(runs if by == "action" else namespaces(runs), limit, figures.counted_until)


class Figures:
    """The tally with what is not in it yet, in one snapshot."""

    def __init__(self, journal: SqlJournal) -> None:
        self.database = journal.database
        tally = Tally(journal)
        position = tally.position()
        self.whole = position != EMPTYING
        self.position = position if self.whole else 0
        self.counted_until = self.behind()
        self.live = tally.changing()
        if self.counted_until is None:
            self.live.update(tally.tail(self.position))

    def behind(self) -> datetime | None:
        """Return since when runs are not counted, where the tail is too long; a journal only read is read whole."""
        sql = "SELECT at FROM events WHERE id > ? ORDER BY id LIMIT 1 OFFSET ?"
        if self.database.read_only or not self.database.read(sql, (self.position, LONGEST_TAIL)):
            return None
        return moment(self.database.read(sql, (self.position, 0))[0][0])

    def runs(self, dimension: str, days: Days | None, limit: int | None = None) -> Counter[str]:
        """Return the runs of each key of a dimension; with a limit, at least those of the keys with most."""
        live: Counter[str] = Counter()
        for (each, day, key), runs in self.live.items():
            if each == dimension and (day == ALL_DAYS if days is None else days[0] <= day <= days[1]):
                live[key] += runs
        return Counter(self.tallied(dimension, days, live, limit)) + live

    def tallied(self, dimension: str, days: Days | None, live: Counter[str], limit: int | None) -> dict[str, int]:
        """Return what stands in the table; with a limit the keys with most, and those that ``live`` adds to."""
        if not self.whole:
            return {}
        if days is not None:
            return dict(self.database.read(SPAN, (dimension, *days)))
        most = dict(self.database.read(MOST, (dimension, -1 if limit is None else limit)))
        for key in live.keys() - most.keys() if limit is not None else ():
            most.update(self.database.read(f"{ALL_TIME} AND key = ?", (dimension, key)))
        return most


def of_runs(database: Sqlite, column: str, days: Days) -> Counter[str]:
    """Count the runs themselves between two days, where the tally has no days."""
    sql = f"SELECT {column}, count(*) FROM runs WHERE at >= ? AND at < ? AND {column} IS NOT NULL GROUP BY 1"
    return Counter(dict(database.read(sql, (days[0] * DAY, (days[1] + 1) * DAY))))


def present_names(history: History) -> dict[str, str]:
    """Return the present name of every former name of an action, as the catalogue has them."""
    entries = dict(history.catalogue())
    return {old: name for name, entry in entries.items() for old in entry.get("aliases", ()) if old not in entries}


def joined(runs: Counter[str], names: dict[str, str]) -> Counter[str]:
    """Add the runs of former names to those of the present ones."""
    found: Counter[str] = Counter()
    for name, number in runs.items():
        found[names.get(name, name)] += number
    return found


def namespaces(runs: Counter[str]) -> Counter[str]:
    """Return the runs of each namespace; an action without one counts for none."""
    found: Counter[str] = Counter()
    for name, number in runs.items():
        if "." in name:
            found[name.rpartition(".")[0]] += number
    return found


def day_of(day: date) -> int:
    """Return a day as days since 1970."""
    return (day - EPOCH) // timedelta(1)
