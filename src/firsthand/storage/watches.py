"""Watches: which actions, namespaces, tags and subjects somebody wants to be told of."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from firsthand.core.actors import Person
from firsthand.core.catalogue import may
from firsthand.core.errors import FirsthandError
from firsthand.storage.database import Connection, Database
from firsthand.storage.journal import SqlJournal

KINDS = ("action", "namespace", "tag", "subject")
LONGEST, MOST = 300, 500
"""Characters of what is watched, and watches that one person may have."""

OF_KEYS = "SELECT person, kind, key FROM watches WHERE kind = ? AND key IN (SELECT value FROM json_each(?))"


class Watch(NamedTuple):
    """What somebody watches: an action or a namespace by its name, a tag, a subject as ``account:42``."""

    kind: str
    key: str


class Watches:
    """The watches of a journal."""

    def __init__(self, journal: SqlJournal) -> None:
        self.journal = journal
        self.database: Database = journal.database

    def of(self, person: str) -> list[Watch]:
        """Return what somebody watches."""
        rows = self.database.read("SELECT kind, key FROM watches WHERE person = ? ORDER BY kind, key", (person,))
        return [Watch(*row) for row in rows]

    def has(self, person: str, watch: Watch) -> bool:
        """Say whether somebody watches something."""
        sql = "SELECT 1 FROM watches WHERE person = ? AND kind = ? AND key = ?"
        return bool(self.database.read(sql, (person, *watch)))

    def add(self, person: Person, watch: Watch) -> None:
        """Have somebody told of what happens to something; an action hidden from them and an unknown one look the same.

        Raises ``FirsthandError``.
        """
        self.check(person, watch)
        insert = "INSERT INTO watches (person, kind, key) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
        self.write(insert, (person.id, *watch))

    def remove(self, person: str, watch: Watch) -> None:
        """Stop it."""
        self.write("DELETE FROM watches WHERE person = ? AND kind = ? AND key = ?", (person, *watch))

    def write(self, sql: str, values: tuple[str, ...]) -> None:
        """Write a change."""
        _ = self.journal.process

        def work(connection: Connection) -> None:
            connection.execute(sql, values)

        self.database.write(work)

    def check(self, person: Person, watch: Watch) -> None:
        """Raise where there is no such thing, or it is hidden from them, or they watch too much."""
        kind, key = watch
        if kind not in KINDS or not key or len(key) > LONGEST or not key.isprintable():
            raise FirsthandError("That cannot be watched.", f"Watch one of these: {', '.join(KINDS)}.")
        entries = {name: each for name, each in self.journal.history.catalogue() if may(each, person.roles)}
        if kind == "subject" and ":" not in key:
            raise FirsthandError("A subject is watched by its kind and id.", "Write it as account:42.")
        if kind != "subject" and key not in watchable(entries)[kind]:
            raise FirsthandError(f"There is no {kind} “{key}”.", "firsthand actions lists the actions.")
        if len(self.of(person.id)) >= MOST:
            raise FirsthandError(f"You watch {MOST} things already.", "Stop watching some of them first.")

    def of_keys(self, keys: Mapping[str, Collection[str]]) -> Iterator[tuple[str, Watch]]:
        """Yield who watches some things, given by their kinds."""
        for kind, each in keys.items():
            if each:
                for person, *watch in self.database.read(OF_KEYS, (kind, json.dumps(sorted(each)))):
                    yield person, Watch(*watch)


def watchable(entries: Mapping[str, Mapping[str, Any]]) -> dict[str, set[str]]:
    """Return the actions, namespaces and tags of a catalogue."""
    tags = {tag for entry in entries.values() for tag in entry.get("tags", ())}
    return {"action": set(entries), "namespace": set(namespaces_of(entries)), "tag": tags}


def namespaces_of(actions: Iterable[str]) -> set[str]:
    """Return the namespaces of actions by their names: ``billing.invoice.refund`` is in two."""
    found = set()
    for name in actions:
        parts = name.split(".")
        found |= {".".join(parts[:end]) for end in range(1, len(parts))}
    return found
