"""Past support work: the rows of any CSV become runs, its columns mapped to what a run keeps.

A row is known by its content and its ordinal among equals, and is taken in the same transaction that remembers it. So
an import may be stopped and run again: nothing is doubled, nothing lost.
"""

from __future__ import annotations

import csv
import io
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import IO, Any, NamedTuple
from zoneinfo import ZoneInfo

from firsthand.core.errors import FirsthandError
from firsthand.core.runs import OUTCOMES, microseconds
from firsthand.core.text import LIMITS, listed
from firsthand.storage.codec import encode
from firsthand.storage.journal import SqlJournal
from firsthand.storage.sqlite import Connection

BATCH = 500
"""Rows that are committed together."""

LIKE_COMMITS = 50
"""As many ordinary commits' pages a batch leaves in the write-ahead log, about: checkpoints come that much sooner."""

OPTIONAL = ("reason", "notes", "requested_by")
LONGEST = {**LIMITS, "actor": 200, "subject": 200, "tag": 200}
SHORTEST_LIMIT = min(LONGEST.values())

INSERT_RUN = """INSERT INTO runs
    (id, at, action, actor, status, surface, environment, desk, requested_by, reason, notes, tags, subject, subjects,
    ended_at) VALUES (?, ?, ?, ?, ?, 'import', '', '', ?, ?, ?, ?, ?, ?, ?)"""
INSERT_EVENT = "INSERT INTO events (run, at, kind, actor, data) VALUES (?, ?, 'imported', ?, ?)"
INSERT_SUBJECT = "INSERT INTO run_subjects (subject, at, run) VALUES (?, ?, ?)"
INSERT_IMPORTED = "INSERT INTO imported (row) VALUES (?)"

Progress = Callable[[int, int, int], None]
"""Called after each batch with rows and bytes read, and the file's bytes."""


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
    """What became of a log's rows: taken now, there already, or rejected, which are in a file with the reasons."""

    taken: int
    there: int
    rejected: int
    rejects: Path | None


class RowRejected(FirsthandError):
    """A row cannot be taken; the message says why."""


class Row(NamedTuple):
    """A row as a run: its digest, its event's data, and what ``INSERT_RUN`` takes but the id."""

    digest: bytes
    data: str
    run: tuple[Any, ...]


def import_log(
    journal: SqlJournal, path: Path, mapping: Mapping, *, by: str, progress: Progress | None = None
) -> Imported:
    """Take a log's rows as runs; ``by`` is the system's user who does it.

    Raises ``FirsthandError`` where the log cannot be read as mapped; rows that cannot be taken go, with the reason, to
    a file beside it.
    """
    with ExitStack() as stack:
        log = Log(path, stack)
        columns = Columns(log.header, mapping)
        ordinals, rejects = Ordinals(stack), Rejects(path, log.header, stack)
        taking = Taking(journal, by)
        for batch in batches(log):
            rows = []
            for line, cells in batch:
                try:
                    digest = ordinals.digest(content(cells, log))
                    rows.append(columns.row(cells, digest))
                except RowRejected as why:
                    rejects.add(cells, line, why.message)
            taking.take(rows)
            if progress:
                progress(taking.taken + taking.there + rejects.number, log.read(), log.size)
        rejects.tidy()
    return Imported(taking.taken, taking.there, rejects.number, rejects.path if rejects.number else None)
