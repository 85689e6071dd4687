"""Asking a colleague: whoever may not perform an action asks for it; those who may take the ask or decline it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from firsthand.core import refusals
from firsthand.core.actors import Person
from firsthand.core.errors import Refused
from firsthand.core.journal import Step
from firsthand.core.pipeline import Attempt, Pipeline, Request
from firsthand.core.reasons import says_something
from firsthand.core.runs import Run
from firsthand.core.text import LIMITS, is_utf8, recordable


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
        if not policy.may_ask(request.actor.roles) and not policy.granted(request.actor.roles):
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
        attempt.run.inputs = {name: value for name, value in (attempt.run.inputs or {}).items() if name not in secret}
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
    ) -> Run[Any]:
        """Perform an ask: by the taker, for the same customer, its inputs unchanged, everything checked again."""
        run = self.open_ask(id, actor, "take")
        action = self.pipeline.actions.get(run.action)
        asked = {name for name, each in action.inputs.items() if each.secret} if action else set()
        if extra := sorted(set(secrets) - asked):
            faults = [f"{name}: an ask's inputs cannot be changed; only its secrets are left to give." for name in extra]
            self.refuse(refusals.inputs_invalid(faults), run.id, actor, "take")
        request = Request(
            run.action, {**(run.inputs or {}), **secrets}, actor, surface,
            run.requested_by, run.ticket, run.reason, run.notes, listener,
        )  # fmt: skip
        self.authorize(request, run.id, "take")
        if action and (missing := [name for name in asked if action.inputs[name].required and name not in secrets]):
            faults = [f"{name}: this is missing; it is secret, so the ask has not kept it." for name in missing]
            self.refuse(refusals.inputs_invalid(faults), run.id, actor, "take")
        taken = replace(run, status="recorded", actor=actor.id, surface=surface, subjects=(), listener=listener)
        step = self.step(run.id, "recorded", actor, {"actor": actor.id, "surface": surface}, kind="taken")
        if not self.pipeline.journal.step(step):
            self.refuse(refusals.ask_closed(run.id, "taken"), run.id, actor, "take")
        return self.pipeline.conclude(self.pipeline.attempt(request, taken), self.pipeline.perform_attempt)

    def decline(self, id: int, actor: Person, words: str) -> Run[Any]:
        """Say no to an ask, in words; whoever may perform it may."""
        run = self.open_ask(id, actor, "decline")
        self.authorize(Request(run.action, {}, actor, run.surface), run.id, "decline")
        if not says_something(words):
            raise Refused("Declining needs words.", "Say why, for whoever asked.", code="notes_missing")
        return self.close(run, "declined", actor, words)

    def withdraw(self, id: int, actor: Person, words: str = "") -> Run[Any]:
        """Take an ask back; only whoever asked may."""
        run = self.open_ask(id, actor, "withdraw")
        if run.asked_by != actor.id:
            self.refuse(refusals.not_asker(id), id, actor, "withdraw")
        return self.close(run, "withdrawn", actor, words)

    def close(self, run: Run[Any], status: str, actor: Person, words: str) -> Run[Any]:
        """End an ask without performing it."""
        if words and not is_utf8(words):
            raise refusals.not_utf8("notes")
        if len(words) > LIMITS["comment"]:
            raise refusals.too_long("notes", len(words), LIMITS["comment"])
        refusal = {"code": status, "message": recordable(words, LIMITS["comment"]), "fix": "", "check": None}
        changes: dict[str, object] = {"ended_at": self.pipeline.clock()} | ({"refusal": refusal} if words else {})
        if not self.pipeline.journal.step(self.step(run.id, status, actor, changes)):
            self.refuse(refusals.ask_closed(run.id, "taken"), run.id, actor, status)
        return self.pipeline.journal.run(run.id) or run

    def step(self, id: int, status: str, actor: Person, changes: dict[str, object], kind: str = "") -> Step:
        """Return a step from asked."""
        return Step(id, "asked", status, self.pipeline.clock(), actor.id, changes, kind)

    def open_ask(self, id: int, actor: Person, verb: str) -> Run[Any]:
        """Return an open ask, if the actor may know of its action; an unknown one and a hidden one look the same."""
        run = self.pipeline.journal.run(id)
        action = self.pipeline.actions.get(run.action) if run else None
        if run is None or not action or not action.policy.may_know(actor.roles):
            self.refuse(refusals.ask_closed(id, None), run.id if run else None, actor, verb)
        elif run.status != "asked":
            self.refuse(refusals.ask_closed(id, run.status), id, actor, verb)
        assert run is not None, "refuse raises"  # noqa: S101
        return run

    def authorize(self, request: Request, id: int, verb: str) -> None:
        """Refuse, and leave the ask open, where the actor may not perform its action."""
        action = self.pipeline.visible(request)
        if not action.policy.granted(request.actor.roles):
            refusal = refusals.no_right(action.title, action.policy.words(), action.name)
            refusal.fix = "It stays open for those who may."
            self.refuse(refusal, id, request.actor, verb)

    def refuse(self, refusal: Refused, id: int | None, actor: Person, verb: str) -> None:
        """Put on record that taking, declining or withdrawing was refused, and refuse."""
        data = {"tried": verb, "code": refusal.code, "message": refusal.message}
        self.pipeline.journal.append("refused_try", actor=actor.id, at=self.pipeline.clock(), run=id, data=data)
        raise refusal
