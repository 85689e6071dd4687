"""Which database a URL is of, and how it becomes a journal."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from firsthand.storage import schema
from firsthand.storage.database import Database
from firsthand.storage.sqlite import Sqlite

SERVERS = ("postgresql://", "postgres://")


def opened(url: str) -> Database:
    """Return the database of a URL, nothing of it looked at yet; raises ``SettingsError`` for a URL that is none."""
    if url.startswith(SERVERS):
        from firsthand.storage.postgresql import Postgresql

        return Postgresql(url)
    return Sqlite(url, verify=schema.require_latest)


def set_up(database: Database) -> None:
    """Make a new database a journal; an existing one must be up to date."""
    if isinstance(database, Sqlite):
        schema.set_up(database)
        return
    from firsthand.storage.postgresql import Postgresql

    assert isinstance(database, Postgresql), "there are two kinds"  # noqa: S101
    database.set_up()


class Upgraded(NamedTuple):
    """What an upgrade did: whether anything, to which version, and where the copy from before is, if one was made."""

    anything: bool
    version: int
    copy: Path | None = None


def upgraded(database: Database) -> Upgraded:
    """Bring an older journal up to date, a new one too; SQLite's is copied first, PostgreSQL's has tools for that."""
    if isinstance(database, Sqlite):
        new, copy = not database.path.exists(), schema.upgrade(database)
        return Upgraded(new or copy is not None, version(database), copy)
    from firsthand.storage.postgresql import Postgresql

    assert isinstance(database, Postgresql), "there are two kinds"  # noqa: S101
    return Upgraded(database.upgrade(), version(database))


def kind_of(database: Database) -> str:
    """Return which migrations are a database's."""
    return "sqlite" if isinstance(database, Sqlite) else "postgresql"


def schema_known(database: Database) -> int:
    """Return the version of the schema that this Firsthand writes."""
    return schema.latest(kind_of(database))


def version(database: Database) -> int:
    """Return the version of a journal's schema."""
    sql = "PRAGMA user_version" if kind_of(database) == "sqlite" else "SELECT value FROM meta WHERE name = 'schema'"
    return int(database.read(sql)[0][0])


def living(database: Database) -> list[schema.Process]:
    """Return the processes of a journal that live."""
    alive, every = database.presence().alive, database.read(schema.processes(version(database), kind_of(database)))
    return [each for each in map(schema.Process._make, every) if alive(each.id)]


def moved_to(database: Database) -> str | None:
    """Return where a journal was moved to, if it was; see ``storage.moving``."""
    rows = database.read("SELECT value FROM meta WHERE name = 'moved'")
    return str(rows[0][0]) if rows else None
