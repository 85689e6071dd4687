"""The queue: the runs that wait to be performed, and who has claimed which.

The database decides who performs a run, in one statement: a claim sets the process and raises the fence, and every
later step of that worker must find the fence as it was.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from firsthand.core.runs import Run
from firsthand.storage.codec import COLUMNS, run_of
from firsthand.storage.history import RUNS

if TYPE_CHECKING:
    from firsthand.storage.journal import SqlJournal

WAITING = "status = 'queued' AND process IS NULL"
"""What the partial index of the queue is of, and has not been claimed."""

OPEN_TO = f"""FROM runs WHERE {WAITING} AND due <= ? AND desk = ?
    AND (CAST(? AS integer) IS NULL OR batch = ?)
    AND (batch IS NULL OR batch NOT IN (SELECT CAST(value AS bigint) FROM json_each(?)))
    AND NOT EXISTS (
        SELECT 1 FROM runs AS other WHERE other.holds = runs.holds AND other.status = 'performing'
    )"""
"""What a worker may claim; a run whose subject another one holds is left until that has ended."""

CLAIM = f"""WITH chosen AS MATERIALIZED (SELECT id {OPEN_TO} ORDER BY due, id LIMIT ? {{skipping}})
    UPDATE runs SET process = ?, fence = fence + 1
    WHERE id IN (SELECT id FROM chosen) AND {WAITING} RETURNING {", ".join(COLUMNS)}"""
"""Materialized, since PostgreSQL may ask a query of rows within an UPDATE again and again, and so claim more."""

LET_GO = "UPDATE runs SET process = NULL WHERE id = ? AND status = 'queued' AND process = ? AND fence = ?"

COUNTS = """SELECT count(*), coalesce(sum(CASE WHEN due > ? THEN 1 ELSE 0 END), 0),
    coalesce(sum(CASE WHEN due <= ? AND process IS NULL THEN 1 ELSE 0 END), 0) FROM runs WHERE status = 'queued'"""

OVERDUE = f"""{RUNS} WHERE {WAITING} AND due <= ?
    AND (CAST(? AS text) IS NULL OR action IN (SELECT value FROM json_each(?))) ORDER BY due, id LIMIT ?"""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many runs wait: ``queued`` in all, of them ``later`` those not due yet, ``overdue`` those nobody claims."""

    queued: int = 0
    later: int = 0
    overdue: int = 0


class Queue:
    """Claiming runs that wait, and letting them go. Times are microseconds since 1970."""

    def __init__(self, journal: SqlJournal) -> None:
        self.journal = journal
        self.database = journal.database
        self.claiming = CLAIM.format(skipping=self.database.skipping)

    def claim(
        self,
        process: int,
        limit: int,
        *,
        now: int,
        desk: str,
        batch: int | None = None,
        without: Collection[int] = (),
    ) -> list[Run[Any]]:
        """Claim the runs of a desk that are due, the longest waiting first, at most ``limit``; each under a new fence.

        ``batch`` wants those of one batch alone, ``without`` are batches that are left. Where nothing is due, nothing
        is written.
        """
        wanted = (now, desk, batch, batch, json.dumps(sorted(without)))
        if not self.database.read(f"SELECT id {OPEN_TO} LIMIT 1", wanted):
            return []
        found = self.database.commit(
            lambda connection: connection.execute(self.claiming, (*wanted, limit, process)).fetchall()
        )
        claimed = [run_of(row, self.journal.history.id) for row in found]
        return sorted(claimed, key=lambda run: (run.due or run.at, run.id))

    def let_go(self, run: Run[Any]) -> bool:
        """Free a claimed run that has not begun, for whoever claims it next; False where it is not ours any more."""
        freed = (run.id, run.process, run.fence)
        return self.database.commit(lambda connection: connection.execute(LET_GO, freed).rowcount) == 1

    def next_due(self, desk: str, after: int) -> int | None:
        """Return when the next run of a desk is due after a time, None where nothing waits for a later time."""
        sql = f"SELECT due FROM runs WHERE {WAITING} AND due > ? AND desk = ? ORDER BY due, id LIMIT 1"
        rows = self.database.read(sql, (after, desk))
        return int(rows[0][0]) if rows else None

    def waiting(self, now: int, before: int) -> Counts:
        """Return how many runs wait; overdue are those that were due ``before`` and that nobody has claimed."""
        return Counts(*(int(each) for each in self.database.read(COUNTS, (now, before))[0]))

    def overdue(self, before: int, limit: int, actions: Collection[str] | None = None) -> list[Run[Any]]:
        """Return the runs that were due before a time and that nobody has claimed, the longest waiting first."""
        named = None if actions is None else json.dumps(sorted(actions))
        rows = self.database.read(OVERDUE, (before, named, named, limit))
        return [run_of(row, self.journal.history.id) for row in rows]
