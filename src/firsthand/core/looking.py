"""Before a run: which circumstances hold, what there is to choose from, whom a search finds; nothing is recorded.

A form asks this at every keystroke, so what is missing, or does not parse yet, is only not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from firsthand.core import refusals
from firsthand.core.actions import Action
from firsthand.core.attempts import Attempt, Request
from firsthand.core.checks import Item, checklist
from firsthand.core.errors import AuthorError, Refused
from firsthand.core.inputs import LIMIT, Parsed, choices_of, parse, size_of
from firsthand.core.outcomes import refusal_of
from firsthand.core.pipeline import Pipeline
from firsthand.core.resources import only_looking
from firsthand.core.runs import Run, Subject, moment


@dataclass(frozen=True, slots=True)
class Looking:
    """What can be told before anything is sent, over the same pipeline. Raises ``Refused``, without secrets."""

    pipeline: Pipeline

    def checklist(self, request: Request) -> list[Item]:
        """Return which circumstances hold now for what is known of the inputs."""
        with self.looking(request) as attempt:
            action = self.known(attempt)
            items = checklist(action.circumstances, attempt.opened, attempt.inputs)
            text = attempt.mask.text
            return [replace(each, message=text(each.message), fix=text(each.fix)) for each in items]

    def offered(self, request: Request, name: str) -> list[tuple[object, str]]:
        """Return the choices of an input, for what is known of the others; empty where they cannot be told yet."""
        with self.looking(request) as attempt:
            action = self.known(attempt)
            each = action.inputs.get(name)
            if each is None or each.choices is None or any(one not in attempt.inputs for one in each.choices.inputs):
                return []
            offered = choices_of(attempt.opened, each.choices, attempt.inputs)
            return [(value, attempt.mask.text(label)) for value, label in offered]

    def found(self, request: Request, kind: str, text: str) -> list[Subject]:
        """Return the subjects that the search of a kind finds for a text."""
        with self.looking(request) as attempt:
            self.pipeline.visible(request.action, attempt.actor)
            return list(self.pipeline.actions.kinds[kind].find(text, attempt.opened))

    @contextmanager
    def looking(self, request: Request) -> Iterator[Attempt]:
        """Give an attempt of which nothing is recorded; its resources are left through an exception, so roll back.

        What the author's code raises is raised as ``Refused``, without secrets.
        """
        pipeline = self.pipeline
        at = moment(pipeline.clock())
        run: Run[Any] = Run(0, request.action, "", at, None, request.surface, pipeline.environment)
        attempt = pipeline.attempt(request, pipeline.actor(request.by, request.surface), run)
        attempt.partly = True
        try:
            with only_looking(attempt.opened):
                yield attempt
        except AuthorError as error:
            raise Refused(f"This could not be checked: {error.message}.", "Tell the action's owner.") from error
        except Refused as refusal:
            said = refusal_of(refusal, attempt.mask, attempt.checks)
            raise Refused(said.message, said.fix, code=said.code, check=said.check) from refusal

    def known(self, attempt: Attempt) -> Action:
        """Take in what is known of the inputs, load the subjects among them, and return the action."""
        action = attempt.action = self.pipeline.visible(attempt.request.action, attempt.actor)
        self.measure(attempt.request.inputs)
        for name in action.inputs:
            attempt.inputs.update(self.parsed(attempt, action, name).values)
        self.pipeline.name_subjects(attempt, action)
        self.pipeline.load_subjects(attempt, action)
        return action

    def measure(self, raw: object) -> None:
        """Refuse inputs that are none, or too large."""
        if not isinstance(raw, Mapping):
            raise refusals.not_a_mapping(type(raw).__name__)
        if (size := size_of(raw)) > LIMIT:
            raise refusals.inputs_too_large(size, LIMIT)

    def parsed(self, attempt: Attempt, action: Action, name: str) -> Parsed:
        """Parse one input; a validator that raises, or text that is none, makes it one that is not known yet."""
        raw = attempt.request.inputs
        try:
            return parse([action.inputs[name]], {name: raw[name]} if name in raw else {}, attempt.mask, partly=True)
        except (AuthorError, Refused) as error:
            if isinstance(error, AuthorError) and not isinstance(error.error, Exception):
                raise
            return Parsed()
