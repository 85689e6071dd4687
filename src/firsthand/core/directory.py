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
        told = self.looked(self.desk.actions.people, lambda told: told, id)
        return told if told is None else person_of(told)

    def looked(self, wiring: Wiring | None, take: Callable[[Any], Any], *own: object) -> Any:
        """Return what is taken of what a function says, while its resources are there."""
        desk = self.desk
        assert wiring is not None, "the function was registered"  # noqa: S101
        run: Run[Any] = Run(0, "", "", moment(desk.clock()), None, "directory", desk.environment, desk.name)
        with only_looking(desk.actions.opened(run)) as opened:
            return take(opened.call(wiring, {}, *own))


@dataclass(frozen=True, slots=True)
class Listing(ByFunction):
    """Such a directory that lists its people, too."""

    def everybody(self) -> list[Person]:
        """Return whom the function lists; raises ``TypeError`` for what is no person, and whatever it raises."""
        told: list[Person] = self.looked(self.desk.actions.everybody, lambda told: [person_of(each) for each in told])
        return told


def person_of(told: object) -> Person:
    """Return what a function says that a person is; raises ``TypeError`` where it is none."""
    if isinstance(told, Person):
        return told
    raise TypeError(f"a {type(told).__name__} was said, which is no Person")


def people_of(
    functions: Sequence[Function], resources: Mapping[Any, Resource], problems: list[str], *, listing: bool = False
) -> Wiring | None:
    """Return the function that knows the people, or lists them, wired; None where there is none.

    Notes what is wrong with it.
    """
    if not functions:
        return None
    called, own = ("the people's list", 0) if listing else ("the people", 1)
    name = name_of(functions[0])
    if len(functions) > 1:
        problems.append(f"{called}: there are {' and '.join(name_of(each) for each in functions)}; keep one.")
    try:
        parameters = parameters_of(functions[0])
        if own and (not parameters or parameters[0].bare in resources):
            raise TypeError("its first parameter must be the id")
        wiring = wire(functions[0], (), resources, own=own)
    except TypeError as error:
        problems.append(f"{called}, {name}: {error}.")
        return None
    if wiring.missing:
        problems.append(f"{called}, {name}: nothing gives {', '.join(wiring.missing)}.")
    return wiring
