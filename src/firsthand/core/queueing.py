"""Runs that wait: withdrawing one before it begins, and waiting for its end."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, NoReturn

from firsthand.core import refusals
from firsthand.core.actors import Person
from firsthand.core.digests import digest_of
from firsthand.core.errors import Refused
from firsthand.core.journal import Step
from firsthand.core.pipeline import Pipeline
from firsthand.core.runs import Run
from firsthand.core.text import LIMITS, is_utf8
from firsthand.core.tries import refuse

UNENDED = ("recorded", "queued", "performing")
"""Statuses of a run that ends by itself."""

OVERDUE = timedelta(minutes=1)
"""How long a run that is due may wait until that is told: no worker has begun it."""

SOONEST, LATEST = 0.01, 0.25
"""Seconds between two looks whether a run has ended: few at first, more later."""


@dataclass(frozen=True, slots=True)
class Queueing:
    """What may be done with a run that waits, over the same pipeline."""

    pipeline: Pipeline

    def withdraw(self, id: int, actor: Person, words: str = "", once: str | None = None) -> Run[Any]:
        """Withdraw a run that waits: for whoever wanted it, and whoever may perform its action. Nothing happened."""
        run = self.queued(id, actor, once, words)
        if run.again:
            return run
        if run.performing_at is not None:
            self.refuse(refusals.not_queued(id, "performing"), id, actor)
        action = self.pipeline.actions.ever(run.action)
        may = action is not None and bool(action.policy.granted(actor.roles))
        if actor.id not in (run.actor, run.asked_by) and not may:
            self.refuse(refusals.not_wanter(id), id, actor)
        self.check_words(words, id, actor)
        refusal = {"code": "withdrawn", "message": words, "fix": "", "check": None}
        changes: dict[str, object] = {"refusal": refusal} if words else {}
        digest = self.digest(id, words) if once else None
        step = Step(id, "queued", "withdrawn", self.pipeline.clock(), actor.id, changes, once=once, digest=digest)
        if not self.pipeline.journal.step(step):
            return self.closed(id, actor, once, words)
        return self.pipeline.journal.run(id) or run

    def queued(self, id: int, actor: Person, once: str | None, words: str) -> Run[Any]:
        """Return a run that waits, if the actor may know of its action; or, as ``again``, what they withdrew before."""
        run = self.pipeline.journal.run(id)
        action = self.pipeline.actions.ever(run.action) if run else None
        wanted = run is not None and actor.id in (run.actor, run.asked_by)
        if run is None or not (wanted or (action and action.policy.may_know(actor.roles))):
            self.refuse(refusals.not_queued(id, None), run.id if run else None, actor)
        if once and (fault := refusals.unfit_key(once)):
            self.refuse(fault, id, actor)
        sent = once and self.pipeline.journal.sent(actor.id, "withdrawn", once)
        return self.closed(id, actor, once, words) if sent or run.status != "queued" else run

    def closed(self, id: int, actor: Person, once: str | None, words: str) -> Run[Any]:
        """Return a run that the actor has withdrawn under the same key before; else refuse: it has begun, or ended."""
        journal = self.pipeline.journal
        run, sent = journal.run(id), journal.sent(actor.id, "withdrawn", once) if once else None
        if run is None or not once or sent is None:
            self.refuse(refusals.not_queued(id, run.status if run else None), id, actor)
        if sent != id or journal.digest_of(actor.id, "withdrawn", once) not in (None, self.digest(id, words)):
            self.refuse(refusals.key_used(sent), id, actor)
        return replace(run, again=True)

    def digest(self, id: int, words: str) -> str:
        """Return the digest of what is sent with a key."""
        return digest_of(self.pipeline.journal.id, run=id, words=words)

    def check_words(self, words: str, id: int, actor: Person) -> None:
        """Refuse words that cannot be recorded."""
        if not is_utf8(words):
            self.refuse(refusals.not_utf8("words"), id, actor)
        if len(words) > LIMITS["comment"]:
            self.refuse(refusals.too_long("words", len(words), LIMITS["comment"]), id, actor)

    def refuse(self, refusal: Refused, id: int | None, actor: Person) -> NoReturn:
        """Put on record that withdrawing was refused, and refuse."""
        refuse(self.pipeline, refusal, actor, "withdraw", run=id)

    def wait(self, id: int, seconds: float) -> Run[Any] | None:
        """Return a run once it has ended, or as it stands when the time has passed; None where there is none."""
        deadline, pause = time.monotonic() + seconds, SOONEST
        while True:
            run = self.pipeline.journal.run(id)
            left = deadline - time.monotonic()
            if run is None or run.status not in UNENDED or left <= 0:
                return run
            time.sleep(min(pause, left))
            pause = min(LATEST, pause * 1.5)
