"""Seeing to what the dead left, as workers do, and comparing the journal with the oracle."""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from firsthand import Desk
from firsthand.core.runs import OUTCOMES, TRANSITIONS, Run
from firsthand.storage.codec import run_of
from firsthand.storage.history import RUNS
from firsthand.storage.inbox import waiting
from firsthand.storage.journal import SqlJournal
from firsthand.storage.queue import Queue
from firsthand.work.batches import advance

if TYPE_CHECKING:
    from .scene import Scene

PATIENCE = 60.0
"""Seconds in which everything that the dead left must have ended."""

STATUSES = {status for pair in TRANSITIONS for status in pair}
REBUILT = ("status", "value", "error", "reason", "digest", "tags", "mode", "batch", "ticket", "action", "inputs")
"""What of a run its events must rebuild."""

NOTHING = ("failed", "refused", "withdrawn")
"""Outcomes that say that nothing happened."""


@dataclass
class Row:
    """What was found of the runs that were killed at one point, or at random."""

    runs: int = 0
    acknowledged: int = 0
    effects: int = 0
    unnecessary: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    fates: Counter[tuple[str, int]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def look(scene: Scene) -> dict[str, Row]:
    """See to what the dead left, compare the journal with the oracle, and return what was found, by point."""
    journal = SqlJournal(scene.url)
    scene.desk.use(journal)
    try:
        settle_all(scene.desk)
        return compared(scene, journal)
    finally:
        scene.desk.use(None)
        journal.close()


# As workers do


def settle_all(desk: Desk) -> None:
    """Settle, find out, claim and perform, batches too, until nothing is left to do."""
    journal: Any = desk.journal
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        claim_all(desk)
        under_way = journal.batches.under_way(desk.name)
        for id in under_way:
            advance(desk.pipeline, journal, id, 5.0)
        found_out = desk.verify_unknown()
        if not (under_way or found_out or journal.history.open()):
            return
        time.sleep(0.02)


def claim_all(desk: Desk) -> None:
    """See to what the dead left, and perform what waits."""
    desk.start()
    journal: Any = desk.journal
    journal.settle()
    desk.verify_unknown()
    left = journal.batches.under_way(desk.name)
    while found := Queue(journal).claim(journal.process, 100, now=desk.clock(), desk=desk.name, without=left):
        for run in found:
            desk.pipeline.resume(run)


# Comparing


def compared(scene: Scene, journal: SqlJournal) -> dict[str, Row]:
    """Compare the journal with the oracle; what is wrong stands with the point that it was killed at."""
    runs = {run.id: run for run in every(journal)}
    rows: dict[str, Row] = defaultdict(Row)
    effects = scene.effects()
    times: Counter[int] = Counter()
    for (id, key), number in effects.items():
        times[id] += number
        if id not in runs or runs[id].key != key:
            rows["of no run"].wrong.append(f"the effect of run {id}, {key}, belongs to no run")
    known = {run.id for run in waiting(journal.history, "unknown", ["account.touch"], 1_000_000)}
    for run in runs.values():
        row = rows[run.ticket or ""]
        row.runs += 1
        row.effects += times[run.id]
        row.statuses[run.status] += 1
        row.fates[run.status, times[run.id]] += 1
        row.unnecessary += run.status == "unknown" and not times[run.id]
        row.wrong += (f"run {run.id}, {run.status}: {each}" for each in faults(scene, run, times[run.id], known))
    for id, told in told_otherwise(journal, runs):
        rows[runs[id].ticket or ""].wrong.append(told)
    for what, id, said, ticket in scene.told("acknowledged"):
        rows[ticket].acknowledged += 1
        rows[ticket].wrong += unheard(runs, int(id), said) if what == "run" else undone(journal, int(id), said)
    return dict(rows)


def faults(scene: Scene, run: Run[Any], times: int, known: set[int]) -> Iterator[str]:
    """Yield what is wrong with a run, given how often its effect happened."""
    mode = scene.kind.mode
    if run.status not in OUTCOMES:
        yield "it stays open"
    if run.status == "unknown" and run.id not in known:
        yield "it is in nobody's inbox"
    if run.status == "unknown" and mode in ("verified", "transactional"):
        yield "it can be found out, and was not"
    if run.status in NOTHING and times:
        yield f"its effect happened {times} times"
    if run.status == "succeeded" and not times:
        yield "its effect did not happen"
    if times > 1 and mode != "idempotent":
        yield f"its effect happened {times} times"


def unheard(runs: Mapping[int, Run[Any]], id: int, said: str) -> Iterator[str]:
    """Yield what is wrong with a run that its caller has heard of; one that waits, or is unknown, ends later."""
    if id not in runs:
        yield f"run {id} was acknowledged, and is not on record"
    elif said not in ("queued", "unknown") and runs[id].status != said:
        yield f"run {id} was acknowledged as {said}, and is {runs[id].status}"


def undone(journal: SqlJournal, id: int, rows: str) -> Iterator[str]:
    """Yield what is wrong with a batch that somebody has confirmed: it must have ended, a run for each row."""
    batch = journal.batches.get(id)
    if batch is None or batch.status != "ended":
        yield f"batch {id} is {batch.status if batch else 'not on record'}"
    became = [each.run for each in journal.batches.rows(id)]
    made = journal.database.read("SELECT count(*) FROM runs WHERE batch = ?", (id,))[0][0]
    if None in became or len({*became}) != int(rows) or made != int(rows):
        yield f"batch {id} has {made} runs for {rows} rows, which became {became}"


def every(journal: SqlJournal) -> Iterator[Run[Any]]:
    """Yield every run."""
    for row in journal.database.read(f"{RUNS} ORDER BY id"):
        yield run_of(row, journal.history.id)


def told_otherwise(journal: SqlJournal, runs: Mapping[int, Run[Any]]) -> Iterator[tuple[int, str]]:
    """Yield the runs whose state is another than their events rebuild."""
    known: dict[int, dict[str, Any]] = defaultdict(dict)
    sql = "SELECT run, kind, data FROM events WHERE run IS NOT NULL ORDER BY run, id"
    for run, kind, data in journal.database.read(sql):
        told = json.loads(data)
        if "status" in told or kind in STATUSES:
            known[run].update(told, status=told.get("status", kind))
    for id, run in runs.items():
        told, is_now = known.pop(id, {}), run.as_dict()
        for name in REBUILT:
            told.setdefault(name, {"tags": [], "mode": "once"}.get(name))
            if is_now[name] != told[name]:
                yield id, f"run {id} has {name} {is_now[name]!r}, and its events say {told[name]!r}"
    if known:
        yield next(iter(runs)), f"there are events of runs that are not there: {sorted(known)[:5]}"
