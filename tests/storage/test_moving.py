"""A journal moved from SQLite to PostgreSQL: whole, proven, or not at all."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from firsthand import JournalUnavailable, Person
from firsthand.core.errors import FirsthandError, JournalError, SettingsError
from firsthand.core.journal import Step
from firsthand.followers.following import EMPTYING, START, Position
from firsthand.followers.mentions import Mentions
from firsthand.followers.tally import Tally
from firsthand.storage import schema
from firsthand.storage.history import Filter
from firsthand.storage.journal import SqlJournal
from firsthand.storage.moving import Moved, move
from firsthand.work.worker import Worker

from .. import postgres
from . import moved

TALLY = """SELECT scope, dimension, period, key, part, runs FROM tally JOIN tally_lists ON tally_lists.id = list
    UNION ALL SELECT scope, dimension, period, key, '', runs FROM tally_wide
        JOIN tally_lists ON tally_lists.id = list ORDER BY 1, 2, 3, 4, 5"""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a journal that the product made."""
    folder = tmp_path_factory.mktemp("filled")
    journal = SqlJournal(moved.url(folder))
    moved.fill(journal)
    moved.desk.use(None)
    journal.close()
    return folder


@pytest.fixture
def folder(filled: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(filled, tmp_path / "copy"))


@pytest.fixture
def target() -> Iterator[str]:
    """The URL of a database with nothing in it."""
    made = postgres.empty()
    yield made
    postgres.dropped(made)


@pytest.fixture
def journal(folder: Path) -> Iterator[SqlJournal]:
    """The copy, opened."""
    opened = SqlJournal(moved.url(folder))
    yield opened
    opened.close()


def moving(journal: SqlJournal, target: str) -> Moved:
    return move(journal, target, "system:test", lambda *_: None)


def admin(target: str) -> psycopg.Connection[Any]:
    return psycopg.connect(target.partition("synchronous=off")[0].rstrip("?&"), autocommit=True)


def is_empty(target: str) -> bool:
    with admin(target) as connection:
        return connection.execute("SELECT to_regnamespace('firsthand')").fetchone() == (None,)


def runs(journal: SqlJournal) -> list[dict[str, Any]]:
    found = [run.as_dict() for run in journal.history.feed(Filter(), 10_000)]
    return [{**run, "events": [each.as_dict() for each in journal.history.events(run["id"])]} for run in found]


def spelt(value: Any) -> Any:
    return value.replace("\0", "␀") if isinstance(value, str) else value


def test_every_table_has_the_same_columns_on_both(target: str) -> None:
    SqlJournal(target).people.add(Person("sam", "Sam"), "root")
    with sqlite3.connect(":memory:") as lite, admin(target) as other:
        for migration in schema.migrations():
            lite.executescript(migration.sql)
        here = {(table, column[1]) for (table,) in lite.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
                for column in lite.execute(f"PRAGMA table_info({table})")}  # fmt: skip
        sql = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'firsthand'"
        there = set(other.execute(sql).fetchall())
    assert there - here == {("events", "xid"), ("followers", "xid"), ("processes", "seen")}
    assert here <= there


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_table_is_moved_whole_whatever_stands_in_it(tmp_path: Path, target: str, seed: int) -> None:
    moved.fill_oddly(tmp_path / "firsthand.db", seed=seed)
    journal = SqlJournal(moved.url(tmp_path))
    done = moving(journal, target)
    journal.close()
    here = sqlite3.connect(tmp_path / "firsthand.db")
    with admin(target) as there:
        for proof in done.tables:
            names = [row[1] for row in here.execute(f"PRAGMA table_info({proof.table})")]
            sql = f"SELECT {', '.join(names)} FROM {{}}{proof.table}"
            before = [tuple(map(spelt, row)) for row in here.execute(sql.format("")).fetchall()]
            after = list(there.execute(sql.format("firsthand.")).fetchall())  # type: ignore[arg-type]
            before = [row for row in before if row[0] != "moved" or proof.table != "meta"]
            after = [row for row in after if row[0] != "schema" or proof.table != "meta"]
            assert len(before) == proof.rows >= (0 if proof.table == "meta" else 40)
            if proof.table == "events":
                after = [row for row in after if row[3] != "moved"]
            assert sorted(map(repr, before)) == sorted(map(repr, after)), proof.table


def test_a_journal_goes_on_there_as_if_nothing_had_happened(journal: SqlJournal, target: str) -> None:
    before, figures, key = runs(journal), journal.database.read(TALLY), journal.id
    mentions = Mentions(journal).of("sam", 1_000)
    done = moving(journal, target)
    assert done.spelt > 40
    new = SqlJournal(target)
    assert new.id == key
    assert [{**run, "notes": run["notes"]} for run in runs(new)] == [like_there(run) for run in before]
    assert new.database.read(TALLY) == [tuple(map(spelt, row)) for row in figures]
    assert [each.id for each in Mentions(new).of("sam", 1_000)] == [each.id for each in mentions]
    moved.desk.use(new)
    with Worker(moved.desk):
        assert moved.desk.wait(run_of(new, 8), 20).status == "succeeded"
        while new.batches.get(1).status != "ended":
            moved.desk.perform_batch(1)
    asked = next(run for run in new.history.open() if run.status == "asked")
    assert moved.desk.take(asked.id, by="priya").status == "succeeded"
    again = moved.desk.run(
        "account.touch",
        {"account": "a\0", "text": moved.HUGE},
        requested_by="luis\0",
        once="k1",
        by="priya",
        reason="customer asked",
    )
    assert again.again
    last = max(run["id"] for run in before)
    assert moved.desk.run("account.touch", {"account": "1"}, by="priya", reason="customer asked").id > last
    assert_counted_once(new)
    assert [each.kind for each in new.history.events_of_no_run(0, 2**62, 10)].count("moved") == 1
    moved.desk.use(None)
    new.close()


def like_there(run: dict[str, Any]) -> dict[str, Any]:
    """Return a run as it is told there: its texts spelt, its JSON as it was."""
    return {name: spelt(value) for name, value in run.items()}


def run_of(journal: SqlJournal, n: int) -> int:
    (id,) = next(
        iter(journal.database.read("SELECT id FROM runs WHERE inputs LIKE ? AND batch IS NULL", (f'%"n":{n},%',)))
    )
    return int(id)


def assert_counted_once(journal: SqlJournal) -> None:
    """What the followers had before the move, with what they added since, is what they make from nothing."""
    assert Tally(journal).advance(30)
    assert Mentions(journal).advance(30)
    sql = "SELECT person, event FROM mentions ORDER BY person, event"
    added = journal.database.read(TALLY), journal.database.read(sql)
    Tally(journal).rebuild()
    Mentions(journal).rebuild()
    assert (journal.database.read(TALLY), journal.database.read(sql)) == added


@pytest.mark.parametrize("where", ["at the start", "in the middle", "while it is rebuilt"])
def test_a_follower_goes_on_from_where_it_was(journal: SqlJournal, target: str, where: str) -> None:
    tally = Tally(journal)
    while tally.fold():
        pass
    while not tally.moved(tally.position(), EMPTYING, lambda _: None):
        pass
    if where != "while it is rebuilt":
        while tally.position() == EMPTYING:
            tally.fold()
    if where == "in the middle":
        tally.chunk = 100
        tally.fold()
    else:
        assert tally.position() in (START, EMPTYING)
    moving(journal, target)
    new = SqlJournal(target)
    if where == "in the middle":
        assert Tally(new).position() == Position(0, tally.position().id) > START
    moved.desk.use(new)
    moved.desk.run("account.touch", {"account": "1"}, by="priya", reason="customer asked", notes="@sam")
    moved.desk.use(None)
    assert_counted_once(new)
    new.close()


def test_the_old_file_can_be_read_and_says_where_the_journal_is(journal: SqlJournal, folder: Path, target: str) -> None:
    before = runs(journal)
    moving(journal, target)
    place = SqlJournal(target).database.place
    for old in (journal, SqlJournal(moved.url(folder))):
        assert runs(old) == before
        assert Tally(old).advance(1) in (True, False)
        moved.desk.use(old)
        with pytest.raises(JournalUnavailable, match="was moved to ") as told:
            moved.desk.run("account.touch", {"account": "1"}, by="priya", reason="customer asked")
        assert place in told.value.message
        assert "FIRSTHAND_DATABASE" in told.value.fix
        with pytest.raises(JournalUnavailable, match="was moved to "):
            old.people.add(Person("new", "New"), by="test")
        old.settle()
    with pytest.raises(JournalUnavailable, match="was moved to "):
        moving(SqlJournal(moved.url(folder)), target)
    assert runs(journal) == before
    moved.desk.use(None)


def killed(folder: Path, target: str, at: str) -> None:
    """Move in a process that is killed: at so many per cent of the way, or at a step."""
    command = [sys.executable, "-m", "tests.storage.moved", str(folder), target, at]
    assert subprocess.run(command, check=False).returncode == -9
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with admin(target) as connection:
        while connection.execute(others).fetchone() != (0,):  # type: ignore[arg-type]
            time.sleep(0.01)


def test_killed_at_any_moment_before_it_is_committed_nothing_is_moved(folder: Path, target: str) -> None:
    for at in ("0", "20", "50", "80", "100", "before the numbers"):
        killed(folder, target, at)
        assert is_empty(target)
    journal = SqlJournal(moved.url(folder))
    journal.append("commented", actor="sam", at=0)
    before = runs(journal)
    assert not moving(journal, target).before
    new = SqlJournal(target)
    assert runs(new) == [like_there(run) for run in before]
    new.close()
    journal.close()


def test_killed_before_the_old_file_is_shut_it_is_run_again_and_does_only_that(folder: Path, target: str) -> None:
    killed(folder, target, "before it is shut")
    killed(folder, target, "while it is shut")
    journal, new = SqlJournal(moved.url(folder)), SqlJournal(target)
    before = runs(journal)
    assert moving(journal, target).before
    assert runs(new) == [like_there(run) for run in before]
    assert [each.kind for each in new.history.events_of_no_run(0, 2**62, 10)].count("moved") == 1
    with pytest.raises(JournalUnavailable, match="was moved to "):
        journal.append("commented", actor="sam", at=0)
    new.close()
    journal.close()


def test_a_journal_that_was_not_shut_and_went_on_is_not_given_up(folder: Path, target: str) -> None:
    killed(folder, target, "before it is shut")
    journal = SqlJournal(moved.url(folder))
    journal.append("commented", actor="sam", at=0)
    with pytest.raises(JournalError, match="has gone on here since"):
        moving(journal, target)
    journal.append("commented", actor="sam", at=0)
    journal.close()


def test_a_connection_that_is_cut_in_the_middle_is_told_and_nothing_was_moved(journal: SqlJournal, target: str) -> None:
    others = "datname = current_database() AND pid <> pg_backend_pid()"

    def progress(doing: str, done: int, total: int) -> None:
        if doing == "comparing runs":
            with admin(target) as connection:
                connection.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")  # type: ignore[arg-type]

    with pytest.raises(JournalUnavailable):
        move(journal, target, "system:test", progress)
    assert is_empty(target)
    journal.append("commented", actor="sam", at=0)
    assert moving(journal, target).tables


SPOIL = """CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN NEW.name = upper(NEW.name); RETURN NEW; END $$;
    CREATE FUNCTION spoiling() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
        IF to_regclass('firsthand.people') IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM pg_trigger WHERE tgname = 'spoilt') THEN
            CREATE TRIGGER spoilt BEFORE INSERT ON firsthand.people FOR EACH ROW EXECUTE FUNCTION public.spoil();
        END IF; END $$;
    CREATE EVENT TRIGGER spoils ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION spoiling()"""


def test_what_is_not_the_same_there_is_rolled_back_and_named(journal: SqlJournal, target: str) -> None:
    with admin(target) as connection:
        try:
            connection.execute(SPOIL)
        except psycopg.errors.InsufficientPrivilege:
            pytest.skip("only a superuser can have the server spoil what is written")
    with pytest.raises(JournalError, match="The table people is not the same there: 3 rows"):
        moving(journal, target)
    assert is_empty(target)
    journal.append("commented", actor="sam", at=0)


def test_what_does_not_fit_there_is_rolled_back_and_told(journal: SqlJournal, target: str) -> None:
    insert = "INSERT INTO turned_away VALUES (?, 'x', 1)"
    journal.database.write(lambda connection: connection.execute(insert, (2**40,)).rowcount)
    with pytest.raises(JournalError, match=r"does not take row 1 of the table turned_away: .* out of range"):
        moving(journal, target)
    assert is_empty(target)
    journal.append("commented", actor="sam", at=0)


def test_another_table_in_the_file_stays_where_it_is(journal: SqlJournal, target: str) -> None:
    journal.database.write(lambda connection: connection.execute("CREATE TABLE accounts (id TEXT)").rowcount)
    assert moving(journal, target).left == ["accounts"]


PERFORMING = """
import sys, time
from firsthand.storage.journal import SqlJournal
journal = SqlJournal(sys.argv[1])
_ = journal.process
print("in", flush=True)
time.sleep(60)
"""


def test_a_journal_that_another_process_is_in_is_not_moved(journal: SqlJournal, target: str) -> None:
    other = subprocess.Popen([sys.executable, "-c", PERFORMING, journal.url], stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout
        assert other.stdout.readline() == "in\n"
        with pytest.raises(JournalError, match=f"in use by other processes: {other.pid}"):
            moving(journal, target)
    finally:
        other.kill()
        other.wait()
    assert is_empty(target)
    assert moving(journal, target).tables


def test_what_the_dead_left_is_seen_to_first(journal: SqlJournal, folder: Path, target: str) -> None:
    dying = """
import os, signal, sys
from firsthand.core.journal import Step
from tests.storage import moved
from firsthand.storage.journal import SqlJournal
journal = SqlJournal(sys.argv[1])
moved.desk.use(journal)
moved.touch = None
step = journal.step
def killed(changed):
    done = step(changed)
    if changed.status == "performing":
        if sys.argv[2] == "keep":
            journal.keep(Step(changed.run, "performing", "succeeded", 1, "priya", {"value": 7}))
        os.kill(os.getpid(), signal.SIGKILL)
    return done
journal.step = killed
moved.desk.run("account.touch", {"account": "1"}, by="priya", reason="customer asked")
"""
    for keep in ("keep", ""):
        command = [sys.executable, "-c", dying, journal.url, keep]
        assert subprocess.run(command, check=False).returncode == -9
    moving(journal, target)
    new = SqlJournal(target)
    unknown, kept = new.history.feed(Filter(), 2)
    assert (kept.status, kept.value, unknown.status) == ("succeeded", 7, "unknown")
    new.step(Step(unknown.id, "unknown", "failed", 1, "priya", kind="settled"))
    new.close()


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("sqlite:///other.db", "to PostgreSQL only"),
        ("mysql://acme", "is not one"),
        ("{target}&mode=ro", "opened read-only"),
        ("{target}", "something in the schema firsthand"),
    ],
)
def test_what_it_cannot_be_moved_to_is_said(journal: SqlJournal, target: str, to: str, said: str) -> None:
    other = SqlJournal(target)
    other.people.add(Person("sam", "Sam"), by="test")
    other.close()
    with pytest.raises(FirsthandError, match=said) as told:
        moving(journal, to.format(target=target))
    assert told.value.fix


def test_what_cannot_be_moved_from_is_said(journal: SqlJournal, folder: Path, tmp_path: Path, target: str) -> None:
    with pytest.raises(SettingsError, match="not on SQLite"):
        moving(SqlJournal(target), target)
    with pytest.raises(SettingsError, match="read-only"):
        moving(SqlJournal(f"sqlite:///{folder / 'firsthand.db'}?mode=ro"), target)
    with pytest.raises(JournalError, match="There is no journal"):
        moving(SqlJournal(moved.url(tmp_path)), target)
    connection = sqlite3.connect(folder / "firsthand.db")
    connection.execute("PRAGMA user_version=9")
    connection.close()
    with pytest.raises(FirsthandError, match="version 9") as told:
        moving(SqlJournal(moved.url(folder)), target)
    assert "firsthand db upgrade" in told.value.fix
    assert is_empty(target)


def test_something_else_in_that_schema_is_left_alone(journal: SqlJournal, target: str) -> None:
    with admin(target) as connection:
        connection.execute("CREATE SCHEMA firsthand; CREATE TABLE firsthand.mine (id integer)")
        with pytest.raises(JournalError, match="something in the schema firsthand"):
            moving(journal, target)
        connection.execute("DROP TABLE firsthand.mine")
    assert moving(journal, target).tables
