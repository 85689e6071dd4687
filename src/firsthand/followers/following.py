"""How followers read the events in the order of their commits, each from where it is, nothing left out.

On SQLite that is the order of their ids. On PostgreSQL an event may become visible after others with higher ids, so
its place is the pair of its transaction's number and its id; read is what lies before every transaction that is still
open, which nothing can come before any more.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

from firsthand.core.errors import JournalUnavailable
from firsthand.storage.database import Connection, Database


class Position(NamedTuple):
    """The place of an event: its transaction's number, 0 on SQLite, and its id."""

    xid: int
    id: int


START = Position(0, 0)
EMPTYING = Position(0, -1)
"""Where a follower is while a rebuild takes away what it made."""

BY_ID = {
    "place": "0, events.id",
    "after": "events.id > :id",
    "until": "events.id <= :id",
    "order": "events.id",
    "settled": "",
    "at": "0, position",
    "move": """INSERT INTO followers (name, position) VALUES (:name, :id)
        ON CONFLICT (name) DO UPDATE SET position = excluded.position WHERE followers.position = :from_id""",
}
BY_PAIR = {
    "place": "events.xid, events.id",
    "after": "(events.xid, events.id) > (:xid, :id)",
    "until": "(events.xid, events.id) <= (:xid, :id)",
    "order": "events.xid, events.id",
    "settled": "AND events.xid < CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint)",
    "at": "xid, position",
    "move": """INSERT INTO followers (name, xid, position) VALUES (:name, :xid, :id)
        ON CONFLICT (name) DO UPDATE SET xid = excluded.xid, position = excluded.position
        WHERE followers.xid = :from_xid AND followers.position = :from_id""",
}


def written(database: Database, sql: str) -> str:
    """Return a statement about events in the words of a database: ``{place}``, ``{after}``, ``{order}`` and so on."""
    return sql.format(**(BY_PAIR if database.pairs else BY_ID))


class Follower:
    """Something that reads the events and keeps what it makes of them; what that is says ``fold``."""

    name: ClassVar[str]
    take_away: ClassVar[tuple[str, ...]]
    """Statements that each take away some of what was made."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def position(self) -> Position:
        """Return the place of the last event read; ``EMPTYING`` while a rebuild takes away what was made."""
        rows = self.read("SELECT {at} FROM followers WHERE name = :name", name=self.name)
        return Position(*rows[0]) if rows else START

    def read(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query about events."""
        return self.database.read(written(self.database, sql), values)

    def advance(self, seconds: float) -> bool:
        """Read what is new, for about so many seconds; say whether nothing is left.

        A journal that cannot be written now is left as it is.
        """
        if self.database.read_only:
            return False
        deadline = time.monotonic() + seconds
        try:
            while self.fold():
                if time.monotonic() > deadline:
                    return False
        except JournalUnavailable:
            return False
        return True

    @abstractmethod
    def fold(self) -> bool:
        """Read the next events, if there are any; say whether there were."""

    def rebuild(self) -> None:
        """Make everything anew. Until that is done, readers see up to where it is."""
        while not self.moved(self.position(), EMPTYING, lambda _: None):
            pass
        while self.fold():
            pass

    def moved(self, expected: Position, to: Position, add: Callable[[Connection], object]) -> bool:
        """Move the position and add something; False, with nothing added, where another process has moved it."""

        def work(connection: Connection) -> bool:
            moved = self.move_within(connection, expected, to)
            if moved:
                add(connection)
            return moved

        return self.database.write(work)

    def move_within(self, connection: Connection, expected: Position, to: Position) -> bool:
        """Move the position within a transaction, unless another process has."""
        values = {"name": self.name, "xid": to.xid, "id": to.id, "from_xid": expected.xid, "from_id": expected.id}
        return connection.execute(written(self.database, "{move}"), values).rowcount == 1

    def empty(self) -> None:
        """Take away some of what was made, for a rebuild; with the last of it one is at the start."""

        def work(connection: Connection) -> None:
            if not any(connection.execute(each).rowcount for each in self.take_away):
                self.move_within(connection, EMPTYING, START)

        self.database.write(work)
