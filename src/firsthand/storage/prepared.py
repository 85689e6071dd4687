"""Statements that come again and again on a connection to PostgreSQL: the server parses and plans each only once.

They go to the server by libpq itself. The driver's cursors do the same, and take 40 µs of Python for it each time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult

from firsthand.storage.codec import spelt

NUMBERS = frozenset({20, 21, 23})
"""The types of whole numbers."""


class Prepared:
    """The statements of one connection. Their values have the types of columns, and so do their rows."""

    def __init__(self, connection: PGconn) -> None:
        self.connection = connection
        self.names: dict[str, bytes] = {}

    def execute(self, statement: str, values: Sequence[object]) -> Answer:
        """Execute a statement with ``$1``, ``$2`` and so on for its values."""
        name = self.names.get(statement)
        if name is None:
            name = b"firsthand_%d" % len(self.names)
            checked(self.connection.prepare(name, statement.encode()))
            self.names[statement] = name
        given: list[Any] = [spelt_out(each) for each in values]
        return Answer(checked(self.connection.exec_prepared(name, given)))

    def script(self, script: str) -> PGresult:
        """Execute some statements without values, and return the last one's answer."""
        return checked(self.connection.exec_(script.encode()))


class Answer:
    """The rows that a statement gave."""

    def __init__(self, result: PGresult) -> None:
        self.result = result
        self.rows = iter(range(result.ntuples))

    @property
    def rowcount(self) -> int:
        """How many rows were written, or given."""
        return self.result.command_tuples or 0

    @property
    def lastrowid(self) -> int | None:
        """Nothing: such a statement returns its id as a row."""
        return None

    def fetchone(self) -> Any:
        """Return the next row, None after the last."""
        return next(iter(self), None)

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""
        return list(self)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        for row in self.rows:
            yield tuple(self.value(row, column) for column in range(self.result.nfields))

    def value(self, row: int, column: int) -> int | str | None:
        """Return one value: a whole number, or a text."""
        value = self.result.get_value(row, column)
        if value is None:
            return None
        return int(value) if self.result.ftype(column) in NUMBERS else value.decode()


def checked(result: PGresult) -> PGresult:
    """Return a result, or raise the driver's error for it."""
    if result.status not in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
        raise error_from_result(result)
    return result


def spelt_out(value: object) -> bytes | None:
    """Return a value as PostgreSQL reads it."""
    return None if value is None else spelt(value if isinstance(value, str) else str(value)).encode()
