"""Procrastinate in the journal's own database: a run that waits and its job are committed together, or neither is."""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from firsthand import Desk, Person, Run
from firsthand.core.errors import SettingsError
from firsthand.core.journal import Step
from firsthand.settings import Settings
from firsthand.storage.journal import SqlJournal
from firsthand.work.choosing import engine_of
from firsthand.work.worker import Worker

from ..databases import POSTGRESQL, SQLITE, url
from . import jobs

SAID = {"by": "priya", "reason": "customer asked"}

DESK = '''
from firsthand import Desk
desk = Desk("Office", why=["customer asked"])

@desk.action("account.touch", who="support", background=True)
def touch() -> str:
    """Touch it."""
    return "touched"
'''


class Office:
    """A desk whose journal is on PostgreSQL, with procrastinate for an engine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = SqlJournal(url(folder))
        self.journal.people.add(Person("priya", "Priya", ("support",)), by="test")
        self.desk = Desk("Office", why=["customer asked"])
        self.desk.engine = self.engine = engine_of("procrastinate", url(folder))
        self.desk.use(self.journal)

        @self.desk.action("account.touch", who="support", background=True)
        def touch() -> None:
            """Touch it."""

    def touch(self, **said: object) -> Run[object]:
        return self.desk.run("account.touch", **SAID, **said)

    def status(self, id: int) -> str:
        run = self.journal.run(id)
        assert run
        return run.status

    def performed(self, id: int, seconds: float) -> bool:
        return self.desk.wait(id, seconds).status == "succeeded"


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Office]:
    """An office whose database has no tables of procrastinate's."""
    made = Office(tmp_path)
    yield made
    made.engine.close()
    made.journal.close()


@pytest.fixture
def office(bare: Office) -> Office:
    jobs.with_tables(bare.folder)
    return bare


@POSTGRESQL
def test_a_run_that_waits_has_one_job_due_with_it(office: Office):
    now, due = office.touch(), datetime.now(UTC) + timedelta(hours=2)
    later = office.touch(at=due)
    assert jobs.jobs(office.folder) == [now.id, later.id]
    at = jobs.asked(office.folder, "SELECT scheduled_at FROM procrastinate_jobs ORDER BY id")
    assert [each for (each,) in at] == [now.due, later.due]


DYING = """
import os, signal, sys
from office import desk
from firsthand.settings import Settings
journal = desk.open(Settings.load())
die = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
beside = journal.beside
if sys.argv[1] == "before the commit":
    journal.beside = lambda *told: (beside(*told), die())
else:
    desk.wake = die
desk.run("account.touch", by="priya", reason="customer asked")
"""


@POSTGRESQL
@pytest.mark.parametrize(("killed", "status"), [("before the commit", "failed"), ("after the commit", "queued")])
def test_killed_around_the_commit_there_is_a_job_where_the_run_waits_and_none_where_it_does_not(
    office: Office, killed: str, status: str
):
    (office.folder / "office.py").write_text(DESK)
    environment = {**os.environ, "FIRSTHAND_ENGINE": "procrastinate", "FIRSTHAND_DATABASE": url(office.folder)}
    died = subprocess.run([sys.executable, "-c", DYING, killed], cwd=office.folder, env=environment, check=False)
    assert died.returncode == -signal.SIGKILL
    office.journal.settle()
    assert office.status(1) == status
    assert jobs.jobs(office.folder) == [1] * (status == "queued")


@POSTGRESQL
def test_rolled_back_there_is_neither(office: Office):
    run = office.touch()
    jobs.asked(office.folder, "DELETE FROM procrastinate_jobs")
    wrong = Step(run.id, "performing", "queued", 1, None, {"due": 1})
    assert not office.journal.step(wrong), "the run is not performing, so nothing is told of it"
    beside = office.journal.beside

    def broken(*told: object) -> None:
        beside(*told)
        raise ZeroDivisionError

    office.journal.beside = broken
    with pytest.raises(ZeroDivisionError):
        office.touch()
    assert jobs.jobs(office.folder) == []
    assert office.status(2) == "recorded"


@POSTGRESQL
def test_a_run_that_is_performed_again_after_a_crash_has_a_job_again(office: Office):
    run = office.touch()
    jobs.asked(office.folder, "DELETE FROM procrastinate_jobs")
    for before, after in (("queued", "performing"), ("performing", "queued")):
        assert office.journal.step(Step(run.id, before, after, 1, None, {"due": 5} if after == "queued" else {}))
    assert jobs.jobs(office.folder) == [run.id]


@POSTGRESQL
def test_without_its_tables_runs_wait_all_the_same_and_a_worker_says_what_to_do(bare: Office, caplog):
    with caplog.at_level(logging.WARNING):
        run = bare.touch()
    assert (bare.status(run.id), bare.journal.history.last_event() > 0) == ("queued", True)
    assert f"cannot be told of run {run.id}" in caplog.text
    with pytest.raises(SettingsError, match="no tables") as told:
        Worker(bare.desk).start()
    command = [sys.executable, "-m", *told.value.fix.split()]
    environment = {**os.environ, "FIRSTHAND_DATABASE": url(bare.folder)}
    subprocess.run(command, cwd=bare.folder, env=environment, check=True, capture_output=True)
    with Worker(bare.desk, 1):
        assert bare.performed(run.id, 5)


@POSTGRESQL
def test_another_journal_is_told_of_after_the_commit(office: Office, tmp_path: Path):
    other = SqlJournal(f"sqlite:///{tmp_path / 'other.db'}?synchronous=off")
    other.people.add(Person("priya", "Priya", ("support",)), by="test")
    office.desk.use(other)
    run = office.touch()
    assert (run.status, other.beside, jobs.jobs(office.folder)) == ("queued", None, [run.id])
    other.close()


@POSTGRESQL
def test_a_worker_is_woken_at_once_by_whoever_queues_in_another_process(office: Office, monkeypatch):
    for name in ("POLL", "SETTLE_EVERY"):
        monkeypatch.setattr(f"firsthand.work.worker.{name}", 60.0)
    (office.folder / "office.py").write_text(DESK)
    environment = {**os.environ, "FIRSTHAND_ENGINE": "procrastinate", "FIRSTHAND_DATABASE": url(office.folder)}
    queueing = "import office; office.desk.run('account.touch', by='priya', reason='customer asked')"
    with Worker(office.desk, 1):
        time.sleep(0.5)
        subprocess.run([sys.executable, "-c", queueing], cwd=office.folder, env=environment, check=True)
        assert office.performed(1, 10)


@POSTGRESQL
def test_what_it_has_lost_is_found_all_the_same(office: Office):
    run = office.touch()
    jobs.asked(office.folder, "DELETE FROM procrastinate_jobs")
    with Worker(office.desk, 1):
        assert office.performed(run.id, 3)
        time.sleep(1.2)
        jobs.asked(office.folder, "CREATE RULE lost AS ON INSERT TO procrastinate_jobs DO INSTEAD NOTHING")
        assert office.performed(office.touch().id, 3)


@POSTGRESQL
def test_a_worker_takes_the_jobs_away_and_goes_on_after_its_connections_were_cut(office: Office, monkeypatch):
    monkeypatch.setattr("firsthand.work.procrastinate.AGAIN", 0.2)
    with Worker(office.desk, 1):
        assert office.performed(office.touch().id, 5)
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ILIKE '%procrastinate%' AND pid <> "
        jobs.asked(office.folder, f"{cut} pg_backend_pid()")
        assert office.performed(office.touch().id, 5)
        deadline = time.monotonic() + 8
        while jobs.jobs(office.folder) and time.monotonic() < deadline:
            time.sleep(0.05)
    assert jobs.jobs(office.folder) == []


@POSTGRESQL
def test_a_job_that_a_killed_worker_had_taken_is_taken_away(office: Office):
    office.touch()
    jobs.asked(office.folder, "UPDATE procrastinate_jobs SET status = 'doing'")
    with Worker(office.desk, 1):
        deadline = time.monotonic() + 5
        while jobs.jobs(office.folder) and time.monotonic() < deadline:
            time.sleep(0.05)
    assert jobs.jobs(office.folder) == []


@POSTGRESQL
def test_the_settings_name_it_for_whoever_only_queues(office: Office, monkeypatch):
    monkeypatch.setenv("FIRSTHAND_ENGINE", "procrastinate")
    monkeypatch.setenv("FIRSTHAND_DATABASE", url(office.folder))
    desk = Desk("Office", why=["customer asked"])
    desk.action("account.touch", who="support", background=True)(lambda: None)
    run = desk.run("account.touch", **SAID)
    assert jobs.jobs(office.folder) == [run.id]
    desk.journal.close()


@SQLITE
def test_on_sqlite_it_cannot_be_and_says_so(tmp_path: Path):
    with pytest.raises(SettingsError, match="it is on SQLite"):
        engine_of("procrastinate", url(tmp_path))
    with pytest.raises(SettingsError, match="no engine celery"):
        Settings.load(tmp_path, {"FIRSTHAND_ENGINE": "celery"})
    assert Settings.load(tmp_path, {}).engine == "threads"
