"""Connections to a server: one is lent to each caller, as many as there are callers, up to a limit."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from firsthand.core.errors import JournalUnavailable

if TYPE_CHECKING:
    from firsthand.storage.dialect import Session

MOST = 32
"""Connections of a process; more callers wait."""

WAIT = 10.0
"""Seconds that a caller waits for a connection."""

IDLE = 0
"""What libpq says of a connection that is within no transaction."""


class Pool:
    """Idle connections, the one used last first; none is lent that the server has closed meanwhile."""

    def __init__(self, connect: Callable[[], Session], faults: type[Exception]) -> None:
        self.connect = connect
        self.faults = faults
        self.idle: list[Session] = []
        self.lending = self.waiting = 0
        self.guard = threading.Lock()
        self.freed = threading.Condition(self.guard)

    def lent(self) -> Lent:
        """Lend a connection; one that is left within a transaction, or broke, is closed."""
        return Lent(self)

    def take(self) -> Session:
        """Return an idle connection that is alive, or a new one, once fewer than ``MOST`` are lent."""
        with self.guard:
            if self.lending >= MOST:
                self.wait()
            self.lending += 1
        taken = None
        try:
            taken = self.alive() or self.connect()
        finally:
            if taken is None:
                self.give_back(None)
        return taken

    def wait(self) -> None:
        """Wait until fewer than ``MOST`` are lent, the guard being held; raises ``JournalUnavailable``."""
        self.waiting += 1
        try:
            if not self.freed.wait_for(lambda: self.lending < MOST, WAIT):
                raise JournalUnavailable(
                    f"All {MOST} connections to the journal are in use.", "Nothing was performed. Try again."
                )
        finally:
            self.waiting -= 1

    def alive(self) -> Session | None:
        """Return an idle connection that is alive, if there is one."""
        while self.idle:
            try:
                session = self.idle.pop()
            except IndexError:  # another thread took the last one
                return None
            if not self.is_dead(session):
                return session
            session.close()
        return None

    def is_dead(self, session: Session) -> bool:
        """Say whether the server has closed an idle connection, or said that it ends: before anything is sent.

        What it said is read without waiting, and without another thread having its turn meanwhile.
        """
        try:
            session.pgconn.consume_input()
            session.pgconn.get_result()
        except self.faults:
            return True
        return session.ended

    def give_back(self, session: Session | None) -> None:
        """Keep a connection for the next caller, unless it is of no use any more."""
        try:
            if session is not None and session.pgconn.transaction_status == IDLE:
                self.idle.append(session)
            elif session is not None:
                session.close()
        finally:
            with self.guard:
                self.lending -= 1
                if self.waiting:
                    self.freed.notify()

    def close(self) -> None:
        """Close the idle connections."""
        while self.idle:
            self.idle.pop().close()


class Lent:
    """A connection of a pool while somebody has it."""

    __slots__ = ("pool", "session")

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    def __enter__(self) -> Session:
        self.session = self.pool.take()
        return self.session

    def __exit__(self, *_: object) -> None:
        self.pool.give_back(self.session)


OPENED: weakref.WeakSet[Any] = weakref.WeakSet()
"""The databases of this process."""


def forget_all() -> None:
    """Have every database of a forked child forget its parent's connections."""
    for each in list(OPENED):
        each.forget()


os.register_at_fork(after_in_child=forget_all)
