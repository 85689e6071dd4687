"""A transactional action: effect and outcome are committed together, in the author's own transaction, or neither."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from firsthand import Desk, DeskError, Refused, Run
from firsthand.core.journal import Step
from firsthand.core.marking import SQLITE, is_transaction, is_transient
from firsthand.testing import Trial, trial

from .shop import kinds
from .transactional import WAYS, Books, desk_of, ending, execute


@pytest.fixture
def books(tmp_path: Path) -> Books:
    books = Books(tmp_path / "books.db")
    books.add_marks()
    return books


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def t(books: Books, way: str):
    with trial(desk_of(books, way), priya="support") as t:
        yield t


def pay(t: Trial, amount: int = 5, **said: object) -> Run[object]:
    return t.run("pay", {"amount": amount}, by="priya", reason="customer asked", **said)


def left_unknown(t: Trial, amount: int = 5, fence: int = 0) -> Run[object]:
    """Leave a run as a process leaves it that dies while performing."""
    request = t.desk.request("pay", {"amount": amount}, "priya", "python", reason="customer asked")
    run = t.desk.pipeline.record(request).run
    changes = {"inputs": {"amount": amount}, "mode": "transactional"}
    assert t.journal.step(Step(run.id, "recorded", "performing", 1, "priya", changes))
    assert t.journal.step(Step(run.id, "performing", "unknown", 2, None, {"fence": fence}))
    return t.journal.run(run.id)


def test_the_effect_is_committed_with_its_mark(t: Trial, books: Books):
    run = pay(t)
    assert (run.status, run.value) == ("succeeded", {"paid": 5})
    assert (books.paid, books.marks) == ([5], 1)
    assert books.read("SELECT run, outcome FROM firsthand_effects") == [(run.key, '{"value": {"paid": 5}}')]
    assert kinds(t, run) == ["recorded", "performing", "succeeded"]
    assert t.journal.run(run.id).mode == "transactional"


def test_what_raises_or_refuses_leaves_neither_effect_nor_mark(t: Trial, books: Books):
    def raises(connection: object) -> None:
        raise ValueError("no")

    def refuses(connection: object) -> None:
        raise Refused("No.")

    books.does = raises
    assert pay(t).status == "failed"
    books.does = refuses
    assert pay(t).status == "refused"
    assert (books.paid, books.marks) == ([], 0)


def test_a_check_looks_inside_of_the_transaction(t: Trial, books: Books):
    assert pay(t).status == "succeeded"
    assert pay(t).refusal.code == "check_failed"
    assert (books.paid, books.marks) == ([5], 1)


@pytest.mark.parametrize("ends", ["commit", "rollback", "close", "COMMIT", "ROLLBACK", "END"])
@pytest.mark.parametrize("caught", [False, True])
def test_the_function_cannot_end_its_transaction(t: Trial, books: Books, ends: str, caught: bool):
    books.does = ending(ends, caught=caught, execute=execute)
    run = pay(t)
    if run.status == "succeeded":
        assert caught
        assert (books.paid, books.marks) == ([5], 1)
    else:
        assert (run.status, books.paid, books.marks) == ("failed", [], 0)


def test_a_commit_that_was_denied_leaves_no_transaction_behind_in_the_pool_of_sqlalchemy(books: Books):
    engine = create_engine(f"sqlite:///{books.path}", connect_args={"timeout": 0.3})
    desk = Desk("Books", why=["customer asked"])

    @desk.resource
    def session() -> Iterator[Session]:
        with Session(engine) as opened:
            yield opened
            opened.commit()

    @desk.action(who="support", mode="transactional")
    def pay(amount: int, session: Session) -> None:
        """Pay, and commit."""
        session.execute(text(f"INSERT INTO paid VALUES ({amount})"))
        session.commit()

    with trial(desk, priya="support") as t:
        assert t.run("pay", {"amount": 5}, by="priya", reason="customer asked").status == "failed"
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO paid VALUES (7)"))
    engine.dispose()
    assert (books.paid, books.marks) == ([7], 0)


def test_a_resource_that_does_not_commit_is_a_failure_and_nothing_is_done(books: Books):
    with trial(desk_of(books, "sqlite3"), priya="support") as t:
        books.commits = False
        run = pay(t)
        assert (run.status, run.error.message) == (
            "failed", "its resource was left without a commit, so that nothing was done",
        )  # fmt: skip
        assert (books.paid, books.marks) == ([], 0)


def test_without_the_table_of_marks_nothing_is_performed(tmp_path: Path, way: str):
    books = Books(tmp_path / "books.db")
    with trial(desk_of(books, way), priya="support") as t:
        run = pay(t)
        assert (run.status, run.refusal.code, books.paid) == ("refused", "not_transactional", [])
        assert "firsthand db marker" in run.refusal.fix


class Entries:
    """What is loaded through a transaction."""

    def __init__(self, books: sqlite3.Connection) -> None:
        self.books = books


def test_an_action_without_one_transaction_is_a_problem_at_start():
    desk = Desk("Books", why=["customer asked"])

    @desk.action(who="support", mode="transactional")
    def pay() -> None:
        """Pay."""

    with pytest.raises(DeskError, match=r"takes one resource that is a transaction.*none of its resources is"):
        _ = desk.actions


def test_an_action_that_takes_none_is_performed_in_the_desks_only_one(tmp_path):
    desk, path = Desk("Books", why=["customer asked"]), tmp_path / "only.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(f"{SQLITE} CREATE TABLE paid (cents INTEGER)")

    @desk.resource
    def books() -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(path)) as connection, connection:
            yield connection

    @desk.subject()
    def account(id: int, books: sqlite3.Connection) -> Entries:
        return Entries(books)

    @desk.action("pay", who="support", mode="transactional")
    def pay(account: Entries, all: bool) -> None:
        account.books.execute("INSERT INTO paid VALUES (5)")
        if not all:
            raise KeyError

    with trial(desk, priya="support") as t:
        inputs = [{"account": 1, "all": all} for all in (False, True)]
        ended = [t.run("pay", each, by="priya", reason="customer asked").status for each in inputs]
    assert ended == ["failed", "succeeded"]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT (SELECT count(*) FROM paid), count(*) FROM firsthand_effects").fetchone() == (
            1,
            1,
        )


def test_where_another_transaction_gets_in_the_way_it_is_tried_again_wholly(t: Trial, books: Books):
    tries = []

    def busy(connection: object) -> None:
        tries.append(connection)
        if len(tries) < 3:
            raise sqlite_busy()

    books.does = busy
    run = pay(t)
    assert (run.status, len(tries), books.paid, books.marks) == ("succeeded", 3, [5], 1)
    assert kinds(t, run) == ["recorded", "performing", "succeeded"]


def test_it_is_tried_five_times_at_most(t: Trial, books: Books):
    tries = []

    def busy(connection: object) -> None:
        tries.append(connection)
        raise sqlite_busy()

    books.does = busy
    run = pay(t)
    assert (run.status, len(tries), books.paid, books.marks) == ("failed", 5, [], 0)


def sqlite_busy() -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorname = "SQLITE_BUSY_SNAPSHOT"
    return error


def test_what_was_marked_has_happened_and_is_settled_with_its_value(t: Trial, books: Books):
    run = left_unknown(t)
    books.read(f"""INSERT INTO firsthand_effects VALUES ('{run.key}', '{{"value": {{"paid": 5}}}}', 1)""")
    [settled] = t.desk.verify_unknown()
    assert (settled.status, settled.value) == ("succeeded", {"paid": 5})


def test_what_was_not_marked_has_not_happened_and_never_will(t: Trial, books: Books):
    run = left_unknown(t)
    [settled] = t.desk.verify_unknown()
    assert (settled.status, books.paid, books.marks) == ("failed", [], 1)
    assert "nothing happened" in settled.error.message
    assert books.read("SELECT outcome FROM firsthand_effects") == [('{"nothing": true}',)]
    late = t.desk.pipeline
    attempt = late.attempt(t.desk.request("pay", {"amount": 5}, "priya", "python", reason="customer asked"),
                           t.journal.person("priya"), left_unknown(t))  # fmt: skip
    attempt.run.key, attempt.run.status = run.key, "recorded"
    with pytest.raises(Refused, match="settled meanwhile"):
        from firsthand.core.transactions import through

        through(late, attempt, late.perform_attempt)
    assert books.paid == []


def test_in_the_background_it_is_performed_again_once(t: Trial, books: Books):
    run = left_unknown(t, fence=1)
    [settled] = t.desk.verify_unknown()
    assert (settled.status, books.marks) == ("queued", 0)
    assert t.desk.pipeline.resume(t.journal.run(run.id)).status == "succeeded"
    assert (books.paid, books.marks) == ([5], 1)


def test_a_queued_run_that_is_marked_already_takes_the_mark_s_value_though_its_checks_would_not_hold(
    t: Trial, books: Books
):
    run = pay(t, background=True)
    books.read("INSERT INTO paid VALUES (5)")
    books.read(f"""INSERT INTO firsthand_effects VALUES ('{run.key}', '{{"value": "first"}}', 1)""")
    ended = t.desk.pipeline.resume(t.journal.run(run.id))
    assert (ended.status, ended.value, t.journal.run(run.id).value, books.paid) == ("succeeded", "first", "first", [5])


def test_in_the_journal_s_own_database_the_run_is_the_mark(way: str, tmp_path: Path):
    books = Books(tmp_path / "books.db")
    with trial(desk_of(books, way), priya="support") as t:
        books.path = t.journal.database.path
        books.read("CREATE TABLE paid (amount INT)")
        run = pay(t)
        assert (run.status, run.value, books.paid) == ("succeeded", {"paid": 5}, [5])
        assert kinds(t, run) == ["recorded", "performing", "succeeded"]
        on_record = t.journal.run(run.id)
        assert (on_record.status, on_record.value) == ("succeeded", {"paid": 5})

        def raises(connection: object) -> None:
            raise ValueError("no")

        books.does = raises
        failed = pay(t, 6)
        assert (failed.status, t.journal.run(failed.id).status, books.paid) == ("failed", "failed", [5])
        assert kinds(t, failed) == ["recorded", "failed"]


def test_only_what_has_a_transaction_is_one():
    class Mine(sqlite3.Connection):
        pass

    assert [is_transaction(each) for each in (sqlite3.Connection, Mine, int, list[int])] == [True, True, False, False]
    wrapped = RuntimeError("wrapped")
    wrapped.__cause__ = sqlite_busy()
    assert [is_transient(each) for each in (sqlite_busy(), wrapped, ValueError(), None)] == [True, True, False, False]


def test_a_commit_whose_reply_is_lost_is_decided_by_looking(books: Books):
    desk = desk_of(books, "sqlite3")
    with trial(desk, priya="support") as t:
        books.lost = lambda: None
        run = pay(t)
        assert (run.status, run.value, books.paid, books.marks) == ("succeeded", {"paid": 5}, [5], 1)


def test_where_it_cannot_be_looked_at_then_it_is_unknown_until_it_can(books: Books):
    desk = desk_of(books, "sqlite3")
    moved = books.path.with_suffix(".away")
    with trial(desk, priya="support") as t:
        books.lost = lambda: books.path.rename(moved)
        run = pay(t)
        assert (run.status, t.journal.run(run.id).status) == ("unknown", "unknown")
        assert t.desk.verify_unknown() == []
        books.lost = None
        moved.replace(books.path)
        [settled] = t.desk.verify_unknown()
        assert (settled.status, settled.value, books.paid) == ("succeeded", {"paid": 5}, [5])
