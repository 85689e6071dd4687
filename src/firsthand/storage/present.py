"""Which processes live, on PostgreSQL: each holds a lock of a connection of its own, and says so now and then.

The advisory lock goes with the connection, so a process that dies is seen at once. A host that is lost with its
connections still open is seen once its heartbeat is older than ``LEASE``. Times are the database's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from firsthand.core.errors import JournalError

if TYPE_CHECKING:
    from firsthand.storage.dialect import Session

LIVING = int.from_bytes(b"1hnp")
"""The class of the advisory locks that processes hold; their object is the process's id."""

BEAT = 5.0
"""Seconds between two heartbeats."""

LEASE = 30
"""Seconds after which a process without one is taken for dead."""

HOLD = "SELECT pg_try_advisory_lock(?, ?)"
LEAVE = "SELECT pg_advisory_unlock(?, ?)"
SEEN = "UPDATE processes SET seen = firsthand.now() WHERE id = ?"
ALIVE = """SELECT 1 FROM pg_locks JOIN processes ON processes.id = pg_locks.objid
    WHERE locktype = 'advisory' AND classid = ? AND objid = ? AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND processes.seen > firsthand.now() - ?"""


class Present:
    """The presence of this process: ``hold`` takes its lock and starts its heartbeat, on a thread of its own."""

    def __init__(
        self, connect: Callable[[], Session], explained: Callable[[Exception], JournalError], faults: type[Exception]
    ) -> None:
        self.connect = connect
        self.explained = explained
        self.faults = faults
        self.guard = threading.Lock()
        self.session: Session | None = None
        self.own: set[int] = set()
        self.stopped = threading.Event()
        self.thread: threading.Thread | None = None

    def hold(self, process: int) -> None:
        """Hold the lock of a process id until this process dies."""
        with self.guard:
            self.own.add(process)
            self.held(process)
            if self.thread is None:
                self.thread = threading.Thread(target=self.beating, name="firsthand-heartbeat", daemon=True)
                self.thread.start()

    def held(self, process: int) -> None:
        """Take the lock, on the connection that is kept for it."""
        try:
            if self.session is None or self.session.closed:
                self.session = self.connect()
            self.session.execute(HOLD, (LIVING, process))
        except self.faults as error:
            raise self.explained(error) from error

    def beating(self) -> None:
        """Say now and then that this process lives, until it has left."""
        while not self.stopped.wait(BEAT):
            self.beat()

    def beat(self) -> None:
        """Say that this process lives; where the connection is lost, take the locks again on another."""
        with self.guard:
            try:
                lost = self.session is None or self.session.closed
                for process in sorted(self.own):
                    if lost:
                        self.held(process)
                    if self.session is not None:
                        self.session.execute(SEEN, (process,))
            except (JournalError, self.faults):  # the server is away: others see that, and the next beat tries again
                self.drop()

    def drop(self) -> None:
        """Close the connection."""
        if self.session is not None:
            self.session.close()
            self.session = None

    def leave(self, process: int) -> None:
        """Let a lock go, at a clean end."""
        with self.guard:
            self.own.discard(process)
            if self.session is not None and not self.session.closed:
                try:
                    self.session.execute(LEAVE, (LIVING, process))
                except self.faults:  # the connection is lost, and the lock with it
                    self.drop()

    def alive(self, process: int) -> bool:
        """Say whether the process of an id still lives."""
        if process in self.own:
            return True
        with self.guard:
            try:
                if self.session is None or self.session.closed:
                    self.session = self.connect()
                return bool(self.session.execute(ALIVE, (LIVING, process, LEASE * 1_000_000)).fetchall())
            except self.faults as error:
                raise self.explained(error) from error

    def close(self) -> None:
        """Stop the heartbeat, and close the connection."""
        self.stopped.set()
        with self.guard:
            self.drop()
