"""The queue: the runs that wait to be performed, and who has claimed which.

The database decides who performs a run, in one statement: a claim sets the process and raises the fence, and every
later step of that worker must find the fence as it was.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from firsthand.core.runs import Run
from firsthand.storage.codec import COLUMNS, run_of
from firsthand.storage.database import Connection
from firsthand.storage.doubts import AnswerLost
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

CLAIMED = "SELECT 1 FROM runs WHERE id = ? AND process = ? AND fence = ?"
LET_GO = "UPDATE runs SET process = NULL WHERE id = ? AND status = 'queued' AND process = ? AND fence = ?"
LET_ALL_GO = "UPDATE runs SET process = NULL WHERE status = 'queued' AND process = ?"

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
        claimed = partial(self.claimed, (*wanted, limit, process))
        try:
            return self.database.commit(claimed, proof=is_claimed)
        except AnswerLost as lost:
            self.journal.doubts.note(lost, lambda runs: [self.let_go(run) for run in runs])
            raise

    def claimed(self, values: Sequence[object], connection: Connection) -> list[Run[Any]]:
        """Claim runs within a transaction."""
        found = connection.execute(self.claiming, values).fetchall()
        claimed = [run_of(row, self.journal.history.id) for row in found]
        return sorted(claimed, key=lambda run: (run.due or run.at, run.id))

    def let_go(self, run: Run[Any]) -> bool:
        """Free a claimed run that has not begun, for whoever claims it next; False where it is not ours any more."""
        freed = (run.id, run.process, run.fence)
        return self.database.commit(lambda connection: connection.execute(LET_GO, freed).rowcount, single=True) == 1

    def let_all_go(self, process: int) -> None:
        """Free all that a process has claimed and not begun, such as by a claim whose answer was lost.

        What it is about to begin is claimed anew then, by whoever comes first: its own step finds another fence.
        """
        self.database.commit(lambda connection: connection.execute(LET_ALL_GO, (process,)).rowcount, single=True)

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


def is_claimed(connection: Connection, _: int, runs: Sequence[Run[Any]]) -> bool:
    """Say whether runs are claimed that a transaction would have claimed: all of them are, or none."""
    return not runs or bool(connection.execute(CLAIMED, (runs[0].id, runs[0].process, runs[0].fence)).fetchone())
