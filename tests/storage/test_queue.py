"""The queue: every run that waits is claimed by one worker, under a fence, and never two hold one subject."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from firsthand import Desk, Run
from firsthand.core.errors import ChangedMeanwhile, SubjectBusy
from firsthand.core.runs import microseconds
from firsthand.storage.journal import SqlJournal
from firsthand.storage.queue import Counts, Queue
from firsthand.testing import START, Trial

from ..databases import kind as kind
from ..databases import url


@dataclass
class Account:
    id: int


begun, go = threading.Event(), threading.Event()


@pytest.fixture
def desk() -> Desk:
    desk = Desk("Waiting", why=["customer asked"])

    @desk.subject()
    def account(id: int) -> Account:
        """An account."""
        return Account(id)

    @desk.action("account.touch", who="support", background=True)
    def touch(n: int) -> int:
        """Touch it."""
        return n

    @desk.action("account.close", who="support", one_at_a_time=True)
    def close(account: Account, slowly: bool = False) -> str:
        """Close an account."""
        if slowly:
            begun.set()
            assert go.wait(10)
        return "closed"

    @desk.action("account.count", who="support", one_at_a_time=True)
    def count() -> str:
        """Count all accounts."""
        return "counted"

    begun.clear()
    go.clear()
    return desk


@contextmanager
def tried(desk: Desk, folder: Path) -> Iterator[Trial]:
    """Put a desk on trial, on the database that the test is about."""
    journal = SqlJournal(url(folder))
    t = Trial(desk, journal, START, folder)
    t.person("priya", "support")
    desk.use(journal, t.clock)
    yield t
    journal.close()


def queued(t: Trial, n: int = 1, **later: float) -> Run[object]:
    due = microseconds(t.now + timedelta(**later)) if later else None
    request = t.desk.request("account.touch", {"n": n}, "priya", "test", reason="customer asked", due=due)
    t.desk.start()
    return t.desk.pipeline.perform_request(request)


def closing(t: Trial, account: int, *, background: bool, slowly: bool = False) -> Run[object]:
    inputs = {"account": account, "slowly": slowly}
    t.desk.start()
    request = t.desk.request("account.close", inputs, "priya", "test", reason="customer asked", background=background)
    return t.desk.pipeline.perform_request(request)


def claim(t: Trial, limit: int = 10, **more: object) -> list[Run[object]]:
    return Queue(t.journal).claim(t.journal.process, limit, now=t.clock(), desk=t.desk.name, **more)


def slow(t: Trial) -> threading.Thread:
    """Begin a run that is performed on account 1 until ``go`` is set."""
    thread = threading.Thread(target=closing, args=(t, 1), kwargs={"background": False, "slowly": True})
    thread.start()
    assert begun.wait(10)
    return thread


def test_what_is_due_is_claimed_once_the_longest_waiting_first_and_its_fence_is_raised(desk: Desk, tmp_path: Path):
    with tried(desk, tmp_path) as t:
        ids = [queued(t, n).id for n in range(3)]
        first, second = claim(t, 2), claim(t, 2)
        assert [each.id for each in (*first, *second)] == ids
        assert {(each.fence, each.process, each.status) for each in first} == {(1, t.journal.process, "queued")}
        assert claim(t) == []


def test_never_are_more_claimed_than_wanted(desk: Desk, tmp_path: Path):
    with tried(desk, tmp_path) as t:
        for n in range(8):
            queued(t, n)
        for n in range(1, 9):
            claim(t, 1)
            claimed = "SELECT count(*) FROM runs WHERE process IS NOT NULL"
            assert t.journal.database.read(claimed) == [(n,)]


def test_nothing_is_claimed_before_it_is_due(desk: Desk, tmp_path: Path):
    with tried(desk, tmp_path) as t:
        run = queued(t, hours=2)
        queue = Queue(t.journal)
        assert claim(t) == []
        assert queue.next_due(desk.name, t.clock()) == microseconds(run.at + timedelta(hours=2))
        assert queue.waiting(t.clock(), t.clock()) == Counts(1, 1, 0)
        t.tick(hours=3)
        assert queue.waiting(t.clock(), t.clock()) == Counts(1, 0, 1)
        assert [each.id for each in queue.overdue(t.clock(), 10)] == [run.id]
        assert queue.overdue(t.clock(), 10, ["account.close"]) == []
        assert [each.id for each in claim(t)] == [run.id]


def test_another_desks_runs_are_left_to_it(desk: Desk, tmp_path: Path):
    with tried(desk, tmp_path) as t:
        queued(t)
        assert Queue(t.journal).claim(t.journal.process, 5, now=t.clock(), desk="Other") == []


def test_a_run_that_was_let_go_is_claimed_again_and_its_first_worker_changes_nothing(desk: Desk, tmp_path: Path):
    with tried(desk, tmp_path) as t:
        queued(t)
        (first,) = claim(t)
        assert Queue(t.journal).let_go(first)
        (second,) = claim(t)
        assert (second.id, second.fence) == (first.id, 2)
        assert not Queue(t.journal).let_go(first)
        with pytest.raises(ChangedMeanwhile):
            desk.pipeline.resume(first)
        assert desk.pipeline.resume(second).status == "succeeded"


def test_sixteen_threads_claim_every_run_once(desk: Desk, tmp_path: Path):
    with tried(desk, tmp_path) as t:
        ids = [queued(t, n).id for n in range(60)]
        found: list[int] = []

        def work() -> None:
            while some := claim(t, 2):
                found.extend(each.id for each in some)

        threads = [threading.Thread(target=work) for _ in range(16)]
        [each.start() for each in threads]
        [each.join() for each in threads]
        assert sorted(found) == ids


def test_a_second_run_on_the_same_subject_is_refused_and_told_which_one_it_waits_for(desk: Desk, tmp_path: Path):
    with tried(desk, tmp_path) as t:
        thread = slow(t)
        refused = closing(t, 1, background=False)
        assert closing(t, 2, background=False).status == "succeeded"
        go.set()
        thread.join()
        assert (refused.status, refused.refusal.code) == ("refused", "busy_subject")
        assert refused.refusal.message == "Run 1 is being performed on account:1, one at a time."
        assert closing(t, 1, background=False).status == "succeeded"


def test_a_run_that_waits_is_not_claimed_while_another_holds_its_subject(desk: Desk, tmp_path: Path):
    with tried(desk, tmp_path) as t:
        waits = closing(t, 1, background=True)
        thread = slow(t)
        assert claim(t) == []
        go.set()
        thread.join()
        assert [each.id for each in claim(t)] == [waits.id]


def test_of_two_claimed_together_the_second_waits_on(desk: Desk, tmp_path: Path):
    with tried(desk, tmp_path) as t:
        run = closing(t, 1, background=True, slowly=True)
        other = closing(t, 1, background=True)
        one, two = claim(t)
        thread = threading.Thread(target=desk.pipeline.resume, args=(one,))
        thread.start()
        assert begun.wait(10)
        with pytest.raises(SubjectBusy):
            desk.pipeline.resume(two)
        assert Queue(t.journal).let_go(two)
        go.set()
        thread.join()
        assert t.journal.run(run.id).status == "succeeded"
        (again,) = claim(t)
        assert (again.id, desk.pipeline.resume(again).status) == (other.id, "succeeded")


def test_an_action_without_a_subject_is_alone_as_a_whole(desk: Desk, tmp_path: Path):
    with tried(desk, tmp_path) as t:
        run = t.run("account.count", by="priya", reason="customer asked")
        assert t.journal.database.read("SELECT holds FROM runs WHERE id = ?", (run.id,)) == [("account.count",)]


def test_not_even_a_hand_written_statement_lets_two_runs_hold_one_subject(desk: Desk, tmp_path: Path):
    with tried(desk, tmp_path) as t:
        thread = slow(t)
        waits = closing(t, 1, background=True)
        sql = "UPDATE runs SET status = 'performing' WHERE id = ?"
        with pytest.raises(Exception, match=r"runs_holds|not performed on by another"):
            t.journal.database.write(lambda connection: connection.execute(sql, (waits.id,)))
        go.set()
        thread.join()


def test_a_worker_under_an_older_fence_lets_nothing_go(desk: Desk, tmp_path: Path):
    with tried(desk, tmp_path) as t:
        queued(t)
        (claimed,) = claim(t)
        assert not Queue(t.journal).let_go(replace(claimed, fence=0))
