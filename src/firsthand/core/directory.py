"""A directory that is a function of the host's: from an id to a person, with the resources that it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from firsthand.core.actions import Actions
from firsthand.core.actors import Person
from firsthand.core.binding import Wiring, name_of, parameters_of, wire
from firsthand.core.resources import Resource, only_looking
from firsthand.core.runs import Run, moment

Function = Callable[..., Any]


class Knows(Protocol):
    """What of a desk its people's function needs."""

    name: str
    environment: str
    clock: Callable[[], int]

    @property
    def actions(self) -> Actions:
        """All that was registered, worked out."""


@dataclass(frozen=True, slots=True)
class ByFunction:
    """The directory of a desk that was given a function for it.

    What the function takes is opened for that one look and left through an exception, as for a form's checklist. So a
    resource that commits at its end rolls back: to look somebody up never changes anything.
    """

    desk: Knows

    def person(self, id: str) -> Person | None:
        """Return whom the function says; raises ``TypeError`` where that is no person, and whatever it raises."""
        desk, actions = self.desk, self.desk.actions
        assert actions.people is not None, "the function was registered"  # noqa: S101
        run: Run[Any] = Run(0, "", "", moment(desk.clock()), None, "directory", desk.environment, desk.name)
        with only_looking(actions.opened(run)) as opened:
            told = opened.call(actions.people, {}, id)
        if told is None or isinstance(told, Person):
            return told
        raise TypeError(f"{name_of(actions.people.function)} returned a {type(told).__name__}, which is no Person")


def people_of(functions: Sequence[Function], resources: Mapping[Any, Resource], problems: list[str]) -> Wiring | None:
    """Return the function that knows the people, wired; None where there is none. Notes what is wrong with it."""
    if not functions:
        return None
    name = name_of(functions[0])
    if len(functions) > 1:
        problems.append(f"the people are said by {' and '.join(name_of(each) for each in functions)}; keep one.")
    try:
        parameters = parameters_of(functions[0])
        if not parameters or parameters[0].bare in resources:
            raise TypeError("its first parameter must be the id")
        wiring = wire(functions[0], (), resources, own=1)
    except TypeError as error:
        problems.append(f"the people {name}: {error}.")
        return None
    if wiring.missing:
        problems.append(f"the people {name}: nothing gives {', '.join(wiring.missing)}.")
    return wiring
