"""One action for many subjects: drafted with a preflight of every row, confirmed once, then paused, resumed, cancelled.

A row is a run like any other: it goes through the whole pipeline when its turn comes. What is decided here is what
happens to the batch as a whole, on whose authority.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, NoReturn

from firsthand.core import refusals
from firsthand.core import refusals_of_batches as unfit
from firsthand.core.actions import Action
from firsthand.core.actors import Person
from firsthand.core.attempts import TEXTS, Request
from firsthand.core.batch import ENDED, Batch, BatchRow, Progress, Store
from firsthand.core.calling import call
from firsthand.core.errors import ChangedMeanwhile, Refused
from firsthand.core.inputs import LIMIT, size_of
from firsthand.core.journal import Step
from firsthand.core.looking import Looking
from firsthand.core.pipeline import Pipeline
from firsthand.core.preflights import AT_ONCE, Hears, Preflight, rows_of
from firsthand.core.rows import Row, given_rows
from firsthand.core.tries import refuse

GIVEN_UP = 3_600_000_000
"""Microseconds after which a batch is forgotten whose rows were never given to the end: its process has died."""

WAIT = 0.05
"""Seconds after which it is looked again how far a preflight is that another process has in hand."""

END = object()

RowsOf = Callable[[Action], Iterable[Row]]


@dataclass(frozen=True, slots=True)
class Batches:
    """Drafting, confirming, pausing, resuming and cancelling, over the same pipeline. Raises ``Refused``."""

    pipeline: Pipeline
    store: Store

    # Drafting

    def draft(
        self,
        name: str,
        rows: RowsOf,
        actor: Person,
        surface: str,
        source: str,
        *,
        background: bool = False,
        hears: Hears | None = None,
        **said: Any,
    ) -> Batch:
        """Store the rows, look at each without performing anything, and return the batch with what was found.

        ``said`` are ``reason``, ``notes``, ``requested_by`` and ``ticket`` of all rows that say none of their own;
        ``hears`` is told now and then how it stands. Where the rows cannot be read, nothing is kept. With
        ``background`` the rows are only stored, and `look` looks at them, or a worker.
        """
        action = self.performed_by(name, actor, "draft a batch")
        at = self.pipeline.clock()
        facts = {name: None for name in TEXTS} | said | {
            "action": action.name, "actor": actor.id, "at": at, "surface": surface, "source": source[:200],
            "environment": self.pipeline.environment, "desk": self.pipeline.desk, "mode": action.manner.mode,
            "status": "loading", "next_at": at + GIVEN_UP,
        }  # fmt: skip
        self.pipeline.check_texts(Request(action.name, {}, actor.id, surface, **{each: facts[each] for each in TEXTS}))
        self.store.forget(at)
        id, kept = self.store.begin(facts), False
        try:
            self.store.given(id, self.load(id, action, rows(action)))
            if not background:
                self.look(id, hears)
            kept = True
        finally:
            if not kept:
                self.store.discard(id)
        return self.known(id, actor, "draft")

    def load(self, id: int, action: Action, rows: Iterable[Row]) -> int:
        """Store all rows as they were given, and return how many; refuses two about the same, and none."""
        total, each = 0, iter(rows)
        while part := list(islice(each, AT_ONCE)):
            for row in part:
                if (size := size_of(row.inputs)) > LIMIT:
                    raise unfit.row_too_large(row.number, size, LIMIT)
            told = [(row.number, row.inputs, row.said, same(action, row)) for row in part]
            if not self.store.add(id, told, self.pipeline.clock() + GIVEN_UP):
                raise ChangedMeanwhile("The rows took too long to be given.", "Give them again.")
            total += len(part)
        if twice := self.store.twice(id):
            raise unfit.rows_twice(*twice)
        if not total:
            raise unfit.no_rows()
        return total

    def look(self, id: int, hears: Hears | None = None) -> Batch | None:
        """Look at the rows of a batch until that is done, here or by another process; return the batch."""
        preflight = Preflight(self.pipeline, self.store)
        while True:
            preflight.look(id, hears=hears)
            batch = self.store.get(id)
            if batch is None or batch.status != "preflight":
                return batch
            time.sleep(WAIT)

    def rows(self, id: int, *, unfit: bool = False) -> Iterator[BatchRow]:
        """Yield the rows of a batch, in their order; some hundred are in memory at once."""
        return rows_of(self.store, id, unfit=unfit)

    def queried(self, name: str, actor: Person, surface: str) -> RowsOf:
        """Return what gives a row for each subject of the query that the action's author provides."""

        def rows(action: Action) -> Iterator[Row]:
            query = action.manner.subjects
            if query is None:
                raise unfit.no_query(action.title)
            with Looking(self.pipeline).looking(Request(name, {}, actor.id, surface)) as attempt:
                given = call(iter, attempt.opened.call(query, {}))
                yield from given_rows(iter(lambda: call(next, given, END), END), action)

        return rows

    def progress(self, id: int) -> Progress:
        """Return how far a batch is; ask who may see it first."""
        batch = self.store.get(id)
        if batch is None:
            raise unfit.unknown_batch(id)
        return self.store.progress(batch, self.pipeline.clock())

    # Confirming, pausing, resuming, cancelling

    def confirm(
        self, id: int, digest: str, actor: Person, *, throttle: int | None = None, stop_after: int | None = None
    ) -> Batch:
        """Have the rows performed that would go through: those that ``digest`` is of, in the name of the actor.

        ``throttle`` is the most rows a minute; after ``stop_after`` failures it pauses. What was confirmed before is
        returned as it stands.
        """
        batch = self.known(id, actor, "confirm")
        if batch.actor != actor.id:
            self.refuse(unfit.not_drafter(id), batch, actor, "confirm a batch")
        self.performed_by(batch.action, actor, "confirm a batch")
        if batch.digest != digest:
            self.refuse(unfit.batch_changed(id), batch, actor, "confirm a batch")
        if not batch.fit:
            self.refuse(unfit.nothing_fits(id), batch, actor, "confirm a batch")
        for name, each in (("The throttle", throttle), ("The number of failures", stop_after)):
            if each is not None and not 1 <= each <= 10**9:
                raise unfit.limits_invalid(f"{name} is {each}.")
        at = self.pipeline.clock()
        changes = {"confirmed_at": at, "throttle": throttle, "stop_after": stop_after, "digest": digest}
        changes["fit"] = batch.fit
        return self.moved(batch, "drafted", "confirmed", "confirm", actor, changes, already=batch.status == "confirmed")

    def pause(self, id: int, actor: Person) -> Batch:
        """Begin no more rows for now; whoever drafted it, or may perform the action, may."""
        batch = self.allowed(id, actor, "pause")
        return self.moved(batch, "confirmed", "paused", "pause", actor, {}, already=batch.status == "paused")

    def resume(self, id: int, actor: Person) -> Batch:
        """Go on with a paused batch; its failures count anew."""
        batch = self.allowed(id, actor, "resume")
        changes = {"failures": 0, "why": ""}
        return self.moved(batch, "paused", "confirmed", "resume", actor, changes, already=batch.status == "confirmed")

    def cancel(self, id: int, actor: Person) -> Batch:
        """Perform no more rows of it, ever: what waits is withdrawn, what has begun is performed."""
        batch = self.allowed(id, actor, "cancel")
        if batch.status in ENDED:
            self.refuse(unfit.batch_closed(id, batch.status, "cancel"), batch, actor, "cancel a batch")
        changes = {"ended_at": self.pipeline.clock()}
        cancelled = self.moved(batch, batch.status, "cancelled", "cancel", actor, changes)
        self.withdraw(id, actor.id)
        return cancelled

    def withdraw(self, id: int, actor: str | None) -> None:
        """Withdraw the runs of a cancelled batch that wait."""
        at = self.pipeline.clock()
        steps = [Step(run, "queued", "withdrawn", at, actor) for run in self.store.open(id, "queued")]
        if steps:
            self.pipeline.journal.steps(steps)

    def moved(
        self,
        batch: Batch,
        expected: str,
        status: str,
        verb: str,
        actor: Person,
        changes: Mapping[str, object],
        *,
        already: bool = False,
    ) -> Batch:
        """Change the status of a batch as somebody wants; what they want twice is done once."""
        kind, at = f"batch_{EVENTS[verb]}", self.pipeline.clock()
        if not already and not self.store.move(
            batch.id, expected, status, kind=kind, actor=actor.id, at=at, action=batch.action, **changes
        ):
            now = self.known(batch.id, actor, verb)
            if now.status != status:
                self.refuse(unfit.batch_closed(batch.id, now.status, verb), batch, actor, f"{verb} a batch")
        return self.known(batch.id, actor, verb)

    # Who may

    def known(self, id: int, actor: Person, verb: str) -> Batch:
        """Return a batch, if the actor may know of its action; an unknown one and a hidden one look the same."""
        batch = self.store.get(id)
        action = self.pipeline.actions.ever(batch.action) if batch else None
        if batch is None or (batch.actor != actor.id and (not action or not action.policy.may_know(actor.roles))):
            refuse(self.pipeline, unfit.unknown_batch(id), actor, f"{verb} a batch")
        return batch

    def allowed(self, id: int, actor: Person, verb: str) -> Batch:
        """Return a batch that the actor drafted, or whose action they may perform."""
        batch = self.known(id, actor, verb)
        if batch.actor != actor.id:
            self.performed_by(batch.action, actor, f"{verb} a batch")
        return batch

    def performed_by(self, name: str, actor: Person, verb: str) -> Action:
        """Return an action in code that the actor may perform."""
        action = self.pipeline.known_action(name, actor)
        if action is None:
            names = [each.name for each in self.pipeline.actions if each.policy.may_know(actor.roles)]
            refuse(self.pipeline, refusals.unknown_action(name, names), actor, verb, action=name)
        if not action.policy.granted(actor.roles):
            refusal = refusals.no_right(action.title, action.policy.words(), action.name)
            refuse(self.pipeline, refusal, actor, verb, action=name)
        if action.manual:
            refuse(self.pipeline, unfit.not_for_batches(action.title), actor, verb, action=name)
        return action

    def refuse(self, refusal: Refused, batch: Batch, actor: Person, verb: str) -> NoReturn:
        """Put on record that something about a batch was refused, and refuse."""
        refuse(self.pipeline, refusal, actor, verb, action=batch.action)


EVENTS = {"confirm": "confirmed", "pause": "paused", "resume": "resumed", "cancel": "cancelled"}


def same(action: Action, row: Row) -> str:
    """Return what makes two rows the same: the subjects that they name, or else all that they give."""
    subjects = [
        str(row.inputs[name]).strip() for name, each in action.inputs.items() if each.kind and name in row.inputs
    ]
    told = json.dumps(subjects if subjects else dict(row.inputs), sort_keys=True)
    return told if len(told) <= 200 else hashlib.sha256(told.encode()).hexdigest()
