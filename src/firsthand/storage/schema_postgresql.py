"""The journal's schema on PostgreSQL: migrations of its own, each wholly or not at all."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from psycopg import errors

from firsthand.core.errors import JournalMissing, JournalUnavailable
from firsthand.storage.schema import (
    WRITE_SURVIVED,
    Migration,
    check_survived,
    latest,
    migrations,
    oldest_beside,
    require,
    survived,
)

if TYPE_CHECKING:
    from firsthand.storage.dialect import Session

KIND = "postgresql"
SETTING_UP = int.from_bytes(b"1hns")
"""The key of the advisory lock of whoever changes the schema."""

WRITING = int.from_bytes(b"1hnd")
"""The key of the advisory lock of whoever writes what must not be written by two at once; entering is that, too."""

AT_ONCE = "500ms"
"""How long a migration waits for a table: whoever comes after it waits as long, so it rather tries again."""

PAUSE = 0.5
PATIENCE = 30.0
"""Seconds after which a migration that does not get its tables is given up."""

BUSY = (errors.LockNotAvailable, errors.DeadlockDetected)
BESIDE = re.compile(r"CREATE (?:UNIQUE )?INDEX CONCURRENTLY IF NOT EXISTS (\w+)[^;]*;")
"""An index that is made while others write; in a transaction it is made without that word."""

INVALID = """SELECT 1 FROM pg_index WHERE NOT indisvalid AND indexrelid = to_regclass('firsthand.' || ?)"""
HOLDERS = """SELECT DISTINCT each.pid, coalesce(each.application_name, ''), coalesce(each.usename, ''),
        CAST(extract(epoch FROM clock_timestamp() - each.xact_start) AS integer)
    FROM pg_locks JOIN pg_stat_activity AS each ON each.pid = pg_locks.pid
    JOIN pg_class ON pg_class.oid = pg_locks.relation
    WHERE pg_class.relnamespace = to_regnamespace('firsthand') AND each.pid <> pg_backend_pid()
        AND each.datname = current_database() AND each.xact_start < clock_timestamp() - interval '400 milliseconds'
    ORDER BY 4 DESC LIMIT 3"""


def version_of(session: Session) -> int:
    """Return the schema's version, 0 where there is none."""
    if session.execute("SELECT to_regclass('firsthand.meta')").fetchall() == [(None,)]:
        return 0
    rows = session.execute("SELECT value FROM firsthand.meta WHERE name = 'schema'").fetchall()
    return int(rows[0][0]) if rows else 0


def require_latest(session: Session, place: str) -> None:
    """Raise ``JournalMissing`` or ``JournalOutdated`` unless the schema is one that this version can write."""
    version = version_of(session)
    if version == 0:
        raise JournalMissing(
            f"There is no journal in {place} yet.",
            "The first command that writes sets one up, such as firsthand people add.",
        )
    require(version, oldest_beside(session, version), KIND)


def set_up(session: Session) -> None:
    """Make a journal where there is none, in one transaction."""
    with session.transaction():
        session.execute("SELECT pg_advisory_xact_lock(?)", (SETTING_UP,))
        if version_of(session) == 0:
            create(session)
            session.execute("INSERT INTO meta VALUES ('id', ?)", (os.urandom(16).hex(),))
            write_version(session, latest(KIND))


def upgrade(session: Session, alive: Callable[[int], bool]) -> bool:
    """Apply every migration that is missing, each in a transaction of its own; say whether there were any.

    Waits for nobody's transaction for long. Raises ``JournalError`` where a process lives that would not survive it,
    ``JournalUnavailable`` where others hold its tables all the time.
    """
    if version_of(session) == 0:
        set_up(session)
        return True
    check_survived(session, version_of(session), alive, KIND)
    missing = [each for each in migrations(KIND) if each.number > version_of(session)]
    for migration in missing:
        for index in BESIDE.finditer(migration.sql):
            patiently(session, partial(make_beside, session, index[0], index[1]))
        patiently(session, partial(apply, session, migration, alive))
    return bool(missing)


def patiently(session: Session, work: Callable[[], None]) -> None:
    """Do some work that needs tables, again where others have them; raises who has where that takes too long."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return work()
        except BUSY:
            if time.monotonic() > deadline:
                raise held_up(session) from None
        time.sleep(PAUSE)


def apply(session: Session, migration: Migration, alive: Callable[[int], bool]) -> None:
    """Apply a migration in one transaction, while nobody enters or writes alone, unless somebody else has by now."""
    with session.transaction():
        session.execute(f"SET LOCAL lock_timeout = '{AT_ONCE}'", None)
        for lock in (SETTING_UP, WRITING):
            session.execute("SELECT pg_advisory_xact_lock(?)", (lock,))
        version = version_of(session)
        if version >= migration.number:
            return
        check_survived(session, version, alive, KIND)
        session.execute(within(migration.sql), None)
        write_version(session, migration.number)


def make_beside(session: Session, statement: str, name: str) -> None:
    """Make an index while others write; one that was left half done is made anew."""
    session.execute("SET lock_timeout = '10min'", None)
    try:
        if session.execute(INVALID, (name,)).fetchall():
            session.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}", None)
        session.execute(statement, None)
    finally:
        session.execute("SET lock_timeout = '4s'", None)


def within(script: str) -> str:
    """Return a migration as it is applied in a transaction."""
    return script.replace("INDEX CONCURRENTLY IF", "INDEX IF")


def create(session: Session) -> None:
    """Make the tables, with nothing in them, within a transaction."""
    session.execute("CREATE SCHEMA IF NOT EXISTS firsthand")
    for migration in migrations(KIND):
        session.execute(within(migration.sql), None)


def write_version(session: Session, number: int) -> None:
    """Note the version of the schema, and which versions survive it."""
    sql = "INSERT INTO meta VALUES ('schema', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
    session.execute(sql, (str(number),))
    session.execute(WRITE_SURVIVED, (str(survived(KIND, number)),))


def held_up(session: Session) -> JournalUnavailable:
    """Return the fault of tables that others had all the time, with who has them now."""
    found = session.execute(HOLDERS).fetchall()
    told = [f"process {pid} of the server ({name or 'no name'}, {user}, for {age} s)" for pid, name, user, age in found]
    return JournalUnavailable(
        f"The journal's tables were in use for {PATIENCE:g} seconds: {', '.join(told) or 'by many, each shortly'}.",
        "Nothing of this migration was done. End that transaction (pg_terminate_backend), or upgrade again later.",
    )
