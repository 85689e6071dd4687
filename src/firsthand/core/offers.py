"""What may be done to a subject now, and whom a text finds: asked before anything is sent, nothing is recorded."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError

from firsthand.core import refusals
from firsthand.core.actions import Action
from firsthand.core.actors import Person
from firsthand.core.attempts import Attempt, Request
from firsthand.core.checks import Item, checklist
from firsthand.core.errors import AuthorError, Refused
from firsthand.core.inputs import Input
from firsthand.core.looking import Looking
from firsthand.core.pipeline import Pipeline
from firsthand.core.runs import Subject
from firsthand.core.subjects import Kind
from firsthand.core.text import is_utf8, recordable

MOST = 200
"""Actions that are evaluated for one subject; the rest is listed without."""

MOST_FOUND = 20
"""Subjects that are found of each kind."""

LONGEST = 500
"""Characters that a text to search for may have."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One action with a subject as its ``input``: whether the person may perform or ask for it, and what holds now.

    ``allowed`` is None where something else is needed to tell, or where it was not ``evaluated``; ``why_not`` says
    which clause does not hold.
    """

    action: Action
    input: str
    may: Literal["perform", "ask"]
    allowed: bool | None = None
    items: tuple[Item, ...] = ()
    why_not: str = ""
    evaluated: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """The subjects that a text finds, and ``faults``: a sentence for each kind whose search could not be asked."""

    subjects: list[Subject]
    faults: list[str]


@dataclass(frozen=True, slots=True)
class Offers:
    """Questions about subjects, over the pipeline, for ``by`` (a person's id) on a surface.

    Whoever is known may look at subjects of the kinds that an action which they may know of takes; there is no other
    for them.
    """

    pipeline: Pipeline
    by: str
    surface: str

    def subject(self, kind: str, id: str) -> Subject:
        """Return a subject as it is now; raises ``Refused`` where there is none."""
        with self.looking() as attempt:
            return self.loaded(attempt, self.kind(attempt.actor, kind, id), id)[0]

    def offers(self, kind: str, id: str) -> tuple[Subject, list[Offer]]:
        """Return a subject as it is now, and what may be done to it; raises ``Refused`` where there is none.

        It is loaded once, on resources opened once; both are done anew after a check that raised, which may have
        spoilt them for the others.
        """
        subject: Subject | None = None
        taking: list[tuple[Action, str]] = []
        offers: list[Offer] = []
        while subject is None or len(offers) < len(taking[:MOST]):
            done = len(offers)
            try:
                with self.looking() as attempt:
                    described, loaded = self.loaded(attempt, self.kind(attempt.actor, kind, id), id)
                    if subject is None:
                        subject, taking = described, self.taking(attempt.actor, kind)
                    self.evaluate(attempt, taking[done:MOST], loaded, offers)
            except Refused:
                if subject is None:
                    raise
                if len(offers) == done:
                    break
        rest = [
            Offer(action, name, may(action, attempt.actor), evaluated=False) for action, name in taking[len(offers) :]
        ]
        return subject, offers + rest

    def search(self, text: str, kinds: Collection[str] | None = None) -> Found:
        """Return the subjects that a text finds: by their id, then by the author's search, for all kinds or some."""
        text, found = text.strip(), Found([], [])
        if not text or len(text) > LONGEST or not is_utf8(text):
            return found
        for kind in self.kinds(self.pipeline.actor(self.by, self.surface)).values():
            if kinds is None or kind.name in kinds:
                hits = {
                    each.key: each for find in (self.by_id, self.by_search) for each in find(kind, text, found.faults)
                }
                found.subjects.extend(hits.values())
        return found

    def by_id(self, kind: Kind, text: str, faults: list[str]) -> list[Subject]:
        """Return the subject that has the text as its id, if there is one."""
        try:
            with self.looking() as attempt:
                return [self.loaded(attempt, kind, text)[0]]
        except Refused as refusal:
            if refusal.code != "unknown_subject":
                faults.append(f"{kind.name} by id: {refusal.message}")
            return []

    def by_search(self, kind: Kind, text: str, faults: list[str]) -> list[Subject]:
        """Return the subjects that the author's search finds."""
        if kind.search is None:
            return []
        try:
            with self.looking() as attempt:
                return list(kind.find(text, attempt.opened, MOST_FOUND))
        except Refused as refusal:
            faults.append(f"{kind.name} by search: {refusal.message}")
            return []

    def looking(self) -> AbstractContextManager[Attempt]:
        """Give an attempt at no action, of which nothing is recorded."""
        return Looking(self.pipeline).looking(Request("", {}, self.by, self.surface))

    def kinds(self, actor: Person) -> dict[str, Kind]:
        """Return the kinds of subject that somebody may look at."""
        known = (action for action in self.pipeline.actions if action.policy.may_know(actor.roles))
        return {each.kind.name: each.kind for action in known for each in action.inputs.values() if each.kind}

    def kind(self, actor: Person, name: str, id: str) -> Kind:
        """Return a kind that somebody may look at; for any other there is no subject of that id."""
        if (kind := self.kinds(actor).get(name)) is None:
            raise unknown(name, id)
        return kind

    def loaded(self, attempt: Attempt, kind: Kind, id: str) -> tuple[Subject, Any]:
        """Return a subject described and loaded; raises ``Refused`` where there is none."""
        try:
            given = Input(kind.name, kind.id_annotation, kind=kind).parse(id) if is_utf8(id) else None
        except AuthorError as error:
            if not isinstance(error.error, ValidationError):
                raise
            given = None
        if given is None:
            raise unknown(kind.name, id)
        thing = kind.load(given, attempt.opened)
        return kind.describe(kind.given_id(given), thing, attempt.opened), thing

    def taking(self, actor: Person, kind: str) -> list[tuple[Action, str]]:
        """Return the actions that somebody may know of and that take a subject of a kind, with the first such input.

        Those that they may perform come first.
        """
        known = [action for action in self.pipeline.actions if action.policy.may_know(actor.roles)]
        inputs = [(action, first_of(action, kind)) for action in known]
        taking = [(action, name) for action, name in inputs if name is not None]
        return sorted(taking, key=lambda each: may(each[0], actor) == "ask")

    def evaluate(self, attempt: Attempt, taking: list[tuple[Action, str]], loaded: Any, offers: list[Offer]) -> None:
        """Add offers until all are there or a check has raised."""
        for action, name in taking:
            items = tuple(checklist(action.circumstances, attempt.opened, {name: loaded}))
            holds, why_not, broken = clauses_hold(attempt, action, {name: loaded})
            told = [holds, *(item.holds for item in items)]
            allowed = False if False in told else None if None in told else True
            offers.append(Offer(action, name, may(action, attempt.actor), allowed, items, why_not))
            if broken or any(item.broken for item in items):
                return


def unknown(kind: str, id: str) -> Refused:
    """Return the refusal where there is no such subject."""
    return refusals.unknown_subject(kind.replace("_", " "), recordable(id, 200) or "")


def may(action: Action, actor: Person) -> Literal["perform", "ask"]:
    """Say what somebody who may know of an action may do with it."""
    return "perform" if action.policy.granted(actor.roles) else "ask"


def first_of(action: Action, kind: str) -> str | None:
    """Return the name of an action's first input of a kind of subject."""
    return next((name for name, each in action.inputs.items() if each.kind and each.kind.name == kind), None)


def clauses_hold(attempt: Attempt, action: Action, inputs: dict[str, Any]) -> tuple[bool | None, str, bool]:
    """Say whether a clause holds for the person, None where more inputs are needed; why not; whether one raised.

    Whoever may only ask has none to hold.
    """
    granted = action.policy.granted(attempt.actor.roles)
    known = [each for each in granted if each.wiring is None or inputs.keys() >= set(each.wiring.inputs)]
    if not known:
        return (None if granted else True), "", False
    try:
        action.policy.settle(known, attempt.opened, inputs)
    except Refused as refusal:
        broken = isinstance(refusal.__cause__, AuthorError)
        return (None, "", broken) if len(known) < len(granted) else (False, refusal.message, broken)
    return True, "", False
