"""A database as the journal uses it: what SQLite's and PostgreSQL's have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
Values = Sequence[Any] | dict[str, Any]
Proof = Callable[[Any, int, Any], bool]
"""Says, by a connection, whether a transaction of a number, which would have had a result, is on record."""


class Rows(Protocol):
    """What a statement gave."""

    @property
    def rowcount(self) -> int:
        """How many rows were written."""

    @property
    def lastrowid(self) -> int | None:
        """The id of the row that was inserted."""

    def fetchone(self) -> Any:
        """Return the next row, None after the last."""

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""

    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """A connection within a transaction: SQL as SQLite writes it, with ``?`` or ``:name`` for values."""

    def execute(self, sql: str, parameters: Any = ..., /) -> Rows:
        """Execute a statement."""

    def executemany(self, sql: str, parameters: Any, /) -> Rows:
        """Execute a statement for each of some rows of values."""


class Presence(Protocol):
    """Which processes of a journal live: each holds something for its life, and every other one can see it."""

    def hold(self, process: int) -> None:
        """Hold what is a process id's until this process dies."""

    def leave(self, process: int) -> None:
        """Let it go, at a clean end."""

    def alive(self, process: int) -> bool:
        """Say whether the process of an id still lives."""


class Database(Protocol):
    """A journal's database. Safe for threads, and across ``fork``; its faults are told as ``JournalError``."""

    @property
    def read_only(self) -> bool:
        """Whether nothing may be written, as its URL says."""

    @property
    def place(self) -> str:
        """Where it is, as people are told: no password is in it."""

    @property
    def pairs(self) -> bool:
        """Whether events may become visible in another order than that of their ids."""

    @property
    def skipping(self) -> str:
        """What ends a query of rows that are about to be claimed, so that nobody waits for whom others claim."""

    def size(self) -> int:
        """Return how large it is, in bytes."""

    def beside(self, name: str) -> Path:
        """Return the path of a file that belongs to it."""

    def presence(self) -> Presence:
        """Return this process's presence."""

    def require(self) -> None:
        """Raise ``JournalMissing`` or ``JournalOutdated`` where there is nothing to read."""

    @property
    def verify(self) -> Callable[[Any], None]:
        """Raise ``JournalOutdated`` unless a connection, within a transaction, sees a schema that can be written."""

    def write(self, work: Callable[[Connection], T], *, proof: Proof | None = None) -> T:
        """Commit some work durably while nobody else does such, and return its result.

        The work may be done twice, so it must only write. Where its answer is lost and the server crashed, ``proof``
        tells whether it was committed.
        """

    def commit(self, work: Callable[[Connection], T], *, single: bool = False, proof: Proof | None = None) -> T:
        """Commit some work durably whose own statements say what they need to find: nobody waits for another.

        It may be done twice, as with ``write``. ``single`` is work of one statement, which is a transaction of its
        own; of that nobody knows whether it was done where its answer is lost.
        """

    def imports(self) -> None:
        """Note that much is written at once."""

    def new_ids(self, connection: Connection, number: int) -> Sequence[int]:
        """Return the ids of so many runs that are to be inserted in this transaction."""

    def read(self, sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a query."""

    def snapshot(self) -> AbstractContextManager[None]:
        """Let this thread's reads see one state of the database."""

    def close(self) -> None:
        """Close all connections."""
