"""How each person wants to be told; whoever never chose has the defaults."""

from __future__ import annotations

import json

from firsthand.core.notices import Preferences
from firsthand.storage.codec import encode
from firsthand.storage.database import Connection, Database
from firsthand.storage.journal import SqlJournal
from firsthand.storage.people import By, known_as
from firsthand.storage.recording import INSERT_EVENT

SAVE = """INSERT INTO preferences (person, preferences) VALUES (?, ?)
    ON CONFLICT (person) DO UPDATE SET preferences = excluded.preferences"""


def preferences_of(database: Database, person: str) -> Preferences:
    """Return how somebody wants to be told."""
    rows = database.read("SELECT preferences FROM preferences WHERE person = ?", (person,))
    return Preferences.of(json.loads(rows[0][0])) if rows else Preferences()


def chosen(database: Database) -> dict[str, Preferences]:
    """Return how everybody who chose wants to be told, by their id."""
    rows = database.read("SELECT person, preferences FROM preferences")
    return {person: Preferences.of(json.loads(told)) for person, told in rows}


def prefer(journal: SqlJournal, person: str, wanted: Preferences, by: By, at: int) -> None:
    """Keep how somebody wants to be told; which of it has changed is on record. Raises ``FirsthandError``."""
    wanted.check()
    before, after = preferences_of(journal.database, person).as_dict(), wanted.as_dict()
    changed = [name for name, value in after.items() if value != before[name]]
    event = encode({"person": person, "changed": changed})
    _ = journal.process

    def work(connection: Connection) -> None:
        connection.execute(SAVE, (person, encode(after)))
        connection.execute(INSERT_EVENT, (None, at, "notices_chosen", known_as(by), event))

    if changed:
        journal.database.write(work)
