"""Who does it: a known person, by the journal's own list."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """A known person: ``id`` is what the journal records (an e-mail address, say), ``name`` is what screens show.

    ``login`` is the operating system's name of them; ``administers`` is the first person's and those they gave it to.
    """

    id: str
    name: str
    roles: tuple[str, ...] = ()
    login: str | None = None
    administers: bool = False
    active: bool = True
