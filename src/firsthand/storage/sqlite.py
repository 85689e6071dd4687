"""A SQLite database as the journal uses it: one writer at a time, committed in groups under a lock beside the file.

Every connection has ``wal_autocheckpoint=0``; only ``checkpoint`` makes checkpoints, under the same lock, so that no
two connections ever write and checkpoint at once: the WAL-reset bug of SQLite before 3.51.3 needs that.
"""

from __future__ import annotations

import os
import re
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from firsthand.core.errors import JournalError, JournalMissing, JournalUnavailable, SettingsError
from firsthand.storage.commits import Commit, Commits
from firsthand.storage.database import Connection, Proof, Values
from firsthand.storage.lock import GroupLock, Presence

__all__ = ["Connection", "Sqlite"]

T = TypeVar("T")

WAIT = 4.0
"""Seconds that a writer waits for others before it says so."""

CHECKPOINT_AFTER = 250
"""Commits between two checkpoints; about as many pages as SQLite's own default of 1,000."""

LIKE_COMMITS = 25
"""Ordinary commits that fill the write-ahead log as much as a batch of an import does."""

WAL_RESET_FIXED = (3, 51, 3)

OPTIONS = {"mode": ("rw", "ro"), "synchronous": ("full", "off"), "max_page_count": ()}

FAULTS = (sqlite3.Error, ValueError, OverflowError, TypeError)

MOVED = "moved to "
"""How the triggers of a journal that was moved begin what they say; see ``storage.moving``."""


class Sqlite:
    """A database file: ``write`` commits some work, ``read`` reads. Safe for threads, and across ``fork``.

    ``verify`` looks at each connection before anything is read from it.
    """

    def __init__(self, url: str, verify: Callable[[sqlite3.Connection], None] = lambda _: None) -> None:
        path, self.options = parse_url(url)
        self.path = path.resolve()
        self.verify = verify
        self.lock = GroupLock(self.beside("lock"))
        self.commits = Commits(self.write_group, self.after_group)
        self.reset()
        OPENED.add(self)

    def beside(self, name: str) -> Path:
        """Return the path of a file beside the database: ``firsthand.db-lock``."""
        return self.path.with_name(f"{self.path.name}-{name}")

    def reset(self) -> None:
        """Start without connections, at first and in a forked child: SQLite's do not survive a fork."""
        self.local = threading.local()
        self.readers: list[sqlite3.Connection] = []
        self.writer: sqlite3.Connection | None = None
        self.since_checkpoint = 0

    def forget(self) -> None:
        """Let go, in a forked child, of all that is its parent's.

        The connections are kept unused, since closing one would touch the parent's; the lock's file is closed, or the
        lock would outlive a parent that dies holding it.
        """
        self.inherited = (self.writer, self.readers)
        self.reset()
        self.lock.close()
        self.commits = Commits(self.write_group, self.after_group)

    pairs = False
    skipping = ""

    @property
    def place(self) -> str:
        """The path of the file."""
        return str(self.path)

    def size(self) -> int:
        """Return how large the file is, in bytes."""
        return self.path.stat().st_size

    def presence(self) -> Presence:
        """Return this process's presence, in a file beside the database."""
        return Presence.of(self.beside("processes"))

    def require(self) -> None:
        """Raise ``JournalMissing`` or ``JournalOutdated`` where there is nothing to read."""
        self.reader()

    @property
    def read_only(self) -> bool:
        """Whether the URL says ``mode=ro``."""
        return self.options.get("mode") == "ro"

    def connect(self, *, writes: bool, create: bool = False) -> sqlite3.Connection:
        """Open a connection; raises ``JournalMissing`` or ``JournalUnavailable``."""
        if not create and not self.path.exists():
            raise JournalMissing(
                f"There is no journal at {self.path} yet.",
                "The first command that writes sets one up, such as firsthand people add.",
            )
        name = f"{self.path.as_uri()}?mode=ro" if self.read_only else str(self.path)
        try:
            connection = sqlite3.connect(
                name, uri=self.read_only, isolation_level=None, check_same_thread=False, timeout=WAIT
            )
            connection.execute("PRAGMA wal_autocheckpoint=0")
            connection.execute(f"PRAGMA synchronous={self.options.get('synchronous', 'full')}")
            if writes and "max_page_count" in self.options:
                connection.execute(f"PRAGMA max_page_count={int(self.options['max_page_count'])}")
            if not writes:
                connection.execute("PRAGMA query_only=ON")
        except sqlite3.Error as error:
            raise self.explained(error) from error
        return connection

    def write(self, work: Callable[[Connection], T], *, proof: Proof | None = None) -> T:
        """Commit some work durably, with whoever else writes now, and return its result.

        The work may be done twice (alone again, where another of its group failed), so it must only write.
        """
        return self.commits.commit(work)

    def commit(self, work: Callable[[Connection], T], *, single: bool = False, proof: Proof | None = None) -> T:
        """Commit some work: the same here, where one writes at a time anyway."""
        return self.commits.commit(work)

    def imports(self) -> None:
        """Note that a commit is as large as many: the next checkpoint comes that much sooner."""
        self.since_checkpoint += LIKE_COMMITS

    def new_ids(self, connection: Connection, number: int) -> Sequence[int]:
        """Return the ids of so many runs that are to be inserted in this transaction."""
        (first,) = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM runs").fetchone()
        return range(first, first + number)

    def write_group(self, group: Sequence[Commit[Any]]) -> None:
        """Commit a group in one transaction; where one part of it fails, each part alone."""
        try:
            self.lock.acquire(WAIT)
            if self.writer is None:
                self.writer = self.connect(writes=True)
            self.transact(self.writer, group)
        except (JournalError, OSError) as error:
            told = error if isinstance(error, JournalError) else self.unreachable(error)
            for each in group:
                each.error = told
        except FAULTS as error:
            if len(group) == 1:
                group[0].error = self.explained(error)
                return
            for each in group:
                self.write_group([each])

    def transact(self, connection: sqlite3.Connection, group: Sequence[Commit[Any]]) -> None:
        """Do a group's work in one transaction, rolled back as a whole where any of it fails."""
        committed = False
        connection.execute("BEGIN IMMEDIATE")
        try:
            for each in group:
                each.result = each.work(connection)
            connection.execute("COMMIT")
            committed = True
        finally:
            if not committed and connection.in_transaction:
                connection.execute("ROLLBACK")

    def after_group(self) -> None:
        """Make a checkpoint if one is due, still under the lock, and release it."""
        try:
            self.since_checkpoint += 1
            if self.since_checkpoint >= CHECKPOINT_AFTER:
                self.checkpoint()
        finally:
            self.lock.release()

    def checkpoint(self) -> None:
        """Move the write-ahead log into the database file, as far as readers allow. The lock must be held."""
        self.since_checkpoint = 0
        if self.writer is not None:
            try:
                self.writer.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            except sqlite3.Error:  # what was committed is safe in the log, which only stays longer: tried again later
                self.since_checkpoint = CHECKPOINT_AFTER // 2

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock beside the file for something that is not a commit."""
        self.lock.acquire(WAIT)
        try:
            yield
        finally:
            self.lock.release()

    def reader(self) -> sqlite3.Connection:
        """Return this thread's connection for reading."""
        connection: sqlite3.Connection | None = getattr(self.local, "connection", None)
        if connection is None:
            connection = self.connect(writes=False)
            try:
                self.verify(connection)
            except sqlite3.Error as error:
                raise self.explained(error) from error
            self.local.connection = connection
            self.readers.append(connection)
        return connection

    def read(self, sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a query."""
        try:
            return self.reader().execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise self.explained(error) from error

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let this thread's reads see one state of the database."""
        reader = self.reader()
        reader.execute("BEGIN")
        try:
            yield
        finally:
            reader.execute("COMMIT")

    def close(self) -> None:
        """Close all connections. The last of all processes' removes the write-ahead log."""
        connections = [*self.readers, *([self.writer] if self.writer else [])]
        if connections and not self.read_only and self.path.parent.exists():
            with self.locked():
                for connection in connections:
                    connection.close()
        self.reset()
        self.lock.close()

    def unreachable(self, error: OSError) -> JournalUnavailable:
        """Return a fault of the lock's file in words."""
        return JournalUnavailable(
            f"The journal's lock {self.lock.path} cannot be opened: {error.strerror}.",
            "Nothing was performed. Whoever performs needs to write in that folder.",
        )

    def explained(self, error: Exception) -> JournalError:
        """Return a fault of SQLite's in words: which it is, and what to do."""
        name = getattr(error, "sqlite_errorname", "") or type(error).__name__
        if str(error).startswith(MOVED):
            return JournalUnavailable(
                f"The journal {self.path} was {error}.", "Nothing was performed. Set FIRSTHAND_DATABASE to it."
            )
        for start, (message, fix) in WORDS.items():
            if name.startswith(start):
                return JournalUnavailable(f"The journal {self.path} {message}", fix)
        return JournalError(
            f"The journal {self.path} could not do this: {error} ({name}).", "firsthand doctor may know."
        )


WORDS = {
    "SQLITE_READONLY": ("is read-only.", "Nothing was performed. Make it writable for whoever performs."),
    "SQLITE_FULL": ("is full: its disk, or its largest allowed size.", "Nothing was performed. Make room."),
    "SQLITE_BUSY": (
        "is held by another program.",
        "Nothing was performed. firsthand doctor names programs that have it open; end that one's transaction.",
    ),
    "SQLITE_LOCKED": ("is held by another program.", "Nothing was performed. firsthand doctor names it."),
    "SQLITE_IOERR": (
        "cannot be written or read: the disk failed, or a file may not grow (a limit, a quota).",
        "Nothing was performed. Look at the disk and at ulimit -f.",
    ),
    "SQLITE_CANTOPEN": ("cannot be opened.", "Nothing was performed. Look at its folder and its rights."),
    "SQLITE_PERM": ("may not be opened.", "Nothing was performed. Look at its rights."),
    "SQLITE_CORRUPT": ("is damaged.", "Nothing was performed. Restore a copy, and keep the damaged file."),
    "SQLITE_NOTADB": ("is not a SQLite database.", "Nothing was performed. Look at FIRSTHAND_DATABASE."),
}

OPENED: weakref.WeakSet[Sqlite] = weakref.WeakSet()


def forget_all() -> None:
    """Have every database of a forked child forget its parent's connections and locks."""
    for each in list(OPENED):
        each.forget()


os.register_at_fork(after_in_child=forget_all)


def parse_url(url: str) -> tuple[Path, dict[str, str]]:
    """Return the path and the options of ``sqlite:///firsthand.db?mode=ro``; raises ``SettingsError``."""
    if not url.startswith("sqlite:///"):
        shown = re.sub("//.*@", "//…@", url)  # there may be a password in it
        raise SettingsError(
            f"The database {shown!r} is not one.", "Write sqlite:///firsthand.db, or sqlite:////absolute/path.db."
        )
    path, _, query = url.removeprefix("sqlite:///").partition("?")
    options = dict(option.partition("=")[::2] for option in query.split("&")) if query else {}
    for name, value in options.items():
        allowed = OPTIONS.get(name)
        if allowed is None or (allowed and value not in allowed) or (not allowed and not value.isdigit()):
            raise SettingsError(f"The database's option {name}={value} is not one.", f"There are {', '.join(OPTIONS)}.")
    return Path(path), options
