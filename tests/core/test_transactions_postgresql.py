"""Transactional actions on PostgreSQL, by way of psycopg and of SQLAlchemy."""

import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from firsthand import Desk
from firsthand.core.marking import POSTGRESQL
from firsthand.core.promises import broken_promises
from firsthand.testing import Trial, trial
from tests.postgres import dropped, empty

from .transactional import ending


class Books:
    """The author's database on a server; ``does`` is called in the action with its connection."""

    def __init__(self, url: str) -> None:
        self.url = url.partition("?")[0] + ("?" + rest if (rest := query(url)) else "")
        self.does: Any = lambda connection: None
        self.execute("CREATE TABLE paid (amount INT)")
        self.execute(POSTGRESQL)

    def execute(self, sql: str) -> list[Any]:
        """Execute a statement, seen from outside."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(sql)  # type: ignore[call-overload]
            return cursor.fetchall() if cursor.description else []

    @property
    def there(self) -> tuple[int, int]:
        """How many effects there are, and how many marks."""
        return self.execute("SELECT count(*) FROM paid")[0][0], self.execute("SELECT count(*) FROM firsthand_effects")[
            0
        ][0]


def query(url: str) -> str:
    """Return what a URL says beside what is ours."""
    return "&".join(each for each in url.partition("?")[2].split("&") if each and not each.startswith("synchronous"))


def execute(connection: Any, sql: str) -> Any:
    """Execute a statement by any of the ways."""
    return connection.execute(text(sql) if isinstance(connection, Session) else sql)


def desk_of(books: Books, way: str, isolation: str = "SERIALIZABLE") -> Desk:
    """Return a desk that pays each amount once, or so its check says."""
    desk = Desk("Books", why=["customer asked"])
    kind: Any = psycopg.Connection if way == "psycopg" else Session

    def is_new(amount: int, connection: kind) -> bool:
        """Such an amount was not paid before."""
        return not execute(connection, f"SELECT 1 FROM paid WHERE amount = {amount}").fetchone()

    @desk.resource
    def connection() -> Iterator[kind]:
        if way == "psycopg":
            with psycopg.connect(books.url) as opened:
                opened.isolation_level = psycopg.IsolationLevel[isolation]
                yield opened
            return
        url = books.url.replace("postgresql://", "postgresql+psycopg://")
        engine = create_engine(url, isolation_level=isolation.replace("_", " "))
        with Session(engine) as session, session.begin():
            yield session
        engine.dispose()

    @desk.action(who="support", mode="transactional", when=is_new)
    def pay(amount: int, connection: kind) -> str:
        """Pay."""
        execute(connection, f"INSERT INTO paid VALUES ({amount})")
        books.does(connection)
        return "paid"

    return desk


@pytest.fixture
def books() -> Iterator[Books]:
    url = empty()
    yield Books(url)
    dropped(url)


@pytest.fixture(params=["psycopg", "Session"])
def t(books: Books, request: pytest.FixtureRequest) -> Iterator[Trial]:
    with trial(desk_of(books, request.param), priya="support") as t:
        yield t


def pay(t: Trial, amount: int = 5) -> Any:
    return t.run("pay", {"amount": amount}, by="priya", reason="customer asked")


def test_the_effect_is_committed_with_its_mark_or_neither_is(t: Trial, books: Books):
    run = pay(t)
    assert (run.status, run.value, books.there) == ("succeeded", "paid", (1, 1))

    def raises(connection: object) -> None:
        raise ValueError("no")

    books.does = raises
    assert (pay(t, 6).status, books.there) == ("failed", (1, 1))
    assert list(broken_promises(t.desk.actions, "")) == []


@pytest.mark.parametrize("ends", ["commit", "rollback", "close", "COMMIT", "ROLLBACK"])
@pytest.mark.parametrize("caught", [False, True])
def test_the_function_cannot_end_its_transaction(t: Trial, books: Books, ends: str, caught: bool):
    books.does = ending(ends, caught=caught, execute=execute)
    run = pay(t)
    assert (run.status, books.there) in [("failed", (0, 0)), ("succeeded", (1, 1))]
    assert caught or run.status == "failed"


@pytest.mark.parametrize("raises", [False, True])
def test_what_a_function_commits_on_its_own_is_told(t: Trial, books: Books, raises: bool):
    """By raw statements it can; the run has failed then, and says that something may be there."""

    def evades(connection: Any) -> None:
        for sql in ("ROLLBACK", "INSERT INTO paid VALUES (7)", "COMMIT", "INSERT INTO paid VALUES (8)"):
            execute(connection, sql)
        if raises:
            raise ValueError("no")

    books.does = evades
    run = pay(t)
    assert run.status == "failed"
    assert run.error
    assert "may be committed in part" in run.error.message
    assert books.execute("SELECT amount FROM paid") == [(7,)]


def races(books: Books, isolation: str, amounts: int = 6) -> list[int]:
    """Have two runs at once pay each amount, and return how often each was paid."""
    with trial(desk_of(books, "psycopg", isolation), priya="support") as t:
        t.desk.start()
        for amount in range(amounts):
            barrier = threading.Barrier(2, timeout=10)
            waited = threading.local()

            def meet(connection: object, barrier: Any = barrier, waited: Any = waited) -> None:
                if not getattr(waited, "once", False):
                    waited.once = True
                    barrier.wait()

            books.does = meet
            threads = [threading.Thread(target=pay, args=(t, amount)) for _ in range(2)]
            [each.start() for each in threads]
            [each.join() for each in threads]
        return [books.execute(f"SELECT count(*) FROM paid WHERE amount = {amount}")[0][0] for amount in range(amounts)]


def test_serializable_lets_no_race_through_since_checks_and_function_are_tried_again(books: Books):
    assert races(books, "SERIALIZABLE") == [1] * 6


def test_read_committed_does_and_the_doctor_says_so(books: Books):
    assert max(races(books, "READ_COMMITTED")) == 2
    [said] = broken_promises(desk_of(books, "psycopg", "READ_COMMITTED").actions, "")
    assert "is not SERIALIZABLE" in said
