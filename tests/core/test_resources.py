import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TextIO, TypeVar

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from firsthand import Desk, DeskError, Refused, Run
from firsthand.testing import trial

from .shop import kinds, on_record


class Log(list):
    """What happened to a resource, in order."""


class Bank(list):
    """Another resource."""


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def desk(log: Log) -> Desk:
    return Desk("Acme", why=["asked"])


def opened(desk: Desk, log: Log, shape: str = "generator") -> None:
    """Register a resource that logs how it is opened and closed, written in one of the ways that there are."""

    def generator() -> Iterator[Log]:
        log.append("open")
        try:
            yield log
        except BaseException as error:
            log.append(f"rollback {type(error).__name__}")
            raise
        log.append("commit")

    async def async_generator() -> AsyncIterator[Log]:
        log.append("open")
        try:
            yield log
        except BaseException as error:
            log.append(f"rollback {type(error).__name__}")
            raise
        log.append("commit")

    def made() -> Log:
        return contextmanager(generator)()  # type: ignore[return-value]

    async def made_later() -> Log:
        return asynccontextmanager(async_generator)()  # type: ignore[return-value]

    shapes = {
        "generator": generator, "async generator": async_generator, "context manager": contextmanager(generator),
        "async context manager": asynccontextmanager(async_generator), "returned": made, "returned later": made_later,
    }  # fmt: skip
    desk.resource(shapes[shape])


SHAPES = ["generator", "async generator", "context manager", "async context manager", "returned", "returned later"]


@pytest.mark.parametrize("how", ["sync", "async"])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_resource_is_committed_on_success_and_left_through_the_exception_otherwise(desk, log, shape, how):
    opened(desk, log, shape)

    def act(log: Log, end: str) -> None:
        log.append("act")
        if end == "refuse":
            raise Refused("No.")
        if end == "raise":
            raise ValueError("no")

    async def act_later(log: Log, end: str) -> None:
        act(log, end)

    desk.action("act", who="support")(act if how == "sync" else act_later)
    with trial(desk, priya="support") as t:
        for end, outcome, last in (
            ("", "succeeded", "commit"), ("refuse", "refused", "rollback Refused"),
            ("raise", "failed", "rollback ValueError"),
        ):  # fmt: skip
            log.clear()
            run = t.run("act", {"end": end}, by="priya", reason="asked")
            assert (run.outcome, log) == (outcome, ["open", "act", last])
            if run.error:
                assert run.error.traceback.count("Traceback") == 1
                assert "firsthand/core" not in run.error.traceback


def test_a_resource_is_opened_once_a_run_before_the_subject_and_closed_before_the_outcome_is_recorded(desk, log):
    class Thing:
        id = 1

    states = []

    @desk.resource
    def session(run: Run) -> Iterator[Log]:
        log.append("open")
        yield log
        with sqlite3.connect(t.journal.database.path) as journal:
            states.extend(journal.execute("SELECT status FROM runs WHERE id = ?", (run.id,)).fetchone())
        log.append("close")

    @desk.subject()
    def thing(id: int, session: Log) -> Thing | None:
        session.append("load")
        return Thing()

    def holds(thing: Thing, session: Log) -> bool:
        session.append("check")
        return True

    @desk.action("act", who="support", when=holds)
    def act(thing: Thing, session: Log) -> None:
        session.append("act")

    with trial(desk, priya="support") as t:
        t.run(act, {"thing": 1}, by="priya", reason="asked")
    assert log == ["open", "load", "check", "act", "close"]
    assert states == ["performing"]


def test_what_a_refused_run_did_not_need_is_not_opened(desk, log):
    opened(desk, log)

    @desk.action("act", who="support")
    def act(log: Log, amount: int) -> None: ...

    with trial(desk, priya="support", ivan="intern") as t:
        t.run(act, {"amount": "x"}, by="priya", reason="asked")
        t.run(act, {"amount": 1}, by="ivan", reason="asked")
    assert log == []


def test_resources_may_need_resources_and_are_closed_in_reverse(desk, log):
    @desk.resource
    def bank(log: Log) -> Iterator[Bank]:
        log.append("open bank")
        yield Bank()
        log.append("close bank")

    opened(desk, log)

    @desk.action("act", who="support")
    def act(bank: Bank, log: Log) -> None: ...

    with trial(desk, priya="support") as t:
        assert t.run(act, by="priya", reason="asked").outcome == "succeeded"
    assert log == ["open", "open bank", "close bank", "commit"]


def ends(desk: Desk, resource) -> Run:
    desk.resource(resource)

    @desk.action("act", who="support")
    def act(log: Log) -> str:
        return "done"

    with trial(desk, priya="support") as t:
        run = t.run(act, by="priya", reason="asked")
        assert on_record(t, run).error == run.error
        assert kinds(t, run)[-1] == run.outcome
        assert run.value is None
        return run


def test_a_close_that_raises_is_a_failed_run(desk):
    def log() -> Iterator[Log]:
        yield Log()
        raise ConnectionError("commit lost")

    run = ends(desk, log)
    assert (run.outcome, run.error.type, run.error.message) == ("failed", "ConnectionError", "commit lost")
    assert "commit lost" in run.error.traceback


def test_a_close_that_refuses_is_a_failed_run_since_the_function_was_called(desk):
    def log() -> Iterator[Log]:
        yield Log()
        raise Refused("too late")

    assert ends(desk, log).outcome == "failed"


def test_an_open_that_raises_is_a_failed_run_and_one_that_refuses_a_refused_one(desk):
    def log() -> Iterator[Log]:
        raise ConnectionError("database away")
        yield Log()

    assert ends(desk, log).outcome == "failed"
    desk._resources.clear()
    desk._registrations.clear()

    def closed() -> Iterator[Log]:
        raise Refused("The database is in maintenance until noon.")
        yield Log()

    run = ends(desk, closed)
    assert (run.outcome, run.refusal.message) == ("refused", "The database is in maintenance until noon.")


@pytest.mark.parametrize("times", [0, 2])
def test_a_generator_that_does_not_yield_once_is_a_failed_run(desk, times):
    def log() -> Iterator[Log]:
        for _ in range(times):
            yield Log()

    run = ends(desk, log)
    assert (run.outcome, run.error.type) == ("failed", "RuntimeError")
    assert "yield" in run.error.message


def test_when_several_closes_raise_all_are_closed_all_the_same(desk, log):
    @desk.resource
    def bank(log: Log) -> Iterator[Bank]:
        yield Bank()
        raise ValueError("bank")

    opened(desk, log)

    @desk.action("act", who="support")
    def act(bank: Bank, log: Log) -> None: ...

    with trial(desk, priya="support") as t:
        assert t.run(act, by="priya", reason="asked").error.message == "bank"
    assert log == ["open", "rollback ValueError"]


def test_a_resource_that_swallows_the_exception_does_not_make_the_run_succeed(desk):
    @desk.resource
    def log() -> Iterator[Log]:
        with suppress(ValueError):
            yield Log()

    @desk.action("act", who="support")
    def act(log: Log) -> None:
        raise ValueError("no")

    with trial(desk, priya="support") as t:
        assert t.run(act, by="priya", reason="asked").error.message == "no"


def test_a_connection_closed_under_our_feet_is_a_failed_run(desk):
    @desk.resource
    def connection() -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(":memory:")
        yield connection
        connection.commit()

    @desk.action("act", who="support")
    def act(connection: sqlite3.Connection) -> None:
        connection.close()

    with trial(desk, priya="support") as t:
        run = t.run(act, by="priya", reason="asked")
        assert (run.outcome, run.error.type) == ("failed", "RuntimeError")


@pytest.mark.parametrize("committed", [False, True])
def test_a_plain_connection_that_is_closed_anyway_is_a_failed_run_where_the_action_closed_it(desk, tmp_path, committed):
    @desk.resource
    def connection() -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(tmp_path / "shop.db")
        try:
            yield connection
        finally:
            connection.close()

    @desk.action("act", who="support")
    def act(connection: sqlite3.Connection, close: bool) -> None:
        connection.execute("CREATE TABLE IF NOT EXISTS letters (text)")
        connection.execute("INSERT INTO letters VALUES ('hello')")
        if committed:
            connection.commit()
        if close:
            connection.close()

    with trial(desk, priya="support") as t:
        run = t.run(act, {"close": True}, by="priya", reason="asked")
        assert run.outcome == "failed"
        assert run.error.message == "the Connection is no longer open: leave that to the desk"
        assert t.run(act, {"close": False}, by="priya", reason="asked").outcome == "succeeded"


@pytest.mark.parametrize("shape", ["file", "session"])
def test_a_resource_that_says_it_was_closed_is_a_failed_run(desk, tmp_path, shape):
    class Client:
        is_closed = False

    @desk.resource
    def file() -> Iterator[TextIO]:
        with open(tmp_path / "letters", "w") as file:
            yield file

    @desk.resource
    def client() -> Client:
        return Client()

    @desk.action("file", who="support")
    def close_file(file: TextIO) -> None:
        file.close()

    @desk.action("session", who="support")
    def close_client(client: Client) -> None:
        client.is_closed = True

    with trial(desk, priya="support") as t:
        run = t.run(shape, by="priya", reason="asked")
        assert run.outcome == "failed"
        assert run.error.message.endswith("is no longer open: leave that to the desk")


class Base(DeclarativeBase): ...


class Invoice(Base):
    __tablename__ = "invoices"
    id: Mapped[int] = mapped_column(primary_key=True)
    total: Mapped[int]


def test_a_session_of_sqlalchemy_commits_rolls_back_and_gives_objects_that_can_be_recorded(desk, tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    Base.metadata.create_all(engine)

    @desk.resource
    def session() -> Iterator[Session]:
        with Session(engine) as session, session.begin():
            yield session

    @desk.subject(label=lambda each: f"{each.total} euro", traits=["total"])
    def invoice(id: int, session: Session) -> Invoice | None:
        return session.get(Invoice, id)

    def holds(invoice: Invoice) -> bool:
        """Written by mistake: neither true nor false."""
        return Invoice.total > 5

    @desk.action("void", who="support")
    def void(invoice: Invoice, session: Session, end: str = "") -> Invoice:
        invoice.total = 0
        if end == "refuse":
            raise Refused("No.")
        if end == "close":
            session.close()
        if end == "raise":
            session.execute(text("UPDATE invoices SET id = 2 WHERE id = 1"))
        return invoice

    @desk.action("odd", who="support", when=holds)
    def odd(invoice: Invoice) -> None: ...

    def totals() -> list[int]:
        with Session(engine) as reading:
            return list(reading.scalars(select(Invoice.total).order_by(Invoice.id)))

    with Session(engine) as first, first.begin():
        first.add_all([Invoice(id=1, total=50), Invoice(id=2, total=60)])
    with trial(desk, priya="support") as t:
        refused = t.run(void, {"invoice": 1, "end": "refuse"}, by="priya", reason="asked")
        failed = t.run(void, {"invoice": 1, "end": "raise"}, by="priya", reason="asked")
        assert (refused.outcome, failed.outcome, totals()) == ("refused", "failed", [50, 60])
        assert failed.subjects[0].label == "50 euro"
        closed = t.run(void, {"invoice": 2, "end": "close"}, by="priya", reason="asked")
        assert (closed.outcome, totals()) == ("failed", [50, 60])
        assert closed.error.message == "the Session is no longer in its transaction: leave that to the desk"
        run = t.run(void, {"invoice": 1}, by="priya", reason="asked")
        assert (run.outcome, on_record(t, run).value, totals()) == ("succeeded", "<Invoice>", [0, 60])
        assert t.run(odd, {"invoice": 1}, by="priya", reason="asked").refusal.check == "holds"


def test_every_run_has_resources_of_its_own_even_at_once(desk):
    seen, gate = [], threading.Barrier(4)

    @desk.resource
    def log() -> Iterator[Log]:
        yield Log()

    @desk.action("act", who="support")
    def act(log: Log) -> None:
        gate.wait()
        seen.append(id(log))
        gate.wait()

    with trial(desk, priya="support") as t:
        threads = [threading.Thread(target=lambda: t.run(act, by="priya", reason="asked")) for _ in range(4)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    assert len(set(seen)) == 4


@pytest.mark.parametrize(("source", "words"), [
    ("def log(): yield 1", "the resource log: it needs a return type, such as -> Iterator[Session]."),
    ("def log() -> None: ...", "the resource log: it needs a return type, such as -> Iterator[Session]."),
    ("def log() -> Iterator[T]: ...", "the resource log: it needs a return type, such as -> Iterator[Session]."),
    ("def log() -> Iterator: ...", "the resource log: it needs a return type, such as -> Iterator[Session]."),
    ("def log() -> 'Nothing': ...",
    "the resource log: a type hint of log cannot be resolved: name 'Nothing' is not defined."),
    ("def log(bank: Bank) -> Log: ...", "the resource log: nothing gives bank."),
    ("def log(log: Log) -> Log: ...", "the resource log: it needs itself, by way of log."),
])  # fmt: skip
def test_a_resource_that_is_not_clear_is_found_at_start(source, words):
    desk, space = Desk("Acme"), {"Log": Log, "Bank": Bank, "Iterator": __import__("typing").Iterator, "T": TypeVar("T")}
    exec(source, space)
    desk.resource(space["log"])
    with pytest.raises(DeskError) as caught:
        desk.start()
    assert caught.value.problems == (words,)


def test_two_resources_of_one_type_and_resources_in_a_circle_are_found_at_start():
    desk = Desk("Acme")

    @desk.resource
    def first(bank: Bank) -> Log: ...

    @desk.resource
    def bank(log: Log) -> Bank: ...

    @desk.resource
    def second() -> Log: ...

    with pytest.raises(DeskError, match="the resources first and second give the same type"):
        desk.start()
    desk._resources.remove(second)
    with pytest.raises(DeskError, match="the resource first: it needs itself, by way of bank"):
        desk.work_out() and desk.use(None)
        desk._actions = None
        desk.start()
