"""Known people: who may act at all, with their roles and their operating system's login.

Where a host has a directory of its own, they are what that says (`mirror`).

Whoever holds the database may change them, under their system's login; a known person who administers, under their id.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import lru_cache
from typing import Any, TypeVar

from firsthand.core.actors import Person
from firsthand.core.errors import FirsthandError, JournalMissing, Refused
from firsthand.storage.codec import encode
from firsthand.storage.database import Connection, Database

T = TypeVar("T")
By = Person | str
"""By whom a change is made: a known person, or a login of the operating system's."""

SELECT = "SELECT id, name, roles, login, administers, active FROM people"
SELECT_ACTIVE = f"{SELECT} WHERE id = ? AND active = 1"
INSERT = "INSERT INTO people (id, name, roles, login, administers, active) VALUES (?, ?, ?, ?, ?, ?)"
UPDATE = "UPDATE people SET name = ?, roles = ?, login = ?, administers = ?, active = ? WHERE id = ?"


class People:
    """The people of a journal; every change is an event under the login that made it.

    ``enter`` makes this process known to the journal, before it first writes. They are not the journal's ``own`` where
    a host's directory says who they are.
    """

    def __init__(self, database: Database, enter: Callable[[], object]) -> None:
        self.database = database
        self.enter = enter
        self.clock: Callable[[], int] = lambda: time.time_ns() // 1000
        self.own = True

    def get(self, id: str) -> Person | None:
        """Return the active person of an id."""
        known = self.known(id)
        return known if known and known.active else None

    def known(self, id: str) -> Person | None:
        """Return the person of an id, active or not."""
        rows = self.read(f"{SELECT} WHERE id = ?", (id,))
        return person_of(rows[0]) if rows else None

    def of_login(self, login: str) -> Person | None:
        """Return the active person of an operating system's login."""
        rows = self.read(f"{SELECT} WHERE login = ? AND active = 1", (login,))
        return person_of(rows[0]) if rows else None

    def all(self) -> list[Person]:
        """Return everybody, those who left too, by id."""
        return [person_of(row) for row in self.read(f"{SELECT} ORDER BY id", ())]

    def id_of(self, typed: str) -> str:
        """Return the id that somebody means who types one: that very id, or the only one but for capitals."""
        ids = [str(id) for (id,) in self.read("SELECT id FROM people", ())]
        alike = [id for id in ids if id.casefold() == typed.casefold()]
        return alike[0] if len(alike) == 1 and typed not in ids else typed

    def read(self, sql: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        """Return rows; none where there is no journal yet."""
        try:
            return self.database.read(sql, values)
        except JournalMissing:
            return []

    def add(self, person: Person, by: By) -> Person:
        """Add somebody; the first person added administers."""
        self.require_own()

        def work(connection: Connection) -> Person:
            self.allow(connection, by)
            if known := one(connection, person.id):
                hint = "change" if known.active else f"change {person.id} --return"
                raise FirsthandError(f"{person.id} is known already.", f"See firsthand people {hint}.")
            if not is_name(person.id) or person.id.startswith("system:"):
                raise FirsthandError("That id cannot be one.", "Use an e-mail address or a short name.")
            if alike := alike_in(connection, person.id):
                raise FirsthandError(f"{alike} is known already, by that id but for capitals.", f"Use {alike}.")
            self.check(connection, person)
            first = connection.execute("SELECT 1 FROM people LIMIT 1").fetchone() is None
            added = replace(person, administers=person.administers or first)
            self.put(connection, None, added, by)
            return added

        return self.committed(work)

    def change(self, id: str, by: By, **changes: Any) -> Person:
        """Change somebody's name, roles, login, administers or active; what they were stands in the event."""
        if set(changes) - {"login"}:
            self.require_own()

        def work(connection: Connection) -> Person:
            self.allow(connection, by)
            before = one(connection, id)
            if before is None:
                raise FirsthandError(f"There is no person {id}.", "firsthand people lists them.")
            after = replace(before, **changes)
            self.check(connection, after)
            if isinstance(by, Person) and before.administers and not (after.administers and after.active):
                keep_one(connection, id)
            self.put(connection, before, after, by)
            return after

        return self.committed(work)

    def put(self, connection: Connection, before: Person | None, after: Person, by: By) -> None:
        """Write somebody within a transaction, with the event of it, if anything has changed."""
        if before is None:
            connection.execute(INSERT, row_of(after))
            note(connection, self.clock(), "person_added", by, {"person": described(after)})
            return
        was, now = described(before), described(after)
        if changed := {name: [old, now[name]] for name, old in was.items() if old != now[name]}:
            connection.execute(UPDATE, (*row_of(after)[1:], after.id))
            note(connection, self.clock(), "person_changed", by, {"person": after.id, "changes": changed})

    def require_own(self) -> None:
        """Refuse to change people that a host's directory says, which would undo it."""
        if not self.own:
            raise FirsthandError("The people here are those of the application.", "Change them there.")

    def allow(self, connection: Connection, by: By) -> None:
        """Refuse a known person who does not administer, or not any more; whoever holds the database may."""
        if isinstance(by, Person):
            known = one(connection, by.id)
            if known is None or not known.active or not known.administers:
                raise Refused("Only somebody who administers may do this.", "Ask one of them.", code="no_right")

    def committed(self, work: Callable[[Connection], T]) -> T:
        """Commit some work that may refuse, before it writes anything; raise what it refuses with.

        An error within would end the commits of others, who share the transaction.
        """
        self.enter()

        def settled(connection: Connection) -> T | FirsthandError:
            try:
                return work(connection)
            except FirsthandError as error:
                return error

        done = self.database.write(settled)
        if isinstance(done, FirsthandError):
            raise done
        return done

    def check(self, connection: Connection, person: Person) -> None:
        """Refuse names and roles that are none, and a login that is somebody else's."""
        if wrong := next((each for each in (person.name, *person.roles) if not is_name(each)), None):
            raise FirsthandError(f"{wrong!r} cannot be a name or a role.", "Use letters.")
        if not person.login or not person.active:
            return
        other = connection.execute(
            "SELECT id FROM people WHERE login = ? AND active = 1 AND id <> ?", (person.login, person.id)
        ).fetchone()
        if other:
            raise FirsthandError(
                f"The login {person.login} is {other[0]}'s.",
                f"Take it away first: firsthand people change {other[0]} --no-login.",
            )


def one(connection: Connection, id: str) -> Person | None:
    """Return the person of an id, within a transaction."""
    row = connection.execute(f"{SELECT} WHERE id = ?", (id,)).fetchone()
    return person_of(row) if row else None


def active(connection: Connection, id: str) -> Person | None:
    """Return the active person of an id, within a transaction."""
    row = connection.execute(SELECT_ACTIVE, (id,)).fetchone()
    return person_of(row) if row else None


def alike_in(connection: Connection, id: str) -> str | None:
    """Return the id that differs from another by capitals alone, within a transaction."""
    ids = (str(each) for (each,) in connection.execute("SELECT id FROM people"))
    return next((each for each in ids if each.casefold() == id.casefold()), None)


def keep_one(connection: Connection, id: str) -> None:
    """Refuse to take administering from the last person who does."""
    sql = "SELECT 1 FROM people WHERE administers = 1 AND active = 1 AND id <> ? LIMIT 1"
    others = connection.execute(sql, (id,))
    if others.fetchone() is None:
        raise Refused("Nobody would be left who administers.", "Let somebody else administer first.")


def note(connection: Connection, at: int, kind: str, by: By, data: Mapping[str, object]) -> None:
    """Append the event of a change."""
    event = (at, kind, known_as(by), encode(data))
    connection.execute("INSERT INTO events (at, kind, actor, data) VALUES (?, ?, ?, ?)", event)


def known_as(by: By) -> str:
    """Return how events name whoever makes a change."""
    return by.id if isinstance(by, Person) else f"system:{by}"


def is_name(text: str) -> bool:
    """Say whether a text can be an id, a name or a role."""
    return bool(text.strip()) and text.isprintable() and len(text) <= 200


@lru_cache(maxsize=1024)
def person_of(row: tuple[Any, ...]) -> Person:
    """Return the person of a row."""
    id, name, roles, login, administers, active = row
    return Person(id, name, tuple(json.loads(roles)), login, bool(administers), bool(active))


def row_of(person: Person) -> tuple[Any, ...]:
    """Return the row of a person."""
    roles = encode(list(person.roles))
    return person.id, person.name, roles, person.login, int(person.administers), int(person.active)


def described(person: Person) -> dict[str, object]:
    """Return a person as events keep them."""
    kept = {name: value for name, value in asdict(person).items() if name != "email"}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in kept.items()}
