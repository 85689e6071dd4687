"""Statements that come again and again on a connection to PostgreSQL: the server parses and plans each only once.

They go to the server by libpq itself. The driver's cursors do the same, and take 40 µs of Python for it each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg.errors import OperationalError, error_from_result
from psycopg.pq import DiagnosticField, ExecStatus
from psycopg.pq.abc import PGconn, PGresult

from firsthand.storage.codec import NUL

DONE = frozenset({int(ExecStatus.COMMAND_OK), int(ExecStatus.TUPLES_OK)})
"""How the server says that it has done a statement."""


class Prepared:
    """The statements of one connection."""

    def __init__(self, connection: PGconn) -> None:
        self.connection = connection
        self.names: dict[str, bytes] = {}

    def execute(self, statement: str, values: Sequence[object]) -> PGresult:
        """Execute a statement with ``$1``, ``$2`` and so on for its values, which have the types of columns."""
        name = self.names.get(statement)
        if name is None:
            name = b"firsthand_%d" % len(self.names)
            checked(self.connection.prepare(name, statement.encode()))
            self.names[statement] = name
        given: list[Any] = [None if each is None else str(each).replace("\0", NUL).encode() for each in values]
        return checked(self.connection.exec_prepared(name, given))

    def script(self, script: str) -> PGresult:
        """Execute some statements without values, and return the last one's answer."""
        return checked(self.connection.exec_(script.encode()))


def checked(result: PGresult) -> PGresult:
    """Return a result, or raise the driver's error for it; what the server has not said is a lost connection."""
    if result.status in DONE:
        return result
    if result.error_field(DiagnosticField.SQLSTATE) is None:
        raise OperationalError(result.get_error_message().strip())
    raise error_from_result(result)
