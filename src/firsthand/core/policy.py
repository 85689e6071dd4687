"""Who may perform an action: roles, or roles with a statement; said in words, and enforced."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from firsthand.core import refusals
from firsthand.core.binding import Wiring, statement_of
from firsthand.core.calling import call
from firsthand.core.errors import AuthorError, Refused
from firsthand.core.resources import Opened
from firsthand.core.text import roles_words, sentence, several

Who = str | Iterable[str] | Mapping[str, Literal[True] | Callable[..., Any]]
"""What an author writes: a role, several, or role → True or a statement."""

EVERYBODY = "everybody"
NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Clause:
    """A role that may, always or where a statement holds."""

    role: str
    statement: str | None = None
    wiring: Wiring | None = None

    def words(self) -> str:
        """Return the clause in words: ``Support: up to 50.``"""
        statement = self.statement or "always"
        return sentence(f"{self.role}: {statement[:1].lower()}{statement[1:]}")

    def holds(self, opened: Opened, inputs: Mapping[str, Any]) -> bool:
        """Say whether the clause holds for these inputs; raises what its statement raises."""
        return self.wiring is None or bool(call(bool, opened.call(self.wiring, inputs)))


@dataclass(frozen=True, slots=True)
class Policy:
    """The clauses of one action, and who may ask for it: ``everybody``, ``nobody``, or roles."""

    clauses: tuple[Clause, ...]
    ask: tuple[str, ...] = (EVERYBODY,)

    def granted(self, roles: Collection[str]) -> tuple[Clause, ...]:
        """Return the clauses that could hold for somebody of these roles."""
        return tuple(clause for clause in self.clauses if clause.role in roles)

    def may_ask(self, roles: Collection[str]) -> bool:
        """Say whether somebody of these roles may ask for the action."""
        return EVERYBODY in self.ask or bool(set(self.ask) & set(roles))

    def may_know(self, roles: Collection[str]) -> bool:
        """Say whether somebody of these roles may know that the action exists."""
        return self.may_ask(roles) or bool(self.granted(roles))

    def settle(self, clauses: Iterable[Clause], opened: Opened, inputs: Mapping[str, Any]) -> None:
        """Refuse unless one clause holds; an author's own refusal is passed on where no other clause holds.

        One that raises anything else does not hold.
        """
        said: Refused | None = None
        cause: AuthorError | Refused | None = None
        statements = []
        for clause in clauses:
            try:
                if clause.holds(opened, inputs):
                    return
            except Refused as refusal:
                cause, said = refusal, Refused(refusal.message, refusal.fix, code="clause_failed", check=refusal.check)
            except AuthorError as error:
                if not isinstance(error.error, Exception):
                    raise
                cause = error
            statements.append(clause.statement or "")
        others = [clause.words() for clause in self.clauses if clause.statement not in statements]
        raise said or refusals.clause_failed(statements, others) from cause

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that the policy names."""
        return tuple(dict.fromkeys(clause.role for clause in self.clauses))

    def words(self) -> str:
        """Return who may, in words: ``Support: up to 50. Lead: always.``"""
        if all(clause.statement is None for clause in self.clauses):
            return roles_words(self.roles)
        return " ".join(clause.words() for clause in self.clauses)


def clauses_of(who: Who, wire: Callable[[Callable[..., Any]], Wiring]) -> tuple[Clause, ...]:
    """Return the clauses of what an author wrote; ``wire`` works out what a statement takes."""
    if not isinstance(who, Mapping):
        return tuple(Clause(role) for role in several(who))
    return tuple(
        Clause(role) if statement is True else Clause(role, statement_of(statement), wire(statement))
        for role, statement in who.items()
    )
