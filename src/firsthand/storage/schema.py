"""The journal's schema: numbered migrations, applied to a new database at once and to an older one only when asked."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from firsthand.core.errors import JournalError, JournalOutdated
from firsthand.storage.sqlite import Sqlite

APPLICATION = int.from_bytes(b"1hnd")
"""SQLite's application_id of a journal, so that no other database is taken for one."""


def migrations(kind: str = "sqlite") -> list[tuple[int, str, str]]:
    """Return number, name and SQL of every migration of a kind of database, in order."""
    found = (Path(__file__).parent / "migrations" / kind).glob("*.sql")
    return sorted((int(each.name[:4]), each.name, each.read_text(encoding="utf-8")) for each in found)


def latest(kind: str = "sqlite") -> int:
    """Return the number of the newest migration that this version knows."""
    return migrations(kind)[-1][0]


def version_of(connection: sqlite3.Connection) -> int:
    """Return the schema's version of a database, 0 for an empty one; raises ``JournalError`` for somebody else's."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    empty = connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is None
    if application != APPLICATION and not empty:
        raise JournalError("This database is not a journal of Firsthand's.", "Look at FIRSTHAND_DATABASE.")
    return version


def require(version: int, kind: str = "sqlite") -> None:
    """Raise ``JournalOutdated`` unless a schema's version is the one that this version of Firsthand writes."""
    if version < latest(kind):
        raise JournalOutdated(
            f"The journal's schema is at version {version}; this Firsthand writes {latest(kind)}.",
            "Run firsthand db upgrade" + (": it makes a copy first." if kind == "sqlite" else "."),
        )
    if version > latest(kind):
        raise JournalOutdated(
            f"The journal's schema is at version {version}, newer than this Firsthand, which knows {latest(kind)}.",
            "Install the newer Firsthand.",
        )


def require_latest(connection: sqlite3.Connection) -> None:
    """Raise ``JournalOutdated`` unless a database is a journal of the schema that this version writes."""
    require(version_of(connection))


def set_up(database: Sqlite) -> None:
    """Make a new database a journal; an existing one must be up to date. Not for two threads at once."""
    connection = database.connect(writes=True, create=not database.read_only)
    try:
        with database.locked():
            if version_of(connection) == 0 and not database.read_only:
                connection.execute("PRAGMA journal_mode=WAL")
                apply(connection, 0)
        require_latest(connection)
    except sqlite3.Error as error:
        raise database.explained(error) from error
    finally:
        connection.close()


def upgrade(database: Sqlite) -> Path | None:
    """Bring an older journal up to date, after a copy; return the copy's path, or None if there was nothing to do."""
    if not database.path.exists():
        set_up(database)
        return None
    connection = database.connect(writes=True)
    try:
        with database.locked():
            version = version_of(connection)
            if version >= latest():
                require(version)
                return None
            copy = None if version == 0 else copied(database, connection, version)
            connection.execute("PRAGMA journal_mode=WAL")
            apply(connection, version)
            return copy
    except sqlite3.Error as error:
        raise database.explained(error) from error
    finally:
        connection.close()


def copied(database: Sqlite, connection: sqlite3.Connection, version: int) -> Path:
    """Copy the whole database beside itself."""
    path = database.beside(f"before-{version + 1}-{datetime.now(UTC):%Y%m%dT%H%M%S}")
    with sqlite3.connect(path) as target:
        connection.backup(target)
    target.close()
    return path


def apply(connection: sqlite3.Connection, version: int) -> None:
    """Apply every migration after a version, in one transaction."""
    connection.execute("BEGIN IMMEDIATE")
    done = False
    try:
        for number, _, sql in migrations():
            if number > version:
                for statement in statements(sql):
                    connection.execute(statement)
        if version == 0:
            connection.execute("INSERT INTO meta VALUES ('id', ?)", (os.urandom(16).hex(),))
            connection.execute(f"PRAGMA application_id={APPLICATION}")
        connection.execute(f"PRAGMA user_version={latest()}")
        connection.execute("COMMIT")
        done = True
    finally:
        if not done and connection.in_transaction:
            connection.execute("ROLLBACK")


def statements(sql: str) -> Iterator[str]:
    """Yield the statements of a script one by one (``executescript`` would commit in between)."""
    statement = ""
    for line in sql.splitlines():
        statement += f"{line}\n"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
