"""Known people: who may act at all, with their roles and their operating system's login."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from firsthand.core.actors import Person
from firsthand.core.errors import FirsthandError, JournalMissing
from firsthand.storage.codec import encode
from firsthand.storage.sqlite import Connection, Sqlite

SELECT = "SELECT id, name, roles, login, administers, active FROM people"
SELECT_ACTIVE = f"{SELECT} WHERE id = ? AND active"
INSERT = "INSERT INTO people (id, name, roles, login, administers, active) VALUES (?, ?, ?, ?, ?, ?)"
UPDATE = "UPDATE people SET name = ?, roles = ?, login = ?, administers = ?, active = ? WHERE id = ?"


class People:
    """The people of a journal; every change is an event under the login that made it.

    ``enter`` makes this process known to the journal, before it first writes.
    """

    def __init__(self, database: Sqlite, enter: Callable[[], object]) -> None:
        self.database = database
        self.enter = enter

    def get(self, id: str) -> Person | None:
        """Return the active person of an id."""
        rows = self.read(SELECT_ACTIVE, (id,))
        return person_of(rows[0]) if rows else None

    def of_login(self, login: str) -> Person | None:
        """Return the active person of an operating system's login."""
        rows = self.read(f"{SELECT} WHERE login = ? AND active", (login,))
        return person_of(rows[0]) if rows else None

    def all(self) -> list[Person]:
        """Return everybody, those who left too, by id."""
        return [person_of(row) for row in self.read(f"{SELECT} ORDER BY id", ())]

    def read(self, sql: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        """Return rows; none where there is no journal yet."""
        try:
            return self.database.read(sql, values)
        except JournalMissing:
            return []

    def add(self, person: Person, by: str) -> Person:
        """Add somebody; the first person added administers. ``by`` is the system's user who does it."""
        self.enter()
        everybody = {each.id: each for each in self.all()}
        if person.id in everybody:
            hint = "change" if everybody[person.id].active else f"change {person.id} --return"
            raise FirsthandError(f"{person.id} is known already.", f"See firsthand people {hint}.")
        if not is_name(person.id) or person.id.startswith("system:"):
            raise FirsthandError("That id cannot be one.", "Use an e-mail address or a short name.")
        self.check(person)
        person = replace(person, administers=person.administers or not everybody)
        self.write(INSERT, row_of(person), "person_added", by, {"person": described(person)})
        return person

    def change(self, id: str, by: str, **changes: Any) -> Person:
        """Change somebody's name, roles, login, administers or active; what they were stands in the event."""
        before = next((each for each in self.all() if each.id == id), None)
        if before is None:
            raise FirsthandError(f"There is no person {id}.", "firsthand people lists them.")
        after = replace(before, **changes)
        self.check(after)
        changed = {
            name: [old, new]
            for (name, old), new in zip(described(before).items(), described(after).values(), strict=True)
            if old != new
        }
        if changed:
            self.write(UPDATE, (*row_of(after)[1:], id), "person_changed", by, {"person": id, "changes": changed})
        return after

    def check(self, person: Person) -> None:
        """Refuse names and roles that are none, and a login that is somebody else's."""
        if wrong := next((each for each in (person.name, *person.roles) if not is_name(each)), None):
            raise FirsthandError(f"{wrong!r} cannot be a name or a role.", "Use letters.")
        other = self.of_login(person.login) if person.login and person.active else None
        if other and other.id != person.id:
            raise FirsthandError(
                f"The login {person.login} is {other.id}'s.",
                f"Take it away first: firsthand people change {other.id} --no-login.",
            )

    def write(self, sql: str, row: tuple[Any, ...], kind: str, by: str, data: Mapping[str, object]) -> None:
        """Write a person with the event of it."""
        self.enter()
        event = (time.time_ns() // 1000, kind, f"system:{by}", encode(data))

        def work(connection: Connection) -> None:
            connection.execute(sql, row)
            connection.execute("INSERT INTO events (at, kind, actor, data) VALUES (?, ?, ?, ?)", event)

        self.database.write(work)


def is_name(text: str) -> bool:
    """Say whether a text can be an id, a name or a role."""
    return bool(text.strip()) and text.isprintable() and len(text) <= 200


def person_of(row: Sequence[Any]) -> Person:
    """Return the person of a row."""
    id, name, roles, login, administers, active = row
    return Person(id, name, tuple(json.loads(roles)), login, bool(administers), bool(active))


def row_of(person: Person) -> tuple[Any, ...]:
    """Return the row of a person."""
    roles = encode(list(person.roles))
    return person.id, person.name, roles, person.login, int(person.administers), int(person.active)


def described(person: Person) -> dict[str, object]:
    """Return a person as events keep them."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(person).items()}
