"""Reading the journal: one run, the feed, a run's events, what is open, the recorded catalogue."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

from firsthand.core.journal import Event
from firsthand.core.runs import Run, microseconds, moment
from firsthand.storage.codec import COLUMNS, event_of, run_of
from firsthand.storage.database import Database
from firsthand.storage.manual import current

RUNS = f"SELECT {', '.join(f'runs.{name}' for name in COLUMNS)} FROM runs"
LISTED = re.sub(r"runs\.(inputs|value|output)\b", r"NULL AS \1", RUNS)
"""Runs as lists show them: without what may be large, and is not looked at there."""
NOT_SUCCEEDED = "status <> 'succeeded'"
"""What the partial index of status is of: SQLite uses it only where the query says the same."""

CONDITIONS = {
    "actor": "runs.actor = ?",
    "reason": "runs.reason = ?",
    "requested_by": "runs.requested_by = ?",
    "asked_by": "runs.asked_by = ?",
    "kind": "substr(runs.subject, 1, instr(runs.subject, ':') - 1) = ?",
    "tag": "EXISTS (SELECT 1 FROM json_each(runs.tags) WHERE value = ?)",
    "trait": "EXISTS (SELECT 1 FROM json_each(runs.subjects, '$[0].traits') WHERE key || '=' || value = ?)",
    "since": "{at} >= ?",
    "until": "{at} < ?",
    "after": "runs.id > ?",
}
"""The condition of each field of a filter that has one value; ``{at}`` is the column that runs are ordered by."""

MOST_TOGETHER = 50
"""Actions whose newest runs are looked up each by its index; of more, runs are walked by time."""

GONE = """SELECT name, rights FROM gone WHERE name NOT IN (SELECT action FROM catalogue)
    AND name NOT IN (SELECT former.value FROM catalogue, json_each(entry, '$.aliases') AS former)"""

EVENTS = "SELECT id, at, kind, actor, run, data FROM events"
LATE = 1_000
"""How many events may become visible before one with a lower id does."""

MARK = f"SELECT max(id), count(*) FROM events WHERE id > (SELECT coalesce(max(id), 0) FROM events) - {LATE}"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which runs of the feed: each given field must match. Times are microseconds since 1970.

    ``before`` is the place, time and id, of the last run of the page before; pages go by it, never by offset.
    ``subject`` is any of a run's, ``counted_for`` the first of them, whose are ``kind`` and ``trait`` (``plan=pro``).
    ``alone`` leaves out the runs of batches.
    """

    actions: tuple[str, ...] = ()
    actor: str | None = None
    subject: str | None = None
    reason: str | None = None
    outcome: str | None = None
    requested_by: str | None = None
    asked_by: str | None = None
    since: int | None = None
    until: int | None = None
    before: tuple[int, int] | None = None
    after: int | None = None
    without: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    tag: str | None = None
    counted_for: tuple[str, ...] = ()
    kind: str | None = None
    trait: str | None = None
    asked: bool = False
    alone: bool = False

    def clauses(self) -> tuple[list[str], list[object]]:
        """Return the conditions and their values."""
        found: list[tuple[str, Sequence[object]]] = [*self.lists()]
        for name, condition in CONDITIONS.items():
            if (value := getattr(self, name)) is not None:
                found.append((condition, (value,)))
        if self.alone:
            found.append(("runs.batch IS NULL" if self.after is None else "+runs.batch IS NULL", ()))
        if self.asked:
            found.append(("runs.asked_by IS NOT NULL", ()))
        if self.before is not None:
            found.append(("({at}, runs.id) < (?, ?)", self.before))
        return [each for each, _ in found], [value for _, values in found for value in values]

    def lists(self) -> Iterator[tuple[str, Sequence[object]]]:
        """Yield the conditions on what may be one of several, each with its values."""
        by_time = " || ''" if len(self.actions) > MOST_TOGETHER else ""
        outcomes = self.outcomes if self.outcome is None else (self.outcome,)
        partial = "" if "succeeded" in outcomes else f"runs.{NOT_SUCCEEDED} AND "
        for column, values in (
            (f"runs.action{by_time} IN", self.actions),
            ("runs.action NOT IN", self.without),
            (f"{partial}runs.status IN", outcomes),
            ("runs.subject IN", self.counted_for),
        ):
            if values:
                yield f"{column} ({', '.join('?' * len(values))})", values

    @property
    def concerned(self) -> str | None:
        """The one subject that all of these runs concern, if there is one."""
        return self.subject or (self.counted_for[0] if len(self.counted_for) == 1 else None)


class History:
    """What the journal tells to those who read it."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @cached_property
    def id(self) -> str:
        """The journal's id, made when it was set up."""
        return str(self.database.read("SELECT value FROM meta WHERE name = 'id'")[0][0])

    def run(self, id: int) -> Run[Any] | None:
        """Return a run."""
        rows = self.database.read(f"{RUNS} WHERE id = ?", (id,)) if abs(id) < 2**63 else []
        return run_of(rows[0], self.id) if rows else None

    def feed(self, wanted: Filter, limit: int, *, whole: bool = True) -> list[Run[Any]]:
        """Return the newest runs that match, newest first; as lists show them where not ``whole``."""
        if wanted.concerned is None and 1 < len(wanted.actions) <= MOST_TOGETHER:
            return self.feed_of_several(wanted, limit, whole=whole)
        conditions, values = wanted.clauses()
        source, at = RUNS if whole else LISTED, "runs.at"
        if wanted.concerned is not None:
            source, at = f"{source} JOIN run_subjects ON run_subjects.run = runs.id", "run_subjects.at"
            conditions.insert(0, "run_subjects.subject = ?")
            values.insert(0, wanted.concerned)
        sql = f"{source}{where(conditions)} ORDER BY {{at}} DESC, runs.id DESC LIMIT ?".replace("{at}", at)
        return [run_of(row, self.id) for row in self.database.read(sql, [*values, limit])]

    def feed_of_several(self, wanted: Filter, limit: int, *, whole: bool = True) -> list[Run[Any]]:
        """Return the newest runs of several actions: each one's newest, joined."""
        parts: list[str] = []
        values: list[object] = []
        for action in wanted.actions:
            conditions, given = replace(wanted, actions=(action,)).clauses()
            newest = f"SELECT id, at FROM runs{where(conditions)} ORDER BY at DESC, id DESC LIMIT ?"
            parts.append(f"SELECT * FROM ({newest}) AS newest".replace("{at}", "runs.at"))
            values += [*given, limit]
        newest = f"SELECT id FROM ({' UNION ALL '.join(parts)}) AS every ORDER BY at DESC, id DESC LIMIT ?"
        sql = f"{RUNS if whole else LISTED} WHERE id IN ({newest}) ORDER BY at DESC, id DESC"
        return [run_of(row, self.id) for row in self.database.read(sql, [*values, limit])]

    def is_wanted(self, run: int, wanted: Filter) -> bool:
        """Say whether a run is one that a filter wants."""
        conditions, values = wanted.clauses()
        if wanted.subject is not None:
            conditions.append(
                "EXISTS (SELECT 1 FROM run_subjects WHERE subject = ? AND at = runs.at AND run = runs.id)"
            )
            values.append(wanted.subject)
        sql = f"SELECT 1 FROM runs{where(['runs.id = ?', *conditions])}".replace("{at}", "runs.at")
        return bool(self.database.read(sql, [run, *values]))

    def action_names(self) -> list[str]:
        """Return the name of every action that there are runs of."""
        sql = """WITH RECURSIVE names (name) AS (SELECT min(action) FROM runs UNION ALL
            SELECT (SELECT min(action) FROM runs WHERE action > name) FROM names WHERE name IS NOT NULL)
            SELECT name FROM names WHERE name IS NOT NULL"""
        return [name for (name,) in self.database.read(sql)]

    def subject_kinds(self, most: int = 50) -> list[str]:
        """Return the kinds of subject that runs concerned: a look into the index each."""
        kind = "substr(min(subject), 1, instr(min(subject), ':') - 1)"
        sql = f"""WITH RECURSIVE kinds (kind) AS (SELECT {kind} FROM run_subjects UNION ALL
            SELECT (SELECT {kind} FROM run_subjects WHERE subject >= kind || ';') FROM kinds WHERE kind IS NOT NULL)
            SELECT kind FROM kinds WHERE kind IS NOT NULL LIMIT ?"""
        return [str(each) for (each,) in self.database.read(sql, (most,))]

    def newest(
        self, column: Literal["action", "actor"], keys: Iterable[str], without: Iterable[str] = ()
    ) -> dict[str, datetime]:
        """Return when the newest run was of each action, or of each actor, that has one: a look into an index each.

        Runs of the actions that are named ``without`` do not count.
        """
        sql = f"""SELECT keys.value, (SELECT at FROM runs WHERE {column} = keys.value
            AND action NOT IN (SELECT value FROM json_each(?)) ORDER BY at DESC LIMIT 1) FROM json_each(?) AS keys"""
        rows = self.database.read(sql, (json.dumps(list(without)), json.dumps(list(keys))))
        return {key: moment(at) for key, at in rows if at is not None}

    def asks(self) -> list[Run[Any]]:
        """Return the open asks, oldest first."""
        rows = self.database.read(f"{RUNS} WHERE {NOT_SUCCEEDED} AND status = 'asked' ORDER BY at, id")
        return [run_of(row, self.id) for row in rows]

    def open(self) -> list[Run[Any]]:
        """Return the runs that have not ended."""
        sql = f"{RUNS} WHERE {NOT_SUCCEEDED} AND status IN ('recorded', 'asked', 'queued', 'performing')"
        return [run_of(row, self.id) for row in self.database.read(sql)]

    def unknown(self, limit: int) -> list[Run[Any]]:
        """Return the runs of which it is not known whether they happened, oldest first."""
        sql = f"{RUNS} WHERE {NOT_SUCCEEDED} AND status = 'unknown' ORDER BY at, id LIMIT ?"
        return [run_of(row, self.id) for row in self.database.read(sql, (limit,))]

    def held(self) -> list[tuple[int, str, int]]:
        """Return id, status and process of the runs that a process is about to perform, or performs."""
        held = "status IN ('recorded', 'queued', 'performing') AND process IS NOT NULL"
        sql = f"SELECT id, status, process FROM runs WHERE {NOT_SUCCEEDED} AND {held}"
        return [(int(id), str(status), int(process)) for id, status, process in self.database.read(sql)]

    def event(self, id: int) -> Event | None:
        """Return an event."""
        rows = self.database.read(f"{EVENTS} WHERE id = ?", (id,))
        return event_of(rows[0]) if rows else None

    def events(self, run: int) -> list[Event]:
        """Return a run's events, oldest first."""
        return [event_of(row) for row in self.database.read(f"{EVENTS} WHERE run = ? ORDER BY id", (run,))]

    def events_after(self, position: int, limit: int) -> list[Event]:
        """Return the events after one, in the order of their ids; see `storage.tail` for those that come late."""
        sql = f"{EVENTS} WHERE id > ? ORDER BY id LIMIT ?"
        return [event_of(row) for row in self.database.read(sql, (position, limit))]

    def events_of_no_run(self, since: int, until: int, limit: int) -> list[Event]:
        """Return the events between two times that concern no run, newest first: the catalogue, people, sign-ins."""
        sql = f"{EVENTS} WHERE run IS NULL AND at >= ? AND at < ? ORDER BY at DESC LIMIT ?"
        return [event_of(row) for row in self.database.read(sql, (since, until, limit))]

    def last_event_of_no_run(self) -> int:
        """Return the id of the newest event that concerns no run, 0 where there is none."""
        rows = self.database.read("SELECT id FROM events WHERE run IS NULL ORDER BY at DESC, id DESC LIMIT 1")
        return int(rows[0][0]) if rows else 0

    def last_of_kind(self, kind: str, since: int) -> Event | None:
        """Return the newest event of a kind that concerns no run, if there is one since a time."""
        sql = f"{EVENTS} WHERE run IS NULL AND kind = ? AND at >= ? ORDER BY at DESC, id DESC LIMIT 1"
        rows = self.database.read(sql, (kind, since))
        return event_of(rows[0]) if rows else None

    def taken_over(self, note: Event) -> Event | None:
        """Return the first event of somebody who took over from a hand-over note, if there is one."""
        sql = f"""{EVENTS} WHERE run IS NULL AND kind = 'taken_over' AND at >= ?
            AND CAST(json_extract(data, '$.note') AS bigint) = ?
            ORDER BY at, id LIMIT 1"""
        rows = self.database.read(sql, (microseconds(note.at), note.id))
        return event_of(rows[0]) if rows else None

    def last_run(self) -> int:
        """Return the id of the newest run, 0 where there is none."""
        return int(self.database.read("SELECT coalesce(max(id), 0) FROM runs")[0][0])

    def waiting(self) -> list[tuple[str, str, str | None, int]]:
        """Return status, action, who asked and number of the runs that wait for somebody: asked and unknown ones."""
        sql = f"""SELECT status, action, asked_by, count(*) FROM runs
            WHERE {NOT_SUCCEEDED} AND status IN ('asked', 'unknown') GROUP BY 1, 2, 3"""
        return [(str(status), str(action), asker, int(n)) for status, action, asker, n in self.database.read(sql)]

    def last_event(self) -> int:
        """Return the id of the newest event."""
        return int(self.database.read("SELECT coalesce(max(id), 0) FROM events")[0][0])

    def mark(self) -> str:
        """Return what is another text once any event has become visible, be it one with a lower id than the last."""
        if not self.database.pairs:
            return str(self.last_event())
        last, number = self.database.read(MARK)[0]
        return f"{last or 0}-{number}"

    def last_event_of(self, run: int) -> int:
        """Return the id of a run's newest event."""
        return int(self.database.read("SELECT coalesce(max(id), 0) FROM events WHERE run = ?", (run,))[0][0])

    def catalogue(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield name and entry of every action on record: those in code, then the manual ones of other names."""
        taken: set[str] = set()
        for name, entry in self.recorded():
            taken.update((name, *entry["aliases"]))
            yield name, entry
        for manual in current(self.database):
            if not manual.retired and manual.name not in taken:
                yield manual.name, manual.describe()

    def gone(self) -> dict[str, dict[str, Any]]:
        """Return who could perform, and ask for, what had a name in code that no action on record has any more."""
        found = {name: json.loads(rights) for name, rights in self.database.read(GONE)}
        manual = {each.name for each in current(self.database) if not each.retired} if found else set()
        return {name: rights for name, rights in found.items() if name not in manual}

    def recorded(self, desk: str | None = None) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield name and entry of the actions in code, as a desk, or every desk, recorded them at start."""
        where, values = ("WHERE desk = ?", (desk,)) if desk is not None else ("", ())
        for name, entry in self.database.read(f"SELECT action, entry FROM catalogue {where} ORDER BY action", values):
            yield name, json.loads(entry)

    def aliases(self) -> dict[str, str]:
        """Return the present name of every former name of an action, but for those that an action has again.

        Entries without former names, which begin as the first condition says, are not parsed.
        """
        sql = """SELECT former.value, action FROM catalogue, json_each(entry, '$.aliases') AS former
            WHERE substr(entry, 1, 13) <> '{"aliases":[]' AND former.value NOT IN (SELECT action FROM catalogue)
            ORDER BY action"""
        return dict(self.database.read(sql))

    def entries_of(self, actions: Set[str]) -> dict[str, dict[str, Any]]:
        """Return the recorded entries of some actions, in code or manual."""
        sql = "SELECT action, entry FROM catalogue WHERE action IN (SELECT value FROM json_each(?)) ORDER BY action"
        found = {name: json.loads(entry) for name, entry in self.database.read(sql, (json.dumps([*actions]),))}
        if actions - found.keys():
            every = [each for each in current(self.database) if not each.retired]
            found |= {each.name: each.describe() for each in every if each.name in actions - found.keys()}
        return found


def where(conditions: Sequence[str]) -> str:
    """Return the clause of some conditions; nothing for none."""
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""
