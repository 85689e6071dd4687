"""Visits: what is new to somebody since they looked last."""

from __future__ import annotations

from firsthand.storage.database import Connection
from firsthand.storage.journal import SqlJournal

AWAY = 30 * 60 * 1_000_000
"""Microseconds without a look after which the next one is a new visit."""

KEPT = 60 * 1_000_000
"""Microseconds within which a further look is not written down."""

UPSERT = """INSERT INTO visits (person, seen, latest, at) VALUES (:person, :seen, :latest, :at)
    ON CONFLICT (person) DO UPDATE SET seen = :seen, latest = :latest, at = :at"""


def looked(journal: SqlJournal, person: str, latest: int, at: int) -> int | None:
    """Note that somebody looks now and sees runs up to ``latest``; return up to where they had seen before.

    None at the first visit ever. Looks less than half an hour apart are one visit: what was new stays new.
    """
    rows = journal.database.read("SELECT seen, latest, at FROM visits WHERE person = ?", (person,))
    seen, before, last = rows[0] if rows else (latest, latest, 0)
    if last and at - last < KEPT:
        return int(seen)
    if at - last > AWAY:
        seen = before
    row = {"person": person, "seen": seen, "latest": latest, "at": at}

    def work(connection: Connection) -> None:
        connection.execute(UPSERT, row)

    if not journal.database.read_only:
        journal.database.write(work)
    return int(seen) if rows else None
