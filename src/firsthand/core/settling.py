"""Settling: finding out, after a process died, whether what it was performing happened.

By a person, who says so in words; by the action's ``verify``; or by the mark of a transaction, which proves it.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from firsthand.core import refusals
from firsthand.core.actions import Action
from firsthand.core.actors import Person
from firsthand.core.attempts import Request
from firsthand.core.digests import digest_of
from firsthand.core.errors import AuthorError, Refused
from firsthand.core.fates import again
from firsthand.core.journal import Step
from firsthand.core.pipeline import Pipeline
from firsthand.core.reasons import says_something
from firsthand.core.runs import Run
from firsthand.core.text import LIMITS, is_utf8
from firsthand.core.transactions import marked
from firsthand.core.tries import refuse

LOG = logging.getLogger("firsthand")

ENDS = ("succeeded", "failed")
"""How an unknown run can be settled; failed says that it did not happen."""


class Found(Refused):
    """What was found out; raised through the resources, so that whatever was only looked at is rolled back."""

    def __init__(self, happened: object) -> None:
        super().__init__("Only looked.")
        self.happened = happened


@dataclass(frozen=True, slots=True)
class Settling:
    """Settling unknown runs, over the same pipeline."""

    pipeline: Pipeline

    def settle(self, id: int, outcome: str, words: str, actor: Person, once: str | None = None) -> Run[Any]:
        """Record that somebody who may perform the action has found out whether a run happened, and how they know.

        Where they have sent the same before, under the key ``once``, return the run as it stands, as ``again``.
        """
        digest = digest_of(self.pipeline.journal.id, run=id, outcome=outcome, words=words) if once else None
        run = self.unknown_run(id, actor, once, digest)
        if run.again:
            return run
        self.check(id, outcome, words, actor)
        changes = {"error": {"type": "Settled", "message": words, "traceback": ""}} if outcome == "failed" else {}
        step = self.step(run, outcome, actor.id, changes, {"words": words})._replace(once=once, digest=digest)
        if not self.pipeline.journal.step(step):
            return self.unknown_run(id, actor, once, digest)
        return self.pipeline.journal.run(id) or run

    def settle_unknown(self, without: Collection[int] = ()) -> list[Run[Any]]:
        """Find out of every unknown run whether it happened, as far as its action can tell; return those settled.

        The runs ``without`` are left for later.
        """
        journal = self.pipeline.journal
        settled = [run for run in journal.unknown() if run.id not in without and self.settle_by_itself(run)]
        return [now for run in settled if (now := journal.run(run.id))]

    def settle_by_itself(self, run: Run[Any]) -> bool:
        """Settle an unknown run by the mark of its transaction, or its action's ``verify``, if that can tell."""
        action = self.pipeline.actions.in_code(run.action)
        if action and run.mode == "transactional" and action.manner.resource is not None:
            return self.settle_by_mark(run, action)
        happened = self.verify(run)
        return happened is not None and self.pipeline.journal.step(self.found(run, "verify", happened=happened))

    def settle_by_mark(self, run: Run[Any], action: Action) -> bool:
        """Settle a transactional run by its mark: where it has none nothing happened, and nothing will."""
        try:
            outcome = marked(self.pipeline, run, action, bury=not run.fence)
        except (AuthorError, Refused) as error:
            LOG.warning("The mark of run %s, %s, cannot be looked for: %s", run.id, action.name, error.message)
            return False
        happened, value = outcome is not None and "nothing" not in outcome, (outcome or {}).get("value")
        return self.pipeline.journal.step(self.found(run, "its mark", happened=happened, value=value))

    def found(self, run: Run[Any], by: str, *, happened: bool, value: object = None) -> Step:
        """Return the step of a run of which ``by`` has found out whether it happened.

        What did not, and was performed by a worker, is performed again, unless its mode is once: never in silence.
        """
        if happened:
            return self.step(run, "succeeded", None, {"value": value}, {"by": by})
        if run.fence and run.mode != "once":
            return again(run, self.pipeline.clock(), {"performing_at": None, "ended_at": None}, by)
        words = f"Its process died, and nothing happened: {by} says so."
        return self.step(
            run, "failed", None, {"error": {"type": "ProcessDied", "message": words, "traceback": ""}}, {"by": by}
        )

    def step(
        self, run: Run[Any], status: str, actor: str | None, changes: Mapping[str, object], noted: Mapping[str, object]
    ) -> Step:
        """Return a step from unknown."""
        return Step(run.id, "unknown", status, self.pipeline.clock(), actor, changes, "settled", noted=noted)

    def verify(self, run: Run[Any]) -> bool | None:
        """Ask the action's ``verify`` whether a run happened; None where there is none, or it cannot tell."""
        action = self.pipeline.actions.in_code(run.action)
        if action is None or action.manner.verify is None:
            return None
        try:
            self.look(run, action)
        except Found as found:
            return found.happened if isinstance(found.happened, bool) else None
        except (AuthorError, Refused) as error:
            LOG.warning("The verify of %s could not tell of run %s: %s", action.name, run.id, error.message)
        return None

    def look(self, run: Run[Any], action: Action) -> NoReturn:
        """Call the action's ``verify`` with the run's inputs, its subjects loaded afresh, and raise what it found."""
        assert action.manner.verify is not None, "the caller has looked"  # noqa: S101
        inputs = {name: value for name, value in (run.inputs or {}).items() if name in action.inputs}
        inputs = {name: value for name, value in inputs.items() if not action.inputs[name].secret}
        actor = run.actor or ""
        attempt = self.pipeline.attempt(
            Request(run.action, inputs, actor, run.surface), Person(actor, actor), replace(run)
        )
        attempt.partly = True
        with attempt.opened:
            self.pipeline.parse_inputs(attempt, action)
            self.pipeline.load_subjects(attempt, action)
            raise Found(attempt.opened.call(action.manner.verify, attempt.inputs))

    def unknown_run(self, id: int, actor: Person, once: str | None, digest: str | None) -> Run[Any]:
        """Return an unknown run that the actor may settle, or one that they settled so before under the same key.

        There is none, and one whose action is hidden from the actor: these look the same.
        """
        journal = self.pipeline.journal
        run = journal.run(id)
        action = self.pipeline.actions.ever(run.action) if run else None
        if run is None or action is None or not action.policy.may_know(actor.roles):
            self.refuse(refusals.not_unknown(id, None), run.id if run else None, actor)
        if not action.policy.granted(actor.roles):
            refusal = refusals.no_right(action.title, action.policy.words(), action.name)
            refusal.fix = "Whoever may perform it may say whether it happened."
            self.refuse(refusal, id, actor)
        if once and (fault := refusals.unfit_key(once)):
            self.refuse(fault, id, actor)
        sent = journal.sent(actor.id, "settled", once) if once else None
        if once and sent is not None:
            if sent != id or journal.digest_of(actor.id, "settled", once) not in (None, digest):
                self.refuse(refusals.key_used(sent), id, actor)
            return replace(run, again=True)
        if run.status != "unknown":
            self.refuse(refusals.not_unknown(id, run.status), id, actor)
        return run

    def check(self, id: int, outcome: str, words: str, actor: Person) -> None:
        """Refuse an outcome that is none, and words that say nothing or cannot be recorded."""
        if outcome not in ENDS:
            self.refuse(refusals.not_settled(outcome), id, actor)
        if not is_utf8(words):
            self.refuse(refusals.not_utf8("words"), id, actor)
        if len(words) > LIMITS["comment"]:
            self.refuse(refusals.too_long("words", len(words), LIMITS["comment"]), id, actor)
        if not says_something(words):
            self.refuse(refusals.settled_without_words(), id, actor)

    def refuse(self, refusal: Refused, id: int | None, actor: Person) -> NoReturn:
        """Put on record that settling was refused, and refuse."""
        refuse(self.pipeline, refusal, actor, "settle", run=id)
