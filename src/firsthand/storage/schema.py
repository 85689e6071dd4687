"""The journal's schema: numbered migrations, applied to a new database at once and to an older one only when asked.

A migration that processes of older versions survive says so in its first lines: ``-- survives: 12`` means that those of
version 12 and later go on beside it. What it says by then stands in ``meta``, where those older ones look.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from firsthand.core.errors import JournalError, JournalOutdated
from firsthand.storage.present import LEASE
from firsthand.storage.sqlite import Sqlite

APPLICATION = int.from_bytes(b"1hnd")
"""SQLite's application_id of a journal, so that no other database is taken for one."""


FOLDER = Path(__file__).parent / "migrations"

SURVIVES = re.compile(r"(?:--.*\n)*?-- survives: ([0-9]+)\n")

SAID_SINCE = 13
"""The version since which processes say which version of the schema they know; the one before survives it."""

READ_SURVIVED = "SELECT value FROM meta WHERE name = 'survives'"
WRITE_SURVIVED = """INSERT INTO meta (name, value) VALUES ('survives', ?)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value"""


class Migration(NamedTuple):
    """One migration: its number, the name of its file, its SQL, and the oldest version that survives it."""

    number: int
    name: str
    sql: str
    survives: int


def migrations(kind: str = "sqlite") -> list[Migration]:
    """Return every migration of a kind of database, in order."""
    return sorted(read(each) for each in (FOLDER / kind).glob("*.sql"))


@cache
def read(path: Path) -> Migration:
    """Return the migration of a file."""
    number, sql = int(path.name[:4]), path.read_text(encoding="utf-8")
    said = SURVIVES.match(sql)
    return Migration(number, path.name, sql, int(said[1]) if said else number)


def latest(kind: str = "sqlite") -> int:
    """Return the number of the newest migration that this version knows."""
    return migrations(kind)[-1].number


def survived(kind: str = "sqlite", number: int | None = None) -> int:
    """Return the oldest version whose processes can go on beside a version of the schema, the newest if not given."""
    return max(each.survives for each in migrations(kind) if number is None or each.number <= number)


def version_of(connection: sqlite3.Connection) -> int:
    """Return the schema's version of a database, 0 for an empty one; raises ``JournalError`` for somebody else's."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    empty = connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is None
    if application != APPLICATION and not empty:
        raise JournalError("This database is not a journal of Firsthand's.", "Look at FIRSTHAND_DATABASE.")
    return version


def require(version: int, oldest: int, kind: str = "sqlite") -> None:
    """Raise ``JournalOutdated`` unless this version can go on with a schema; ``oldest`` is the oldest that can."""
    if version < latest(kind):
        raise JournalOutdated(
            f"The journal's schema is at version {version}; this Firsthand writes {latest(kind)}.",
            "Run firsthand db upgrade" + (": it makes a copy first." if kind == "sqlite" else "."),
        )
    if oldest > latest(kind):
        raise JournalOutdated(
            f"The journal's schema is at version {version}, newer than this Firsthand, which knows {latest(kind)}.",
            "Install the newer Firsthand.",
        )


def oldest_beside(connection: Any, version: int) -> int:
    """Return the oldest version whose processes can go on with the schema of a journal."""
    rows = connection.execute(READ_SURVIVED).fetchall() if version >= SAID_SINCE else []
    return int(rows[0][0]) if rows else version


def require_latest(connection: sqlite3.Connection) -> None:
    """Raise ``JournalOutdated`` unless a database is a journal that this version can write."""
    version = version_of(connection)
    require(version, oldest_beside(connection, version))


class Process(NamedTuple):
    """A process of the journal's: which it is, which schema it knows, and of which Firsthand it is."""

    id: int
    host: str
    pid: int
    schema: int
    version: str

    def __str__(self) -> str:
        """Say which it is."""
        return f"{self.pid} on {self.host}" + (f" (Firsthand {self.version})" if self.version else "")


def processes(version: int, kind: str = "sqlite") -> str:
    """Return the query of the processes of a journal, as rows of ``Process``: of all that may live, and of dead ones.

    They may be very many, since each command that writes is one. On PostgreSQL those that live have said so lately.
    """
    lately = f" WHERE seen > firsthand.now() - {LEASE * 1_000_000}" if kind == "postgresql" else ""
    said = f"coalesce(schema, {SAID_SINCE - 1}), coalesce(version, '')" if version >= SAID_SINCE else f"{version}, ''"
    return f"SELECT id, host, pid, {said} FROM processes{lately} ORDER BY id"


def check_survived(connection: Any, version: int, alive: Callable[[int], bool], kind: str = "sqlite") -> None:
    """Raise ``JournalError`` where a process lives that would not survive the newest migration."""
    oldest, every = survived(kind), (Process(*row) for row in connection.execute(processes(version, kind)).fetchall())
    found = [each for each in every if each.schema < oldest and alive(each.id)]
    if found:
        raise JournalError(
            f"Processes are in the journal that would not survive this: {', '.join(map(str, found))}.",
            "Stop them, upgrade, and start them with this version of Firsthand. Nothing was changed.",
        )


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
                require_latest(connection)
                return None
            if version:
                check_survived(connection, version, database.presence().alive)
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
        for migration in migrations():
            if migration.number > version:
                for statement in statements(migration.sql):
                    connection.execute(statement)
        if version == 0:
            connection.execute("INSERT INTO meta VALUES ('id', ?)", (os.urandom(16).hex(),))
            connection.execute(f"PRAGMA application_id={APPLICATION}")
        connection.execute(WRITE_SURVIVED, (str(survived()),))
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
