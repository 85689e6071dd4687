"""A shop in the author's own SQLite database, by way of sqlite3 or of SQLAlchemy, whose actions are transactional."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from firsthand import Desk
from firsthand.core.marking import SQLITE

WAYS = ("sqlite3", "Session", "Connection")
Does = Callable[[Any], Any]


class Books:
    """The database, and what it says; ``does`` is called in the action with its connection."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.does: Does = lambda connection: None
        self.commits = True
        self.lost: Callable[[], object] | None = None
        self.read("CREATE TABLE IF NOT EXISTS paid (amount INT)")

    def add_marks(self) -> None:
        """Make the table of marks, as its migration does."""
        connection = sqlite3.connect(self.path)
        connection.executescript(SQLITE)
        connection.close()

    def read(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query, seen from outside."""
        connection = sqlite3.connect(self.path, isolation_level=None)
        rows = connection.execute(sql).fetchall()
        connection.close()
        return rows

    @property
    def paid(self) -> list[int]:
        """What was paid."""
        return [row[0] for row in self.read("SELECT amount FROM paid")]

    @property
    def marks(self) -> int:
        """How many runs are marked."""
        return int(self.read("SELECT count(*) FROM firsthand_effects")[0][0])


def execute(connection: Any, sql: str) -> Any:
    """Execute a statement by any of the ways."""
    return connection.execute(sql if isinstance(connection, sqlite3.Connection) else text(sql))


def ending(ends: str, *, caught: bool, execute: Callable[[Any, str], Any]) -> Does:
    """Return what an action does to end its transaction by itself: a method, or a statement in capitals."""

    def end(connection: Any) -> None:
        try:
            getattr(connection, ends)() if ends.islower() else execute(connection, ends)
        except Exception:
            if not caught:
                raise

    return end


def desk_of(books: Books, way: str, **said: Any) -> Desk:
    """Return a desk whose action pays into the books by one of the ways."""
    desk = Desk("Books", why=["customer asked"])
    kind: Any = {"sqlite3": sqlite3.Connection, "Session": Session, "Connection": Connection}[way]

    def is_new(amount: int, connection: kind) -> bool:
        """Such an amount was not paid before."""
        return not execute(connection, f"SELECT 1 FROM paid WHERE amount = {amount}").fetchone()

    @desk.resource
    def connection() -> Iterator[kind]:
        if way == "sqlite3":
            opened = sqlite3.connect(books.path, timeout=0.3, check_same_thread=False)
            try:
                with opened:
                    yield opened
                    if not books.commits:
                        opened.rollback()
                if books.lost:
                    books.lost()
                    raise OSError("the reply was lost")
            finally:
                opened.close()
            return
        engine = create_engine(f"sqlite:///{books.path}", connect_args={"timeout": 0.3})
        with Session(engine) if way == "Session" else engine.connect() as session, session.begin():
            yield session
        engine.dispose()

    @desk.action(who="support", mode="transactional", when=is_new, **said)
    def pay(amount: int, connection: kind) -> dict[str, int]:
        """Pay."""
        execute(connection, f"INSERT INTO paid VALUES ({amount})")
        books.does(connection)
        return {"paid": amount}

    return desk
