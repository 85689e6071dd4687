"""Performing in the author's own transaction: effect and outcome are committed together, or neither.

Its checks look at what they check inside of that transaction. The outcome is a row beside the effect, the **mark**;
where the author's database is the journal's own, it is the run itself.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, Protocol

from firsthand.core import refusals
from firsthand.core.actions import Action, Actions
from firsthand.core.attempts import Attempt
from firsthand.core.calling import call
from firsthand.core.errors import AuthorError, JournalError, Refused
from firsthand.core.journal import Journal, Step
from firsthand.core.marking import Happened, Transaction, is_transient
from firsthand.core.outcomes import failure_of, value_as_json
from firsthand.core.runs import Run

MOST = 5
"""How often checks and function are tried where another transaction gets in their way."""


class Pipeline(Protocol):
    """What of the pipeline this needs."""

    @property
    def actions(self) -> Actions:
        """The desk's actions."""

    @property
    def journal(self) -> Journal:
        """The journal."""

    @property
    def clock(self) -> Callable[[], int]:
        """What gives microseconds since 1970, in UTC."""

    def outcome_step(self, attempt: Attempt, status: str, at: int) -> Step:
        """Return the step of a run that ends."""


class Together:
    """One try to perform a run in its resource's transaction; ``shared`` where that is one of the journal itself."""

    def __init__(self, pipeline: Pipeline, attempt: Attempt, action: Action) -> None:
        self.pipeline = pipeline
        self.attempt = attempt
        self.before = attempt.run.status
        self.returned = False
        self.transaction = Transaction(attempt.opened.get(action.manner.resource), action.manner.resource)
        self.transaction.begin()
        self.shared = self.transaction.holds(pipeline.journal.id)
        if not self.shared and (outcome := self.transaction.outcome(attempt.run.key)) is not None:
            raise Happened(outcome)

    def step(self, step: Step) -> bool:
        """Record that the run is being performed: before the effect, or, in the journal's own database, with it."""
        journal = self.pipeline.journal
        if not self.shared:
            return journal.step(step)
        return bool(call(journal.step_within, self.transaction.connection, step))

    def perform(self, function: Callable[[], Any]) -> Any:
        """Call the author's function, which can commit nothing, and put what it returned beside its effect."""
        attempt, transaction = self.attempt, self.transaction
        if not self.shared and not transaction.mark(attempt.run.key, self.pipeline.clock()):
            raise Happened(transaction.outcome(attempt.run.key) or {})
        with transaction.kept():
            attempt.run.value = function()
            transaction.check_open()
        if self.shared:
            self.step(self.pipeline.outcome_step(attempt, "succeeded", self.pipeline.clock()))
        else:
            transaction.finish(attempt.run.key, value_as_json(attempt.run.value, attempt.mask))
        self.returned = True
        return attempt.run.value

    def committed(self) -> bool:
        """Say whether the effect is there, now that the resource has been left: what it said of that may be lost."""
        attempt, journal = self.attempt, self.pipeline.journal
        if self.shared:
            run = journal.run(attempt.run.id)
            return run is not None and run.status == "succeeded"
        assert attempt.action is not None, "it was begun for its action"  # noqa: S101
        return marked(self.pipeline, attempt.run, attempt.action) is not None

    def undone(self) -> None:
        """Note that all was rolled back; where the run's steps were part of it, these too."""
        if self.shared:
            self.attempt.run.status, self.attempt.run.performing_at = self.before, None


def begin(pipeline: Pipeline, attempt: Attempt, action: Action) -> None:
    """Open the resource whose transaction a run is performed in, before anything is looked at that it must not miss."""
    if action.manner.resource is not None and not attempt.waits:
        attempt.together = Together(pipeline, attempt, action)


def through(pipeline: Pipeline, attempt: Attempt, steps: Callable[[Attempt], str]) -> str:
    """Take an attempt through its steps, close its resources, and return the status it ends in.

    Where another transaction got in the way of its own, it is taken through all of them again.
    """
    for left in reversed(range(MOST)):
        try:
            return one_try(pipeline, attempt, steps)
        except Happened as happened:
            return replayed(attempt, happened)
        except (AuthorError, Refused) as error:
            cause = error.error if isinstance(error, AuthorError) else error.__cause__
            cause = cause.error if isinstance(cause, AuthorError) else cause
            if attempt.action is None or attempt.action.manner.resource is None or not left or not is_transient(cause):
                raise
        attempt.opened, attempt.together = pipeline.actions.opened(attempt.run), None
    raise AssertionError("the last try returns or raises")


def one_try(pipeline: Pipeline, attempt: Attempt, steps: Callable[[Attempt], str]) -> str:
    """Take an attempt through its steps once."""
    status, raised = "", None
    try:
        with attempt.opened:
            status = steps(attempt)
    except (AuthorError, Refused) as error:
        raised = error
        if attempt.together is None:
            raise
        if not attempt.together.returned:
            attempt.together.undone()
            raise
    return status if attempt.together is None else decided(attempt.together, raised)


def decided(together: Together, error: AuthorError | Refused | None) -> str:
    """Return how a run ended whose function returned: by what is there, whatever leaving its resource said.

    Where that cannot be looked at now, it is unknown.
    """
    run = together.attempt.run
    try:
        there = together.committed()
    except (AuthorError, Refused, JournalError) as unseen:
        told = error or unseen
        wrapped = told if isinstance(told, AuthorError) else AuthorError(told)
        run.value, run.error = None, failure_of(wrapped, together.attempt.mask)
        return "unknown"
    if there:
        run.status = "succeeded" if together.shared else run.status
        return "succeeded"
    together.undone()
    raise error or AuthorError(RuntimeError("its resource was left without a commit, so that nothing was done"))


def replayed(attempt: Attempt, happened: Happened) -> str:
    """Return how a run ended that is marked already: an earlier try was committed, or it was settled."""
    if "value" not in happened.outcome:
        raise refusals.settled_meanwhile(attempt.run.id)
    attempt.run.value = happened.outcome["value"]
    return "succeeded"


def marked(pipeline: Pipeline, run: Run[Any], action: Action, *, bury: bool = False) -> dict[str, Any] | None:
    """Return what the mark of a run says, by a look through its resource opened afresh; None where it has none.

    To look is to try to mark it, which waits for whoever is about to commit it, and to roll that back.
    ``bury`` marks one that has none as one that has not happened: whoever is late with it finds that.
    """
    opened, found = pipeline.actions.opened(replace(run)), Happened({})
    with suppress(Happened), opened:
        transaction = Transaction(opened.get(action.manner.resource), action.manner.resource)
        transaction.begin()
        outcome = transaction.outcome(run.key)
        if outcome is None and transaction.mark(run.key, pipeline.clock(), {"nothing": True}):
            if bury:
                return None
            found.outcome = {"absent": True}
            raise found
        found.outcome = outcome or transaction.outcome(run.key) or {}
        raise found
    return None if "absent" in found.outcome else found.outcome
