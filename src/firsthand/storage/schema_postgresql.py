"""The journal's schema on PostgreSQL: migrations of its own, each wholly or not at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from firsthand.core.errors import JournalMissing
from firsthand.storage.schema import latest, migrations, require

if TYPE_CHECKING:
    from firsthand.storage.dialect import Session

KIND = "postgresql"
SETTING_UP = int.from_bytes(b"1hns")
"""The key of the advisory lock of whoever changes the schema."""


def version_of(session: Session) -> int:
    """Return the schema's version, 0 where there is none."""
    if session.execute("SELECT to_regclass('firsthand.meta')").fetchall() == [(None,)]:
        return 0
    rows = session.execute("SELECT value FROM firsthand.meta WHERE name = 'schema'").fetchall()
    return int(rows[0][0]) if rows else 0


def require_latest(session: Session, place: str) -> None:
    """Raise ``JournalMissing`` or ``JournalOutdated`` unless the schema is the one that this version writes."""
    version = version_of(session)
    if version == 0:
        raise JournalMissing(
            f"There is no journal in {place} yet.",
            "The first command that writes sets one up, such as firsthand people add.",
        )
    require(version, KIND)


def apply(session: Session, *, only_new: bool = False) -> bool:
    """Apply every migration that is missing, in one transaction that nobody else is in; say whether there were any."""
    with session.transaction():
        session.execute("SELECT pg_advisory_xact_lock(?)", (SETTING_UP,))
        version = version_of(session)
        if version >= latest(KIND) or (only_new and version):
            return False
        session.execute("CREATE SCHEMA IF NOT EXISTS firsthand")
        for number, _, script in migrations(KIND):
            if number > version:
                session.execute(script, None)
        if version == 0:
            session.execute("INSERT INTO meta VALUES ('id', ?)", (os.urandom(16).hex(),))
        sql = "INSERT INTO meta VALUES ('schema', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
        session.execute(sql, (str(latest(KIND)),))
    return True
