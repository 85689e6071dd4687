"""The author's own transaction, of sqlite3, psycopg, SQLAlchemy or Django: begun, marked, and not theirs to commit.

None of them is imported: each is known by the name of its type, and spoken to through its DBAPI connection.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, get_origin

from firsthand.core import refusals
from firsthand.core.calling import call
from firsthand.core.errors import AuthorError, Refused
from firsthand.core.resources import told

TABLE = "firsthand_effects"

SQLITE = f"""CREATE TABLE {TABLE} (run TEXT PRIMARY KEY, outcome TEXT, at BIGINT NOT NULL);
"""

POSTGRESQL = f"""{SQLITE}CREATE FUNCTION {TABLE}_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM {TABLE} WHERE run = NEW.run AND outcome IS NULL) THEN
    RAISE EXCEPTION 'a run commits when it has ended: leave that to the desk';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER {TABLE}_ended AFTER INSERT ON {TABLE}
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION {TABLE}_ended();
"""

OF_TYPES: Mapping[str, Callable[[Any], Any]] = {
    "sqlite3.Connection": lambda value: value,
    "psycopg.Connection": lambda value: value,
    "sqlalchemy.orm.session.Session": lambda value: value.connection().connection.driver_connection,
    "sqlalchemy.engine.base.Connection": lambda value: value.connection.driver_connection,
    "django.db.backends.base.base.BaseDatabaseWrapper": lambda value: value.ensure_connection() or value.connection,
}
"""How to come from a resource, by the name of its type, to its DBAPI connection."""

DENY, ALLOW, TRANSACTION = 1, 0, 22
"""What SQLite's authorizer is told, and answers."""

NUMBER = "CAST(pg_current_xact_id{}() AS text)"
"""The number of a transaction of PostgreSQL's."""

IDLE, BEGUN = 0, 2
"""What its driver says of a connection without a transaction, and of one with."""

TRANSIENT = ("40001", "40P01")
"""SQLSTATEs of a transaction that another one got in the way of: it may well succeed if it is tried again."""


def names_of(given: Any) -> Iterator[str]:
    """Yield the full names of a type and of those that it is one of."""
    for each in getattr(get_origin(given) or given, "__mro__", ()):
        yield f"{each.__module__}.{each.__qualname__}"


def is_transaction(given: Any) -> bool:
    """Say whether a resource of a type has a transaction that a run can be performed in."""
    return any(name in OF_TYPES for name in names_of(given))


def is_transient(error: BaseException | None) -> bool:
    """Say whether another transaction got in the way; SQLAlchemy and Django wrap what the driver raised."""
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        busy = str(getattr(error, "sqlite_errorname", "")).startswith("SQLITE_BUSY")
        if busy or getattr(error, "sqlstate", None) in TRANSIENT:
            return True
        error = getattr(error, "orig", None) or error.__cause__ or error.__context__
    return False


class Transaction:
    """The transaction of one resource of a type. What its driver raises is an ``AuthorError``."""

    def __init__(self, resource: Any, given: Any) -> None:
        found = next(name for name in names_of(given) if name in OF_TYPES)
        self.resource, self.come_to = resource, partial(call, OF_TYPES[found], resource)
        self.connection = self.come_to()
        self.sqlite = any(name == "sqlite3.Connection" for name in names_of(type(self.connection)))
        self.number: tuple[Any, ...] | None = None

    def execute(self, sql: str, *values: object) -> Any:
        """Execute a statement with ``?`` for values, and return its cursor."""
        cursor = call(self.connection.cursor)
        call(cursor.execute, sql if self.sqlite else sql.replace("?", "%s"), values)
        return cursor

    def begin(self) -> None:
        """Begin, unless its resource has: on SQLite at once as a writer, so that no other one comes in between."""
        if self.sqlite:
            if not call(getattr, self.connection, "in_transaction"):
                self.execute("BEGIN IMMEDIATE")
        elif getattr(self.connection, "autocommit", False) and self.connection.info.transaction_status == 0:
            raise refusals.no_transaction()

    def holds(self, journal: str) -> bool:
        """Say whether it is one of the journal of an id itself; that is looked for on SQLite."""
        if not self.sqlite or not self.row("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'meta'"):
            return False
        found = self.row("SELECT value FROM meta WHERE name = 'id'")
        if found and found[0] == journal:
            self.execute("PRAGMA wal_autocheckpoint = 0")
            return True
        return False

    def row(self, sql: str, *values: object) -> tuple[Any, ...] | None:
        """Return a query's first row."""
        found = call(self.execute(sql, *values).fetchone)
        return None if found is None else tuple(found.values() if isinstance(found, Mapping) else found)

    def outcome(self, key: str) -> dict[str, Any] | None:
        """Return what the mark of a run says; None where there is none. Refuses where there is no table of marks."""
        try:
            found = self.row(f"SELECT outcome FROM {TABLE} WHERE run = ?", key)
        except AuthorError as error:
            if TABLE in str(error.error):
                raise refusals.no_marks() from error
            raise
        return json.loads(found[0] or "{}") if found else None

    def mark(self, key: str, at: int, outcome: Mapping[str, object] | None = None) -> bool:
        """Mark a run, which its key allows once; False where it is marked. Waits for whoever is about to mark it."""
        told = None if outcome is None else json.dumps(outcome)
        sql = f"INSERT INTO {TABLE} (run, at, outcome) VALUES (?, ?, ?) ON CONFLICT (run) DO NOTHING"
        if self.sqlite:
            return bool(self.execute(sql, key, at, told).rowcount == 1)
        self.number = self.row(f"{sql} RETURNING {NUMBER.format('')}", key, at, told)
        return self.number is not None

    def finish(self, key: str, value: object) -> None:
        """Put what the function returned into the mark; raises ``AuthorError`` where it has left its transaction."""
        told = json.dumps({"value": value})
        if self.execute(f"UPDATE {TABLE} SET outcome = ? WHERE run = ?", told, key).rowcount != 1:
            raise left()

    def check_open(self) -> None:
        """Raise ``AuthorError`` where the transaction has ended, or the resource goes by another one now."""
        within = (call(told, each, "in_transaction") for each in (self.connection, self.resource))
        if any(each is False for each in within) or self.come_to() is not self.connection or self.is_another():
            raise left()

    def is_another(self) -> bool:
        """Say whether it is another transaction by now than the one of the mark, as far as PostgreSQL can be asked."""
        if self.number is None:
            return False
        status = self.connection.info.transaction_status
        return status == IDLE or (
            status == BEGUN and self.row(f"SELECT {NUMBER.format('_if_assigned')}") != self.number
        )

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep the transaction open meanwhile: nobody commits it or rolls it back, or, once this failed, commits it."""
        self.deny(("COMMIT", "ROLLBACK", "BEGIN"))
        failed = True
        try:
            yield
            failed = False
        except (AuthorError, Refused) as error:
            if self.is_another():
                raise left() from error
            raise
        finally:
            if failed:
                self.deny(("COMMIT",))
                self.roll_back()
            else:
                self.allow()

    def roll_back(self) -> None:
        """Roll back a session of SQLAlchemy's: after a COMMIT that was denied, its end alone would not.

        Its pool would have a connection within a transaction then.
        """
        if callable(getattr(self.resource, "in_transaction", None)):
            with suppress(AuthorError):  # it is lost, and so what it did
                call(self.resource.rollback)

    def deny(self, denied: tuple[str, ...]) -> None:
        """Have the driver refuse some of COMMIT, ROLLBACK and BEGIN, until it has rolled back.

        On PostgreSQL the trigger of the table of marks does that too, whatever the driver is told.
        """

        def authorize(action: int, name: str | None, *_: object) -> int:
            nonlocal denied
            if action != TRANSACTION or name not in denied:
                denied = () if action == TRANSACTION and name == "ROLLBACK" else denied
                return ALLOW
            return DENY

        if self.sqlite:
            with suppress(AuthorError):  # it is closed, so nothing can be committed
                call(self.connection.set_authorizer, authorize)
        elif "ROLLBACK" in denied:
            self.connection.commit = self.connection.rollback = denying
        else:
            self.allow()

    def allow(self) -> None:
        """Deny nothing any more."""
        if self.sqlite:
            call(self.connection.set_authorizer, None)
        else:
            del self.connection.commit, self.connection.rollback


def denying() -> None:
    """Stand in for a connection's commit and rollback."""
    raise RuntimeError("a run commits when it has ended: leave that to the desk")


def left() -> AuthorError:
    """Return the error of a function that has ended the transaction that it was called in."""
    return AuthorError(
        RuntimeError(
            "the function has left its transaction, so what it did may be committed in part, and stays: look, and "
            "leave commit and rollback to the desk"
        )
    )


class Happened(Refused):
    """A run is marked already; raised through the resources, so that this try is rolled back."""

    def __init__(self, outcome: dict[str, Any]) -> None:
        super().__init__("It is marked already.")
        self.outcome = outcome
