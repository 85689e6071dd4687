"""A preflight: every row of a batch is looked at, with every check that a run has, and nothing is performed.

What was found of some rows is stored together with how far it is. So whoever comes goes on with it: the process that
took the rows in, a worker, or another one after that has died.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from firsthand.core.actors import Person
from firsthand.core.attempts import TEXTS, Request
from firsthand.core.batch import Batch, BatchRow, Fault, Store, Unfit
from firsthand.core.calling import call
from firsthand.core.errors import AuthorError, Refused
from firsthand.core.keeping import check_keepable
from firsthand.core.looking import Looking
from firsthand.core.pipeline import Pipeline

AT_ONCE = 500
"""Rows that are stored, or read, at once."""

SOON = 0.25
"""Seconds after which what was found is stored."""

HELD = 15_000_000
"""Microseconds after which a preflight is free again, of which nothing was heard."""

SHOWN = 5
"""Rows of each fault that a preflight names."""

Hears = Callable[[Batch], None]


@dataclass(frozen=True, slots=True)
class Preflight:
    """Looking at the rows of batches, over the same pipeline."""

    pipeline: Pipeline
    store: Store

    def look(
        self,
        id: int,
        seconds: float = float("inf"),
        stopped: Callable[[], bool] = lambda: False,
        hears: Hears | None = None,
    ) -> bool:
        """Look at rows for about so many seconds; return whether there may be more to look at.

        False, with nothing done, where another process looks at it. ``hears`` is told how it stands, now and then.
        """
        at = self.pipeline.clock()
        place, deadline = self.store.hold(id, at, at + HELD), time.monotonic() + seconds
        if place is None:
            return False
        try:
            while (batch := self.store.get(id)) and (rows := self.store.rows(id, place, AT_ONCE)):
                if hears:
                    call(hears, batch)
                last, faults, looked = self.some(batch, rows)
                if not self.store.looked(id, place, last, looked, faults, self.pipeline.clock() + HELD):
                    return False
                place = last
                if stopped() or time.monotonic() > deadline:
                    return True
            if batch:
                self.conclude(batch)
            return False
        finally:
            self.store.leave(id)

    def some(self, batch: Batch, rows: list[BatchRow]) -> tuple[int, list[Unfit], int]:
        """Look at rows for a moment; return the last one's number, which would not go through, and how many it were."""
        pipeline = replace(self.pipeline, journal=Remembering(self.pipeline.journal))
        faults, looked, soon = list[Unfit](), 0, time.monotonic() + SOON
        for row in rows:
            fault = fault_of(pipeline, batch, row)
            looked += 1
            if fault:
                faults.append((row.number, fault))
            if time.monotonic() > soon:
                break
        return rows[looked - 1].number, faults, looked

    def conclude(self, batch: Batch) -> None:
        """Tell what was found of all rows, and freeze it by its digest."""
        found = Findings()
        for row in rows_of(self.store, batch.id):
            found.add(row)
        self.store.move(
            batch.id, "preflight", "drafted", kind="batch_drafted", actor=batch.actor, at=self.pipeline.clock(),
            action=batch.action, digest=found.digest(batch), total=batch.total, fit=found.fit, faults=found.faults(),
        )  # fmt: skip


class Remembering:
    """A journal that is asked once who somebody is; all else is the journal's own."""

    def __init__(self, journal: Any) -> None:
        self.journal = journal
        self.people: dict[str, Person | None] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.journal, name)

    def person(self, id: str) -> Person | None:
        """Return who somebody is."""
        if id not in self.people:
            self.people[id] = self.journal.person(id)
        return self.people[id]


def fault_of(pipeline: Pipeline, batch: Batch, row: BatchRow) -> Mapping[str, object] | None:
    """Return why a row would not go through, found out with every check that a run has before it is performed."""
    try:
        with Looking(pipeline).looking(request_of(batch, row.inputs, row.said)) as attempt:
            attempt.partly = False
            clauses = pipeline.authorize(attempt)
            action = pipeline.look_up(attempt)
            pipeline.check(attempt, action, clauses)
            check_keepable(attempt, action)
    except Refused as refusal:
        cause = refusal.__cause__
        if isinstance(cause, AuthorError) and not isinstance(cause.error, Exception):
            raise cause.error from refusal
        return {"code": refusal.code, "message": refusal.message, "fix": refusal.fix, "check": refusal.check}
    return None


def request_of(batch: Batch, inputs: Mapping[str, object], said: Mapping[str, str]) -> Request:
    """Return the request that a row is, as it is looked at."""
    texts = {name: said.get(name, getattr(batch, name)) for name in TEXTS}
    return Request(batch.action, inputs, batch.actor, batch.surface, **texts)


def rows_of(store: Store, id: int, *, unfit: bool = False) -> Iterator[BatchRow]:
    """Yield the rows of a batch, in their order; some hundred are in memory at once."""
    after = 0
    while part := store.rows(id, after, AT_ONCE, unfit=unfit):
        yield from part
        after = part[-1].number


class Findings:
    """What a preflight has found: how many rows would go through, and why the others would not."""

    def __init__(self) -> None:
        self.fit = 0
        self.by_kind: dict[tuple[str, str | None], Fault] = {}
        self.hash = hashlib.sha256()

    def add(self, row: BatchRow) -> None:
        """Take in what was found of a row."""
        fault = row.fault
        told = [row.number, row.inputs, row.said, fault and fault["code"]]
        self.hash.update(json.dumps(told, sort_keys=True).encode())
        if fault is None:
            self.fit += 1
            return
        kind = fault["code"], fault["check"]
        known = self.by_kind.get(kind) or Fault(kind[0], fault["message"], 0, (), kind[1])
        self.by_kind[kind] = replace(
            known, count=known.count + 1, rows=(*known.rows, row.number)[:SHOWN],
            alike=known.alike and known.message == fault["message"],
        )  # fmt: skip

    def faults(self) -> tuple[Fault, ...]:
        """Return why rows would not go through, the most frequent first."""
        return tuple(sorted(self.by_kind.values(), key=lambda each: -each.count))

    def digest(self, batch: Batch) -> str:
        """Return the digest of the rows, of what was found of each, and of what is said of all."""
        said = [getattr(batch, name) for name in ("action", *TEXTS)]
        self.hash.update(json.dumps(said).encode())
        return self.hash.hexdigest()
