"""Steps, or a run, with their events in one statement: on PostgreSQL, where each statement is a way to the server."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from firsthand.core.journal import Step
from firsthand.storage.codec import encode, spelt
from firsthand.storage.database import Connection

STEP = """WITH changed AS ({update} RETURNING runs.id, runs.at),
    told AS (INSERT INTO events (run, at, kind, actor, data) SELECT id, ?, ?, ?, ? FROM changed){concerned}
    SELECT 1 FROM changed"""
CONCERNED = """,
    concerned AS (INSERT INTO run_subjects (subject, at, run) SELECT keys.value, changed.at, changed.id
        FROM changed, json_each(?) AS keys ON CONFLICT DO NOTHING)"""
PART = """given_{n} AS MATERIALIZED (SELECT * FROM json_to_recordset(CAST(? AS json)) AS each (
        run bigint, told_at bigint, told_by text, told text, fenced bigint, concerned json{types})),
    changed_{n} AS (UPDATE runs SET status = ?{sets} FROM given_{n} AS given
        WHERE runs.id = given.run AND runs.status = ?{fenced} RETURNING runs.id, runs.at),
    told_{n} AS (INSERT INTO events (run, at, kind, actor, data)
        SELECT id, told_at, ?, told_by, told FROM changed_{n} JOIN given_{n} ON run = id ORDER BY id){concerned}"""
ALL_CONCERNED = """,
    concerned_{n} AS (INSERT INTO run_subjects (subject, at, run)
        SELECT keys.value, changed_{n}.at, id FROM changed_{n} JOIN given_{n} ON run = id,
            json_array_elements_text(concerned) AS keys (value) ON CONFLICT DO NOTHING)"""
LONE = """changed_{n} AS (UPDATE runs SET status = ?{sets} WHERE id = ? AND status = ?{fenced}
        RETURNING runs.id, runs.at),
    told_{n} AS (INSERT INTO events (run, at, kind, actor, data) SELECT id, ?, ?, ?, ? FROM changed_{n}){concerned}"""
LONE_CONCERNED = """,
    concerned_{n} AS (INSERT INTO run_subjects (subject, at, run) SELECT keys.value, changed_{n}.at, changed_{n}.id
        FROM changed_{n}, json_each(?) AS keys ON CONFLICT DO NOTHING)"""
NUMBERS = frozenset({"performing_at", "ended_at", "process", "due", "schedule"})
"""Columns of ``runs`` that a step changes and that hold numbers; all others hold texts."""


def step(update: str, values: Sequence[object], subjects: Sequence[str]) -> Callable[[Any], bool]:
    """Return the work of an update of a run, with its event and the subjects that it then concerns."""
    sql = stepping(update, concerned=bool(subjects))
    given = [*values, encode(subjects)] if subjects else values
    return lambda connection: bool(connection.prepared(sql, given).ntuples)


@lru_cache
def stepping(update: str, *, concerned: bool) -> str:
    """Return the one statement of an update of a run and its event."""
    return STEP.format(update=update, concerned=CONCERNED if concerned else "")


class Change(NamedTuple):
    """A step as it is written: the columns that change, the event's data, and the subjects that it then concerns."""

    step: Step
    columns: Mapping[str, Any]
    data: str
    subjects: Sequence[str]


def steps(changes: Sequence[Change]) -> Callable[[Connection], list[bool]]:
    """Return the work of steps of several runs, each once; it says of each whether its run was as expected.

    Those that change the same columns are one part of the one statement. One that has none like it is looked up by
    its number alone: a plan that reads the index of what is open would read all that waits of a batch for each row.
    """
    shapes: dict[tuple[object, ...], list[Change]] = {}
    for each in changes:
        shapes.setdefault(shape_of(each), []).append(each)
    parts, values = [], list[object]()
    for number, alike in enumerate(shapes.values()):
        sql, given = lone(number, alike[0]) if len(alike) == 1 else many(number, alike)
        parts.append(sql)
        values += given
    ids = " UNION ALL ".join(f"SELECT id FROM changed_{number}" for number in range(len(parts)))
    whole = f"WITH {', '.join(parts)} {ids}"

    def work(connection: Any) -> list[bool]:
        answer = connection.prepared(whole, values)
        changed = {int(answer.get_value(row, 0)) for row in range(answer.ntuples)}
        return [each.step.run in changed for each in changes]

    return work


def shape_of(change: Change) -> tuple[object, ...]:
    """Return what the statement of a change depends on."""
    step = change.step
    return step.expected, step.status, step.kind, tuple(change.columns), step.fence is None, bool(change.subjects)


def lone(number: int, change: Change) -> tuple[str, Sequence[object]]:
    """Return the part of a statement for one change, and its values."""
    step, fenced = change.step, change.step.fence is not None
    sql = LONE.format(
        n=number,
        sets="".join(f", {name} = ?" for name in change.columns),
        fenced=" AND fence = ?" if fenced else "",
        concerned=LONE_CONCERNED.format(n=number) if change.subjects else "",
    )
    event = (step.at, step.kind or step.status, step.actor, change.data)
    found = (step.run, step.expected, step.fence) if fenced else (step.run, step.expected)
    subjects = (encode(change.subjects),) if change.subjects else ()
    return sql, (step.status, *change.columns.values(), *found, *event, *subjects)


def many(number: int, alike: Sequence[Change]) -> tuple[str, Sequence[object]]:
    """Return the part of a statement for changes that are alike, and its values."""
    step = alike[0].step
    values = (encode([record(each) for each in alike]), step.status, step.expected, step.kind or step.status)
    return part(number, alike[0]), values


def part(number: int, like: Change) -> str:
    """Return the part of a statement for changes that are alike."""
    return PART.format(
        n=number,
        types="".join(f", {name} {'bigint' if name in NUMBERS else 'text'}" for name in like.columns),
        sets="".join(f", {name} = given.{name}" for name in like.columns),
        fenced="" if like.step.fence is None else " AND runs.fence = given.fenced",
        concerned=ALL_CONCERNED.format(n=number) if like.subjects else "",
    )


def record(change: Change) -> dict[str, object]:
    """Return a change as the statement reads it."""
    step = change.step
    told: dict[str, object] = {
        "run": step.run, "told_at": step.at, "told_by": step.actor, "told": change.data, "fenced": step.fence,
        "concerned": [spelt(each) for each in change.subjects],
    }  # fmt: skip
    told.update((name, spelt(value)) for name, value in change.columns.items())
    return told
