"""The people of a host's directory as the journal keeps them: asked for each time, written where they have changed."""

from __future__ import annotations

from dataclasses import replace

from firsthand.core.actors import Directory, Person
from firsthand.core.errors import AuthorError, JournalUnavailable, Refused
from firsthand.core.text import recordable
from firsthand.storage.database import Connection
from firsthand.storage.people import People, is_name, one

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
        from firsthand.core.calling import call

        try:
            told = call(asked, self.directory, id)
        except (AuthorError, Refused) as error:
            raise JournalUnavailable(
                f"Who somebody is cannot be looked up now ({error.message}).", "Nothing was done: try again."
            ) from error
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


def asked(directory: Directory, id: str) -> Person | None:
    """Return what a directory says, in words that can stand on record; a role that cannot is none."""
    told = directory.person(id)
    if told is None or not told.active or told.id != id or not is_name(id) or id.startswith("system:"):
        return None
    name, roles = recordable(told.name, 200) or "", sorted({each for each in told.roles if is_name(each)})
    return replace(told, name=name if is_name(name) else id, roles=tuple(roles), login=None)


def merged(known: Person | None, told: Person | None) -> Person | None:
    """Return how the journal is to have somebody: as told, with the login that it has; whoever is gone as inactive."""
    if told is None:
        return replace(known, active=False) if known else None
    return replace(told, login=known.login) if known else told
