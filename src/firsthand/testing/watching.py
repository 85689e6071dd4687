"""A desk's pipeline, watched: what an action's function was called with, and how its resources were left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from firsthand.core.actions import Action, Actions
from firsthand.core.actors import Person
from firsthand.core.attempts import Attempt, Request
from firsthand.core.binding import name_of, wire
from firsthand.core.calling import call
from firsthand.core.errors import AuthorError, FirsthandError, Refused
from firsthand.core.outcomes import words_of
from firsthand.core.pipeline import Pipeline
from firsthand.core.resources import Opened
from firsthand.core.runs import Run, moment

Function = Callable[..., Any]


@dataclass(slots=True)
class Seen:
    """What was seen: the action of each call of the function, and the resources that were left as on success."""

    calls: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


class Died(FirsthandError):
    """Stands for the death of a process between what it did and the record of that; ``run`` is its run."""

    def __init__(self, run: Run[Any]) -> None:
        super().__init__(f"Run {run.id} is left as by a process that died.")
        self.run = run


class WatchedOpened(Opened):
    """The resources of one run, of which is noted when they are left without an exception."""

    seen: Seen

    def close(self, error: BaseException | None) -> None:
        """Close all, as ever."""
        if error is None:
            self.seen.kept += [getattr(given, "__name__", str(given)) for given in self.values]
        super().close(error)


class Watched(Pipeline):
    """The six steps of a desk, one of whose actions is watched; it ``dies`` before an outcome is on record."""

    seen: Seen
    dies = False

    def attempt(self, request: Request, actor: Person, run: Run[Any]) -> Attempt:
        """Return a recorded run with what its steps need, as ever."""
        attempt = super().attempt(request, actor, run)
        attempt.opened = WatchedOpened(self.actions.resources, run, self.actions.around)
        attempt.opened.seen = self.seen
        return attempt

    def record_outcome(self, attempt: Attempt, status: str, *, keep: bool = False) -> Run[Any]:
        """Record the outcome, unless the process dies before."""
        if self.dies:
            raise Died(attempt.run)
        return super().record_outcome(attempt, status, keep=keep)


def with_action(actions: Actions, action: Action) -> Actions:
    """Return a desk's actions with one in place of its namesake."""
    return replace(actions, by_name={**actions.by_name, action.name: action})


def counted(action: Action, seen: Seen, function: Function | None = None) -> Action:
    """Return an action whose calls are noted, with its own function or another one in its place."""
    called = function or action.wiring.function

    def calling(**arguments: Any) -> Any:
        seen.calls.append(action.name)
        return called(**arguments)

    return replace(action, wiring=replace(action.wiring, function=calling))


def denied(action: Action, check: str) -> Action:
    """Return an action with one check that is made as ever, and then does not hold."""

    def denying(function: Function) -> Function:
        def deny(**arguments: Any) -> bool:
            call(function, **arguments)
            return False

        return deny

    circumstances = tuple(
        replace(each, wiring=replace(each.wiring, function=denying(each.wiring.function)))
        if each.name == check
        else each
        for each in action.circumstances
    )
    return replace(action, circumstances=circumstances)


class Looked(Refused):
    """What was found; raised through the resources, so that whatever was only looked at is rolled back."""


def asked(actions: Actions, function: Function, said: str) -> Any:
    """Return what an author's function says, given the resources that it takes by type, which are rolled back.

    Raises ``FirsthandError`` where it takes anything else or raises; ``said`` is what it was given as.
    """
    wiring = wire(function, (), actions.resources)
    if wiring.missing:
        raise FirsthandError(
            f"{said}: {name_of(function)} takes {', '.join(wiring.missing)}.",
            "Let it take nothing but resources of the desk, by their types.",
        )
    found: list[Any] = []
    try:
        with actions.opened(Run(0, "", "", moment(0), None, "python", "")) as opened:
            value = opened.call(wiring, {})
            found.append(call(list, value) if isinstance(value, Iterator) else value)
            raise Looked("Only looked.")
    except Looked:
        return found[0]
    except (AuthorError, Refused) as error:
        what = f"{error.message}: {words_of(error)[0]}" if isinstance(error, AuthorError) else error.message
        raise FirsthandError(f"{said}: {name_of(function)} raised {what}", "Mend it.") from error
