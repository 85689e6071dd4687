"""Failed sign-ins slow the next ones down: per person, and per address.

A try is counted as failed before its password is looked at, in one transaction with the look whether it may be made;
so a thousand at once are not one. Who was tried, and from where, is kept as a digest only: people type passwords into
the wrong field.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from firsthand.core.errors import FirsthandError
from firsthand.storage.database import Connection, Database

SECOND = 1_000_000
HOUR = 3_600 * SECOND

LONGEST = 15 * 60
"""Seconds that one waits at most."""


class Slowed(FirsthandError):
    """Too many tries failed: nothing was looked at. ``seconds`` is when to try again."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        span = f"{seconds} second{'' if seconds == 1 else 's'}" if seconds < 90 else f"{-(-seconds // 60)} minutes"
        super().__init__("Too many tries have failed.", f"Try again in {span}.")


@dataclass(frozen=True, slots=True)
class Key:
    """What tries are counted by: from the ``free``-th failure on they wait, until ``memory`` µs after the last one."""

    digest: bytes
    free: int
    memory: int


def person_key(id: str) -> Key:
    """Return the key of a person, known or not."""
    return Key(hashlib.sha256(b"person:" + id.encode("utf-8", "surrogatepass")).digest(), 5, 24 * HOUR)


def address_key(address: str) -> Key:
    """Return the key of an address; a whole office may sit behind one, so it has more tries than a person."""
    return Key(hashlib.sha256(b"address:" + address.encode()).digest(), 20, HOUR)


READ = "SELECT failures, last, until FROM throttle WHERE key = ?"
SAVE = """INSERT INTO throttle (key, failures, last, until) VALUES (?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET failures = excluded.failures, last = excluded.last, until = excluded.until"""


def waits(database: Database, keys: Sequence[Key], now: int) -> None:
    """Raise ``Slowed`` where a try may not be made yet; a look without a write."""
    rows = [row for key in keys for row in database.read(READ, (key.digest,))]
    slow(rows, now)


def slow(rows: Sequence[tuple[int, int, int]], now: int) -> None:
    """Raise ``Slowed`` where one of the rows says so."""
    until = max((row[2] for row in rows), default=0)
    if until > now:
        raise Slowed(-(-(until - now) // SECOND))


def count(connection: Connection, keys: Sequence[Key], now: int) -> Slowed | None:
    """Count a try as failed, or return that it may not be made yet."""
    rows = [connection.execute(READ, (key.digest,)).fetchone() or (0, now, 0) for key in keys]
    try:
        slow(rows, now)
    except Slowed as slowed:
        return slowed
    connection.execute("DELETE FROM throttle WHERE last < ?", (now - 24 * HOUR,))
    for key, (failures, last, _) in zip(keys, rows, strict=True):
        counted = 1 if last < now - key.memory else failures + 1
        connection.execute(SAVE, (key.digest, counted, now, now + wait_after(counted - key.free) * SECOND))
    return None


def wait_after(over: int) -> int:
    """Return the seconds to wait after so many failures over the free ones: 1, 2, 4, ..., at most 15 minutes."""
    return 0 if over < 0 else min(2 ** min(over, 20), LONGEST)


def forgive(connection: Connection, person: Key, address: Key | None = None) -> None:
    """Forget a person's failures after a try that was right; of an address's only that try."""
    connection.execute("DELETE FROM throttle WHERE key = ?", (person.digest,))
    if address:
        sql = "UPDATE throttle SET failures = failures - 1, until = 0 WHERE key = ? AND failures > 0"
        connection.execute(sql, (address.digest,))
