"""A journal's way from SQLite to PostgreSQL: whole, in one transaction there, and compared before that is committed.

Nobody else writes meanwhile: the source is locked, and no other process of it lives. Its file is left as it was, and
shut: it can be read, and whoever would write it is told where the journal is now. A move that dies has done nothing, or
all but the shutting, which the next one does.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from typing import Any, NamedTuple

from psycopg import errors

from firsthand.core.errors import JournalError, JournalMissing, SettingsError
from firsthand.storage import schema, schema_postgresql
from firsthand.storage.codec import encode, spelt
from firsthand.storage.dialect import Session
from firsthand.storage.journal import SqlJournal
from firsthand.storage.opening import opened
from firsthand.storage.postgresql import Postgresql
from firsthand.storage.recording import INSERT_EVENT
from firsthand.storage.sqlite import MOVED, Sqlite

TELL_EVERY = 1_000
"""Rows between two reports of how far it is."""

GIVEN = {"events": {"xid": 0}}
"""What a table's rows are given that they did not have: events come before every transaction of the server, in the
order of their ids. So the places of the followers stay true, who read by (xid, id)."""

UNFIT = (errors.DataError, errors.IntegrityError, errors.ProgramLimitExceeded)

COLUMNS = """SELECT table_name, column_name, data_type FROM information_schema.columns
    WHERE table_schema = 'firsthand' ORDER BY table_name, ordinal_position"""
NUMBERED = """SELECT table_name, column_name FROM information_schema.columns
    WHERE table_schema = 'firsthand' AND is_identity = 'YES'"""
THERE = "SELECT 1 FROM pg_class WHERE relnamespace = to_regnamespace('firsthand') LIMIT 1"
LAST = "SELECT count(*), coalesce(max(id), 0) FROM events"
OTHERS = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'"

Progress = Callable[[str, int, int], None]
"""Told how far it is: what is being done, how much is done, and of how much."""


class Table(NamedTuple):
    """A table as both databases have it: its columns, and their types on PostgreSQL."""

    name: str
    columns: tuple[str, ...]
    types: tuple[str, ...]

    @property
    def listed(self) -> str:
        """The names of its columns, as a statement has them."""
        return ", ".join(self.columns)


class Proof(NamedTuple):
    """What a table is, whatever the order of its rows: how many there are, and the sum of their digests."""

    table: str
    rows: int
    digest: str


class Moved(NamedTuple):
    """What a move did: from where to where, each table's proof, and which other tables of the file were left there.

    ``spelt`` is how many rows had NUL characters in texts, where PostgreSQL cannot have them: there they are ``␀``.
    ``before`` says that it was done before, by a process that died before it shut the file.
    """

    source: str
    target: str
    tables: Sequence[Proof] = ()
    left: Sequence[str] = ()
    spelt: int = 0
    before: bool = False

    @property
    def rows(self) -> int:
        """How many rows there are in all."""
        return sum(each.rows for each in self.tables)


def move(journal: SqlJournal, url: str, by: str, progress: Progress) -> Moved:
    """Move a journal to an empty PostgreSQL database; raises ``JournalError`` or ``SettingsError``, nothing moved."""
    source, target = ends(journal.database, url)
    _ = journal.process
    try:
        with alone(journal, source) as reading:
            with target.session() as session, session.transaction():
                moved = taken(journal, source, reading, target, session, by, progress)
            shut(reading, target.place)
    finally:
        target.close()
    return moved


def ends(database: object, url: str) -> tuple[Sqlite, Postgresql]:
    """Return the two databases; raises where they are not what they have to be."""
    if not isinstance(database, Sqlite):
        raise SettingsError(
            "The journal is not on SQLite: only from there it can be moved.",
            "There is nothing to move, unless FIRSTHAND_DATABASE is not what you meant.",
        )
    target = opened(url)
    if not isinstance(target, Postgresql):
        raise SettingsError(
            "A journal is moved to PostgreSQL only.",
            "Write postgresql://user@host:5432/database; copy a file as it is.",
        )
    if database.read_only or target.read_only:
        raise SettingsError("A journal that is opened read-only cannot be moved.", "Take mode=ro out of the URL.")
    if not database.path.exists():
        raise JournalMissing(f"There is no journal at {database.path}.", "Look at FIRSTHAND_DATABASE.")
    return database, target


@contextmanager
def alone(journal: SqlJournal, source: Sqlite) -> Iterator[sqlite3.Connection]:
    """Keep everybody from writing, and lend a connection that sees one state; raises where another process lives."""
    with source.locked():
        connection = source.connect(writes=True)
        try:
            connection.execute("BEGIN IMMEDIATE")
            check_alone(journal, connection)
            yield connection
        except sqlite3.Error as error:
            raise source.explained(error) from error
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            connection.close()


def check_alone(journal: SqlJournal, connection: sqlite3.Connection) -> None:
    """Raise unless the schema is the newest and this the only process, with nothing left open by another."""
    version = schema.version_of(connection)
    if version != schema.latest():
        raise JournalError(
            f"The journal's schema is at version {version}; this Firsthand moves version {schema.latest()} only.",
            "Install the newest Firsthand, and run firsthand db upgrade.",
        )
    presence = journal.database.presence()
    others = connection.execute("SELECT id, pid FROM processes WHERE id <> ?", (journal.process,)).fetchall()
    if alive := [str(pid) for id, pid in others if presence.alive(id)]:
        raise JournalError(
            f"The journal is in use by other processes: {', '.join(alive)}. What they perform would not be moved.",
            "Stop them (firsthand serve, workers, your application), then move it.",
        )
    if journal.kept.waiting() or journal.history.held():
        raise JournalError(
            "A process ended just now, and left something open.", "Move it again: that is seen to first."
        )


def taken(
    journal: SqlJournal,
    source: Sqlite,
    reading: sqlite3.Connection,
    target: Postgresql,
    session: Session,
    by: str,
    progress: Progress,
) -> Moved:
    """Copy everything within a transaction of the target's, and compare; say what was moved."""
    session.execute("SELECT pg_advisory_xact_lock(?)", (schema_postgresql.SETTING_UP,))
    if session.execute(THERE).fetchall():
        check_finished(journal, reading, target, session)
        return Moved(source.place, target.place, before=True)
    schema_postgresql.create(session)
    tables, others = tables_of(session, reading)
    total = sum(int(reading.execute(f"SELECT count(*) FROM {table.name}").fetchone()[0]) for table in tables)
    count = Counting(progress, 2 * total)
    proofs, changed = zip(*(copied(table, reading, session, count) for table in tables), strict=True)
    for table, proof in zip(tables, proofs, strict=True):
        if (found := read_back(table, session, count)) != proof:
            raise JournalError(
                f"The table {table.name} is not the same there: {proof.rows:,} rows with the digest {proof.digest} "
                f"here, {found.rows:,} with {found.digest} there.",
                "Nothing was moved. Something in that server changes what is written: look for its triggers.",
            )
    number(session)
    schema_postgresql.write_version(session, schema.latest(schema_postgresql.KIND))
    events, last = reading.execute(LAST).fetchone()
    data = {"from": source.place, "events": events, "last": last}
    session.execute(INSERT_EVENT, (None, time.time_ns() // 1000, "moved", by, encode(data)))
    session.execute("ANALYZE", None)
    return Moved(source.place, target.place, proofs, others, sum(changed))


def check_finished(journal: SqlJournal, reading: sqlite3.Connection, target: Postgresql, session: Session) -> None:
    """Raise unless what is there is this very journal, moved by a process that died before it shut the file."""
    if schema_postgresql.version_of(session):
        ids = session.execute("SELECT value FROM meta WHERE name = 'id'").fetchall()
        told = session.execute("SELECT data FROM events WHERE kind = 'moved' ORDER BY id DESC LIMIT 1").fetchall()
        moved = json.loads(told[0][0]) if told and ids == [(journal.id,)] else {}
        if moved and (moved["events"], moved["last"]) == reading.execute(LAST).fetchone():
            return
        if moved:
            raise JournalError(
                f"This journal was moved to {target.place} before, and has gone on here since.",
                "Which of the two counts, you know: to move this one, drop the schema firsthand there first.",
            )
    raise JournalError(
        f"There is something in the schema firsthand of {target.place} already.",
        "Take another database, or drop that schema, if nobody needs it.",
    )


class Counting:
    """How far it is: told now and then, not at each row."""

    def __init__(self, progress: Progress, total: int) -> None:
        self.progress, self.total, self.done = progress, total, 0

    def each(self, doing: str, rows: Iterable[Any]) -> Iterator[Any]:
        """Pass rows on, and count them."""
        self.progress(doing, self.done, self.total)
        for row in rows:
            yield row
            self.done += 1
            if self.done % TELL_EVERY == 0:
                self.progress(doing, self.done, self.total)


class Digest:
    """The sum of the digests of a table's rows, each as Python writes its values: numbers, texts, bytes, None."""

    def __init__(self) -> None:
        self.rows = self.sum = 0

    def add(self, row: tuple[Any, ...]) -> None:
        """Add a row."""
        self.rows += 1
        self.sum += int.from_bytes(blake2b(repr(row).encode(), digest_size=16).digest())

    def proof(self, table: Table) -> Proof:
        """Return what the table is, by the rows that were added."""
        return Proof(table.name, self.rows, f"{self.sum % 2**128:032x}")


def tables_of(session: Session, reading: sqlite3.Connection) -> tuple[list[Table], list[str]]:
    """Return the journal's tables, with the columns that both have, and the names of others that the file has."""
    found: dict[str, dict[str, str]] = {}
    for name, column, type_ in session.execute(COLUMNS).fetchall():
        found.setdefault(name, {})[column] = type_
    tables = []
    for name, types in found.items():
        columns = tuple(row[1] for row in reading.execute(f"PRAGMA table_info({name})"))
        if not columns or not types.keys() >= set(columns):
            raise JournalError(
                f"The table {name} is not the same on SQLite and PostgreSQL.", "This is a fault of ours."
            )
        tables.append(Table(name, columns, tuple(types[column] for column in columns)))
    return tables, sorted(name for (name,) in reading.execute(OTHERS) if name not in found)


def copied(table: Table, reading: sqlite3.Connection, session: Session, count: Counting) -> tuple[Proof, int]:
    """Copy a table row by row, and return what it is, and how many of its rows have NUL characters."""
    digest, changed, given = Digest(), 0, GIVEN.get(table.name, {})
    rows = reading.execute(f"SELECT {table.listed} FROM {table.name}")
    sql = f"COPY {table.name} ({', '.join((*table.columns, *given))}) FROM STDIN"
    try:
        with session.cursor().copy(sql) as copy:
            for row in count.each(f"copying {table.name}", rows):
                fit = tuple(map(spelt, row))
                changed += fit != row
                digest.add(fit)
                copy.write_row((*fit, *given.values()))
    except UNFIT as error:
        said = str(error).strip().partition("\n")[0]
        raise JournalError(
            f"PostgreSQL does not take row {digest.rows:,} of the table {table.name}: {said}.", "Nothing was moved."
        ) from error
    return digest.proof(table), changed


def read_back(table: Table, session: Session, count: Counting) -> Proof:
    """Return what a table is on PostgreSQL."""
    digest = Digest()
    with session.cursor().copy(f"COPY {table.name} ({table.listed}) TO STDOUT (FORMAT BINARY)") as copy:
        copy.set_types(table.types)
        for row in count.each(f"comparing {table.name}", copy.rows()):
            digest.add(row)
    return digest.proof(table)


def number(session: Session) -> None:
    """Have new ids go on after the highest."""
    for table, column in session.execute(NUMBERED).fetchall():
        sequence = f"pg_get_serial_sequence('firsthand.{table}', '{column}')"
        session.execute(f"SELECT setval({sequence}, greatest(max({column}), 1), max({column}) > 0) FROM {table}")


def shut(connection: sqlite3.Connection, place: str) -> None:
    """Have the old file refuse whatever would be put on record in it, saying where the journal is now; and commit."""
    connection.execute("INSERT INTO meta VALUES ('moved', ?)", (place,))
    said = (MOVED + place).replace("'", "''")
    for table in ("processes", "runs", "events"):
        sql = f"CREATE TRIGGER {table}_moved BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, '{said}'); END"
        connection.execute(sql)
    connection.execute("COMMIT")
