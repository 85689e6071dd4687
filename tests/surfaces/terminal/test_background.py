"""``run --background`` and ``--at`` leave a run to a worker; ``worker`` performs it, ``withdraw`` takes it back."""

import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from .terminals import LOGIN, Terminal

DESK = '''
import os, time
from firsthand import Desk, Run

desk = Desk("Office", why=["customer asked"])

@desk.action("report.send", who="support")
def send(run: Run[object], lines: int = 2, seconds: float = 0) -> str:
    """Send a report."""
    for line in range(lines):
        run.say(f"line {line}")
        time.sleep(seconds)
    with open("sent", "a") as file:
        file.write(f"{run.id}\\n")
    return "sent"
'''

SEND = ("run", "report.send", "--reason", "customer asked")


@pytest.fixture
def office(bare: Terminal) -> Terminal:
    (bare.folder / "office.py").write_text(DESK)
    bare.environment["FIRSTHAND_DESK"] = "office:desk"
    assert bare("people", "add", "priya@acme.com", "--name", "Priya", "--role", "support", "--login", LOGIN).code == 0
    return bare


@contextmanager
def working(terminal: Terminal, *command: str) -> Iterator[subprocess.Popen[str]]:
    """Have a worker, or a server, that has begun; it is told to stop in the end, and must stop well."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "firsthand", *(command or ("worker",))], cwd=terminal.folder,
        env=terminal.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout
    assert "Office" in process.stdout.readline()
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    assert process.returncode == 0


def sent(terminal: Terminal) -> list[str]:
    path: Path = terminal.folder / "sent"
    return path.read_text().split() if path.exists() else []


def test_a_run_in_the_background_is_followed_until_it_ends(office: Terminal) -> None:
    with working(office):
        said = office(*SEND, "--background")
    assert said.code == 0
    assert said.out.splitlines()[:2] == ["line 0", "line 1"]
    assert "it succeeded: sent" in said.out
    assert sent(office) == ["1"]


def test_detached_it_waits_on_record_and_a_server_that_starts_later_performs_it(office: Terminal) -> None:
    said = office(*SEND, "--background", "--detach")
    assert (said.code, sent(office)) == (4, [])
    assert "it waits to be performed, due " in said.out
    with working(office, "serve", "--port", "0"):
        deadline = time.monotonic() + 10
        while not sent(office) and time.monotonic() < deadline:
            time.sleep(0.05)
    assert sent(office) == ["1"]
    assert office("show", "1", "--json").json["status"] == "succeeded"


def test_a_server_that_is_told_to_stop_ends_what_it_has_begun_and_a_restart_performs_the_rest(office: Terminal) -> None:
    office(*SEND, "--background", "--detach", "--lines", "3", "--seconds", "1")
    with working(office, "serve", "--port", "0", "--workers", "1"):
        office(*SEND, "--background", "--detach")
        while office("show", "1", "--json").json["status"] == "queued":
            time.sleep(0.05)
    assert sent(office) == ["1"]
    assert office("show", "2", "--json").json["status"] == "queued"
    with working(office, "serve", "--port", "0"):
        assert office("run", "report.send", "--reason", "customer asked", "--background").code == 0
    assert sorted(sent(office)) == ["1", "2", "3"]


def test_at_a_time_it_waits_and_may_be_withdrawn_with_words(office: Terminal) -> None:
    said = office(*SEND, "--at", "+2h", "--json")
    assert (said.code, said.json["status"]) == (4, "queued")
    assert "waits to be performed, due" in office("feed", "--outcome", "queued").out
    withdrawn = office("withdraw", "1", "Not needed.")
    assert withdrawn.code == 0
    assert "it was withdrawn: Not needed." in withdrawn.out
    again = office("withdraw", "1")
    assert (again.code, again.err.splitlines()[0]) == (3, "Run 1 does not wait: it is withdrawn.")


def test_a_time_that_is_none_or_has_no_zone_is_refused_with_words(office: Terminal) -> None:
    said = office(*SEND, "--at", "2030-12-01 09:00")
    assert said.code == 3
    assert "has no time zone" in said.err
    assert "Europe/Berlin" in said.err
    assert office("feed", "--json").json == []


def test_a_verbose_worker_tells_of_each_run_and_in_the_end_of_how_many_there_were(office: Terminal) -> None:
    office(*SEND, "--background", "--detach")
    with working(office, "worker", "-v") as worker:
        assert worker.stdout
        line = worker.stdout.readline()
        worker.send_signal(signal.SIGTERM)
        _, said = worker.communicate(timeout=20)
    assert "run 1: Priya ran Send report, reason: customer asked; it succeeded: sent" in line
    assert said.splitlines() == ["Stopping: what has begun is ended first.", "Performed 1 run: 1 succeeded."]


def test_procrastinate_cannot_be_the_engine_of_a_journal_on_sqlite(office: Terminal) -> None:
    for command in ("worker", "serve"):
        said = office(command, "--engine", "procrastinate")
        assert (said.code, said.err.splitlines()[0]) == (
            2, "The engine procrastinate needs the journal on PostgreSQL; it is on SQLite.",
        )  # fmt: skip
    office.environment["FIRSTHAND_ENGINE"] = "procrastinate"
    assert "✗ The engine procrastinate needs the journal on PostgreSQL" in office("doctor").out


def test_the_doctor_says_whether_any_worker_is_alive_where_runs_wait_for_too_long(office: Terminal) -> None:
    for _ in range(2):
        office(*SEND, "--background", "--detach", "--lines", "1", "--seconds", "2")
    assert "wait" not in office("doctor").out
    with sqlite3.connect(office.folder / "firsthand.db") as journal:
        journal.execute("UPDATE runs SET due = due - 61000000")
    journal.close()
    said = office("doctor")
    assert "✗ 2 runs wait to be performed for over a minute, and no worker performs anything" in said.out
    with working(office, "worker", "--threads", "1"):
        while office("show", "1", "--json").json["status"] == "queued":
            time.sleep(0.05)
        assert "· 1 run waits to be performed for over a minute, and workers are alive" in office("doctor").out


def test_a_desk_that_its_own_code_has_opened_is_worked_and_run_on_that_journal(office: Terminal) -> None:
    own = office.folder / "own.db"
    code = f"\nfrom firsthand import Settings\ndesk.open(Settings(database='sqlite:///{own}'))\n"
    (office.folder / "office.py").write_text(DESK + code)
    elsewhere = office.environment["FIRSTHAND_DATABASE"]
    office.environment["FIRSTHAND_DATABASE"] = f"sqlite:///{own}"
    assert office("people", "add", "priya@acme.com", "--role", "support", "--login", LOGIN).code == 0
    office.environment["FIRSTHAND_DATABASE"] = elsewhere
    assert "it succeeded" in office(*SEND).out
    assert "it waits to be performed" in office(*SEND, "--background", "--detach").out
    with working(office), closing(sqlite3.connect(own)) as journal:
        until = time.monotonic() + 20
        while sent(office) != ["1", "2"]:
            assert time.monotonic() < until
            time.sleep(0.05)
        assert journal.execute("SELECT count(*) FROM runs").fetchone() == (2,)
