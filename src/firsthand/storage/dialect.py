"""The journal's SQL as PostgreSQL takes it, and values as it gives them back.

Statements are written once, as SQLite takes them; those few things that PostgreSQL writes otherwise are replaced here,
once a statement. Values are bound by the client, so that ``? IS NULL`` and the like need no types.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, cast

from psycopg import ClientCursor
from psycopg import Connection as Psycopg
from psycopg.adapt import Buffer, Loader
from psycopg.types.string import StrDumperUnknown

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
NUL = "\N{SYMBOL FOR NULL}"
"""What stands for a NUL character, which PostgreSQL's texts cannot have; JSON keeps it, since there it is spelt."""


@lru_cache(maxsize=4096)
def translated(statement: str) -> str:
    """Return a statement of SQLite's as PostgreSQL takes it through psycopg."""
    return TOKENS.sub(replacement, statement)


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

    def execute(self, query: Any, params: Any = (), **more: Any) -> Rows:
        """Execute a statement of SQLite's."""
        return cast(Rows, super().execute(query, params, **more))

    def executemany(self, query: str, rows: Iterable[Any]) -> Rows:
        """Execute a statement for each of some rows of values."""
        cursor = cast(Rows, self.cursor())
        if found := list(rows):
            cursor.executemany(query, found)
        return cursor


class Text(StrDumperUnknown):
    """Texts, whose NUL characters are spelt."""

    def dump(self, obj: str) -> Buffer | None:
        """Return a text's bytes."""
        return super().dump(obj.replace("\0", NUL) if "\0" in obj else obj)


class Number(Loader):
    """A sum is a whole number here, as SQLite has it."""

    def load(self, data: Buffer) -> int | float:
        """Return a number."""
        text = bytes(data).decode()
        return int(text) if text.lstrip("-").isdigit() else float(text)


def prepared(session: Session, *, read_only: bool, lenient: bool) -> None:
    """Set a new connection up: our schema, texts as above, nobody waited for longer than a while."""
    session.cursor_factory = Rows
    session.adapters.register_dumper(str, Text)
    session.adapters.register_loader("numeric", Number)
    session.execute("SET search_path = firsthand; SET lock_timeout = '4s'; SET timezone = 'UTC'", None)
    if lenient:
        session.execute("SET synchronous_commit = off", None)
    if read_only:
        session.execute("SET default_transaction_read_only = on", None)
