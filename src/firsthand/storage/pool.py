"""Connections to a server: one is lent to each caller, as many as there are callers, up to a limit."""

from __future__ import annotations

import os
import select
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from firsthand.core.errors import JournalUnavailable

if TYPE_CHECKING:
    from firsthand.storage.dialect import Session

MOST = 32
"""Connections of a process; more callers wait."""

WAIT = 10.0
"""Seconds that a caller waits for a connection."""


class Pool:
    """Idle connections, the one used last first; none is lent that the server has closed meanwhile."""

    def __init__(self, connect: Callable[[], Session], faults: type[Exception]) -> None:
        self.connect = connect
        self.faults = faults
        self.idle: list[Session] = []
        self.guard = threading.Lock()
        self.free = threading.BoundedSemaphore(MOST)

    @contextmanager
    def lent(self) -> Iterator[Session]:
        """Lend a connection; one that is left within a transaction, or broke, is closed."""
        if not self.free.acquire(timeout=WAIT):
            raise JournalUnavailable(
                f"All {MOST} connections to the journal are in use.", "Nothing was performed. Try again."
            )
        try:
            session = self.taken()
            try:
                yield session
            finally:
                self.give_back(session)
        finally:
            self.free.release()

    def taken(self) -> Session:
        """Return an idle connection that is alive, or a new one."""
        while True:
            with self.guard:
                session = self.idle.pop() if self.idle else None
            if session is None:
                return self.connect()
            if not is_dead(session):
                return session
            session.close()

    def give_back(self, session: Session) -> None:
        """Keep a connection for the next caller, unless it is of no use any more."""
        if session.closed or session.info.transaction_status != 0:
            session.close()
            return
        with self.guard:
            self.idle.append(session)

    def close(self) -> None:
        """Close the idle connections."""
        with self.guard:
            idle, self.idle = self.idle, []
        for session in idle:
            session.close()


def is_dead(session: Session) -> bool:
    """Say whether the server has closed an idle connection, or said something unasked: before anything is sent."""
    if session.closed:
        return True
    poll = select.poll()
    poll.register(session.fileno(), select.POLLIN)
    return bool(poll.poll(0))


OPENED: weakref.WeakSet[Any] = weakref.WeakSet()
"""The databases of this process."""


def forget_all() -> None:
    """Have every database of a forked child forget its parent's connections."""
    for each in list(OPENED):
        each.forget()


os.register_at_fork(after_in_child=forget_all)
