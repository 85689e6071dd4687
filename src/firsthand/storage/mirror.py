"""The people of a host's directory as the journal keeps them: asked for each time, written where they have changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from firsthand.core.actors import Directory, Person, Roll
from firsthand.core.errors import AuthorError, JournalUnavailable, Refused
from firsthand.core.text import recordable
from firsthand.storage.database import Connection
from firsthand.storage.people import People, is_name, one

T = TypeVar("T")

BY = "directory"
"""By whom events say that the journal's people were changed."""


class Mirror:
    """Who somebody is: as the directory says, which the journal's people then say too; without one, as these say."""

    def __init__(self, people: People) -> None:
        self.people = people
        self._directory: Directory | None = None

    @property
    def directory(self) -> Directory | None:
        """Where the host keeps its people, if it does."""
        return self._directory

    @directory.setter
    def directory(self, directory: Directory | None) -> None:
        self._directory = directory
        self.people.own = directory is None

    def person(self, id: str) -> Person | None:
        """Return the active person of an id as they are now.

        Raises ``JournalUnavailable`` where the directory cannot tell.
        """
        if self.directory is None:
            return self.people.get(id)
        told = looked_up(asked, self.directory, id)
        known = self.people.known(id)
        now = merged(known, told)
        if now != known and not self.people.database.read_only:
            self.people.enter()
            self.people.database.write(lambda connection: self.write(connection, id, told))
        return now if told else None

    def write(self, connection: Connection, id: str, told: Person | None) -> None:
        """Write what the directory said, where it is not what the journal has, within a transaction."""
        known = one(connection, id)
        now = merged(known, told)
        if now is not None:
            self.people.put(connection, known, now, BY)

    def everybody(self) -> list[Person]:
        """Return everybody: as the directory lists them, where it can, else those whom the journal knows.

        Raises ``JournalUnavailable`` where the directory cannot tell.
        """
        if not isinstance(self.directory, Roll):
            return self.people.all()
        told = looked_up(listed, self.directory)
        return [each for each in (recorded(each) for each in told) if each is not None]


def looked_up(function: Callable[..., T], *given: Any) -> T:
    """Return what a host's function says; raises ``JournalUnavailable`` where it cannot."""
    from firsthand.core.calling import call

    try:
        found: T = call(function, *given)
    except (AuthorError, Refused) as error:
        raise JournalUnavailable(
            f"Who somebody is cannot be looked up now ({error.message}).", "Nothing was done: try again."
        ) from error
    return found


def listed(directory: Roll) -> list[Person]:
    """Return whom a directory lists."""
    return list(directory.everybody())


def asked(directory: Directory, id: str) -> Person | None:
    """Return whom a directory says that somebody is."""
    told = directory.person(id)
    return recorded(told) if told is not None and told.id == id else None


def recorded(told: Person) -> Person | None:
    """Return somebody in words that can stand on record; a role that cannot is none. None for whoever is inactive."""
    id = told.id
    if not told.active or not is_name(id) or id.startswith("system:"):
        return None
    name, roles = recordable(told.name, 200) or "", sorted({each for each in told.roles if is_name(each)})
    return replace(told, name=name if is_name(name) else id, roles=tuple(roles), login=None)


def merged(known: Person | None, told: Person | None) -> Person | None:
    """Return how the journal is to have somebody: as told, with the login that it has; whoever is gone as inactive."""
    if told is None:
        return replace(known, active=False) if known else None
    return replace(told, login=known.login) if known else told
