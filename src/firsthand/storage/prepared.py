"""Statements that come again and again on a connection to PostgreSQL: the server parses and plans each only once.

They go to the server by libpq itself. The driver's cursors do the same, and take 40 µs of Python for it each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult

from firsthand.storage.codec import NUL

NUMBERS = frozenset({20, 21, 23})
"""The types of whole numbers."""

DONE = frozenset({int(ExecStatus.COMMAND_OK), int(ExecStatus.TUPLES_OK)})
"""How the server says that it has done a statement."""


class Prepared:
    """The statements of one connection."""

    def __init__(self, connection: PGconn) -> None:
        self.connection = connection
        self.names: dict[str, bytes] = {}

    def execute(self, statement: str, values: Sequence[object]) -> Sequence[tuple[Any, ...]]:
        """Execute a statement with ``$1``, ``$2`` and so on for its values, and return its rows.

        Values have the types of columns; those in rows are whole numbers or texts.
        """
        name = self.names.get(statement)
        if name is None:
            name = b"firsthand_%d" % len(self.names)
            checked(self.connection.prepare(name, statement.encode()))
            self.names[statement] = name
        given: list[Any] = [None if each is None else str(each).replace("\0", NUL).encode() for each in values]
        return rows_of(checked(self.connection.exec_prepared(name, given)))

    def script(self, script: str) -> PGresult:
        """Execute some statements without values, and return the last one's answer."""
        return checked(self.connection.exec_(script.encode()))


def checked(result: PGresult) -> PGresult:
    """Return a result, or raise the driver's error for it."""
    if result.status not in DONE:
        raise error_from_result(result)
    return result


def rows_of(result: PGresult) -> Sequence[tuple[Any, ...]]:
    """Return the rows of a result."""
    columns = range(result.nfields)
    return [tuple(value_of(result, row, column) for column in columns) for row in range(result.ntuples)]


def value_of(result: PGresult, row: int, column: int) -> int | str | None:
    """Return one value: a whole number, or a text."""
    value = result.get_value(row, column)
    if value is None:
        return None
    return int(value) if result.ftype(column) in NUMBERS else value.decode()
