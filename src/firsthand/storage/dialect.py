"""The journal's SQL as PostgreSQL takes it, and values as it gives them back.

Statements are written once, as SQLite takes them; those few things that PostgreSQL writes otherwise are replaced here,
once a statement. Values are bound by the client, so that ``? IS NULL`` and the like need no types.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache
from itertools import count
from typing import Any, cast

from psycopg import ClientCursor
from psycopg import Connection as Psycopg
from psycopg.adapt import Buffer, Loader
from psycopg.errors import Diagnostic
from psycopg.pq.abc import PGresult
from psycopg.types.string import StrDumperUnknown

from firsthand.storage.codec import encode, spelt
from firsthand.storage.prepared import Prepared

TOKENS = re.compile(
    r"""'(?:[^']|'')*'              # a text
    | (?P<mark>\?)
    | (?<!:):(?P<name>[a-z_]+)      # :name
    | (?P<percent>%)
    | \b(?P<function>json_each|json_extract|instr|last_insert_rowid)\b(?=\()""",
    re.VERBOSE,
)
FUNCTIONS = {
    "json_each": "firsthand.json_each",
    "json_extract": "firsthand.json_extract",
    "instr": "strpos",
    "last_insert_rowid": "lastval",
}
INSERT = re.compile(r"(INSERT INTO (\w+) \(([^)]+)\)) VALUES \([?, ]+\)( ON CONFLICT DO NOTHING)?")
UPDATE = re.compile(r"UPDATE (\w+) SET ((?:\w+ = \?(?:, )?)+) WHERE ((?:\w+ = \?(?: AND )?)+)")
"""Statements that insert, or change by its key, one row of nothing but given values."""


SETTINGS = """SET search_path = firsthand; SET lock_timeout = '4s'; SET timezone = 'UTC';
    SET idle_in_transaction_session_timeout = '20s';
    SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3"""
"""What a connection begins with; who stops within a transaction, or is lost with its host, holds up nobody for long."""


@lru_cache(maxsize=4096)
def translated(statement: str) -> str:
    """Return a statement of SQLite's as PostgreSQL takes it through psycopg."""
    return TOKENS.sub(replacement, statement)


@lru_cache(maxsize=4096)
def numbered(statement: str) -> str:
    """Return a statement of SQLite's as PostgreSQL takes it to prepare it."""
    number = count(1)

    def replaced(match: re.Match[str]) -> str:
        return f"${next(number)}" if match["mark"] else FUNCTIONS.get(match["function"] or "", match[0])

    return TOKENS.sub(replaced, statement)


def replacement(match: re.Match[str]) -> str:
    """Return what stands for something that PostgreSQL or psycopg writes otherwise."""
    if match["mark"]:
        return "%s"
    if match["name"]:
        return f"%({match['name']})s"
    if match["percent"]:
        return "%%"
    return FUNCTIONS[match["function"]] if match["function"] else match[0].replace("%", "%%")


class Rows(ClientCursor[Any]):
    """A cursor that takes SQLite's statements."""

    def execute(self, query: Any, params: Any = None, **more: Any) -> Rows:
        """Execute a statement; a script without values is taken as it is."""
        if params is None:
            return super().execute(query, **more)
        return super().execute(cast(Any, translated(query)), params, **more)

    def executemany(self, query: Any, params_seq: Iterable[Any], **more: Any) -> None:
        """Execute a statement for each of some rows of values."""
        super().executemany(cast(Any, translated(query)), params_seq, **more)

    @property
    def lastrowid(self) -> int:
        """The id that was given last on this connection."""
        row = self.connection.execute("SELECT lastval()").fetchone()
        return int(row[0]) if row else 0


class Session(Psycopg[Any]):
    """A connection with the two methods that `storage.database.Connection` has."""

    epoch: str = ""
    """What changes when its server recovers from a crash."""

    ended: bool = False
    """Whether the server has said that it ends this connection."""

    def execute(self, query: Any, params: Any = (), **more: Any) -> Rows:
        """Execute a statement of SQLite's."""
        return cast(Rows, super().execute(query, params, **more))

    def script(self, script: str) -> PGresult:
        """Execute some statements of PostgreSQL's without values, and return the last one's answer."""
        return self.kept.script(script)

    def heard(self, notice: Diagnostic) -> None:
        """Take in what the server says unasked."""
        self.ended |= notice.severity_nonlocalized in ("FATAL", "PANIC")

    def prepared(self, query: str, params: Sequence[object]) -> PGresult:
        """Execute a statement of SQLite's that comes again and again, and whose values have the types of columns."""
        return self.kept.execute(numbered(query), params)

    @cached_property
    def kept(self) -> Prepared:
        """The statements that the server has prepared on this connection."""
        return Prepared(self.pgconn)

    def executemany(self, query: str, rows: Iterable[Any]) -> Rows:
        """Execute a statement for each of some rows of values, a plain one once for all of them."""
        cursor, found = cast(Rows, self.cursor()), list(rows)
        if found and (whole := for_all(query)):
            statement, names = whole
            told = [dict(zip(names, map(told_as_json, row), strict=True)) for row in found]
            return cursor.execute(statement, (encode(told),))
        if found:
            cursor.executemany(query, found)
        return cursor


def told_as_json(value: Any) -> Any:
    """Return a value as PostgreSQL reads it from JSON."""
    return rf"\x{value.hex()}" if isinstance(value, bytes) else spelt(value)


@lru_cache
def for_all(statement: str) -> tuple[str, list[str]] | None:
    """Return what a plain statement is for many rows, given as JSON, and the columns of a row; None for any other."""
    records = "json_populate_recordset(CAST(NULL AS {}), ?) AS given"
    if found := INSERT.fullmatch(statement):
        insert, table, columns, doubles = found.groups()
        return f"{insert} SELECT {columns} FROM {records.format(table)}{doubles or ''}", columns.split(", ")
    if found := UPDATE.fullmatch(statement):
        table, *parts = found.groups()
        sets, keys = (re.findall(r"\w+(?= = )", part) for part in parts)
        set_to = ", ".join(f"{name} = given.{name}" for name in sets)
        where = " AND ".join(f"{table}.{name} = given.{name}" for name in keys)
        return f"UPDATE {table} SET {set_to} FROM {records.format(table)} WHERE {where}", [*sets, *keys]
    return None


class Text(StrDumperUnknown):
    """Texts, whose NUL characters are spelt."""

    def dump(self, obj: str) -> Buffer | None:
        """Return a text's bytes."""
        return super().dump(spelt(obj))


class Number(Loader):
    """A sum is a whole number here, as SQLite has it."""

    def load(self, data: Buffer) -> int | float:
        """Return a number."""
        text = bytes(data).decode()
        return int(text) if text.lstrip("-").isdigit() else float(text)


def prepared(session: Session, *, read_only: bool, lenient: bool) -> None:
    """Set a new connection up: our schema, texts as above, nobody waited for longer than a while."""
    session.cursor_factory = Rows
    session.add_notice_handler(session.heard)
    session.adapters.register_dumper(str, Text)
    session.adapters.register_loader("numeric", Number)
    session.execute(SETTINGS, None)
    if lenient:
        session.execute("SET synchronous_commit = off", None)
    if read_only:
        session.execute("SET default_transaction_read_only = on", None)
