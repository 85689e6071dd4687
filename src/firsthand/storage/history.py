"""Reading the journal: one run, the feed, a run's events, what is open, the recorded catalogue."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from firsthand.core.journal import Event
from firsthand.core.runs import Run
from firsthand.storage.codec import COLUMNS, event_of, run_of
from firsthand.storage.sqlite import Sqlite

RUNS = f"SELECT {', '.join(f'runs.{name}' for name in COLUMNS)} FROM runs"
NOT_SUCCEEDED = "status <> 'succeeded'"
"""What the partial index of status is of: SQLite uses it only where the query says the same."""

EVENTS = "SELECT id, at, kind, actor, run, data FROM events"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which runs of the feed: each given field must match. Times are microseconds since 1970.

    ``before`` is the place, time and id, of the last run of the page before; pages go by it, never by offset.
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

    def clauses(self) -> tuple[list[str], list[object]]:
        """Return the conditions and their values."""
        found: list[tuple[str, Sequence[object]]] = []
        if self.actions:
            found.append((f"runs.action IN ({', '.join('?' * len(self.actions))})", self.actions))
        for column in ("actor", "reason", "requested_by", "asked_by"):
            if (value := getattr(self, column)) is not None:
                found.append((f"runs.{column} = ?", (value,)))
        if self.outcome is not None:
            partial = "" if self.outcome == "succeeded" else f"runs.{NOT_SUCCEEDED} AND "
            found.append((f"{partial}runs.status = ?", (self.outcome,)))
        if self.since is not None:
            found.append(("{at} >= ?", (self.since,)))
        if self.until is not None:
            found.append(("{at} < ?", (self.until,)))
        if self.before is not None:
            found.append(("({at}, runs.id) < (?, ?)", self.before))
        if self.after is not None:
            found.append(("runs.id > ?", (self.after,)))
        return [each for each, _ in found], [value for _, values in found for value in values]


class History:
    """What the journal tells to those who read it."""

    def __init__(self, database: Sqlite) -> None:
        self.database = database

    @cached_property
    def id(self) -> str:
        """The journal's id, made when it was set up."""
        return str(self.database.read("SELECT value FROM meta WHERE name = 'id'")[0][0])

    def run(self, id: int) -> Run[Any] | None:
        """Return a run."""
        rows = self.database.read(f"{RUNS} WHERE id = ?", (id,)) if abs(id) < 2**63 else []
        return run_of(rows[0], self.id) if rows else None

    def feed(self, wanted: Filter, limit: int) -> list[Run[Any]]:
        """Return the newest runs that match, newest first."""
        conditions, values = wanted.clauses()
        source, at = RUNS, "runs.at"
        if wanted.subject is not None:
            source, at = f"{RUNS} JOIN run_subjects ON run_subjects.run = runs.id", "run_subjects.at"
            conditions.insert(0, "run_subjects.subject = ?")
            values.insert(0, wanted.subject)
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        sql = f"{source}{where} ORDER BY {{at}} DESC, runs.id DESC LIMIT ?".replace("{at}", at)
        return [run_of(row, self.id) for row in self.database.read(sql, [*values, limit])]

    def asks(self) -> list[Run[Any]]:
        """Return the open asks, oldest first."""
        rows = self.database.read(f"{RUNS} WHERE {NOT_SUCCEEDED} AND status = 'asked' ORDER BY at, id")
        return [run_of(row, self.id) for row in rows]

    def open(self) -> list[Run[Any]]:
        """Return the runs that have not ended."""
        sql = f"{RUNS} WHERE {NOT_SUCCEEDED} AND status IN ('recorded', 'asked', 'performing')"
        return [run_of(row, self.id) for row in self.database.read(sql)]

    def held(self) -> list[tuple[int, str, int]]:
        """Return id, status and process of the runs that a process is about to perform, or performs."""
        held = "status IN ('recorded', 'performing') AND process IS NOT NULL"
        sql = f"SELECT id, status, process FROM runs WHERE {NOT_SUCCEEDED} AND {held}"
        return [(int(id), str(status), int(process)) for id, status, process in self.database.read(sql)]

    def events(self, run: int) -> list[Event]:
        """Return a run's events, oldest first."""
        return [event_of(row) for row in self.database.read(f"{EVENTS} WHERE run = ? ORDER BY id", (run,))]

    def events_after(self, position: int, limit: int) -> list[Event]:
        """Return the events after one, in commit order."""
        sql = f"{EVENTS} WHERE id > ? ORDER BY id LIMIT ?"
        return [event_of(row) for row in self.database.read(sql, (position, limit))]

    def events_of_no_run(self, since: int, until: int, limit: int) -> list[Event]:
        """Return the events between two times that concern no run, newest first: the catalogue, people, sign-ins."""
        sql = f"{EVENTS} WHERE run IS NULL AND at >= ? AND at < ? ORDER BY at DESC LIMIT ?"
        return [event_of(row) for row in self.database.read(sql, (since, until, limit))]

    def last_event(self) -> int:
        """Return the id of the newest event."""
        return int(self.database.read("SELECT coalesce(max(id), 0) FROM events")[0][0])

    def catalogue(self, desk: str | None = None) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield name and entry of every action on record, of one desk or of all."""
        where, values = ("WHERE desk = ?", (desk,)) if desk is not None else ("", ())
        for name, entry in self.database.read(f"SELECT action, entry FROM catalogue {where} ORDER BY action", values):
            yield name, json.loads(entry)
