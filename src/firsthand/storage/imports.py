"""Past support work: the rows of any CSV become runs, its columns mapped to what a run keeps.

A row is known by its content and its ordinal among equals, and is taken in the same transaction that remembers it. So
an import may be stopped and run again: nothing is doubled, nothing lost.
"""

from __future__ import annotations

import csv
import re
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import cached_property
from hashlib import blake2b
from io import TextIOWrapper
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from firsthand.core.errors import FirsthandError
from firsthand.core.runs import OUTCOMES, microseconds
from firsthand.core.text import LIMITS, listed, recordable
from firsthand.storage.codec import columns_of, encode
from firsthand.storage.database import Connection
from firsthand.storage.journal import SqlJournal

BATCH = 1_000
"""Rows that are committed together."""

LARGEST_CELL = 16 * 1024 * 1024
"""Characters that a cell may have where its column is not mapped; Python's own limit is 131,072."""

LONGEST = {**LIMITS, "actor": 200, "subject": 200, "tag": 200, "outcome": 200}
"""Characters that each text may have."""

NEEDED = ("action", "actor", "subject", "outcome")
TEXTS = ("action", "actor", "outcome", "reason", "notes", "requested_by")
COLUMNS = (
    "at", "ended_at", "action", "actor", "status", "surface", "environment", "desk", "requested_by", "reason", "notes",
    "tags", "subject", "subjects",
)  # fmt: skip
NOTHING: dict[str, None] = dict.fromkeys(COLUMNS)
"""A run of which nothing is known."""

EPOCH_SECONDS = re.compile(r"[0-9]{9,10}(\.[0-9]+)?", re.ASCII)
"""From 1973 to 2286: fewer digits are a year or a date without its marks."""

INSERT_IMPORTED = "INSERT INTO imported (row) VALUES (?)"
INSERT_RUN = f"""INSERT INTO runs (id, {", ".join(COLUMNS)}) VALUES (:id, :{", :".join(COLUMNS)})"""
INSERT_EVENT = "INSERT INTO events (run, at, kind, actor, data) VALUES (?, ?, 'imported', ?, ?)"
INSERT_SUBJECT = "INSERT INTO run_subjects (subject, at, run) VALUES (?, ?, ?)"

Cells = Sequence[str]
Progress = Callable[[int, int, int], None]
"""Called after each batch with the rows and bytes read so far, and the log's bytes."""


@dataclass(frozen=True, slots=True)
class Mapping:
    """Which columns of a log are what. ``subject`` is ``KIND:COLUMN``; times without an offset are in ``timezone``.

    A time that the zone's clocks showed twice is the first of the two; one that they skipped is taken as if they had
    not been put forward yet.
    """

    actor: str
    action: str
    subject: str
    at: str
    timezone: str = "UTC"
    outcome: str | None = None
    reason: str | None = None
    notes: str | None = None
    requested_by: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a log's rows: taken now, there already, or rejected; ``rejects`` is the file with the reasons."""

    taken: int
    there: int
    rejected: int
    rejects: Path | None


class RowError(FirsthandError):
    """A row cannot be taken; the message says why."""


class Row(NamedTuple):
    """A row as a run: what it is known by, when it was, its columns, and its event's data."""

    digest: bytes
    at: int
    columns: dict[str, Any]
    data: str


def import_log(
    journal: SqlJournal, path: Path, mapping: Mapping, *, by: str, progress: Progress | None = None
) -> Imported:
    """Take a log's rows as runs; ``by`` is the system's user who does it.

    Raises ``FirsthandError`` where the log cannot be read as mapped. Rows that cannot be taken go with the reason to a
    file beside it, and the rest is taken.
    """
    with ExitStack() as stack:
        log = Log(path, stack)
        columns, ordinals = Columns(log.header, mapping), Ordinals(stack)
        rejects, taking = Rejects(path, log.header, stack), Taking(journal, by)
        lines = iter(log)
        while batch := list(islice(lines, BATCH)):
            taking.take(list(accepted(batch, columns, ordinals, rejects)))
            if progress:
                progress(taking.taken + taking.there + rejects.number, log.read(), log.size)
    return Imported(taking.taken, taking.there, rejects.number, rejects.path if rejects.number else None)


class Line(NamedTuple):
    """A row of a log, with the number of its first line and what is wrong with it as CSV."""

    number: int
    cells: Cells
    fault: str = ""


class Log:
    """A CSV file, read row by row: UTF-8, with or without a mark at its start, its separator told by its header."""

    def __init__(self, path: Path, stack: ExitStack) -> None:
        try:
            self.file = stack.enter_context(path.open("rb"))
        except OSError as error:
            raise FirsthandError(f"{path} cannot be read: {error.strerror}.", "Give the path of a CSV file.") from error
        self.size = path.stat().st_size
        csv.field_size_limit(max(LARGEST_CELL, csv.field_size_limit()))
        self.text = text = TextIOWrapper(self.file, encoding="utf-8-sig", errors="surrogateescape", newline="")
        first = text.readline()
        self.reader = csv.reader(chain([first], text), delimiter=max(",;\t|", key=first.count))
        self.header: Cells = ()
        self.header = next(iter(self), Line(1, ())).cells
        if not self.header:
            raise FirsthandError(f"{path} has no header that can be read.", "Its first line must name its columns.")

    def __iter__(self) -> Iterator[Line]:
        """Yield the rows that are left, empty lines left out."""
        width = len(self.header)
        number = self.reader.line_num + 1
        while True:
            try:
                cells = next(self.reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Line(number, (), f"This is not CSV: {error}.")
            else:
                if len(cells) == width or not width:
                    yield Line(number, cells)
                elif cells:
                    yield Line(number, cells, f"It has {len(cells)} cells where the header has {width}.")
            number = self.reader.line_num + 1

    def read(self) -> int:
        """Return how many bytes have been read."""
        return self.file.tell()


def accepted(lines: Iterable[Line], columns: Columns, ordinals: Ordinals, rejects: Rejects) -> Iterator[Row]:
    """Yield the rows that can be taken, and put the others aside."""
    for line in lines:
        try:
            if line.fault:
                raise RowError(line.fault)
            yield columns.row(line.cells, ordinals.digest(content(line.cells)))
        except RowError as why:
            rejects.add(line, why.message)


def content(cells: Cells) -> bytes:
    """Return what a row is known by; raises ``RowError`` for what cannot be text."""
    joined = "\0".join(cells)
    if joined.count("\0") >= len(cells):
        raise RowError("It contains a NUL character.")
    try:
        return joined.encode()
    except UnicodeEncodeError as error:
        raise RowError("It is not UTF-8 text.") from error


class Ordinals:
    """Which of its equals a row is, counted on disk, since a log may be of any length."""

    def __init__(self, stack: ExitStack) -> None:
        self.seen = sqlite3.connect("", isolation_level=None)
        stack.callback(self.seen.close)
        for statement in (
            "PRAGMA journal_mode=OFF",
            "CREATE TABLE seen (row BLOB PRIMARY KEY, times INTEGER NOT NULL) WITHOUT ROWID",
            "BEGIN",
        ):
            self.seen.execute(statement)

    def digest(self, content: bytes) -> bytes:
        """Return the digest of a row's content and of its ordinal among those equal to it."""
        digest = blake2b(content, digest_size=16).digest()
        sql = "INSERT INTO seen VALUES (?, 1) ON CONFLICT DO UPDATE SET times = times + 1 RETURNING times"
        ((times,),) = self.seen.execute(sql, (digest,))
        return digest if times == 1 else blake2b(digest + times.to_bytes(8), digest_size=16).digest()


class Columns:
    """A mapping's columns in a log's header; raises ``FirsthandError`` for one that is not there, or there twice."""

    def __init__(self, header: Cells, mapping: Mapping) -> None:
        self.header = header
        self.kind, separator, subject = mapping.subject.partition(":")
        if not (separator and self.kind.isidentifier()):
            raise FirsthandError(f"The subject {mapping.subject!r} is not KIND:COLUMN.", "Write account:Customer, say.")
        named = {"subject": subject} | {name: getattr(mapping, name) for name in TEXTS}
        self.texts = [(name, self.place(column)) for name, column in named.items() if column is not None]
        self.tags = [("tag", self.place(column)) for column in mapping.tags]
        self.at, self.zone = self.place(mapping.at), zone_of(mapping.timezone)

    def place(self, name: str) -> int:
        """Return where a column stands."""
        times = self.header.count(name)
        if times == 0:
            names = [recordable(each, 100) or "" for each in dict.fromkeys(self.header)]
            raise FirsthandError(f"The log has no column {name!r}.", f"It has {listed(names)}.")
        if times > 1:
            raise FirsthandError(f"The log has {times} columns {name!r}.", "Rename those that are not meant.")
        return self.header.index(name)

    def row(self, cells: Cells, digest: bytes) -> Row:
        """Return a row as a run; raises ``RowError`` where it cannot be one."""
        at = when(cells[self.at], self.zone)
        texts = {name: text(name, cells[place]) for name, place in self.texts}
        tags = [tag for name, place in self.tags if (tag := text(name, cells[place]))]
        subject: dict[str, object] = {"kind": self.kind, "id": texts.pop("subject"), "label": "", "traits": {}}
        status = outcome(texts.pop("outcome")) if "outcome" in texts else "succeeded"
        run: dict[str, object] = {**texts, "at": at, "ended_at": at, "status": status, "subjects": [subject]}
        run |= {"surface": "import", "environment": "", "desk": "", "tags": list(dict.fromkeys(tags)) or None}
        data = encode({name: value for name, value in run.items() if value is not None})
        return Row(digest, at, columns_of(run), data)


def text(name: str, cell: str) -> str | None:
    """Return a cell as written, None for an empty one; raises ``RowError`` where it is needed, or too long."""
    if not cell or cell.isspace():
        if name in NEEDED:
            raise RowError(f"Its {name} is missing.")
        return None
    if len(cell) > LONGEST[name]:
        raise RowError(f"Its {name.replace('_', ' ')} has {len(cell):,} characters; {LONGEST[name]:,} is the most.")
    return cell


def outcome(cell: str | None) -> str:
    """Return an outcome, written in any case; raises ``RowError`` for what is none."""
    status = (cell or "").strip().lower()
    if status not in OUTCOMES:
        raise RowError(f"Its outcome is not one of {', '.join(OUTCOMES)}.")
    return status


def when(cell: str, zone: tzinfo) -> int:
    """Return a time in microseconds since 1970: ISO 8601, with slashes too, a day alone, or seconds since 1970."""
    written = cell.strip().replace("/", "-")
    try:
        time = datetime.fromisoformat(written)
    except ValueError:
        if not EPOCH_SECONDS.fullmatch(written):
            raise RowError(f"Its time {cell[:50]!r} cannot be read; write it as 2012-10-09 14:50:17.") from None
        return round(float(written) * 1_000_000)
    at = microseconds(time if time.tzinfo else time.replace(tzinfo=zone))
    if at < 0:
        raise RowError(f"Its time {cell[:50]!r} is before 1970.")
    return at


def zone_of(name: str) -> tzinfo:
    """Return a time zone of the system's list."""
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, ZoneInfoNotFoundError) as error:
        raise FirsthandError(f"There is no time zone {name!r}.", "Such names are Europe/Rome and UTC.") from error


class Rejects:
    """The file beside a log with the rows that could not be taken: their cells, their line, and why."""

    def __init__(self, path: Path, header: Cells, stack: ExitStack) -> None:
        self.path = path.with_name(f"{path.stem}.rejected.csv")
        self.header = header
        self.stack = stack
        self.number = 0

    @cached_property
    def writer(self) -> Any:
        """The file, made for the first row."""
        try:
            file = self.path.open("w", encoding="utf-8", errors="surrogateescape", newline="")
        except OSError as error:
            raise FirsthandError(
                f"Rows that cannot be taken have no place: {self.path} cannot be written: {error.strerror}.",
                "Copy the log into a folder of yours and import it from there; what was taken is not taken again.",
            ) from error
        writer = csv.writer(self.stack.enter_context(file))
        writer.writerow([*self.header, "line", "rejected because"])
        return writer

    def add(self, line: Line, why: str) -> None:
        """Put a row aside."""
        missing = [""] * (len(self.header) - len(line.cells))
        self.writer.writerow([*line.cells, *missing, line.number, why])
        self.number += 1


class Taking:
    """The writing of rows as runs, each with its event, in the transaction that remembers the row."""

    def __init__(self, journal: SqlJournal, by: str) -> None:
        _ = journal.process
        self.database = journal.database
        self.by = f"system:{by}"
        self.taken = self.there = 0

    def take(self, rows: list[Row]) -> None:
        """Take those rows that are not there yet."""
        fresh = new_of(rows, self.database.read)
        taken = self.database.write(lambda connection: self.insert(connection, fresh)) if fresh else 0
        self.taken += taken
        self.there += len(rows) - taken

    def insert(self, connection: Connection, rows: list[Row]) -> int:
        """Insert rows, but for those that another import has taken meanwhile; return how many."""
        self.database.imports()
        rows = new_of(rows, lambda sql, values: connection.execute(sql, values).fetchall())
        ids = self.database.new_ids(connection, len(rows))
        now, numbered = time.time_ns() // 1000, list(zip(ids, rows, strict=True))
        connection.executemany(INSERT_IMPORTED, [(row.digest,) for row in rows])
        connection.executemany(INSERT_RUN, [{**NOTHING, **row.columns, "id": id} for id, row in numbered])
        connection.executemany(INSERT_EVENT, [(id, now, self.by, row.data) for id, row in numbered])
        connection.executemany(INSERT_SUBJECT, [(row.columns["subject"], row.at, id) for id, row in numbered])
        return len(rows)


def new_of(rows: list[Row], read: Callable[[str, list[bytes]], list[tuple[Any, ...]]]) -> list[Row]:
    """Return the rows that are not in the journal yet."""
    if not rows:
        return []
    digests = [row.digest for row in rows]
    known = {digest for (digest,) in read(f"SELECT row FROM imported WHERE row IN ({marks(len(rows))})", digests)}
    return [row for row in rows if row.digest not in known]


def marks(number: int) -> str:
    """Return so many question marks."""
    return ", ".join("?" * number)
