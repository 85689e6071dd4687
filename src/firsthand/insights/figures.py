"""The tally with what is not in it yet, for the runs of a scope: what every question is answered from.

Figures of few keys (dimensions ``NARROW``) come from counts by day and month. Those of very many keys (``WIDE``) come
from counts by month or of all time and, for the days of a month that is only partly wanted, from the runs of those
days. No question reads more runs than that.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from firsthand.core.runs import moment
from firsthand.followers.counting import ALL_TIME, DAY, EPOCH, WIDE, kept, month_of, placed, tags_of
from firsthand.followers.following import EMPTYING, START
from firsthand.followers.tally import Tally
from firsthand.insights.scope import Fields, FieldValue, Names, Scope, as_text, day_of, known
from firsthand.insights.unseen import tagged
from firsthand.storage.history import Filter
from firsthand.storage.journal import SqlJournal

LONGEST_TAIL = 5_000
"""Events since the last fold that are still counted while somebody waits."""

MOST_DAYS = 10_000_000
"""More days than a time in microseconds can have: no limit."""

CANDIDATES = 100
"""Keys of very many that are looked at closely, of each month the first so many."""

LISTS = "list IN (SELECT CAST(value AS bigint) FROM json_each(?))"
SPAN = f"SELECT list, key, part, sum(runs) FROM tally WHERE {LISTS} AND period BETWEEN ? AND ? GROUP BY 1, 2, 3"
SERIES = f"SELECT period, key, sum(runs) FROM tally WHERE {LISTS} AND period BETWEEN ? AND ? GROUP BY 1, 2"
IN_PERIODS = f"{LISTS} AND period IN (SELECT CAST(value AS bigint) FROM json_each(?))"
PAIRS = f"""SELECT key, part, sum(runs) FROM tally
    WHERE {IN_PERIODS} AND key IN (SELECT value FROM json_each(?)) GROUP BY 1, 2"""
EVERY = f"SELECT key, sum(runs) FROM tally_wide WHERE {IN_PERIODS} GROUP BY 1"
EACH = f"""SELECT key, sum(runs) FROM tally_wide
    WHERE {IN_PERIODS} AND key IN (SELECT value FROM json_each(?)) GROUP BY 1"""
MOST = "SELECT key, runs FROM tally_wide WHERE list = ? AND period = ? ORDER BY runs DESC, key LIMIT ?"

Days = tuple[int, int]
"""First and last day, both included, in days since 1970."""


@dataclass(frozen=True, slots=True)
class Number:
    """How many runs, and the filter that finds exactly those."""

    runs: int
    filter: Fields = field(default_factory=dict)


class Figures:
    """What was counted of a scope's runs, with those that are not counted yet; to be used within one snapshot.

    ``hidden`` are actions that must not be told of: their runs count nowhere, what is counted of them is subtracted.
    ``counted_until`` is None where every run is counted. Else the tally is far behind, and runs that ended since then
    are missing.
    """

    def __init__(self, journal: SqlJournal, scope: Scope = Scope(), hidden: frozenset[str] = frozenset()) -> None:  # noqa: B008
        self.journal, self.scope, self.hidden = journal, scope, hidden
        self.database = journal.database
        self.names = Names(journal.history)
        self.tally = Tally(journal)
        position = self.tally.position()
        self.whole = position != EMPTYING
        self.position = position if self.whole else START
        self.counted_until = self.behind()
        self.actions = self.actions_wanted()
        self.live = [run for run in self.uncounted() if self.is_of(run)]
        self.placed = placed(self.live)
        self.unseen = self.of_hidden()

    def behind(self) -> datetime | None:
        """Return since when runs are not counted, where the tail is too long; a journal only read is read whole."""
        sql = "SELECT at FROM events WHERE {after} ORDER BY {order} LIMIT 1 OFFSET :skip"
        position = self.position._asdict()
        if self.database.read_only or not self.tally.read(sql, **position, skip=LONGEST_TAIL):
            return None
        return moment(self.tally.read(sql, **position, skip=0)[0][0])

    def uncounted(self) -> list[tuple[Any, ...]]:
        """Return the runs that are not in the tally, as they are now."""
        tail = self.tally.tail(self.position) if self.counted_until is None else []
        return [*self.tally.changing(), *tail]

    # The scope

    def actions_wanted(self) -> tuple[str, ...] | None:
        """Return all names of the actions that the scope is of; None where it is not of actions."""
        if self.scope.action is not None:
            return known(self.names, self.names.all_of(self.scope.action), self.hidden)
        if self.scope.namespace is not None:
            return known(self.names, self.names.in_namespace(self.scope.namespace), self.hidden)
        return None

    def is_of(self, run: Sequence[Any]) -> bool:
        """Say whether a run, a row of ``RUN``, is of the scope, whatever its day."""
        if self.actions is not None:
            return run[1] in self.actions
        return self.scope.tag is None or self.scope.tag in tags_of(run[5])

    def filter(self, days: Days) -> Filter:
        """Return the filter of the scope's runs of some days, but for hidden ones."""
        actions = ("",) if self.actions == () else self.actions or ()
        since, until = days[0] * DAY, (days[1] + 1) * DAY
        return Filter(actions=actions, tag=self.scope.tag, without=self.hidden_names, since=since, until=until)

    @cached_property
    def hidden_names(self) -> tuple[str, ...]:
        """All names of the hidden actions."""
        joined = self.names.joined(self.hidden) if self.hidden else {}
        return tuple(sorted({name for names in joined.values() for name in names}))

    def of_hidden(self) -> Figures | None:
        """Return the figures of the scope's hidden runs, to be subtracted; None where there can be none.

        Of all runs they are what the tally counts of the hidden actions; of a tag they are read.
        """
        if self.actions is not None or not self.hidden_names:
            return None
        if self.scope.tag is None:
            return self.part(self.hidden_names)
        here = {name for _, name, _ in self.by_scope("action")}
        names = tuple(name for name in self.hidden_names if name in here)
        among = self.part(names).narrow("outcome").total()
        return self.part(names, tagged(self.database, names, self.scope.tag, self.days, among))

    def part(self, actions: tuple[str, ...], runs: list[tuple[Any, ...]] | None = None) -> Figures:
        """Return the figures of some of the scope's actions: of some runs, or as the tally counts them."""
        part = copy(self)
        part.hidden, part.hidden_names, part.unseen = frozenset(), (), None
        part.actions, part.whole = actions, self.whole and runs is None
        part.live = [run for run in self.live if run[1] in actions] if runs is None else runs
        part.placed = placed(part.live)
        return part

    @property
    def scopes(self) -> list[str]:
        """The tally's scopes that the scope is the sum of."""
        if self.actions is not None:
            return [f"action:{name}" for name in self.actions]
        return [f"tag:{self.scope.tag}"] if self.scope.tag is not None else [""]

    def lists(self, dimension: str, scopes: Sequence[str] | None = None) -> dict[int, str]:
        """Return the ids of the scope's lists of a dimension, or of other scopes', and of which scope each is."""
        if not self.whole:
            return {}
        sql = "SELECT id, scope FROM tally_lists WHERE scope IN (SELECT value FROM json_each(?)) AND dimension = ?"
        return dict(self.database.read(sql, (json.dumps(self.scopes if scopes is None else scopes), dimension)))

    def number(self, runs: int, **more: FieldValue) -> Number:
        """Return a number of the scope's runs, with the filter that finds them; an action needs no namespace."""
        of, of_action = self.fields
        return Number(runs, {**(of_action if "action" in more else of), **more})

    @cached_property
    def fields(self) -> tuple[dict[str, str], dict[str, str]]:
        """The filter of the scope's runs, with its namespace and without."""
        of = self.scope.as_fields()
        return of, {name: value for name, value in of.items() if name != "namespace"}

    # The days

    @cached_property
    def recorded(self) -> Days:
        """The first and the last day that there are runs of."""
        ((first, last),) = self.database.read("SELECT (SELECT min(at) FROM runs), (SELECT max(at) FROM runs)")
        return (first // DAY, last // DAY) if first is not None else (0, -1)

    @cached_property
    def days(self) -> Days:
        """The scope's days, as far as there are runs."""
        since, until = self.scope.since, self.scope.until
        first, last = self.recorded
        return max(day_of(since), first) if since else first, min((until - EPOCH).days, last) if until else last

    def parts(self, days: Days) -> tuple[list[int], list[Days]]:
        """Return the months that are wanted whole, as periods, and the spans of days that are left."""
        first, last = days
        months, left = [], []
        while first <= last:
            start, end = ends_of_month(first)
            if (start >= first or first <= self.recorded[0]) and (end <= last or last >= self.recorded[1]):
                months.append(month_of(first))
            else:
                left.append((first, min(end, last)))
            first = end + 1
        return months, left

    # Few keys

    def narrow(self, dimension: str, days: Days | None = None) -> Counter[tuple[str, str]]:
        """Return the runs of each key and part of a dimension, in the scope's days or others."""
        found: Counter[tuple[str, str]] = Counter()
        for (_, key, part), runs in self.by_scope(dimension, days).items():
            found[key, part] += runs
        return found - self.unseen.narrow(dimension, days) if self.unseen else found

    def by_scope(self, dimension: str, days: Days | None = None) -> Counter[tuple[str, str, str]]:
        """Return the runs of each of the tally's scopes, key and part of a dimension."""
        found: Counter[tuple[str, str, str]] = Counter()
        lists = self.lists(dimension)
        for span in self.spans(days or self.days):
            for list, key, part, runs in self.database.read(SPAN, (json.dumps([*lists]), *span)):
                found[lists[list], key, part] += runs
        found.update(self.of_live(dimension, days or self.days))
        return found

    def by_action(self, days: Days | None = None) -> Counter[tuple[str, str, str]]:
        """Return the runs of each action, outcome and kind of subject, former names joined, hidden actions left out."""
        found: Counter[tuple[str, str, str]] = Counter()
        for name, status, kind, runs in self.outcomes(days):
            if (action := self.names.of(name)) not in self.hidden:
                found[action, status, kind] += runs
        return found

    def outcomes(self, days: Days | None) -> Iterator[tuple[str, str, str, int]]:
        """Yield name, status, kind of subject and runs of actions: from the list of them, or from each one's own."""
        if self.actions is None:
            for (key, part), runs in self.narrow("action", days).items():
                status, _, kind = part.partition(" ")
                yield key, status, kind, runs
        else:
            for (scope, key, part), runs in self.by_scope("outcome", days).items():
                yield scope.removeprefix("action:"), key, part, runs

    def spans(self, days: Days) -> list[Days]:
        """Return spans of periods, of months and of days, that make up some days."""
        months, left = self.parts(days)
        return [*left, *([(months[-1], months[0])] if months else [])]

    def of_live(self, dimension: str, days: Days) -> Iterable[tuple[str, str, str]]:
        """Yield scope, key and part of the runs that are not counted yet, once for each time that one counts."""
        for day, action, key, part in self.placed.get(dimension, ()):
            scope = f"action:{action}" if self.actions is not None else self.scopes[0]
            if days[0] <= day <= days[1] and kept(scope, dimension):
                yield scope, key, part

    def series(self, days: Days, *, monthly: bool) -> Counter[tuple[int, str]]:
        """Return the runs of each period and outcome: of every day, or of whole months and the days that are left."""
        lists = json.dumps([*self.lists("outcome")])
        found: Counter[tuple[int, str]] = Counter()
        months: set[int] = set(self.parts(days)[0]) if monthly else set()
        for span in self.spans(days) if monthly else [days]:
            found.update({(each, key): runs for each, key, runs in self.database.read(SERIES, (lists, *span))})
        for run in self.live:
            day = run[0] // DAY
            if days[0] <= day <= days[1]:
                found[month_of(day) if month_of(day) in months else day, run[4]] += 1
        return found - self.unseen.series(days, monthly=monthly) if self.unseen else found

    def days_of(self, dimension: str, key: str, limit: int) -> list[int]:
        """Return the newest of the scope's days that have runs of a key, newest first, at most so many."""
        found = self.by_day(dimension, key, MOST_DAYS if self.unseen else limit)
        if self.unseen:
            found -= self.unseen.by_day(dimension, key, MOST_DAYS)
        return sorted(found, reverse=True)[:limit]

    def by_day(self, dimension: str, key: str, limit: int) -> Counter[int]:
        """Return the runs of a key on each of the scope's newest days that have such, of so many days at least."""
        sql = f"""SELECT period, sum(runs) FROM tally WHERE {LISTS} AND period BETWEEN ? AND ? AND key = ?
            GROUP BY 1 ORDER BY 1 DESC LIMIT ?"""
        first, last = self.days
        lists = json.dumps([*self.lists(dimension)])
        found = Counter(dict(self.database.read(sql, (lists, max(first, 0), last, key, limit))))
        found.update(day for day, _, each, _ in self.placed.get(dimension, ()) if each == key and first <= day <= last)
        return found

    # Very many keys

    def most(self, dimension: str, limit: int | None) -> Counter[str]:
        """Return the runs of the keys of a wide dimension that have most; of all of them without a limit.

        The numbers are exact. For all time the first of one list are, too, where nothing is hidden. Elsewhere a key
        that is never among the first ``CANDIDATES`` of a month may be missing.
        """
        partly = self.of_days(dimension)
        lists, periods = [*self.lists(dimension)], self.periods
        where = (json.dumps(lists), json.dumps(periods))
        if limit is None:
            every = Counter(dict(self.database.read(EVERY, where))) + partly
            return every - self.unseen.most(dimension, None) if self.unseen else every
        wanted = max(limit, CANDIDATES)
        seen = Counter(partly)
        for list in lists:
            for period in periods:
                for key, runs in self.database.read(MOST, (list, period, wanted)):
                    seen[key] += runs
        near = partly if periods == [ALL_TIME] else dict(partly.most_common(wanted))
        return self.of_keys(dimension, dict(seen.most_common(wanted)).keys() | near.keys())

    def of_keys(self, dimension: str, keys: Iterable[str]) -> Counter[str]:
        """Return the runs of some keys of a wide dimension."""
        wanted = set(keys)
        where = (json.dumps([*self.lists(dimension)]), json.dumps(self.periods), json.dumps([*wanted]))
        partly = Counter({key: runs for key, runs in self.of_days(dimension).items() if key in wanted})
        found = Counter(dict(self.database.read(EACH, where))) + partly
        return found - self.unseen.of_keys(dimension, wanted) if self.unseen else found

    @cached_property
    def periods(self) -> list[int]:
        """The periods of the wide dimensions that the scope's days have whole."""
        return [ALL_TIME] if self.days == self.recorded else self.parts(self.days)[0]

    def of_days(self, dimension: str) -> Counter[str]:
        """Return the runs of each key that no whole period has: of days of the months only partly wanted, and live."""
        return self.partly[WIDE.index(dimension)]

    @cached_property
    def partly(self) -> tuple[Counter[str], ...]:
        """What ``of_days`` returns, of each wide dimension."""
        left = [] if self.periods == [ALL_TIME] else self.parts(self.days)[1]
        rows = [row for span in left for row in self.wide_of_runs(span)]
        first, last = self.days
        for run in self.live:
            day = run[0] // DAY
            if first <= day <= last and not any(span[0] <= day <= span[1] for span in left):
                rows.append((run[6], run[8]))
        return tuple(Counter(key for key in column if key is not None) for column in zip(*rows, strict=True)) or (
            Counter(), Counter(),
        )  # fmt: skip

    def wide_of_runs(self, days: Days) -> list[tuple[Any, ...]]:
        """Return the wide dimensions' keys of each run of some days, read by time."""
        conditions, values = replace(self.filter(days), without=()).clauses()
        sql = f"SELECT {', '.join(WIDE)} FROM runs WHERE {' AND '.join(conditions)}".replace("{at}", "runs.at")
        return self.database.read(sql, values)

    def pairs(self, dimension: str, keys: Iterable[str]) -> Counter[tuple[str, str]]:
        """Return the runs of some keys of a narrow dimension, by key and part, whatever the number of other keys.

        Of the dimension ``wanted`` those of the scope's days are counted, whatever the scope's action or tag.
        """
        months, left = self.parts(self.days)
        periods = [*months, *(day for first, last in left for day in range(first, last + 1))]
        wanted = set(keys)
        lists = [*(self.lists(dimension, [""]) if dimension == "wanted" else self.lists(dimension))]
        found: Counter[tuple[str, str]] = Counter()
        where = (json.dumps(lists), json.dumps(periods), json.dumps([*wanted]))
        for key, part, runs in self.database.read(PAIRS, where):
            found[key, part] += runs
        for day, _, key, part in self.placed.get(dimension, ()):
            if self.days[0] <= day <= self.days[1] and key in wanted:
                found[key, part] += 1
        if dimension == "wanted":
            return Counter({each: runs for each, runs in found.items() if each[1] not in self.hidden_names})
        return found - self.unseen.pairs(dimension, wanted) if self.unseen else found


def ends_of_month(day: int) -> Days:
    """Return the first and the last day of the month that a day is in."""
    at = EPOCH + timedelta(day)
    after = date(at.year + at.month // 12, at.month % 12 + 1, 1) if at < date(9999, 12, 1) else date.max
    return (at.replace(day=1) - EPOCH).days, (after - EPOCH).days - 1


def summed(pairs: Counter[tuple[str, str]], by: Callable[[str, str], str]) -> Counter[str]:
    """Return runs by what a function makes of key and part."""
    found: Counter[str] = Counter()
    for place, runs in pairs.items():
        found[by(*place)] += runs
    return found


def text_of(days: Days) -> dict[str, str]:
    """Return the filter of some days."""
    return {"since": as_text(days[0]), "until": as_text(days[1])}
