"""What a long run says stands on record while it is performed, costs a short run nothing, and tells no secret."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import SecretStr

from firsthand import Person, Run
from firsthand.core import output
from firsthand.core.journal import Event, output_of
from firsthand.core.output import settled
from firsthand.core.runs import EPOCH
from firsthand.core.secrets import STARS, Mask
from firsthand.storage.journal import SqlJournal
from firsthand.testing import trial

from .shop import bytes_of, kinds, on_record


def eventually(what, seconds: float = 3.0):
    """Return what something gives, once it gives something."""
    deadline = time.monotonic() + seconds
    while not (found := what()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


@pytest.fixture
def go():
    event = threading.Event()
    yield event
    event.set()


def events(t, id: int = 1):
    return t.journal.history.events(id)


def test_a_short_run_says_it_with_its_outcome_alone(desk):
    @desk.action("sweep", who="support")
    def sweep(run: Run) -> None:
        for n in range(1000):
            run.say(f"{n}")
            run.progress(n, 1000)

    with trial(desk, priya="support") as t:
        run = t.run(sweep, by="priya", reason="asked")
        time.sleep(0.7)
        assert kinds(t, run) == ["recorded", "performing", "succeeded"]
        assert on_record(t, run).output.splitlines()[-1] == "999"


def test_what_is_said_once_shows_within_about_a_second_while_the_run_goes_on(desk, go):
    @desk.action("wait", who="support")
    def wait(run: Run) -> None:
        run.progress(1, 4)
        run.say("begun")
        go.wait(10)
        run.say("done")

    with trial(desk, priya="support") as t, ThreadPoolExecutor() as pool:
        start = time.monotonic()
        performed = pool.submit(t.run, wait, by="priya", reason="asked")
        assert eventually(lambda: output_of(events(t)) == ("begun\n", (1, 4)))
        assert 0.4 < time.monotonic() - start < 1.5
        go.set()
        run = performed.result()
        assert kinds(t, run) == ["recorded", "performing", "said", "progress", "succeeded"]
        assert on_record(t, run).output == output_of(events(t))[0] == "begun\ndone\n"


def test_output_comes_in_order_without_gaps_and_not_too_often(desk):
    @desk.action("sweep", who="support")
    def sweep(run: Run) -> None:
        for n in range(180):
            run.say(f"line {n}")
            run.progress(n, 180)
            time.sleep(0.01)

    with trial(desk, priya="support") as t:
        run = t.run(sweep, by="priya", reason="asked")
        said = [each for each in events(t) if each.kind == "said"]
        assert 2 <= len(said) <= 4
        assert run.output.startswith("".join(each.data["text"] for each in said))
        assert kinds(t, run)[-1] == "succeeded"


def test_many_runs_at_once_each_say_their_own(desk, go):
    @desk.action("wait", who="support")
    def wait(n: int, run: Run) -> None:
        run.say(f"run {n}")
        go.wait(10)

    with trial(desk, priya="support") as t, ThreadPoolExecutor(8) as pool:
        performed = [pool.submit(t.run, wait, {"n": n}, by="priya", reason="asked") for n in range(8)]
        assert eventually(lambda: all(output_of(events(t, id))[0] for id in range(1, 9)))
        go.set()
        for each in performed:
            run = each.result()
            assert output_of(events(t, run.id)[:-1])[0] == f"run {run.inputs['n']}\n"
        assert len([each for each in threading.enumerate() if each.name == "firsthand-output"]) <= 1


def test_a_journal_that_cannot_be_written_neither_slows_nor_fails_the_run_and_is_told_later(desk, monkeypatch):
    monkeypatch.setattr("firsthand.storage.sqlite.WAIT", 0.2)

    @desk.action("wait", who="support")
    def wait(run: Run) -> float:
        foreign = sqlite3.connect(path, isolation_level=None)
        foreign.execute("BEGIN IMMEDIATE")
        start = time.monotonic()
        for n in range(10):
            run.say(f"{n}")
            time.sleep(0.12)
        took = time.monotonic() - start
        foreign.execute("ROLLBACK")
        time.sleep(1.5)
        return took

    with trial(desk, priya="support") as t:
        path = t.journal.database.path
        run = t.run(wait, by="priya", reason="asked")
        assert run.outcome == "succeeded"
        assert run.value < 1.7
        told = [each.data["text"] for each in events(t) if each.kind == "said"]
        assert "".join(told) == run.output


def test_what_no_number_says_is_no_progress(desk):
    assert [output.number(each) for each in (3, 0.5, float("nan"), "x", None, 2**70, 10**400)] == [
        3, 0.5, None, None, None, float(2**70), None,
    ]  # fmt: skip


def test_a_run_that_says_very_much_keeps_the_ends_of_it(desk, monkeypatch):
    monkeypatch.setattr(output, "LONGEST", 5_000)
    monkeypatch.setattr(output, "SOON", 0.05)

    @desk.action("talk", who="support")
    def talk(run: Run) -> None:
        for _ in range(10):
            run.say("x" * 4_000)
            time.sleep(0.06)

    with trial(desk, priya="support") as t:
        t.run(talk, by="priya", reason="asked")
        told = [len(each.data["text"]) for each in events(t) if each.kind == "said"]
        assert len(told) > 3
        assert set(told[2:]) == {1_001}


SECRET = "correct-horse-battery"
KEY = "-----BEGIN KEY-----\nab\ncd\nef\n-----END KEY-----"


@pytest.mark.parametrize("secret", [SECRET, KEY])
def test_a_secret_said_bit_by_bit_is_never_on_record(desk, secret):
    @desk.action("login", who="support")
    def login(key: SecretStr, run: Run) -> None:
        for line in key.get_secret_value().splitlines():
            run.say(f"{line}")
            time.sleep(0.6)
        run.say(f"key is {key.get_secret_value()}!")
        time.sleep(1.2)

    with trial(desk, priya="support") as t:
        run = t.run(login, {"key": secret}, by="priya", reason="asked")
        assert "said" in kinds(t, run)
        assert all(STARS in each.data["text"] for each in events(t) if each.kind == "said")
        for written in (bytes_of(t), repr(events(t)).encode()):
            assert secret.encode() not in written
            assert b"ab\\ncd" not in written
            assert b"BEGIN KEY" not in written


@pytest.mark.parametrize(("text", "told"), [
    ("one\ntwo\n", "one\ntwo\n"), ("one\ntwo", "one\n"), ("", ""), ("none", ""),
    ("one\nfirst\n", "one\n"), ("one\nfirst\nsecond\n", "one\n"), ("one\nfirst\nsecond\nthird\n", None),
    ("one\nfirst\nother\n", None), ("xfirst\n", ""), ("first\nfirst\n", "first\n"), ("one\nfirst\nsec", "one\n"),
])  # fmt: skip
def test_a_secret_of_several_lines_is_waited_for(text, told):
    mask = Mask()
    mask.add(["first\nsecond\nthird"])
    assert text[: settled(mask, text)] == (text if told is None else told)


def test_the_outcome_says_all_that_was_said():
    def event(kind: str, **data: object) -> Event:
        return Event(1, EPOCH, kind, data=data)

    said = [event("said", text="a\n"), event("progress", done=1, total=2), event("said", text="b\n")]
    assert output_of(said) == ("a\nb\n", (1, 2))
    assert output_of([*said, event("succeeded", output="a\nb\nc\n"), event("commented", text="x")])[0] == "a\nb\nc\n"
    assert output_of([]) == ("", None)


CODE = """
import os, sys, time
from firsthand import Desk, Run
from firsthand.storage.journal import SqlJournal
desk = Desk("Acme", why=["asked"])
@desk.action("wait", who="support")
def wait(run: Run) -> None:
    run.say("charged the card")
    {}
desk.use(SqlJournal(sys.argv[1]))
desk.run(wait, by="priya", reason="asked")
"""


@pytest.fixture
def url(tmp_path: Path) -> str:
    journal = SqlJournal(f"sqlite:///{tmp_path / 'journal.db'}")
    journal.people.add(Person("priya", "Priya", ("support",)), by="test")
    journal.close()
    return journal.url


def test_a_killed_run_keeps_what_it_said_and_is_unknown(url):
    process = subprocess.Popen([sys.executable, "-c", CODE.format("time.sleep(60)"), url])
    time.sleep(2.5)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    journal = SqlJournal(url)
    journal.settle()
    run = journal.run(1)
    assert (run.status, run.output) == ("unknown", "charged the card\n")
    journal.close()
    environment = {**os.environ, "FIRSTHAND_DATABASE": url}
    shown = subprocess.run(
        [sys.executable, "-m", "firsthand", "show", "1"], env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert "charged the card" in shown
    assert "Said by" not in shown


def test_the_thread_keeps_no_process_alive_and_a_fork_leaves_the_runs_to_their_parent(url):
    action = """
    if os.fork() == 0:
        run.say("from the child")
        time.sleep(0.8)
        os._exit(0)
    time.sleep(1)
    os.wait()
    run.say("last words")
"""
    start = time.monotonic()
    subprocess.run([sys.executable, "-c", CODE.format(action), url], check=True, timeout=20)
    assert time.monotonic() - start < 5
    journal = SqlJournal(url)
    told = [each.data["text"] for each in journal.history.events(1) if each.kind == "said"]
    assert told == ["charged the card\n"]
    assert journal.run(1).output == "charged the card\nlast words\n"
    journal.close()


def test_a_returned_run_can_be_sent_to_another_process(desk):
    import pickle

    @desk.action("say", who="support")
    def say(run: Run) -> str:
        run.say("hello")
        return "said"

    with trial(desk, priya="support") as t:
        run = t.run(say, by="priya", reason="asked")
        assert pickle.loads(pickle.dumps(run)) == run
        run.say("after the end")
