"""A draft: a request that is still being filled in. What is wrong with it, and what would hold, before it is sent.

Nothing of it is recorded or performed; one transaction of the author's resources is opened for it, and left through
an exception.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from firsthand.core.actions import Action
from firsthand.core.attempts import Attempt, Request
from firsthand.core.checks import Item, checklist
from firsthand.core.errors import AuthorError, Refused
from firsthand.core.inputs import choices_of, is_offered
from firsthand.core.looking import Looking
from firsthand.core.pipeline import Pipeline
from firsthand.core.policy import Clause
from firsthand.core.runs import Subject


@dataclass(slots=True)
class Draft:
    """What is known of a request before it is sent.

    ``faults`` are sentences about inputs, ``refusal`` is about the reason and the other texts, ``items`` is the
    checklist, ``limit`` its line about this person, ``offered`` and ``subjects`` are by input: the choices that there
    are now, and who was chosen.
    """

    faults: list[str] = field(default_factory=list)
    refusal: Refused | None = None
    items: list[Item] = field(default_factory=list)
    limit: Item | None = None
    offered: dict[str, Sequence[tuple[object, str]]] = field(default_factory=dict)
    subjects: dict[str, Subject] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether it can be sent: nothing is missing or wrong. Circumstances may still refuse it."""
        return not self.faults and self.refusal is None


def draft(pipeline: Pipeline, request: Request, *, ask: bool = False) -> Draft:
    """Look at a request that is being filled in; ``ask`` says that it is to be asked for, so without secrets.

    Raises ``Refused`` for an action that the person may not know of, and for inputs that are too large.
    """
    looking, found = Looking(pipeline), Draft()
    with looking.looking(request) as attempt:
        action = attempt.action = pipeline.visible(request.action, attempt.actor)
        looking.measure(request.inputs)
        take_in(looking, attempt, action, found, ask=ask)
        texts(pipeline, attempt, action, found)
        load(pipeline, attempt, action, found)
        offer(attempt, action, found)
        found.limit = clause(attempt, action.policy.granted(attempt.actor.roles))
        found.items = [
            *([found.limit] if found.limit else []),
            *checklist(action.circumstances, attempt.opened, attempt.inputs),
        ]
        text = attempt.mask.text
        found.items = [replace(each, message=text(each.message), fix=text(each.fix)) for each in found.items]
        found.faults = [text(each) for each in found.faults]
    return found


def take_in(looking: Looking, attempt: Attempt, action: Action, found: Draft, *, ask: bool) -> None:
    """Parse the inputs one by one, so that one that is wrong does not hide what is known of the others."""
    raw: Mapping[str, object] = attempt.request.inputs
    names = ", ".join(sorted(action.inputs)) or "none"
    found.faults += [f"{name}: there is no such input; there are {names}." for name in raw if name not in action.inputs]
    for name, each in action.inputs.items():
        parsed = looking.parsed(attempt, action, name)
        attempt.inputs.update(parsed.values)
        found.faults += parsed.faults
        if name in raw and name not in parsed.values and not parsed.faults:
            found.faults.append(f"{name}: this is not valid.")
        elif name not in raw and each.required and not (ask and each.secret):
            found.faults.append(f"{name}: this is missing.")


def texts(pipeline: Pipeline, attempt: Attempt, action: Action, found: Draft) -> None:
    """Note what is wrong with the reason, the notes and the other texts."""
    try:
        pipeline.check_texts(attempt.request)
        action.reasons.settle(attempt.request.reason, attempt.request.notes)
    except Refused as refusal:
        found.refusal = refusal


def load(pipeline: Pipeline, attempt: Attempt, action: Action, found: Draft) -> None:
    """Load the subjects that are named; one that there is not is a fault of its input."""
    for name, kind in pipeline.subjects_in(attempt, action):
        value = attempt.inputs.pop(name)
        try:
            loaded = value if kind.is_loaded(value) else kind.load(value, attempt.opened)
            found.subjects[name] = attempt.mask.subject(kind.describe(kind.given_id(value), loaded, attempt.opened))
            attempt.inputs[name] = loaded
        except Refused as refusal:
            found.faults.append(f"{name}: {refusal.message}")
        except AuthorError as error:
            found.faults.append(f"{name}: {not_told(error)}")


def offer(attempt: Attempt, action: Action, found: Draft) -> None:
    """Note the choices that there are now, for what is known of the other inputs."""
    for name, each in action.inputs.items():
        if each.choices is None or any(one not in attempt.inputs for one in each.choices.inputs):
            continue
        try:
            offered = choices_of(attempt.opened, each.choices, attempt.inputs)
            found.offered[name] = [(value, attempt.mask.text(label)) for value, label in offered]
            value = attempt.inputs.get(name)
            if value is not None and not is_offered(each, value, [choice for choice, _ in offered]):
                found.faults.append(f"{name}: that is not one of the choices.")
        except Refused as refusal:
            found.faults.append(f"{name}: {refusal.message}")
        except AuthorError as error:
            found.faults.append(f"{name}: {not_told(error)}")


def clause(attempt: Attempt, granted: Sequence[Clause]) -> Item | None:
    """Return the line of the checklist that says whether this person may, where that depends on the inputs."""
    wirings = [each.wiring for each in granted if each.wiring]
    if not granted or len(wirings) < len(granted):
        return None
    statement = "Your limit: " + " Or: ".join(each.statement or "" for each in granted)
    needed = {name for wiring in wirings for name in wiring.inputs if name not in attempt.inputs}
    if needed:
        return Item(statement, None, tuple(sorted(needed)))
    for each in granted:
        try:
            if each.holds(attempt.opened, attempt.inputs):
                return Item(statement, holds=True)
        except Refused as refusal:
            return Item(statement, holds=False, message=refusal.message, fix=refusal.fix)
        except AuthorError as error:
            return Item(statement, holds=False, message=not_told(error))
    return Item(statement, holds=False, message="This is more than you may.", fix="Ask for it.")


def not_told(error: AuthorError) -> str:
    """Return what to say where the author's code raised; an interrupt goes on its way."""
    if not isinstance(error.error, Exception):
        raise error
    return f"this could not be looked up ({type(error.error).__name__})."
