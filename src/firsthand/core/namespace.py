"""A part of a desk with common rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from firsthand.core.actions import Registration, When, Why, registered
from firsthand.core.binding import name_of
from firsthand.core.checks import checks_of
from firsthand.core.policy import EVERYBODY, Who
from firsthand.core.text import several

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Namespace:
    """A part of a desk with common rules.

    An action's ``who`` and ``why`` replace these, its ``when`` and ``tags`` are added.
    """

    register: Callable[[Registration], None]
    name: str
    who: Who | None = None
    why: Why = None
    when: When = None
    tags: tuple[str, ...] = ()
    owner: str | None = None
    ask: str | Iterable[str] = EVERYBODY

    def action(
        self,
        name: str | None = None,
        *,
        who: Who | None = None,
        why: Why = None,
        when: When = None,
        tags: Iterable[str] = (),
        owner: str | None = None,
        title: str | None = None,
        aliases: Iterable[str] = (),
        ask: str | Iterable[str] | None = None,
        mode: str | None = None,
        background: bool = False,
        one_at_a_time: bool = False,
        verify: Callable[..., Any] | None = None,
        subjects: Callable[..., Any] | None = None,
    ) -> Callable[[F], F]:
        """Register the decorated function as ``namespace.name``, by default the function's own name."""

        def register(function: F) -> F:
            self.register(
                registered(
                    f"{self.name}.{name or name_of(function)}",
                    function,
                    who=who or self.who,
                    why=why if why is not None else self.why,
                    when=(*checks_of(self.when), *checks_of(when)),
                    tags=(*self.tags, *several(tags)),
                    owner=owner or self.owner,
                    title=title,
                    aliases=several(aliases),
                    ask=self.ask if ask is None else ask,
                    mode=mode,
                    background=background,
                    one_at_a_time=one_at_a_time,
                    verify=verify,
                    subjects=subjects,
                )
            )
            return function

        return register
