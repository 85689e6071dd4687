"""The circumstances in which an action may be performed: named statements that must hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from firsthand.core import refusals
from firsthand.core.binding import Wiring, name_of, statement_of
from firsthand.core.calling import call
from firsthand.core.errors import AuthorError, Refused
from firsthand.core.resources import Opened


@dataclass(frozen=True, slots=True)
class Check:
    """A function whose docstring is a statement and that returns whether it holds; ``bind`` renames what it takes."""

    function: Callable[..., Any]
    bind: Mapping[str, str] = field(default_factory=dict)


def check(function: Callable[..., Any], **bind: str) -> Check:
    """Use a check on another input than its parameter's namesake: ``check(is_active, account="keep")``."""
    return Check(function, bind)


def checks_of(when: Callable[..., Any] | Check | Iterable[Callable[..., Any] | Check] | None) -> tuple[Check, ...]:
    """Return the checks that an author wrote as one or several."""
    if when is None:
        return ()
    if isinstance(when, Check):
        return (when,)
    if callable(when):
        return (Check(when),)
    return tuple(each if isinstance(each, Check) else Check(each) for each in when)


@dataclass(frozen=True, slots=True)
class Circumstance:
    """A check of one action, its parameters wired."""

    name: str
    statement: str
    wiring: Wiring

    @classmethod
    def of(cls, each: Check, wiring: Wiring) -> Circumstance:
        """Make it of an author's check."""
        return cls(name_of(each.function), statement_of(each.function), wiring)

    def hold(self, opened: Opened, inputs: Mapping[str, Any]) -> None:
        """Refuse where the statement does not hold; a check that raises anything else does not hold."""
        try:
            holds = call(bool, opened.call(self.wiring, inputs))
        except Refused as said:
            code = "check_failed" if said.code == "refused" else said.code
            raise Refused(said.message, said.fix, code=code, check=said.check or self.name) from said
        except AuthorError as error:
            raise refusals.check_failed(self.name, self.statement, type(error.error).__name__) from error
        if not holds:
            raise refusals.check_failed(self.name, self.statement)


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the checklist: ``holds`` is None while an input is ``needed`` to tell; a ``broken`` check raised."""

    statement: str
    holds: bool | None
    needed: tuple[str, ...] = ()
    message: str = ""
    fix: str = ""
    broken: bool = False


def checklist(circumstances: Iterable[Circumstance], opened: Opened, inputs: Mapping[str, Any]) -> list[Item]:
    """Return which circumstances hold now, with what is known of the inputs."""
    items = []
    for each in circumstances:
        needed = tuple(name for name in each.wiring.inputs if name not in inputs)
        if needed:
            items.append(Item(each.statement, None, needed))
            continue
        try:
            each.hold(opened, inputs)
            items.append(Item(each.statement, holds=True))
        except Refused as refusal:
            broken = isinstance(refusal.__cause__, AuthorError)
            items.append(Item(each.statement, False, message=refusal.message, fix=refusal.fix, broken=broken))
    return items
