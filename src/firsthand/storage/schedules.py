"""Schedules in the journal: their versions, when they are due, and the runs that came of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from firsthand.core.errors import JournalMissing
from firsthand.core.journal import Step
from firsthand.core.runs import Run, moment
from firsthand.core.schedules import Schedule
from firsthand.storage.codec import encode, run_of
from firsthand.storage.history import RUNS, History
from firsthand.storage.sqlite import Connection

SELECT = """SELECT schedules.id, schedules.desk, schedule_versions.version, schedules.version, schedules.state,
    schedules.due, events.actor, events.at, events.data
    FROM schedule_versions JOIN schedules ON schedules.id = schedule_versions.schedule
    JOIN events ON events.id = schedule_versions.event"""
CURRENT = f"{SELECT} WHERE schedule_versions.version = schedules.version"
OF_VERSION = f"{SELECT} WHERE schedules.id = ? AND schedule_versions.version = ?"
VERSIONS = f"{SELECT} WHERE schedules.id = ? ORDER BY schedule_versions.version DESC LIMIT ?"

INSERT = """INSERT INTO schedules (desk, action, version, state, due, pinned)
    VALUES (?, ?, 1, ?, ?, NULL) RETURNING id"""
UPDATE = """UPDATE schedules SET action = ?, version = version + 1, state = ?, due = ?, pinned = NULL
    WHERE id = ? AND version = ?"""
SENT = """SELECT events.data FROM sent JOIN events ON events.id = sent.event
    WHERE sent.person = ? AND sent.kind = ? AND sent.key = ?"""
EVENT = "INSERT INTO events (run, at, kind, actor, data) VALUES (?, ?, ?, ?, ?) RETURNING id"
PIN = "UPDATE schedules SET pinned = version WHERE id = ? AND due = ? AND pinned IS NULL"
PINNED = "SELECT pinned FROM schedules WHERE id = ? AND due = ?"
ADVANCE = "UPDATE schedules SET due = ?, pinned = NULL WHERE id = ? AND due = ?"


class Schedules:
    """The schedules of a journal; see `core.journal.Schedules`. Times are microseconds since 1970.

    ``enter`` makes this process known before it first writes and returns its id; ``insert`` and ``stepping`` record a
    run and give the work of a step of it.
    """

    def __init__(
        self,
        history: History,
        enter: Callable[[], int],
        insert: Callable[[Connection, Run[Any], int], None],
        stepping: Callable[[Step], Callable[[Connection], bool]],
    ) -> None:
        self.history = history
        self.database = history.database
        self.enter = enter
        self.insert = insert
        self.stepping = stepping

    # Reading

    def get(self, id: int) -> Schedule | None:
        """Return a schedule as it is now, a retired one too."""
        return next(iter(self.read(f"{CURRENT} AND schedules.id = ?", (id,))), None) if abs(id) < 2**63 else None

    def all(self, *, retired: bool = False) -> list[Schedule]:
        """Return the schedules, those that are due next first; retired ones only where asked for."""
        state = "" if retired else " AND schedules.state <> 'retired'"
        return self.read(f"{CURRENT}{state} ORDER BY schedules.due IS NULL, schedules.due, schedules.id", ())

    def of_version(self, id: int, version: int) -> Schedule | None:
        """Return a schedule as it was in a version."""
        return next(iter(self.read(OF_VERSION, (id, version))), None)

    def versions(self, id: int, limit: int = 100) -> list[Schedule]:
        """Return the versions of a schedule, newest first."""
        return self.read(VERSIONS, (id, limit))

    def due(self, desk: str, now: int) -> list[Schedule]:
        """Return the schedules of a desk that are due, the longest due first."""
        return self.read(f"{CURRENT} AND schedules.desk = ? AND schedules.due <= ? ORDER BY schedules.due", (desk, now))

    def next_due(self, desk: str) -> int | None:
        """Return when the next schedule of a desk is due."""
        rows = self.database.read("SELECT min(due) FROM schedules WHERE desk = ? AND due IS NOT NULL", (desk,))
        return rows[0][0] if rows else None

    def runs(self, id: int, limit: int) -> list[Run[Any]]:
        """Return the newest runs of a schedule, newest first."""
        rows = self.database.read(f"{RUNS} WHERE schedule = ? ORDER BY id DESC LIMIT ?", (id, limit))
        return [run_of(row, self.history.id) for row in rows]

    def stopped(self) -> list[Schedule]:
        """Return the schedules that were paused by themselves."""
        found = self.read(f"{CURRENT} AND schedules.state = 'paused' ORDER BY schedules.id", ())
        return [each for each in found if each.stopped]

    def read(self, sql: str, values: Sequence[object]) -> list[Schedule]:
        """Return the schedules of some rows; none where there is no journal yet."""
        try:
            return [schedule_of(row) for row in self.database.read(sql, values)]
        except JournalMissing:
            return []

    # Writing

    def save(
        self, schedule: Schedule, *, kind: str, actor: str | None, at: int, due: int | None,
        changes: Sequence[object] = (), refused: tuple[Run[Any], Step] | None = None,
        once: str | None = None, digest: str | None = None,
    ) -> Schedule | None:  # fmt: skip
        """Record a version and the event of it, and when it is next due; None where it is not after the current one."""
        process = self.enter()

        def work(connection: Connection) -> int | None:
            if once and (sent := connection.execute(SENT, (actor, kind, once)).fetchone()):
                return int(json.loads(sent[0])["schedule"])
            id = self.versioned(connection, schedule, due)
            if id is None:
                return None
            told = {"schedule": id, "version": schedule.version + 1, "action": schedule.action}
            told |= {"state": schedule.state, "declaration": schedule.declaration()}
            row = (None, at, kind, actor, encode({**told, "changes": changes} if changes else told))
            event = connection.execute(EVENT, row).fetchone()[0]
            connection.execute("INSERT INTO schedule_versions VALUES (?, ?, ?)", (id, schedule.version + 1, event))
            if once:
                connection.execute("INSERT INTO sent VALUES (?, ?, ?, ?, ?)", (actor, kind, once, event, digest))
            if refused:
                run, step = refused
                self.insert(connection, run, process)
                self.stepping(step._replace(run=run.id))(connection)
            return id

        id = self.database.write(work)
        return None if id is None else self.get(id)

    def versioned(self, connection: Connection, schedule: Schedule, due: int | None) -> int | None:
        """Set the current version of a schedule and return its id; None where it is not the next one."""
        if not schedule.id:
            new = (schedule.desk, schedule.action, schedule.state, due)
            return int(connection.execute(INSERT, new).fetchone()[0])
        known = (schedule.action, schedule.state, due, schedule.id, schedule.version)
        return schedule.id if connection.execute(UPDATE, known).rowcount else None

    def pin(self, id: int, moment: int) -> int | None:
        """Return the version of which a moment is the due one; None where it is not due any more."""

        def work(connection: Connection) -> int | None:
            connection.execute(PIN, (id, moment))
            row = connection.execute(PINNED, (id, moment)).fetchone()
            return row[0] if row else None

        return self.database.write(work)

    def advance(self, schedule: Schedule, moment: int, due: int | None, noted: Mapping[str, object], at: int) -> bool:
        """Go on from a moment to the next; False where somebody else did."""
        told = {"schedule": schedule.id, "action": schedule.action}
        told |= {name: value for name, value in noted.items() if name not in ("kind", "actor")}
        row = (None, at, noted.get("kind"), noted.get("actor"), encode(told))

        def work(connection: Connection) -> bool:
            if not connection.execute(ADVANCE, (due, schedule.id, moment)).rowcount:
                return False
            if noted:
                connection.execute(EVENT, row).fetchone()
            return True

        return self.database.write(work)


def schedule_of(row: Sequence[Any]) -> Schedule:
    """Return the schedule of a row: due and its state only in its current version."""
    id, desk, version, current, state, due, actor, at, data = row
    told = json.loads(data)
    shown = moment(due) if version == current and due is not None else None
    return Schedule(
        **told["declaration"], id=id, version=version, desk=desk, due=shown, changed_by=actor, at=moment(at),
        state=state if version == current else told["state"],
    )  # fmt: skip
