"""A double click, a resent form and the back button are one run."""

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path

import pytest

from firsthand import Desk, Person, Refused
from firsthand.storage.history import Filter
from firsthand.storage.journal import SqlJournal
from firsthand.testing import trial

from ..databases import SQLITE
from .shop import Account, kinds, on_record


@pytest.fixture
def counted(shop, desk) -> Desk:
    @desk.action("cancel", who="support")
    def cancel(account: Account) -> str:
        shop.done.append(account.id)
        return "cancelled"

    return desk


def test_what_is_sent_again_under_its_key_is_the_run_that_it_was(counted, shop):
    with trial(counted, priya="support") as t:
        first = t.run("cancel", {"account": 1}, by="priya", reason="asked", once="form-1")
        again = t.run("cancel", {"account": 1}, by="priya", reason="asked", once="form-1")
        assert (first.again, again.again) == (False, True)
        assert (again.id, again.outcome, again.value) == (first.id, "succeeded", "cancelled")
        assert kinds(t, first) == ["recorded", "performing", "succeeded"]
        assert shop.done == [1]
        assert "again" not in again.as_dict()


def test_a_refused_run_is_not_tried_again_under_its_key(counted, shop):
    with trial(counted, priya="support") as t:
        first = t.run("cancel", {"account": 77}, by="priya", reason="asked", once="form-1")
        again = t.run("cancel", {"account": 77}, by="priya", reason="asked", once="form-1")
        assert (again.id, again.again, again.refusal) == (first.id, True, first.refusal)
        assert shop.done == []


def test_without_a_key_under_another_and_under_anothers_each_is_a_run_of_its_own(counted, shop):
    with trial(counted, priya="support", lena="support") as t:
        sent = [("priya", None), ("priya", None), ("priya", ""), ("priya", "a"), ("priya", "b"), ("lena", "a")]
        for by, once in sent:
            assert not t.run("cancel", {"account": 1}, by=by, reason="asked", once=once).again
        assert len(shop.done) == len(t.journal.history.feed(Filter(), 99)) == 6


@pytest.mark.parametrize(("key", "code"), [
    ("x" * 201, "text_too_long"), ("\udcff", "text_invalid"), (42, "text_invalid"),
])  # fmt: skip
def test_a_key_that_cannot_be_one_is_refused_and_nothing_is_performed(counted, shop, key, code):
    with trial(counted, priya="support") as t:
        runs = [t.run("cancel", {"account": 1}, by="priya", reason="asked", once=key) for _ in range(2)]
        assert [run.refusal.code for run in runs] == [code, code]
        assert shop.done == []
        with pytest.raises(Refused) as refused:
            t.journal.append("commented", actor="priya", at=1, run=1, once=key)
        assert refused.value.code == code


def test_whoever_was_let_go_is_not_told_of_what_they_sent(counted):
    from firsthand import UnknownActor

    with trial(counted, priya="support") as t:
        t.run("cancel", {"account": 1}, by="priya", reason="asked", once="a")
        t.journal.people.change("priya", by="test", active=False)
        with pytest.raises(UnknownActor):
            t.run("cancel", {"account": 1}, by="priya", reason="asked", once="a")


def test_what_is_sent_again_while_it_is_performed_comes_back_as_it_stands(desk):
    begun, go = threading.Event(), threading.Event()

    @desk.action("wait", who="support")
    def wait() -> None:
        begun.set()
        go.wait(10)

    with trial(desk, priya="support") as t, ThreadPoolExecutor() as pool:
        first = pool.submit(t.run, "wait", by="priya", reason="asked", once="a")
        begun.wait(10)
        heard: list[object] = []
        again = t.run("wait", by="priya", reason="asked", once="a", listener=lambda *said: heard.append(said))
        assert (again.status, again.outcome, again.again) == ("performing", None, True)
        assert heard == [("recorded", again.id)]
        go.set()
        assert first.result().id == again.id
        assert on_record(t, again).outcome == "succeeded"


def test_of_many_threads_with_one_key_at_the_same_moment_one_performs(counted, shop):
    with trial(counted, priya="support") as t, ThreadPoolExecutor(16) as pool:
        for n in range(20):
            barrier = threading.Barrier(16)

            def send(key: str, barrier: threading.Barrier = barrier):
                barrier.wait()
                return t.run("cancel", {"account": 1}, by="priya", reason="asked", once=key)

            runs = list(pool.map(send, [f"form-{n}"] * 16))
            assert len({run.id for run in runs}) == 1
            assert [run.again for run in runs].count(False) == 1
        assert len(shop.done) == 20


def test_of_two_processes_with_the_same_keys_at_the_same_moment_one_performs_each(tmp_path: Path):
    url = f"sqlite:///{tmp_path / 'journal.db'}"
    journal = SqlJournal(url)
    journal.people.add(Person("priya", "Priya", ("support",)), by="test")
    code = f"""
import os
from pathlib import Path
from firsthand import Desk
from firsthand.storage.journal import SqlJournal
desk = Desk("Acme", why=["asked"])
@desk.action("touch", who="support")
def touch() -> None:
    with open({str(tmp_path / "effects")!r}, "a") as file:
        file.write("touched\\n")
desk.use(SqlJournal({url!r}))
desk.start()
Path({str(tmp_path)!r}, f"ready-{{os.getpid()}}").touch()
while not Path({str(tmp_path)!r}, "go").exists():
    pass
for n in range(100):
    run = desk.run(touch, by="priya", reason="asked", once=f"form-{{n}}")
    assert run.outcome == "succeeded" or run.again
"""
    both = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    while len(list(tmp_path.glob("ready-*"))) < 2 and [each.poll() for each in both] == [None, None]:
        time.sleep(0.01)
    (tmp_path / "go").touch()
    assert [each.wait(60) for each in both] == [0, 0]
    assert (tmp_path / "effects").read_text() == "touched\n" * 100
    runs = journal.history.feed(Filter(), 999)
    assert len(runs) == 100
    assert {run.outcome for run in runs} == {"succeeded"}
    journal.close()


def test_an_ask_its_taking_its_declining_and_its_withdrawing_are_sent_once_too(counted, shop):
    with trial(counted, priya="support", sam="sales") as t:
        asked = [t.ask("cancel", {"account": 1}, by="sam", reason="asked", once="ask") for _ in range(2)]
        assert (asked[0].id, asked[1].again) == (asked[1].id, True)
        taken = [t.take(asked[0].id, by="priya", once="take") for _ in range(2)]
        assert [run.outcome for run in taken] == ["succeeded", "succeeded"]
        assert [run.again for run in taken] == [False, True]
        assert shop.done == [1]
        for close, by in ((lambda id: t.decline(id, "Not before May.", by="priya", once=f"{id}"), "priya"),
                          (lambda id: t.withdraw(id, by="sam", once=f"{id}"), "sam")):  # fmt: skip
            ask = t.ask("cancel", {"account": 1}, by="sam", reason="asked")
            before, after = close(ask.id), close(ask.id)
            assert (before.again, after.again, before.status) == (False, True, after.status)
            assert len(kinds(t, ask)) == 3, by


def test_an_ask_that_somebody_else_took_or_that_is_taken_under_another_key_is_refused(counted):
    with trial(counted, priya="support", lena="support", sam="sales") as t:
        ask = t.ask("cancel", {"account": 1}, by="sam", reason="asked")
        t.take(ask.id, by="priya", once="take")
        for by, once in (("lena", "take"), ("priya", "other"), ("priya", None), ("priya", "x" * 201)):
            with pytest.raises(Refused):
                t.take(ask.id, by=by, once=once)


def test_a_comment_sent_twice_is_one_event_and_a_key_belongs_to_one_kind_of_thing(counted):
    with trial(counted, priya="support") as t:
        run = t.run("cancel", {"account": 1}, by="priya", reason="asked", once="a")
        said = {"actor": "priya", "at": 1, "run": run.id, "data": {"text": "Called back."}}
        assert [t.journal.append("commented", **said, once="a") for _ in range(2)] == [True, False]
        assert t.journal.append("commented", **said)
        assert [t.journal.append("handed_over", actor="priya", at=1, once="a") for _ in range(2)] == [True, False]
        assert kinds(t, run) == ["recorded", "performing", "succeeded", "commented", "commented"]
        assert not t.run("cancel", {"account": 1}, by="priya", reason="asked", once="b").again


@SQLITE
def test_a_run_without_a_key_costs_the_same_commits_and_statements_as_ever(counted):
    with trial(counted, priya="support") as t:
        t.run("cancel", {"account": 1}, by="priya", reason="asked")
        statements: list[str] = []
        t.journal.database.writer.set_trace_callback(statements.append)
        t.run("cancel", {"account": 1}, by="priya", reason="asked")
        t.journal.database.writer.set_trace_callback(None)
        verbs = [each.split()[0] for each, _ in groupby(statements)]  # one with triggers is traced twice
        step = ["BEGIN", "UPDATE", "INSERT"]
        recorded, performing = ["BEGIN", "SELECT", "INSERT", "INSERT"], [*step, "INSERT"]
        assert verbs == [*recorded, "COMMIT", *performing, "COMMIT", *step, "COMMIT"]


@pytest.mark.parametrize("second", ["run", "ask"])
def test_a_key_of_another_actions_run_is_refused_on_record_and_nothing_is_performed(counted, shop, second):
    @counted.action("remove", aliases=["drop"], who="support")
    def remove(account: Account) -> None:
        shop.done.append(-account.id)

    with trial(counted, priya="support") as t:
        first = t.run("cancel", {"account": 1}, by="priya", reason="asked", once="form-1")
        other = getattr(t, second)("remove", {"account": 1}, by="priya", reason="asked", once="form-1")
        assert (other.status, other.action, other.again, other.refusal.code) == ("refused", "remove", False, "key_used")
        assert f"run {first.id}" in other.refusal.message
        assert on_record(t, other).refusal == other.refusal
        unknown = t.run("no.such", by="priya", reason="asked", once="form-1")
        assert (unknown.again, unknown.refusal.code) == (False, "key_used")
        assert shop.done == [1]
        by_name, by_alias = (
            t.run(name, {"account": 1}, by="priya", reason="asked", once="b") for name in ("remove", "drop")
        )
        assert (by_alias.id, by_alias.again) == (by_name.id, True)
