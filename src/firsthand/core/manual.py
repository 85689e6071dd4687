"""A manual action: name, who, why and steps in words, declared without code; a person does it and ticks the steps.

Reading needs this module, so it imports neither pydantic nor what calls authors' code.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from firsthand.core.reasons import Reasons
from firsthand.core.steps import steps_of
from firsthand.core.text import PLURALS, fault_of, is_utf8, roles_words, titled

LONGEST = {"title": 200, "description": 10_000, "owner": 200, "subject": 200, "steps": 20_000}
"""Characters that each text of a declaration may have."""

MOST = {"who": 50, "why": 100, "tags": 50}
"""How many roles, reasons and tags there may be; each has 200 characters at most."""

MOST_STEPS = 50
LINES = ("description", "steps")
"""Texts of more than one line."""

OF_RECORD = ("name", "version", "by", "at")
"""Fields that the journal knows besides the declaration itself."""


@dataclass(frozen=True, slots=True)
class Manual:
    """What somebody declares: an action without code. ``steps`` is Markdown, ``subject`` a kind of the desk's or none.

    ``version`` counts its edits from 1, 0 is not declared yet; ``by`` and ``at`` tell who made that version, and when.
    """

    name: str
    who: tuple[str, ...]
    steps: str
    why: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    title: str = ""
    description: str = ""
    owner: str | None = None
    subject: str | None = None
    retired: bool = False
    version: int = 0
    by: str | None = None
    at: datetime | None = None

    @classmethod
    def of(cls, data: Mapping[str, Any], **known: Any) -> Manual:
        """Make it of a declaration as the journal keeps it."""
        lists = {name: tuple(data[name]) for name in MOST}
        return cls(**{**data, **lists, **known})

    def declaration(self) -> dict[str, Any]:
        """Return the declaration as the journal keeps it."""
        kept = {name: value for name, value in asdict(self).items() if name not in OF_RECORD}
        return {**kept, **{name: list(kept[name]) for name in MOST}}

    @property
    def to_tick(self) -> tuple[str, ...]:
        """The steps to tick."""
        return steps_of(self.steps)

    @property
    def shown_title(self) -> str:
        """Its title, made of its name where none is given."""
        return self.title or titled(self.name)

    @property
    def code(self) -> str:
        """What stands for the digest of its code: its version."""
        return f"version {self.version}"

    def describe(self) -> dict[str, Any]:
        """Return the action as the catalogue has it."""
        inputs: list[dict[str, Any]] = [{"name": self.subject, "schema": {}, "required": True, "subject": self.subject}]
        return {
            "name": self.name,
            "title": self.shown_title,
            "description": self.description,
            "tags": list(self.tags),
            "owner": self.owner,
            "aliases": [],
            "who": roles_words(self.who),
            "roles": list(self.who),
            "ask": ["everybody"],
            "why": list(Reasons.of(self.why).listed),
            "when": [],
            "inputs": inputs if self.subject else [],
            "source": "",
            "code": self.code,
            "manual": True,
            "steps": list(self.to_tick),
            "version": self.version,
        }

    def faults(self) -> Iterator[str]:
        """Yield what is wrong with it, as sentences."""
        if fault := fault_of(self.name):
            yield f"The name cannot be one: {fault}"
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in LONGEST and value:
                yield from faults_of_text(field.name, value)
            elif field.name in MOST:
                yield from faults_of_list(field.name, value)
        if not self.who:
            yield "It does not say who may perform it: give one role at least."
        if len(self.who) != len({str(role) for role in self.who}):
            yield "A role is named twice."
        if not isinstance(self.steps, str) or len(self.steps) > LONGEST["steps"] or not is_utf8(self.steps):
            return
        if not (number := len(self.to_tick)):
            yield "It has no step: write what to do, as a list or in paragraphs."
        if number > MOST_STEPS:
            yield f"It has {number} steps; {MOST_STEPS} is the most."


def faults_of_text(name: str, text: object) -> Iterator[str]:
    """Yield what is wrong with one of the texts."""
    be, have = ("are", "have") if name in PLURALS else ("is", "has")
    if not isinstance(text, str):
        yield f"The {name} {be} no text, but of type {type(text).__name__}."
    elif len(text) > LONGEST[name]:
        yield f"The {name} {have} {len(text):,} characters; {LONGEST[name]:,} is the most."
    elif not is_writing(text, lines=name in LINES):
        yield f"The {name} {have} characters that cannot be shown."


def faults_of_list(name: str, values: tuple[object, ...]) -> Iterator[str]:
    """Yield what is wrong with the roles, the reasons or the tags."""
    shown = {"who": "roles", "why": "reasons"}.get(name, name)
    if len(values) > MOST[name]:
        yield f"There are {len(values)} {shown}; {MOST[name]} is the most."
    for value in values[: MOST[name]]:
        if not isinstance(value, str) or not value.strip() or len(value) > 200 or not is_writing(value):
            yield f"One of the {shown} cannot be one: each has 1 to 200 characters, on one line."
            return


def is_writing(text: str, *, lines: bool = False) -> bool:
    """Say whether a text has nothing but what is written: no control characters, no halves of characters."""
    allowed = "\n\r\t" if lines else ""
    return all(unicodedata.category(each) not in ("Cc", "Cs", "Zl", "Zp") or each in allowed for each in text)
