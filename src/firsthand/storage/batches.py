"""Batches and their rows: stored when drafted, frozen from then on, turned into runs some hundred in a commit."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from firsthand.core.batch import MOVES, Batch, BatchRow, Fault, Given, Progress, Unfit
from firsthand.core.errors import JournalError
from firsthand.core.runs import Run, microseconds, moment
from firsthand.storage.codec import RECORDED, encode, key_of, run_of
from firsthand.storage.database import Connection, Database
from firsthand.storage.history import RUNS, History

COLUMNS = (
    "id", "action", "actor", "at", "surface", "environment", "desk", "requested_by", "ticket", "reason", "notes",
    "source", "mode", "status", "digest", "total", "fit", "faults", "throttle", "stop_after", "failures", "why",
    "confirmed_at", "ended_at",
)  # fmt: skip
DRAFTED = (*COLUMNS[1:14], "next_at")
BATCHES = f"SELECT {', '.join(COLUMNS)} FROM batches"
INSERT = f"INSERT INTO batches ({', '.join(DRAFTED)}) VALUES ({', '.join('?' * len(DRAFTED))}) RETURNING id"
INSERT_ROW = "INSERT INTO batch_rows (batch, number, inputs, said, same) VALUES (?, ?, ?, ?, ?)"
INSERT_EVENT = "INSERT INTO events (run, at, kind, actor, data) VALUES (?, ?, ?, ?, ?)"
TWICE = """SELECT min(number), max(number) FROM batch_rows WHERE batch = ?
    GROUP BY same HAVING count(*) > 1 ORDER BY 1 LIMIT 1"""
ROWS = "SELECT number, inputs, said, fault, run FROM batch_rows WHERE batch = ? AND number > ?"

ALLOT = "UPDATE batches SET next_at = next_at WHERE id = ? AND status = 'confirmed' RETURNING place, next_at, throttle"
TAKEN = "UPDATE batches SET place = ?, next_at = ? WHERE id = ?"
OF_RUN = ("id", "at", "status", "process", "performing_at", "due", "mode", "batch", "inputs", "fence", *RECORDED)
INSERT_RUN = f"INSERT INTO runs ({', '.join(OF_RUN)}) VALUES ({', '.join('?' * len(OF_RUN))})"
BECAME = "UPDATE batch_rows SET run = ? WHERE batch = ? AND number = ?"
CLAIM = """WITH chosen AS MATERIALIZED (SELECT id FROM runs
    WHERE batch = ? AND status = 'queued' AND process IS NULL AND due <= ? ORDER BY id LIMIT ?)
    UPDATE runs SET process = ?, fence = fence + 1
    WHERE status = 'queued' AND process IS NULL AND id IN (SELECT id FROM chosen) RETURNING id"""
LET_GO = "UPDATE runs SET process = NULL, due = ? WHERE id = ? AND status = 'queued' AND process = ?"

NEWEST = 2_000
"""Runs of a batch, the newest, by which it is told how fast it goes."""


class Batches:
    """The batches of a journal; ``process`` is the id under which this process writes."""

    def __init__(self, database: Database, history: History, process: Callable[[], int]) -> None:
        self.database = database
        self.history = history
        self.process = process

    # Drafting

    def begin(self, facts: Mapping[str, object]) -> int:
        """Insert a batch that is being loaded, which nobody sees until it is drafted."""
        _ = self.process()
        values = [facts[name] for name in DRAFTED]
        return self.database.write(lambda connection: int(connection.execute(INSERT, values).fetchone()[0]))

    def add(self, batch: int, rows: Sequence[Given], at: int) -> bool:
        """Store rows of a batch that is being loaded; False where it was forgotten, which it may be after ``at``."""
        told = [
            (batch, number, json.dumps(inputs), json.dumps(said) if said else None, same)
            for number, inputs, said, same in rows
        ]

        def work(connection: Connection) -> bool:
            sql = "UPDATE batches SET next_at = ? WHERE id = ? AND status = 'loading'"
            if connection.execute(sql, (at, batch)).rowcount == 0:
                return False
            connection.executemany(INSERT_ROW, told)
            return True

        return self.database.write(work)

    def twice(self, batch: int) -> tuple[int, int] | None:
        """Return the numbers of two rows that are about the same, if there are such."""
        rows = self.database.read(TWICE, (batch,))
        return (int(rows[0][0]), int(rows[0][1])) if rows else None

    def given(self, batch: int, total: int) -> None:
        """Note that all rows are stored: they are to be looked at."""
        sql = "UPDATE batches SET status = 'preflight', total = ?, next_at = 0 WHERE id = ? AND status = 'loading'"
        self.database.write(lambda connection: connection.execute(sql, (total, batch)).rowcount)

    def discard(self, batch: int) -> None:
        """Forget a batch that could not be loaded, or looked at: nothing is half done."""

        def work(connection: Connection) -> None:
            sql = "DELETE FROM batches WHERE id = ? AND status IN ('loading', 'preflight')"
            if connection.execute(sql, (batch,)).rowcount:
                connection.execute("DELETE FROM batch_rows WHERE batch = ?", (batch,))

        self.database.write(work)

    def forget(self, at: int) -> None:
        """Forget the batches whose rows were never given to the end."""
        for (id,) in self.database.read("SELECT id FROM batches WHERE status = 'loading' AND next_at < ?", (at,)):
            self.discard(id)

    # Being looked at

    def hold(self, batch: int, at: int, until: int) -> int | None:
        """Take a preflight in hand until a time; None where another has it, or it is none."""
        free = "WHERE id = ? AND status = 'preflight' AND next_at <= ?"
        if not self.database.read(f"SELECT 1 FROM batches {free}", (batch, at)):
            return None
        sql, values = f"UPDATE batches SET next_at = ? {free} RETURNING place", (until, batch, at)
        held = self.database.write(lambda connection: connection.execute(sql, values).fetchone())
        return int(held[0]) if held else None

    def looked(
        self,
        batch: int,
        place: int,
        last: int,
        number: int,
        faults: Sequence[Unfit],
        at: int,
    ) -> bool:
        """Note what was found of some rows, and that the one who looks is there until a time."""
        told = [(json.dumps(fault), batch, number) for number, fault in faults]

        def work(connection: Connection) -> bool:
            sql = """UPDATE batches SET place = ?, fit = fit + ?, failures = failures + ?, next_at = ?
                WHERE id = ? AND status = 'preflight' AND place = ?"""
            values = (last, number - len(told), len(told), at, batch, place)
            if connection.execute(sql, values).rowcount == 0:
                return False
            connection.executemany("UPDATE batch_rows SET fault = ? WHERE batch = ? AND number = ?", told)
            return True

        return self.database.write(work)

    def leave(self, batch: int) -> None:
        """Let go of a preflight."""
        sql = "UPDATE batches SET next_at = 0 WHERE id = ? AND status = 'preflight'"
        self.database.write(lambda connection: connection.execute(sql, (batch,)).rowcount)

    def unlooked(self, desk: str) -> list[int]:
        """Return the ids of a desk's batches whose rows are to be looked at, oldest first."""
        sql = "SELECT id FROM batches WHERE status = 'preflight' AND desk = ? ORDER BY id"
        return [int(id) for (id,) in self.database.read(sql, (desk,))]

    # Its status

    def move(
        self, batch: int, expected: str, status: str, *, kind: str, actor: str | None, at: int, **changes: object
    ) -> bool:
        """Change a batch's status and append the event of it; False where it was not in the expected status."""
        if (expected, status) not in MOVES:
            raise JournalError(f"A batch cannot go from {expected} to {status}.")
        told: dict[str, Any] = {"batch": batch, **changes}
        columns: dict[str, Any] = {"status": status, **changes}
        if "faults" in told:
            told["faults"] = [asdict(each) for each in told["faults"]]
            columns["faults"] = encode(told["faults"])
        columns.pop("action", None)
        if expected == "preflight":
            columns |= {"place": 0, "next_at": 0, "failures": 0}
        sets, data = ", ".join(f"{name} = ?" for name in columns), encode(told)

        def work(connection: Connection) -> bool:
            sql = f"UPDATE batches SET {sets} WHERE id = ? AND status = ?"
            if connection.execute(sql, (*columns.values(), batch, expected)).rowcount == 0:
                return False
            connection.execute(INSERT_EVENT, (None, at, kind, actor, data))
            return True

        return self.database.write(work)

    def failed(self, batch: int, more: int) -> int:
        """Count failures of a batch, and return how many there are since it was last resumed."""
        sql = "UPDATE batches SET failures = failures + ? WHERE id = ? RETURNING failures"
        return self.database.write(lambda connection: int(connection.execute(sql, (more, batch)).fetchone()[0]))

    # Performing

    def take(self, batch: Batch, most: int, at: int, *, begun: bool) -> list[Run[Any]]:
        """Make runs of the next rows, held by this process, in one commit; none where nothing is left, or too soon.

        They are queued, or, with ``begun``, performing at once. A throttle allots about a second's rows at a time.
        """
        process, runs = self.process(), list[Run[Any]]()

        def work(connection: Connection) -> None:
            runs.clear()
            allotted = connection.execute(ALLOT, (batch.id,)).fetchone()
            if allotted is None or allotted[1] > at:
                return
            place, next_at, throttle = allotted
            number = min(most, max(1, throttle // 60)) if throttle else most
            rows = connection.execute(
                f"{ROWS} AND fault IS NULL ORDER BY number LIMIT ?", (batch.id, place, number)
            ).fetchall()
            if not rows:
                return
            runs.extend(self.made(connection, batch, rows, process, at, begun=begun))
            next_at = max(at, next_at) + len(rows) * 60_000_000 // throttle if throttle else next_at
            connection.execute(TAKEN, (rows[-1][0], next_at, batch.id))

        self.database.write(work)
        return runs

    def made(
        self, connection: Connection, batch: Batch, rows: Sequence[Sequence[Any]], process: int, at: int, *, begun: bool
    ) -> Iterator[Run[Any]]:
        """Insert the runs of some rows with their events, and yield them."""
        made, events = list[tuple[object, ...]](), list[tuple[object, ...]]()
        status, performing_at = ("performing", at) if begun else ("queued", None)
        facts: dict[str, Any] = {name: getattr(batch, name, None) for name in RECORDED}
        plain = encode({name: value for name, value in facts.items() if value is not None} | {"batch": batch.id})
        ids = self.database.new_ids(connection, len(rows))
        for id, (_, inputs, said, _, _) in zip(ids, rows, strict=True):
            own = facts | json.loads(said) if said else facts
            told = encode(own | {"batch": batch.id}) if said else plain
            made.append((id, at, status, process, performing_at, at, batch.mode, batch.id, inputs, 1, *own.values()))
            queued = f'{{"inputs":{inputs},"mode":"{batch.mode}","due":{at}}}'
            events += ((id, at, "recorded", batch.actor, told), (id, at, "queued", batch.actor, queued))
            if begun:
                events.append((id, at, "performing", batch.actor, "{}"))
            run: Run[Any] = Run(id, status="queued", at=moment(at), process=process, mode=batch.mode, fence=1, **own)
            run.batch, run.inputs, run.key = batch.id, json.loads(inputs), key_of(self.history.id, id)
            yield run
        connection.executemany(INSERT_RUN, made)
        connection.executemany(INSERT_EVENT, events)
        connection.executemany(BECAME, [(id, batch.id, row[0]) for id, row in zip(ids, rows, strict=True)])

    def claim(self, batch: int, most: int, at: int) -> list[Run[Any]]:
        """Claim runs of a batch that wait, since it was paused, or since the process died that held them."""
        values = (batch, at, most, self.process())
        claimed = self.database.write(lambda connection: connection.execute(CLAIM, values).fetchall())
        return [run for (id,) in sorted(claimed) if (run := self.history.run(id))]

    def let_go(self, runs: Sequence[int], at: int) -> None:
        """Let runs go that have not begun; they wait until ``at``."""
        process = self.process()
        sets = [(at, run, process) for run in runs]
        self.database.write(lambda connection: connection.executemany(LET_GO, sets).rowcount)

    # Reading

    def get(self, id: int) -> Batch | None:
        """Return a batch."""
        rows = self.database.read(f"{BATCHES} WHERE id = ? AND status <> 'loading'", (id,)) if abs(id) < 2**63 else []
        return batch_of(rows[0]) if rows else None

    def newest(self, limit: int = 50, before: int = 2**62) -> list[Batch]:
        """Return the newest batches, newest first."""
        sql = f"{BATCHES} WHERE id < ? AND status <> 'loading' ORDER BY id DESC LIMIT ?"
        return [batch_of(row) for row in self.database.read(sql, (before, limit))]

    def under_way(self, desk: str, *, paused: bool = False) -> list[int]:
        """Return the ids of a desk's batches that are to be performed, oldest first; with ``paused`` those too."""
        sql = "SELECT id FROM batches WHERE status IN ('confirmed', ?) AND desk = ? ORDER BY id"
        rows = self.database.read(sql, ("paused" if paused else "confirmed", desk))
        return [int(id) for (id,) in rows]

    def rows(self, batch: int, after: int = 0, limit: int = 500, *, unfit: bool = False) -> list[BatchRow]:
        """Return rows of a batch after a number, in their order; with ``unfit`` those that would not go through."""
        sql = f"{ROWS}{' AND fault IS NOT NULL' if unfit else ''} ORDER BY number LIMIT ?"
        return [row_of(row) for row in self.database.read(sql, (batch, after, limit))]

    def progress(self, batch: Batch, at: int) -> Progress:
        """Return how far a batch is, or its preflight."""
        if batch.status == "preflight":
            seconds, found = (at - microseconds(batch.at)) / 1_000_000, {"would go through": batch.fit}
            found |= {"would not": batch.failures} if batch.failures else {}
            return Progress(found, batch.total, batch.looked / seconds if seconds > 0 else 0.0)
        sql = "SELECT status, count(*) FROM runs WHERE batch = ? GROUP BY status"
        counts = {str(status): int(n) for status, n in self.database.read(sql, (batch.id,))}
        if batch.status != "confirmed":
            return Progress(counts, batch.fit)
        sql = (
            f"SELECT min(at), count(*) FROM (SELECT at FROM runs WHERE batch = ? ORDER BY id DESC LIMIT {NEWEST}) AS n"
        )
        since, number = self.database.read(sql, (batch.id,))[0]
        seconds = (at - since) / 1_000_000 if since else 0
        return Progress(counts, batch.fit, number / seconds if seconds > 0 else 0.0)

    def open(self, batch: int, status: str) -> list[int]:
        """Return the runs of a batch in an open status."""
        sql = "SELECT id FROM runs WHERE batch = ? AND status <> 'succeeded' AND status = ?"
        return [int(id) for (id,) in self.database.read(sql, (batch, status))]

    def left(self, batch: int) -> bool:
        """Say whether a row of a batch has not become a run yet, or a run has not ended."""
        rows = """SELECT 1 FROM batch_rows JOIN batches ON batches.id = batch_rows.batch
            WHERE batch_rows.batch = ? AND number > place AND fault IS NULL LIMIT 1"""
        runs = """SELECT 1 FROM runs WHERE batch = ? AND status <> 'succeeded'
            AND status IN ('recorded', 'queued', 'performing') LIMIT 1"""
        return bool(self.database.read(rows, (batch,)) or self.database.read(runs, (batch,)))

    def runs(self, rows: Sequence[BatchRow]) -> dict[int, Run[Any]]:
        """Return the runs that rows became, by their ids."""
        ids = json.dumps([each.run for each in rows if each.run])
        found = self.database.read(f"{RUNS} WHERE id IN (SELECT CAST(value AS bigint) FROM json_each(?))", (ids,))
        return {run.id: run for run in (run_of(row, self.history.id) for row in found)}


def batch_of(row: Sequence[Any]) -> Batch:
    """Return the batch of a row of ``COLUMNS``."""
    columns = dict(zip(COLUMNS, row, strict=True))
    for name in ("at", "confirmed_at", "ended_at"):
        columns[name] = None if columns[name] is None else moment(columns[name])
    faults = (Fault(**{**each, "rows": tuple(each["rows"])}) for each in json.loads(columns["faults"]))
    return Batch(**{**columns, "faults": tuple(faults)})


def row_of(row: Sequence[Any]) -> BatchRow:
    """Return a row of a batch."""
    number, inputs, said, fault, run = row
    parsed = json.loads(said) if said else {}
    return BatchRow(int(number), json.loads(inputs), parsed, json.loads(fault) if fault else None, run)
