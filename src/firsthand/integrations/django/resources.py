"""Django's connections during a run: one transaction around it, and each connection left as it was found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from firsthand.core.errors import Refused
from firsthand.core.runs import Run

LENT: ContextVar[tuple[BaseDatabaseWrapper, ...]] = ContextVar("lent", default=())
"""Connections that a request lends to the threads that work for it."""


def lend() -> None:
    """Lend this thread's connections on which a ``TestCase`` has begun a transaction that nobody else sees."""
    LENT.set(tuple(each for each in connections.all(initialized_only=True) if is_of_test(each)))


def is_of_test(connection: BaseDatabaseWrapper) -> bool:
    """Say whether a ``TestCase`` has begun a transaction on a connection, to take it back in the end."""
    return any(getattr(each, "_from_testcase", False) for each in connection.atomic_blocks)


@contextmanager
def borrowed() -> Iterator[None]:
    """Use the connections that are lent to this thread, if any are, in place of its own."""
    own = [(each, connections[each.alias]) for each in LENT.get() if connections[each.alias] is not each]
    for lent, _ in own:
        lent.inc_thread_sharing()
        connections[lent.alias] = lent
    try:
        yield
    finally:
        for lent, mine in own:
            connections[lent.alias] = mine
            lent.dec_thread_sharing()


class Connections:
    """Stands for Django's connections of a thread, which are left as they were found."""


@contextmanager
def as_found() -> Iterator[None]:
    """Close this thread's connections that were opened meanwhile: Django knows nothing of the threads of runs."""
    with borrowed():
        before = {each.alias for each in connections.all(initialized_only=True) if each.connection is not None}
        try:
            yield
        finally:
            for each in connections.all(initialized_only=True):
                if each.alias not in before and not each.in_atomic_block:
                    each.close()


def left_as_found() -> Iterator[Connections]:
    """Give nothing but the promise."""
    with as_found():
        yield Connections()


def transaction_on(using: str) -> Callable[..., Iterator[BaseDatabaseWrapper]]:
    """Return the resource of a desk: Django's connection to one of its databases, in a transaction."""

    def database(run: Run[Any]) -> Iterator[BaseDatabaseWrapper]:
        with as_found(), atomic(using, writes=run.id != 0):
            yield connections[using]

    return database


@contextmanager
def atomic(using: str, *, writes: bool) -> Iterator[None]:
    """Begin a transaction; on SQLite at once as a writer, so that no other one comes in between."""
    connection = connections[using]
    if writes and any(not getattr(each, "_from_testcase", False) for each in connection.atomic_blocks):
        raise Refused(
            "It was called within a transaction, which could take back what it does after that is on record.",
            "Call it outside of transaction.atomic and ATOMIC_REQUESTS, or in the background.",
        )
    if not writes or connection.vendor != "sqlite" or connection.in_atomic_block:
        with transaction.atomic(using=using):
            yield
        return
    connection.ensure_connection()
    with ExitStack() as stack:
        mode, connection.transaction_mode = connection.transaction_mode, "IMMEDIATE"
        try:
            stack.enter_context(transaction.atomic(using=using))
        finally:
            connection.transaction_mode = mode
        yield


def can_mark(using: str) -> bool:
    """Say whether a run can be marked in one of the project's databases, in the transaction of its effect."""
    connection = connections[using]
    if connection.vendor != "postgresql":
        return bool(connection.vendor == "sqlite")
    from django.db.backends.postgresql.psycopg_any import is_psycopg3

    return bool(is_psycopg3)
