"""Who does it: a known person, by the journal's own list or by the directory of a host."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from firsthand.core.text import several


@dataclass(frozen=True, slots=True)
class Person:
    """A known person: ``id`` is what the journal records (an e-mail address, say), ``name`` is what screens show.

    ``roles`` are one or several, kept as a tuple. ``login`` is the operating system's name of them; ``administers`` is
    the first person's and those they gave it to. ``email`` is the address that a host knows of them,
    which the journal does not keep.
    """

    id: str
    name: str
    roles: Sequence[str] = ()
    login: str | None = None
    administers: bool = False
    active: bool = True
    email: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "roles", several(self.roles))


class Directory(Protocol):
    """Where a host keeps its people. It is asked each time that somebody's right is looked at."""

    def person(self, id: str) -> Person | None:
        """Return the person of exactly that id as the host knows them now; None for an unknown or inactive one.

        ``login`` is the journal's own, whatever is said here. May raise anything: then nobody is let in.
        """


@runtime_checkable
class Roll(Protocol):
    """What a directory may have, too: then those are told of what concerns them who never were at the desk yet."""

    def everybody(self) -> Iterable[Person]:
        """Return all people of the desk as the host knows them now. May raise anything: then they are told later."""
