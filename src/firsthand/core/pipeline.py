"""The six steps: record, authorize, look up, check, perform, record the outcome.

The only way to perform anything. Every surface hands over a ``Request``; no rule lives anywhere else.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from pydantic_core import to_jsonable_python

from firsthand.core import calling, refusals
from firsthand.core.actions import Action, Actions
from firsthand.core.actors import Person
from firsthand.core.calling import call
from firsthand.core.checks import Item, checklist
from firsthand.core.errors import AuthorError, JournalError, JournalUnavailable, Refused
from firsthand.core.inputs import LIMIT, Parsed, parse, size_of
from firsthand.core.journal import Journal, Step
from firsthand.core.policy import Clause
from firsthand.core.reasons import check_notes
from firsthand.core.resources import Opened
from firsthand.core.runs import Failure, Refusal, Run, Subject, moment
from firsthand.core.secrets import Mask, leaves, reveal
from firsthand.core.text import LIMITS, is_utf8, recordable

TEXTS = ("requested_by", "ticket", "reason", "notes")
LONGEST_OUTPUT = 256 * 1024
"""Characters that a run's output, its traceback, or its returned value as JSON may have on record, each."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a surface hands over: who wants which action performed with which inputs, for whom, and why."""

    action: str
    inputs: Mapping[str, object]
    actor: Person
    surface: str
    requested_by: str | None = None
    ticket: str | None = None
    reason: str | None = None
    notes: str | None = None
    listener: Callable[[str, object], None] | None = None


@dataclass(slots=True)
class Attempt:
    """One run on its way through the steps: what is known of it so far."""

    request: Request
    run: Run[Any]
    opened: Opened
    mask: Mask = field(default_factory=Mask)
    parsed: Parsed = field(default_factory=Parsed)
    inputs: dict[str, Any] = field(default_factory=dict)
    action: Action | None = None
    partly: bool = False


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The six steps over one desk's actions and one journal. ``clock`` gives microseconds since 1970, in UTC."""

    actions: Actions
    journal: Journal
    clock: Callable[[], int]
    desk: str
    environment: str

    def perform_request(self, request: Request) -> Run[Any]:
        """Take a request through all six steps and return its run, whatever its outcome."""
        return self.conclude(self.record(request), self.perform_attempt)

    def perform_attempt(self, attempt: Attempt) -> str:
        """Take a recorded attempt through the steps from authorizing to performing; return the status it ends in."""
        clauses = self.authorize(attempt)
        action = self.look_up(attempt)
        self.check(attempt, action, clauses)
        self.perform(attempt, action)
        return "succeeded"

    # Step 1

    def record(self, request: Request, *, asked: bool = False) -> Attempt:
        """Commit the intent before anything is decided; without it on record nothing is performed."""
        action = self.actions.get(request.action)
        texts = {name: recordable(getattr(request, name), LIMITS[name]) for name in TEXTS}
        run: Run[Any] = Run(
            id=0,
            action=action.name if action else recordable(request.action, LIMITS["action"]) or "",
            status="recorded",
            at=moment(self.clock()),
            actor=None if asked else request.actor.id,
            asked_by=request.actor.id if asked else None,
            surface=request.surface,
            environment=self.environment,
            desk=self.desk,
            listener=request.listener,
            **texts,
        )
        return self.attempt(request, self.journal.record(run))

    def attempt(self, request: Request, run: Run[Any]) -> Attempt:
        """Return a recorded run with what its steps need."""
        return Attempt(request, run, Opened(self.actions.resources, run))

    # Step 2

    def authorize(self, attempt: Attempt) -> tuple[Clause, ...]:
        """Return the clauses that could hold for the actor; a hidden name and an unknown one are refused alike."""
        action = self.visible(attempt.request)
        clauses = action.policy.granted(attempt.request.actor.roles)
        if not clauses:
            raise refusals.no_right(action.title, action.policy.words(), action.name)
        return clauses

    def visible(self, request: Request) -> Action:
        """Return the action asked for, if there is one and the actor may know of it."""
        action, roles = self.actions.get(request.action), request.actor.roles
        if action is None or not action.policy.may_know(roles):
            names = [each.name for each in self.actions if each.policy.may_know(roles)]
            raise refusals.unknown_action(recordable(request.action, LIMITS["action"]) or "", names)
        return action

    # Step 3

    def look_up(self, attempt: Attempt) -> Action:
        """Return the action of the name, and note its code's digest and its tags as they are now."""
        action = attempt.action = self.visible(attempt.request)
        attempt.run.digest, attempt.run.tags = action.digest, action.tags
        return action

    # Step 4

    def check(self, attempt: Attempt, action: Action, clauses: tuple[Clause, ...]) -> None:
        """Check the inputs, the clause of ``who``, the reason, the subjects, the circumstances, in this order."""
        self.check_texts(attempt.request)
        self.parse_inputs(attempt, action)
        subjects = {name for name, each in action.inputs.items() if each.kind}
        early = [each for each in clauses if not each.wiring or not subjects.intersection(each.wiring.inputs)]
        if len(early) == len(clauses):
            action.policy.settle(clauses, attempt.opened, attempt.inputs)
        attempt.run.reason = action.reasons.settle(attempt.request.reason, attempt.request.notes)
        self.load_subjects(attempt, action)
        if len(early) < len(clauses):
            action.policy.settle(clauses, attempt.opened, attempt.inputs)
        self.check_choices(attempt, action)
        for circumstance in action.circumstances:
            circumstance.hold(attempt.opened, attempt.inputs)

    def check_texts(self, request: Request) -> None:
        """Refuse texts that are not UTF-8 or over their limits."""
        for name in TEXTS:
            text, shown = getattr(request, name), name.replace("_", " ")
            if text and not is_utf8(text):
                raise refusals.not_utf8(shown)
            if text and name not in ("notes", "reason") and len(text) > LIMITS[name]:
                raise refusals.too_long(shown, len(text), LIMITS[name])
        check_notes(request.notes)

    def parse_inputs(self, attempt: Attempt, action: Action) -> None:
        """Parse the inputs; what is secret among them is known from here on, and masked."""
        if (size := size_of(attempt.request.inputs)) > LIMIT:
            raise refusals.inputs_too_large(size, LIMIT)
        attempt.mask.add(
            secret for name, each in action.inputs.items() if each.secret
            for secret in leaves(attempt.request.inputs.get(name))
        )  # fmt: skip
        attempt.parsed = parsed = parse(action.inputs.values(), attempt.request.inputs, partly=attempt.partly)
        for value in (*parsed.secrets, *(parsed.values[name] for name in parsed.values if action.inputs[name].secret)):
            attempt.mask.add(leaves(value))
            attempt.mask.add(reveal(value))
        attempt.run.inputs = attempt.mask.tree(parsed.masked)  # type: ignore[assignment]
        if parsed.faults:
            raise refusals.inputs_invalid(parsed.faults)
        attempt.inputs = dict(parsed.values)

    def load_subjects(self, attempt: Attempt, action: Action) -> None:
        """Load the subjects afresh, and note them as they are now."""
        for name, each in action.inputs.items():
            value = attempt.inputs.get(name)
            if each.kind is None or value is None:
                continue
            id = each.kind.id_of(value) if each.kind.is_loaded(value) else str(value)
            known = (*attempt.run.subjects, Subject(each.kind.name, recordable(id, 200) or ""))
            loaded = value if each.kind.is_loaded(value) else each.kind.load(value, attempt.opened)
            attempt.run.subjects = known
            attempt.inputs[name] = loaded
            attempt.run.subjects = (*known[:-1], each.kind.describe(known[-1].id, loaded))

    def check_choices(self, attempt: Attempt, action: Action) -> None:
        """Refuse a value that is not one of the choices that stand now."""
        for name, each in action.inputs.items():
            value = attempt.inputs.get(name)
            if each.choices and not (value is None and not each.required):
                offered = [choice[0] for choice in choices_of(attempt.opened.call(each.choices, attempt.inputs))]
                if value not in offered:
                    raise refusals.choice_invalid(name, [str(choice) for choice in offered])

    # Step 5

    def perform(self, attempt: Attempt, action: Action) -> None:
        """Commit that it is being performed, so that a crash leaves evidence; then call the author's function."""
        arguments = attempt.opened.arguments(action.wiring, attempt.inputs)
        run, at = attempt.run, self.clock()
        step = Step(run.id, run.status, "performing", at, attempt.request.actor.id, self.known(attempt, performing=at))
        if not self.journal.step(step):
            raise JournalError(f"Run {run.id} was changed meanwhile.", f"firsthand show {run.id} says how.")
        run.status, run.performing_at = "performing", moment(at)
        run.value = call(action.wiring.function, **arguments)

    def known(self, attempt: Attempt, **times: int) -> dict[str, object]:
        """Return what the checks found out of a run, for the record, without its secrets."""
        run, mask = attempt.run, attempt.mask
        changes: dict[str, object] = {f"{name}_at": time for name, time in times.items()}
        if attempt.action:
            changes |= {"digest": run.digest, "tags": list(run.tags) or None, "reason": run.reason}
            changes |= {"inputs": run.inputs}
            changes["subjects"] = [mask.tree(asdict(each)) for each in run.subjects] or None
        return {key: value for key, value in changes.items() if value is not None}

    # Step 6

    def conclude(self, attempt: Attempt, steps: Callable[[Attempt], str]) -> Run[Any]:
        """Take the attempt through its steps, close its resources, and record how it ended."""
        run = attempt.run
        try:
            with attempt.opened:
                status = steps(attempt)
        except Refused as refusal:
            run.value, status = None, "refused"
            run.refusal = self.refusal_of(refusal, attempt.mask)
        except AuthorError as error:
            run.value, status = None, "failed"
            run.error = failure_of(error.error, attempt.mask)
        except JournalUnavailable:
            self.record_outcome(attempt, "failed", keep=True)
            raise
        return self.record_outcome(attempt, status)

    def record_outcome(self, attempt: Attempt, status: str, *, keep: bool = False) -> Run[Any]:
        """Record the outcome: value, refusal or error, and what step 5 would have recorded where it was not reached."""
        run, mask, at = attempt.run, attempt.mask, self.clock()
        if keep:
            run.error = Failure("JournalUnavailable", "The journal could not be written, so nothing was performed.")
        changes = {} if run.status == "performing" else self.known(attempt)
        if status != "asked":
            changes["ended_at"] = at
        if status == "succeeded":
            changes["value"] = mask.tree(value_as_json(run.value))
        run.output = mask.text(run.output)[-LONGEST_OUTPUT:]
        details = {"output": run.output or None, "refusal": run.refusal, "error": run.error}
        for name, detail in details.items():
            if detail is not None:
                changes[name] = detail if isinstance(detail, str) else asdict(detail)
        step = Step(run.id, run.status, status, at, attempt.request.actor.id, changes)
        self.journal.finish(step)
        run.status, run.ended_at = status, moment(at) if "ended_at" in changes else None
        return run

    def refusal_of(self, refusal: Refused, mask: Mask) -> Refusal:
        """Return a refusal as recorded."""
        message, fix = (recordable(mask.text(str(text)), 2_000) or "" for text in (refusal.message, refusal.fix))
        return Refusal(refusal.code, message, fix, refusal.check)

    # Before a run

    def checklist(self, request: Request) -> list[Item]:
        """Return which circumstances hold now for what is known of the inputs; nothing is recorded or performed."""
        run: Run[Any] = Run(0, request.action, "", moment(self.clock()), None, request.surface, self.environment)
        attempt = self.attempt(request, run)
        attempt.partly = True
        action = self.visible(request)
        items: list[Item] = []
        try:
            with attempt.opened:
                attempt.parsed = parse(action.inputs.values(), request.inputs, partly=True)
                attempt.inputs = dict(attempt.parsed.values)
                self.load_subjects(attempt, action)
                items = checklist(action.circumstances, attempt.opened, attempt.inputs)
                raise Refused("only looked")
        except AuthorError as error:
            raise Refused(f"This could not be checked: {error.message}", "Tell the action's owner.") from error
        except Refused as refusal:
            if refusal.message != "only looked":
                raise
        return items

    def offered(self, request: Request, name: str) -> list[tuple[object, str]]:
        """Return the choices of an input, for what is known of the others; empty where they cannot be told yet."""
        run: Run[Any] = Run(0, request.action, "", moment(self.clock()), None, request.surface, self.environment)
        attempt = self.attempt(request, run)
        action = self.visible(request)
        choices = action.inputs[name].choices
        with attempt.opened:
            attempt.inputs = dict(parse(action.inputs.values(), request.inputs, partly=True).values)
            self.load_subjects(attempt, action)
            if choices is None or any(each not in attempt.inputs for each in choices.inputs):
                return []
            return choices_of(attempt.opened.call(choices, attempt.inputs))

    def found(self, request: Request, kind: str, text: str) -> list[Subject]:
        """Return the subjects that the search of a kind finds for a text."""
        run: Run[Any] = Run(0, request.action, "", moment(self.clock()), None, request.surface, self.environment)
        self.visible(request)
        with Opened(self.actions.resources, run) as opened:
            return list(self.actions.kinds[kind].find(text, opened))


def choices_of(given: Any) -> list[tuple[object, str]]:
    """Return choices as pairs of value and label: of values, of pairs, or of a mapping."""
    pairs = given.items() if isinstance(given, Mapping) else given
    return [
        (pair[0], str(pair[1])) if isinstance(pair, tuple) and len(pair) == 2 else (pair, str(pair)) for pair in pairs
    ]


def value_as_json(value: object) -> object:
    """Return what the author's function returned as JSON can carry it; what cannot be is named by its type."""
    try:
        plain = call(to_jsonable_python, value, fallback=shown, inf_nan_mode="strings", bytes_mode="base64")
    except (AuthorError, Refused):
        return shown(value)
    return recordable(plain, LONGEST_OUTPUT) if isinstance(plain, str) else bounded(plain)


def bounded(value: object) -> object:
    """Return a JSON value, or a word about its size where it is too large for the record."""
    size = size_of(value)
    return value if size <= LONGEST_OUTPUT else f"<{type(value).__name__} of {size:,} bytes, too large for the record>"


def shown(value: object) -> str:
    """Return a value's type, for one that JSON cannot carry; its ``repr`` is the author's code, and may tell too much."""
    return f"<{type(value).__name__}>"


def failure_of(error: BaseException, mask: Mask) -> Failure:
    """Return what the author's code raised, with its traceback from there on, without values of variables."""
    raised = error.__traceback__
    while raised and raised.tb_frame.f_code.co_filename == calling.__file__:
        raised = raised.tb_next
    error.__traceback__ = raised
    lines = "".join(traceback.format_exception(error))
    message = "".join(traceback.format_exception_only(error)).strip()
    name = type(error).__name__
    message = message.split(": ", 1)[1] if ": " in message else ""
    spelt = (recordable(mask.text(text), LONGEST_OUTPUT) or "" for text in (message[:2_000], lines[-LONGEST_OUTPUT:]))
    return Failure(name, *spelt)
