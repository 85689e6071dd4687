"""A transaction on PostgreSQL, and what became of one whose connection was lost.

Its number is asked for together with its beginning, so that another connection can ask what became of it. After a
crash of the server a number may be given again; what is on record itself is looked at then.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import psycopg
from psycopg import errors
from psycopg.pq import TransactionStatus

from firsthand.core.errors import JournalError, JournalUnavailable
from firsthand.storage.database import Proof
from firsthand.storage.dialect import Rows, Session
from firsthand.storage.pool import Pool

T = TypeVar("T")

PATIENCE = 5.0
"""Seconds for which it is tried to find out what became of a commit."""

PAUSE = 0.05
"""Seconds between two tries."""

NUMBER = "SELECT CAST(CAST(pg_current_xact_id() AS text) AS bigint)"
BEGIN = f"BEGIN; {NUMBER}"
BECAME = "SELECT pg_xact_status(CAST(CAST(? AS text) AS xid8))"
EPOCH = "(SELECT CAST(stats_reset AS text) FROM pg_stat_bgwriter)"
"""What changes when the server recovers from a crash: its statistics begin anew."""


def beginning_alone(key: int) -> str:
    """Return what begins a transaction that no other one is beside that begins so."""
    return f"BEGIN; SELECT pg_advisory_xact_lock({key}); {NUMBER}"


def first(rows: Rows) -> Any:
    """Return the one value that a statement gave."""
    return (rows.fetchone() or (None,))[0]


def is_lost(session: Session, error: psycopg.Error) -> bool:
    """Say whether an error is that the connection was lost."""
    return session.closed or error.diag.severity_nonlocalized in ("FATAL", "PANIC")


class Transaction(Generic[T]):
    """Some work in a transaction of its own; ``lost`` says that its connection was, ``asked`` that it was to commit."""

    def __init__(self, begin: str, work: Callable[[Any], T], proof: Proof | None = None) -> None:
        self.begin = begin
        self.work = work
        self.proof = proof
        self.number = 0
        self.epoch = ""
        self.result: T | None = None
        self.asked = self.lost = False

    def commit(self, session: Session) -> T:
        """Do the work and commit it, or roll it back; a connection that was lost is closed."""
        try:
            self.epoch = session.epoch
            self.number = int(session.script(self.begin).get_value(0, 0) or 0)
            self.result = result = self.work(session)
            self.asked = True
            if session.script("COMMIT").command_status != b"COMMIT":
                raise JournalError("A transaction of the journal was rolled back.", "Nothing was performed.")
        except psycopg.Error as error:
            if is_lost(session, error):
                self.lost = True
                session.close()
            raise
        finally:
            if session.info.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
                session.execute("ROLLBACK", None)
        return result

    def committed(self, pool: Pool) -> bool:
        """Say on another connection what became of it; waits a while for its end, then raises its last fault."""
        if not self.asked:
            return False
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                with pool.lent() as session:
                    known = self.looked_up(session)
                if known is not None:
                    return known
            except (psycopg.Error, JournalUnavailable):
                if time.monotonic() > deadline:
                    raise
            if time.monotonic() > deadline:
                raise JournalUnavailable("A transaction of the journal has not ended yet.", "Look at pg_stat_activity.")
            time.sleep(PAUSE)

    def looked_up(self, session: Session) -> bool | None:
        """Say what became of it; None while it is in progress, or where nothing proves it after a crash."""
        try:
            status = first(session.execute(BECAME, (self.number,)))
        except errors.InvalidParameterValue:  # its number is in the future again: the server lost it in a crash
            return False
        if session.epoch == self.epoch:
            return None if status == "in progress" else bool(status == "committed")
        if status != "committed":
            return False
        return self.proof(session, self.number, self.result) if self.proof else None
