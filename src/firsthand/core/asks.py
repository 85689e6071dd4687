"""Asking a colleague: whoever may not perform an action asks for it; those who may take the ask or decline it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from firsthand.core import refusals
from firsthand.core.actions import Action
from firsthand.core.actors import Person
from firsthand.core.attempts import Attempt, Request
from firsthand.core.digests import digest_of
from firsthand.core.errors import Refused
from firsthand.core.journal import Step
from firsthand.core.keeping import keeps, lost_words
from firsthand.core.looking import Looking
from firsthand.core.pipeline import Pipeline
from firsthand.core.policy import Clause
from firsthand.core.reasons import says_something
from firsthand.core.runs import Run
from firsthand.core.text import LIMITS, is_utf8, recordable

CLOSED_BY = {"take": "taken", "decline": "declined", "withdraw": "withdrawn"}
"""The event of each way in which an ask is closed."""


@dataclass(frozen=True, slots=True)
class Asks:
    """Asking, taking, declining and withdrawing, over the same pipeline."""

    pipeline: Pipeline

    def ask(self, request: Request) -> Run[Any]:
        """Record an ask: authorized to ask, looked up, its inputs, reason and subjects checked; nothing performed."""
        attempt = self.pipeline.record(request, asked=True)
        attempt.partly = True
        return self.pipeline.conclude(attempt, self.check_ask)

    def check_ask(self, attempt: Attempt) -> str:
        """Check what can be checked before anybody takes the ask."""
        pipeline, request = self.pipeline, attempt.request
        action = pipeline.look_up(attempt)
        policy = action.policy
        if not policy.may_ask(attempt.actor.roles) and not policy.granted(attempt.actor.roles):
            raise refusals.may_not_ask(action.title, policy.words())
        pipeline.check_texts(request)
        pipeline.parse_inputs(attempt, action)
        secret = [name for name, each in action.inputs.items() if each.secret]
        if given := [name for name in secret if name in request.inputs]:
            raise refusals.secret_in_ask(given)
        if missing := [name for name, each in action.inputs.items() if each.required and name not in attempt.inputs]:
            missing = [name for name in missing if name not in secret]
            if missing:
                raise refusals.inputs_invalid([f"{name}: this is missing." for name in missing])
        kept = {name: value for name, value in (attempt.run.inputs or {}).items() if name not in secret}
        if lost := [name for name, value in kept.items() if not keeps(action.inputs[name], attempt, value)]:
            raise refusals.inputs_invalid([lost_words(action.inputs[name], "an ask") for name in lost])
        attempt.run.inputs = kept
        attempt.run.reason = action.reasons.settle(request.reason, request.notes)
        pipeline.load_subjects(attempt, action)
        return "asked"

    def take(
        self,
        id: int,
        actor: Person,
        secrets: Mapping[str, object],
        surface: str,
        listener: Callable[[str, object], None] | None = None,
        once: str | None = None,
    ) -> Run[Any]:
        """Perform an ask: by the taker, for the same customer, its inputs unchanged, everything checked again."""
        run = self.open_ask(id, actor, "take", once)
        if run.again:
            return run
        request = Request(
            run.action, {**secrets, **(run.inputs or {})}, actor.id, surface,
            run.requested_by, run.ticket, run.reason, run.notes, listener,
        )  # fmt: skip
        action = self.authorize(request, actor, run.id, "take")
        secret = {name for name, each in action.inputs.items() if each.secret}
        missing = [name for name in secret if action.inputs[name].required and name not in secrets]
        faults = [f"{name}: an ask's inputs cannot be changed." for name in sorted(set(secrets) - secret)]
        faults += [f"{name}: this is missing; it is secret, so the ask has not kept it." for name in missing]
        if faults:
            self.refuse(refusals.inputs_invalid(faults), run.id, actor, "take")
        taken = replace(run, status="recorded", actor=actor.id, surface=surface, subjects=())
        changes: dict[str, object] = {"actor": actor.id, "surface": surface}
        step = self.step(run.id, "recorded", actor, changes, kind="taken", once=once, words="")
        if not self.pipeline.journal.step(step):
            return self.closed(run.id, actor, "take", once)
        return self.pipeline.conclude(self.pipeline.attempt(request, actor, taken), self.pipeline.perform_attempt)

    def decline(self, id: int, actor: Person, words: str, once: str | None = None) -> Run[Any]:
        """Say no to an ask, in words; whoever may perform it may."""
        run = self.open_ask(id, actor, "decline", once, words)
        if run.again:
            return run
        self.authorize(Request(run.action, run.inputs or {}, actor.id, run.surface), actor, run.id, "decline")
        if not says_something(words):
            self.refuse(refusals.words_missing(), run.id, actor, "decline")
        return self.close(run, "declined", actor, words, "decline", once)

    def withdraw(self, id: int, actor: Person, words: str = "", once: str | None = None) -> Run[Any]:
        """Take an ask back; only whoever asked may."""
        run = self.open_ask(id, actor, "withdraw", once, words)
        if run.again:
            return run
        if run.asked_by != actor.id:
            self.refuse(refusals.not_asker(id), id, actor, "withdraw")
        return self.close(run, "withdrawn", actor, words, "withdraw", once)

    def close(self, run: Run[Any], status: str, actor: Person, words: str, verb: str, once: str | None) -> Run[Any]:
        """End an ask without performing it."""
        if not is_utf8(words):
            self.refuse(refusals.not_utf8("words"), run.id, actor, verb)
        if len(words) > LIMITS["comment"]:
            self.refuse(refusals.too_long("words", len(words), LIMITS["comment"]), run.id, actor, verb)
        refusal = {"code": status, "message": words, "fix": "", "check": None}
        changes: dict[str, object] = {"refusal": refusal} if words else {}
        if not self.pipeline.journal.step(self.step(run.id, status, actor, changes, once=once, words=words)):
            return self.closed(run.id, actor, verb, once, words)
        return self.pipeline.journal.run(run.id) or run

    def step(
        self, id: int, status: str, actor: Person, changes: dict[str, object], kind: str = "", *,
        once: str | None, words: str,
    ) -> Step:  # fmt: skip
        """Return a step from asked."""
        digest = self.digest(id, words) if once else None
        return Step(id, "asked", status, self.pipeline.clock(), actor.id, changes, kind, once=once, digest=digest)

    def digest(self, id: int, words: str) -> str:
        """Return the digest of what closes an ask: a taking has no words, and its secrets are not kept."""
        return digest_of(self.pipeline.journal.id, ask=id, words=words)

    def open_ask(self, id: int, actor: Person, verb: str, once: str | None, words: str = "") -> Run[Any]:
        """Return an open ask, if the actor may know of its action; an unknown one and a hidden one look the same.

        Where the actor has sent the same before, return its run as it stands, as ``again``; anything else under the
        same key is refused.
        """
        run = self.pipeline.journal.run(id)
        action = self.pipeline.actions.get(run.action) if run else None
        if run is None or not action or not action.policy.may_know(actor.roles):
            self.refuse(refusals.ask_closed(id, None), run.id if run else None, actor, verb)
        if once and (fault := refusals.unfit_key(once)):
            self.refuse(fault, id, actor, verb)
        sent = once and self.pipeline.journal.sent(actor.id, CLOSED_BY[verb], once)
        return self.closed(id, actor, verb, once, words) if sent or run.status != "asked" else run

    def authorize(self, request: Request, actor: Person, id: int, verb: str) -> Action:
        """Return the ask's action; refuse, and leave the ask open, where the actor may not perform it as asked for."""
        action = self.pipeline.visible(request.action, actor)
        clauses = action.policy.granted(actor.roles)
        no_right = refusals.no_right(action.title, action.policy.words(), action.name)
        if refusal := self.no_clause(request, action, clauses) if clauses else no_right:
            refusal.fix = "It stays open for those who may."
            self.refuse(refusal, id, actor, verb)
        return action

    def no_clause(self, request: Request, action: Action, clauses: tuple[Clause, ...]) -> Refused | None:
        """Return the refusal where it is known of the inputs that no clause holds for them."""
        needed = {name for clause in clauses if clause.wiring for name in clause.wiring.inputs}
        try:
            with Looking(self.pipeline).looking(request) as attempt:
                self.pipeline.parse_inputs(attempt, action)
                self.pipeline.load_subjects(attempt, action)
                if needed <= attempt.inputs.keys():
                    action.policy.settle(clauses, attempt.opened, attempt.inputs)
        except Refused as refusal:
            return refusal if refusal.code == "clause_failed" else None
        return None

    def closed(self, id: int, actor: Person, verb: str, once: str | None, words: str = "") -> Run[Any]:
        """Return the run of an ask that is not open any more where the actor has sent the same before; else refuse."""
        journal = self.pipeline.journal
        run, sent = journal.run(id), journal.sent(actor.id, CLOSED_BY[verb], once) if once else None
        if run is None or not once or sent is None:
            self.refuse(refusals.ask_closed(id, run.status if run else None), id, actor, verb)
        before = journal.digest_of(actor.id, CLOSED_BY[verb], once)
        if sent != id or before not in (None, self.digest(id, words)):
            self.refuse(refusals.key_used(sent), id, actor, verb)
        return replace(run, again=True)

    def refuse(self, refusal: Refused, id: int | None, actor: Person, verb: str) -> NoReturn:
        """Put on record that taking, declining or withdrawing was refused, and refuse."""
        message = recordable(refusal.message, LIMITS["comment"])
        data = {"tried": verb, "code": refusal.code, "message": message}
        self.pipeline.journal.append("refused_try", actor=actor.id, at=self.pipeline.clock(), run=id, data=data)
        raise refusal
