"""A step, or a new run, with its event in one statement: on PostgreSQL, where each statement is a way to the server."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from firsthand.storage.codec import encode
from firsthand.storage.database import Connection

STEP = """WITH changed AS ({update} RETURNING runs.id, runs.at),
    told AS (INSERT INTO events (run, at, kind, actor, data) SELECT id, ?, ?, ?, ? FROM changed){concerned}
    SELECT count(*) FROM changed"""
CONCERNED = """,
    concerned AS (INSERT INTO run_subjects (subject, at, run) SELECT keys.value, changed.at, changed.id
        FROM changed, json_each(?) AS keys ON CONFLICT DO NOTHING)"""
RUN = """WITH made AS ({insert} RETURNING id),
    told AS (INSERT INTO events (run, at, kind, actor, data) SELECT id, ?, ?, ?, ? FROM made)
    SELECT id FROM made"""


def step(update: str, values: Sequence[object], subjects: Sequence[str]) -> Callable[[Connection], bool]:
    """Return the work of an update of a run, with its event and the subjects that it then concerns."""
    sql = STEP.format(update=update, concerned=CONCERNED if subjects else "")
    given = [*values, encode(subjects)] if subjects else values
    return lambda connection: bool(connection.execute(sql, given).fetchone()[0])


def run(insert: str) -> str:
    """Return the statement of a new run, with its event."""
    return RUN.format(insert=insert)
