"""Performing by hand: the steps of a manual action's run are ticked one by one, and somebody says how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

from firsthand.core import refusals
from firsthand.core.actors import Person
from firsthand.core.errors import Refused
from firsthand.core.journal import Step
from firsthand.core.pipeline import Pipeline
from firsthand.core.reasons import says_something
from firsthand.core.runs import Run
from firsthand.core.steps import Steps
from firsthand.core.text import LIMITS, is_utf8
from firsthand.core.tries import refuse

ENDS = ("succeeded", "failed", "refused")
"""How a run by hand can end; refused says that nothing was done."""


@dataclass(frozen=True, slots=True)
class Ticking:
    """Ticking and finishing, for whoever may perform the action now, over the same pipeline."""

    pipeline: Pipeline

    def tick(self, id: int, step: int, actor: Person, *, done: bool = True) -> Steps:
        """Record that a step is done, or that it is not after all; return the steps with their ticks."""
        steps = self.open_steps(id, actor, "tick")
        if step not in range(1, len(steps.texts) + 1):
            self.refuse(refusals.no_such_step(id, step, len(steps.texts)), id, actor, "tick")
        if not self.pipeline.journal.manuals.tick(id, step, done=done, actor=actor.id, at=self.pipeline.clock()):
            self.refuse_closed(id, actor, "tick")
        return self.pipeline.journal.manuals.steps(id) or steps

    def finish(self, id: int, outcome: str, words: str, actor: Person) -> Run[Any]:
        """Record how a run ended, and so the time that it took; steps that were not ticked are named in the record."""
        self.open_steps(id, actor, "finish")
        self.check_end(id, outcome, words, actor)

        def ended(steps: Steps) -> Step:
            noted = {"ticked": len(steps.ticks), "of": len(steps.texts)}
            changes = changes_of(outcome, words.strip(), steps)
            return Step(id, "performing", outcome, self.pipeline.clock(), actor.id, changes, noted=noted)

        if not self.pipeline.journal.manuals.finish(id, ended):
            self.refuse_closed(id, actor, "finish")
        run = self.pipeline.journal.run(id)
        assert run is not None, "it was finished just now"  # noqa: S101
        return run

    def check_end(self, id: int, outcome: str, words: str, actor: Person) -> None:
        """Refuse an outcome that is none, words that cannot be recorded, and no words where they are needed."""
        if outcome not in ENDS:
            self.refuse(refusals.not_an_end(outcome), id, actor, "finish")
        if not is_utf8(words):
            self.refuse(refusals.not_utf8("words"), id, actor, "finish")
        if len(words) > LIMITS["comment"]:
            self.refuse(refusals.too_long("words", len(words), LIMITS["comment"]), id, actor, "finish")
        if outcome != "succeeded" and not says_something(words):
            self.refuse(refusals.end_without_words(outcome), id, actor, "finish")

    def open_steps(self, id: int, actor: Person, verb: str) -> Steps:
        """Return the steps of an open run by hand that the actor may perform.

        An unknown run and one whose action is hidden from the actor look the same.
        """
        journal = self.pipeline.journal
        run = journal.run(id)
        action = self.pipeline.actions.ever(run.action) if run else None
        if run is None or action is None or not action.policy.may_know(actor.roles):
            self.refuse(refusals.not_by_hand(id, None), run.id if run else None, actor, verb)
        if not action.policy.granted(actor.roles):
            refusal = refusals.no_right(action.title, action.policy.words(), action.name)
            refusal.fix = "Whoever may perform it may tick its steps, and say how it ended."
            self.refuse(refusal, id, actor, verb)
        steps = journal.manuals.steps(id)
        if run.status != "performing" or steps is None:
            self.refuse(refusals.not_by_hand(id, run.status), id, actor, verb)
        return steps

    def refuse_closed(self, id: int, actor: Person, verb: str) -> NoReturn:
        """Refuse, since somebody was faster."""
        run = self.pipeline.journal.run(id)
        self.refuse(refusals.not_by_hand(id, run.status if run else None), id, actor, verb)

    def refuse(self, refusal: Refused, id: int | None, actor: Person, verb: str) -> NoReturn:
        """Put on record that ticking or finishing was refused, and refuse."""
        refuse(self.pipeline, refusal, actor, verb, run=id)


def changes_of(outcome: str, words: str, steps: Steps) -> dict[str, object]:
    """Return what a run's record says of its end: the words as its value, its refusal or its error."""
    if outcome == "succeeded":
        value = " ".join(part for part in (stopped(words) if steps.left else words, steps.words()) if part)
        return {"value": value} if value else {}
    if outcome == "refused":
        return {"refusal": {"code": "nothing_done", "message": words, "fix": "", "check": None}}
    return {"error": {"type": "ByHand", "message": words, "traceback": ""}}


def stopped(words: str) -> str:
    """Return words with a full stop, since a sentence follows them."""
    return words if not words or words[-1] in ".!?…:;" else f"{words}."
