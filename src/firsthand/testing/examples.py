"""Examples: inputs with which an action is performed, given by its author, or found by its own types and searches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice, product
from typing import Any

from firsthand.core.actions import Action
from firsthand.core.attempts import Request
from firsthand.core.errors import AuthorError, Refused
from firsthand.core.inputs import Input
from firsthand.core.looking import Looking
from firsthand.core.pipeline import Pipeline
from firsthand.core.secrets import STARS
from firsthand.testing.faults import Fault
from firsthand.testing.values import Unmade, Values
from firsthand.testing.watching import asked

Inputs = Mapping[str, object]
Given = Inputs | Callable[..., Inputs]

MOST = 60
"""Combinations of subjects that are looked at until one is found of which all checks hold."""

PASTED = ("", "a", "e", "1")
"""What is searched for, until something is found."""


@dataclass(frozen=True, slots=True)
class Example:
    """Inputs with which an action is performed; ``refused`` are those to change for each check that is to refuse.

    ``inputs`` need not name all: what is missing is made. They may be a function that takes resources by type.
    """

    inputs: Given = field(default_factory=dict)
    refused: Mapping[Callable[..., Any] | str, Inputs] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Making:
    """Making the inputs of one action, as somebody who may perform it; ``subjects`` are ids by kind."""

    pipeline: Pipeline
    action: Action
    by: str
    given: Given
    subjects: Mapping[str, Any]

    def inputs(self) -> dict[str, object]:
        """Return inputs of which all checks hold now; raises ``Fault`` where there are none to be found."""
        given = self.given
        named = asked(self.pipeline.actions, given, "examples=") if callable(given) else given
        known = dict(named)
        missing = [each for each in self.action.inputs.values() if self.is_missing(each, known)]
        known |= {each.name: self.value(each) for each in missing if not (each.kind or each.choices)}
        ids = {each.name: self.ids(each, known) for each in missing if each.kind}
        choosing, why = [each for each in missing if each.choices], "there is nothing to try."
        inputs = known
        for found in islice(product(*ids.values()), MOST):
            inputs = {**known, **dict(zip(ids, found, strict=True))}
            try:
                why = self.why_not(inputs, choosing)
            except Refused as refusal:
                why = refusal.message
            if not why:
                return inputs
        kinds = [each.kind.name for each in missing if each.kind]
        raise Fault(
            f"no inputs are found with which it may be performed. With {self.shown(inputs)}: {why}",
            self.line(*ids, *known, *kinds),
        )

    def is_missing(self, each: Input, known: Inputs) -> bool:
        """Say whether an input has to be made."""
        return each.name not in known and (each.required or each.secret)

    def value(self, each: Input) -> object:
        """Return a value for an input by its schema."""
        try:
            made = Values.of(each.schema)
            each.parse(made)
        except Unmade as error:
            raise Fault(f"its input {each.name} is {error}, which cannot be made.", self.line(each.name)) from error
        except (AuthorError, Refused) as error:
            raise Fault(
                f"its input {each.name} is checked by more than its schema tells, so it cannot be made.",
                self.line(each.name),
            ) from error
        return made

    def ids(self, each: Input, known: Inputs) -> list[object]:
        """Return the ids to try for a subject: those given, those of its action's query, or what its search finds."""
        assert each.kind is not None, "it is a subject"  # noqa: S101
        kind = each.kind
        given, query = self.subjects.get(kind.name), self.action.manner.subjects
        if given is None and query and sum(one.kind is not None for one in self.action.inputs.values()) == 1:
            given = query.function
        if given is not None:
            found = asked(self.pipeline.actions, given, f"subjects= of {kind.name}") if callable(given) else given
            rows = found if isinstance(found, Iterable) and not isinstance(found, (str, Mapping)) else [found]
            return [kind.given_id(one) for row in rows for one in self.in_row(row, each.name)]
        if kind.search is None:
            raise Fault(
                f"its input {each.name} is a {kind.name}, which has no search.", self.line(each.name, kind.name)
            )
        for text in PASTED:
            if found := self.looking.found(self.request(known), kind.name, text):
                return [subject.id for subject in found]
        raise Fault(f"the search for {kind.name} finds none.", self.line(each.name, kind.name))

    def in_row(self, row: object, name: str) -> Iterator[object]:
        """Yield the id in a row: it, or what it has under the input's name."""
        if not isinstance(row, Mapping):
            yield row
        elif name in row:
            yield row[name]

    def why_not(self, inputs: dict[str, object], choosing: list[Input]) -> str:
        """Choose what there is to choose, and return what keeps the action from being performed, if anything."""
        for each in choosing:
            offered = self.looking.offered(self.request(inputs), each.name)
            if not offered:
                return f"nothing is offered for {each.name}."
            inputs[each.name] = offered[0][0]
        items = self.looking.checklist(self.request(inputs)) if self.action.circumstances else ()
        return next((item.message or item.statement for item in items if not item.holds), "")

    @property
    def looking(self) -> Looking:
        """What can be told before anything is sent."""
        return Looking(self.pipeline)

    def request(self, inputs: Inputs) -> Request:
        """Return a request that is only looked at."""
        return Request(self.action.name, inputs, self.by, "python")

    def shown(self, inputs: Inputs) -> str:
        """Return inputs in words, without secrets."""
        known = self.action.inputs
        told = {name: STARS if name in known and known[name].secret else value for name, value in inputs.items()}
        return ", ".join(f"{name}={value!r}" for name, value in told.items()) or "no inputs"

    def line(self, *names: str) -> str:
        """Return the line to write; a second name that is no input is a kind of subject."""
        inputs = dict.fromkeys(name for name in names if name in self.action.inputs)
        wanted = ", ".join(f'"{name}": ...' for name in inputs)
        more = next((f', or subjects={{"{name}": [...]}}' for name in names if name in self.pipeline.actions.kinds), "")
        return f'Give an example: examples={{"{self.action.name}": {{{wanted}}}}}{more}.'
