"""What only PostgreSQL does: late commits, connections that die, processes seen by their locks, what it refuses."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from firsthand import Desk, JournalMissing, JournalUnavailable, Person
from firsthand.core.errors import JournalError, SettingsError
from firsthand.core.journal import Step
from firsthand.core.runs import Run
from firsthand.followers.mentions import Mentions
from firsthand.storage.database import Connection
from firsthand.storage.journal import SqlJournal
from firsthand.storage.postgresql import parse_url

from .. import postgres

AT = datetime(2026, 1, 1, 9, tzinfo=UTC)
EVENT = "INSERT INTO events (at, kind, actor, data) VALUES (0, 'commented', 'sam', ?)"


@pytest.fixture
def address() -> Iterator[str]:
    """A database of its own, with an empty journal."""
    made = postgres.fresh()
    yield made
    postgres.dropped(made)


@pytest.fixture
def journal(address: str) -> Iterator[SqlJournal]:
    """Its journal, which knows sam."""
    opened = SqlJournal(address)
    opened.people.add(Person("sam", "Sam", ("support",)), "root")
    yield opened
    opened.close()


def recorded(journal: SqlJournal, notes: str | None = None) -> Run[Any]:
    run: Run[Any] = Run(0, "unlock", "recorded", AT, "sam", "python", "test", notes=notes)
    found = journal.record("sam", lambda actor: replace(run))
    assert found
    return found[1]


def test_a_follower_loses_no_event_that_is_committed_late(journal: SqlJournal) -> None:
    follower, begun, end = Mentions(journal), threading.Event(), threading.Event()

    def late(connection: Connection) -> None:
        connection.execute(EVENT, ('{"text":"@sam, late"}',))
        begun.set()
        assert end.wait(10)

    writing = threading.Thread(target=journal.database.commit, args=(late,))
    writing.start()
    assert begun.wait(10)
    for number in range(20):
        journal.append("commented", actor="sam", at=0, data={"text": f"@sam {number}"})
    assert follower.advance(5)
    assert follower.of("sam", 50) == []
    end.set()
    writing.join()
    journal.append("commented", actor="sam", at=0, data={"text": "@sam, after"})
    assert follower.advance(5)
    assert len(follower.of("sam", 50)) == 22
    follower.rebuild()
    assert len(follower.of("sam", 50)) == 22


def test_of_two_that_change_a_run_at_once_one_does(journal: SqlJournal) -> None:
    run = recorded(journal)
    both, done = threading.Barrier(8), []

    def change() -> None:
        both.wait()
        done.append(journal.step(Step(run.id, "recorded", "refused", 1, "sam")))

    threads = [threading.Thread(target=change) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(done) == [False] * 7 + [True]
    assert [event.kind for event in journal.history.events(run.id)] == ["recorded", "refused"]


@pytest.mark.parametrize(
    "attack",
    [
        "DELETE FROM runs", "TRUNCATE runs", "UPDATE runs SET notes = 'x'", "UPDATE runs SET id = 99",
        "UPDATE runs SET actor = 'eve'", "UPDATE runs SET status = 'succeeded'", "DELETE FROM events",
        "UPDATE events SET data = '{}'", "TRUNCATE events",
        "INSERT INTO events (id, at, kind, data) VALUES (1, 0, 'x', '{}') ON CONFLICT (id) DO UPDATE SET kind = 'x'",
    ],
)  # fmt: skip
def test_what_is_on_record_cannot_be_changed(journal: SqlJournal, attack: str) -> None:
    run = recorded(journal)
    journal.step(Step(run.id, "recorded", "refused", 1, "sam"))
    before = journal.database.read("SELECT * FROM runs"), journal.database.read("SELECT * FROM events")
    with pytest.raises(JournalError):
        journal.database.write(lambda connection: connection.execute(attack).rowcount)
    assert before == (journal.database.read("SELECT * FROM runs"), journal.database.read("SELECT * FROM events"))


def test_connections_that_the_server_has_ended_are_replaced_before_anything_is_sent(journal: SqlJournal) -> None:
    recorded(journal)
    with postgres_admin(journal) as admin:
        admin("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
              " AND pid <> pg_backend_pid()")  # fmt: skip
        while admin("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'firsthand'"
                    " AND datname = current_database()").fetchone()[0]:  # fmt: skip
            time.sleep(0.01)
    assert recorded(journal).id == 2
    assert journal.history.last_run() == 2


class postgres_admin:
    """A connection of somebody else's."""

    def __init__(self, journal: SqlJournal) -> None:
        self.connection = psycopg.connect(journal.url.split("synchronous=off")[0].rstrip("&?"), autocommit=True)

    def __enter__(self) -> Any:
        return self.connection.execute

    def __exit__(self, *_: object) -> None:
        self.connection.close()


def test_a_nul_character_is_spelt_in_texts_and_kept_in_json(journal: SqlJournal) -> None:
    run = recorded(journal, notes="a\0b")
    changes = {"inputs": {"text": "a\0b"}, "subjects": [{"kind": "a", "id": "1", "label": "\0", "traits": {"p": "\0"}}]}
    journal.step(Step(run.id, "recorded", "refused", 1, "sam", changes))
    found = journal.run(run.id)
    assert found
    assert found.notes == "a\N{SYMBOL FOR NULL}b"
    assert found.inputs == {"text": "a\0b"}
    sql = "SELECT json_extract(subjects, '$[0].traits') FROM runs"
    assert journal.database.read(sql) == [('{"p":"\\ufffd"}',)]


PERFORMING = """
import sys, time
from firsthand import Desk
from firsthand.storage.journal import SqlJournal
desk = Desk("Acme", why=["asked"])
@desk.action("unlock", who="support")
def unlock() -> None:
    print("performing", flush=True)
    time.sleep(60)
desk.use(SqlJournal(sys.argv[1]))
desk.run("unlock", {}, by="sam", reason="asked")
"""


def test_the_death_of_a_process_is_seen_at_once_and_its_run_is_unknown(journal: SqlJournal) -> None:
    other = subprocess.Popen([sys.executable, "-c", PERFORMING, journal.url], stdout=subprocess.PIPE, text=True)
    assert other.stdout
    assert other.stdout.readline() == "performing\n"
    journal.settle()
    assert [run.status for run in journal.history.open()] == ["performing"]
    os.kill(other.pid, signal.SIGKILL)
    other.wait()
    deadline = time.monotonic() + 5
    while journal.history.open() and time.monotonic() < deadline:
        journal.settle()
        time.sleep(0.02)
    run = journal.run(1)
    assert run
    assert run.status == "unknown"


def test_a_heartbeat_that_is_too_old_is_a_death(journal: SqlJournal, address: str) -> None:
    other = SqlJournal(address)
    process = other.process
    assert journal.database.presence().alive(process)
    values = (40_000_000, process)
    journal.database.write(
        lambda connection: connection.execute("UPDATE processes SET seen = seen - ? WHERE id = ?", values).rowcount
    )
    assert not journal.database.presence().alive(process)
    other.database.presence().beat()  # type: ignore[attr-defined]
    assert journal.database.presence().alive(process)
    other.close()
    assert not journal.database.presence().alive(process)


def test_locks_that_are_lost_with_their_connection_are_taken_again(journal: SqlJournal, address: str) -> None:
    other = SqlJournal(address)
    present: Any = journal.database.presence()
    with postgres_admin(journal) as admin:
        admin("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
              " AND pid <> pg_backend_pid()")  # fmt: skip
    present.beat()
    present.beat()
    assert other.database.presence().alive(journal.process)
    other.close()


def test_a_database_without_a_journal_is_told_and_set_up_by_the_first_write() -> None:
    address = postgres.empty()
    journal = SqlJournal(address)
    with pytest.raises(JournalMissing):
        journal.require()
    assert journal.people.all() == []
    journal.people.add(Person("sam", "Sam"), "root")
    assert [each.id for each in journal.people.all()] == ["sam"]
    journal.close()
    postgres.dropped(address)


def test_a_server_that_promises_what_it_has_not_written_is_refused(address: str) -> None:
    with psycopg.connect(parse_url(address)[0], autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {admin.info.dbname} SET synchronous_commit = off")  # type: ignore[arg-type]
        (fsync,) = admin.execute("SHOW fsync").fetchone() or ("",)
    journal = SqlJournal(address.replace("synchronous=off", "synchronous=on"))
    with pytest.raises(SettingsError, match="fsync off" if fsync == "off" else "synchronous_commit off"):
        journal.require()


def test_a_server_that_is_away_is_told_without_the_password(tmp_path: Path) -> None:
    journal = SqlJournal(f"postgresql://sam:s3cret@/acme?host={tmp_path}")
    with pytest.raises(JournalUnavailable, match="Nothing was performed") as told:
        journal.require()
    assert "s3cret" not in str(told.value)
    assert "acme on" in journal.database.place


def test_a_journal_that_is_only_read_is_not_written(journal: SqlJournal, address: str) -> None:
    reading = SqlJournal(f"{address}&mode=ro")
    assert reading.people.get("sam")
    with pytest.raises(JournalUnavailable):
        reading.append("commented", actor="sam", at=0, data={})
    reading.close()


def test_a_forked_child_has_connections_of_its_own(journal: SqlJournal) -> None:
    recorded(journal)
    child = os.fork()
    if child == 0:
        done = 1
        try:
            recorded(journal)
            done = 0
        finally:
            os._exit(done)
    assert os.waitpid(child, 0)[1] == 0
    assert recorded(journal).id == 3
    assert journal.database.read("SELECT count(*) FROM processes") == [(2,)]


def test_a_desk_runs_on_it_from_many_threads_at_once(journal: SqlJournal) -> None:
    desk = Desk("Acme", why=["asked"])

    @desk.action("unlock", who="support")
    def unlock(account: int) -> int:
        return account

    desk.use(journal)
    failed: list[BaseException] = []

    def work() -> None:
        for number in range(10):
            try:
                desk.run("unlock", {"account": number}, by="sam", reason="asked").raise_for_outcome()
            except BaseException as error:
                failed.append(error)
                raise

    threads = [threading.Thread(target=work) for _ in range(40)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert failed == []
    assert journal.database.read("SELECT status, count(*) FROM runs GROUP BY status") == [("succeeded", 400)]
