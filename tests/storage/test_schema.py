"""The schema: a new journal is set up at once, an older one only when asked, after a copy, and whoever can goes on."""

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from firsthand import JournalOutdated, JournalUnavailable, Person, __version__
from firsthand.core.errors import JournalError
from firsthand.storage import opening, schema, schema_postgresql
from firsthand.storage.journal import SqlJournal
from firsthand.storage.sqlite import Sqlite

from .. import postgres

ADDED = """{said}
ALTER TABLE runs ADD COLUMN colour TEXT;
CREATE INDEX{beside} IF NOT EXISTS runs_surface ON runs (surface, at);
CREATE TABLE colours (name TEXT PRIMARY KEY);
"""
"""A migration that adds a column, an index and a table."""


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """A journal as version 1 made it, with somebody in it."""
    path = tmp_path / "journal.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(schema.migrations()[0].sql)
        connection.execute(f"PRAGMA application_id={schema.APPLICATION}")
        connection.execute("PRAGMA user_version=1")
        connection.execute("INSERT INTO meta VALUES ('id', 'abc')")
        connection.execute("INSERT INTO people (id, name, roles) VALUES ('priya', 'Priya', '[\"support\"]')")
    connection.close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a journal of this version, which knows priya."""
    made = f"sqlite:///{tmp_path / 'journal.db'}?synchronous=off" if request.param == "sqlite" else postgres.fresh()
    journal = SqlJournal(made)
    journal.people.add(Person("priya", "Priya", ("support",)), by="test")
    journal.close()
    yield made
    if request.param == "postgresql":
        postgres.dropped(made)


@pytest.fixture
def next_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Have this process, and no other, be of a version that has one migration more; returns its number."""
    every, latest = Path(shutil.copytree(schema.FOLDER, tmp_path / "migrations")), schema.latest()

    def become(said: str, sql: str = ADDED, beside: str = "") -> int:
        number = schema.latest() + 1
        for kind in ("sqlite", "postgresql"):
            word = beside if kind == "postgresql" else ""
            text = sql.format(said=said.format(latest=latest), beside=word)
            (every / kind / f"{number:04}_more.sql").write_text(text, encoding="utf-8")
        monkeypatch.setattr(schema, "FOLDER", every)
        return number

    return become


class Older:
    """A process of the version before."""

    def __init__(self, url: str) -> None:
        command = [sys.executable, "-m", "tests.storage.going_on", url]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def performs(self) -> str:
        """Have it perform some runs and read; return how many there are, or what it says."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()


@contextmanager
def older_process(url: str) -> Iterator[Older]:
    older = Older(url)
    try:
        yield older
    finally:
        older.process.kill()
        older.process.communicate()


def upgraded(url: str) -> opening.Upgraded:
    database = opening.opened(url)
    try:
        return opening.upgraded(database)
    finally:
        database.close()


def test_an_older_journal_is_neither_read_nor_written_but_says_what_to_do(older: Path) -> None:
    journal = SqlJournal(f"sqlite:///{older}")
    with pytest.raises(JournalOutdated, match="firsthand db upgrade"):
        journal.require()
    with pytest.raises(JournalOutdated, match="firsthand db upgrade"):
        journal.people.add(Person("sam", "Sam"), by="test")


def test_an_upgrade_makes_a_copy_first_and_keeps_everything(older: Path) -> None:
    copy = schema.upgrade(Sqlite(f"sqlite:///{older}"))
    assert copy is not None
    assert sqlite3.connect(copy).execute("SELECT id FROM people").fetchall() == [("priya",)]
    journal = SqlJournal(f"sqlite:///{older}")
    journal.require()
    assert [person.id for person in journal.people.all()] == ["priya"]
    assert schema.upgrade(Sqlite(f"sqlite:///{older}")) is None
    journal.close()


def test_an_upgraded_journal_and_a_new_one_have_the_same_schema(older: Path, tmp_path: Path) -> None:
    schema.upgrade(Sqlite(f"sqlite:///{older}"))
    schema.set_up(Sqlite(f"sqlite:///{tmp_path / 'new.db'}"))
    old, new = (
        sqlite3.connect(path).execute("SELECT sql FROM sqlite_master ORDER BY name").fetchall()
        for path in (older, tmp_path / "new.db")
    )
    assert old == new


def test_the_two_databases_have_the_same_migrations_and_survive_the_same() -> None:
    lite, server = (
        {(each.number, each.name, each.survives) for each in schema.migrations(kind) if each.number > 9}
        for kind in ("sqlite", "postgresql")
    )
    assert lite == server
    assert schema.survived("sqlite") == schema.survived("postgresql") >= 12


def test_a_process_of_the_version_before_goes_on_under_a_migration_that_it_survives(
    url: str, next_version: Any
) -> None:
    with older_process(url) as old:
        assert old.performs() == "10"
        number = next_version("-- What it is for.\n-- survives: {latest}")
        assert upgraded(url).version == number
        assert old.performs() == "20"
        with older_process(url) as another:
            assert another.performs() == "30"
        journal = SqlJournal(url)
        assert journal.database.read("SELECT count(*), count(colour) FROM runs") == [(30, 0)]
        assert {each.schema for each in opening.living(journal.database)} == {number - 1}
        _ = journal.process
        assert {each.schema for each in opening.living(journal.database)} == {number - 1, number}
        journal.close()
        doctor = [sys.executable, "-m", "firsthand", "doctor"]
        said = subprocess.run(doctor, env={**os.environ, "FIRSTHAND_DATABASE": url}, capture_output=True, text=True)
        assert f"Its schema is at {number}; this Firsthand knows {number - 1}, and goes on with it." in said.stdout
        assert f"Processes in it: 1 of Firsthand {__version__} (schema {number - 1})." in said.stdout


def test_an_upgrade_waits_until_no_process_lives_that_would_not_survive_it(url: str, next_version: Any) -> None:
    with older_process(url) as old:
        assert old.performs() == "10"
        number = next_version("-- It survives nobody.")
        with pytest.raises(JournalError, match=f"would not survive this: {old.process.pid} on .*Firsthand 0") as told:
            upgraded(url)
        assert "Stop them" in told.value.fix
        assert old.performs() == "20"
    assert upgraded(url).version == number
    with older_process(url) as old:
        assert "newer than this Firsthand" in old.performs()


def test_what_survives_the_last_of_two_migrations_but_not_the_first_does_not_go_on(url: str, next_version: Any) -> None:
    next_version("-- It survives nobody.", "{said}\nCREATE TABLE first (id INTEGER);")
    number = next_version("-- survives: {latest}", "{said}\nCREATE TABLE second (id INTEGER);")
    assert upgraded(url).version == number
    with older_process(url) as old:
        assert "newer than this Firsthand" in old.performs()


def test_a_process_that_looked_before_an_upgrade_does_not_enter_after_it(
    url: str, next_version: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = SqlJournal(url)
    looked.require()
    before = schema.FOLDER
    next_version("-- It survives nobody.")
    upgraded(url)
    monkeypatch.setattr(schema, "FOLDER", before)
    with pytest.raises(JournalOutdated, match="newer"):
        looked.append("commented", actor="priya", at=0)
    looked.close()


def test_a_journal_is_durable_by_default(tmp_path: Path) -> None:
    database = Sqlite(f"sqlite:///{tmp_path / 'journal.db'}")
    schema.set_up(database)
    connection = database.connect(writes=True)
    pragma = {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")}
    assert pragma == {"journal_mode": "wal", "synchronous": 2}
    assert connection.execute("PRAGMA wal_autocheckpoint").fetchone()[0] == 0


# What only PostgreSQL does

ON_SERVER = pytest.mark.parametrize("url", ["postgresql"], indirect=True)


def admin(url: str) -> psycopg.Connection[Any]:
    return psycopg.connect(url.partition("synchronous=off")[0].rstrip("?&"), autocommit=False)


@ON_SERVER
def test_an_upgrade_behind_a_long_transaction_holds_up_nobody_and_says_whose_it_is(
    url: str, next_version: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema_postgresql, "PATIENCE", 2.0)
    with older_process(url) as old, admin(url) as long:
        long.execute("SELECT count(*) FROM firsthand.runs")
        assert old.performs() == "10"
        number = next_version("-- survives: {latest}")
        failed: list[JournalUnavailable] = []

        def upgrade() -> None:
            try:
                upgraded(url)
            except JournalUnavailable as error:
                failed.append(error)

        upgrading = threading.Thread(target=upgrade)
        upgrading.start()
        performed = 10
        while upgrading.is_alive():
            began = time.monotonic()
            performed += 10
            assert old.performs() == str(performed)
            assert time.monotonic() - began < 10, "whoever performs waits for a try, not for the long transaction"
        (error,) = failed
        assert f"process {long.info.backend_pid} of the server" in error.message
        long.rollback()
        assert upgraded(url).version == number
        assert old.performs() == str(performed + 10)


@ON_SERVER
def test_a_large_index_is_made_while_others_write_and_one_left_half_done_is_made_anew(
    url: str, next_version: Any
) -> None:
    valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('firsthand.runs_surface')"
    sql = "{said}\nCREATE INDEX{beside} IF NOT EXISTS runs_surface ON runs (surface, at);\n"
    number = next_version("-- survives: {latest}", sql, beside=" CONCURRENTLY")
    with admin(url) as writing:
        writing.execute("SET statement_timeout = 500")
        writing.commit()
        with admin(url) as other, pytest.raises(psycopg.errors.QueryCanceled):
            other.execute("UPDATE firsthand.runs SET fence = fence")
            other.execute("LOCK TABLE firsthand.runs IN ROW EXCLUSIVE MODE")
            writing.autocommit = True
            writing.execute("CREATE INDEX CONCURRENTLY runs_surface ON firsthand.runs (surface, at)")
        assert writing.execute(valid).fetchone() == (False,)
        upgrading = threading.Thread(target=upgraded, args=(url,))
        with admin(url) as other:
            other.execute("LOCK TABLE firsthand.runs IN ROW EXCLUSIVE MODE")
            upgrading.start()
            with older_process(url) as old:
                assert old.performs() == "10"
            assert upgrading.is_alive()
        upgrading.join()
        assert writing.execute(valid).fetchone() == (True,)
    journal = SqlJournal(url)
    assert opening.version(journal.database) == number
    journal.close()


def test_a_new_journal_has_such_an_index_too(next_version: Any) -> None:
    number = next_version("-- survives: {latest}", beside=" CONCURRENTLY")
    url = postgres.empty()
    journal = SqlJournal(url)
    _ = journal.process
    assert opening.version(journal.database) == number
    assert journal.database.read("SELECT 1 FROM pg_indexes WHERE indexname = 'runs_surface'") == [(1,)]
    journal.close()
    postgres.dropped(url)
