"""Connections to a server: who waits for one, and which are not lent any more."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest

from firsthand import JournalUnavailable
from firsthand.storage import pool
from firsthand.storage.dialect import Session
from firsthand.storage.pool import Pool
from firsthand.storage.postgresql import Postgresql

from .. import postgres


@pytest.fixture
def database() -> Iterator[Postgresql]:
    made = postgres.fresh()
    opened = Postgresql(made)
    yield opened
    opened.close()
    postgres.dropped(made)


def eventually(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.01)


def ended(session: Session) -> None:
    """Have the server end a connection, and wait until it has."""
    pid = session.info.backend_pid
    with psycopg.connect(postgres.running(), autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s)", (pid,))
        there = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s"
        eventually(lambda: (admin.execute(there, (pid,)).fetchone() or (1,))[0] == 0)


def test_a_caller_waits_until_a_connection_is_given_back(database: Postgresql, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "MOST", 2)
    lent: list[Session] = []

    def wait() -> None:
        with database.pool.lent() as session:
            lent.append(session)

    with database.pool.lent(), database.pool.lent() as second:
        waiting = [threading.Thread(target=wait) for _ in range(3)]
        for each in waiting:
            each.start()
        eventually(lambda: database.pool.waiting == 3)
        assert lent == []
        database.pool.give_back(second)
        eventually(lambda: len(lent) == 3)
        database.pool.take()
    assert lent == [second] * 3
    assert (database.pool.lending, database.pool.waiting) == (0, 0)


def test_where_none_is_given_back_for_long_nothing_is_performed(
    database: Postgresql, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "MOST", 1)
    monkeypatch.setattr(pool, "WAIT", 0.1)
    with database.pool.lent(), pytest.raises(JournalUnavailable, match="in use"), database.pool.lent():
        pass
    with database.pool.lent() as session:
        assert session.execute("SELECT 1").fetchall() == [(1,)]


def test_a_server_that_cannot_be_reached_takes_no_place_in_the_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    away = Postgresql("postgresql://nobody@127.0.0.1:1/none?connect_timeout=1")
    monkeypatch.setattr(pool, "MOST", 1)
    for _ in range(2):
        with pytest.raises(JournalUnavailable, match="cannot be reached"), away.pool.lent():
            pass
    assert away.pool.lending == 0


def test_a_connection_whose_end_the_server_has_told_is_not_lent_again(database: Postgresql) -> None:
    with database.pool.lent() as session:
        pass
    ended(session)
    assert database.pool.is_dead(session)
    with database.pool.lent() as other:
        assert other is not session
    assert session.closed


def test_a_connection_that_is_left_within_a_transaction_is_closed(database: Postgresql) -> None:
    with database.pool.lent() as session:
        session.execute("BEGIN")
    assert session.closed
    assert database.pool.idle == []


def test_what_the_server_says_besides_ends_no_connection(database: Postgresql) -> None:
    with database.pool.lent() as session:
        session.execute("DO $$ BEGIN RAISE WARNING 'mind the gap'; END $$", None)
    with database.pool.lent() as again:
        assert again is session


def test_a_connection_that_breaks_within_a_statement_is_told_as_that(database: Postgresql) -> None:
    with pytest.raises(JournalUnavailable, match="cannot be reached"), database.session() as session:
        ended(session)
        with pytest.raises(psycopg.OperationalError):
            session.script("SELECT 1")
        session.prepared("SELECT ?", (1,))


def test_connections_are_closed_with_their_pool(database: Postgresql) -> None:
    made: Pool = database.pool
    with made.lent() as session:
        pass
    made.close()
    assert session.closed
    with made.lent() as other:
        assert not other.closed
