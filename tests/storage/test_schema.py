"""The schema: a new journal is set up at once, an older one only when asked, after a copy."""

import sqlite3
from pathlib import Path

import pytest

from firsthand import JournalOutdated, Person
from firsthand.storage import schema
from firsthand.storage.journal import SqlJournal
from firsthand.storage.sqlite import Sqlite


@pytest.fixture
def older(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A journal as version 1 made it, with somebody in it."""
    path = tmp_path / "journal.db"
    every = schema.migrations()
    with monkeypatch.context() as patched:
        patched.setattr(schema, "migrations", lambda kind="sqlite": every[:1])
        journal = SqlJournal(f"sqlite:///{path}")
        journal.people.add(Person("priya", "Priya", ("support",)), by="test")
        journal.close()
    return path


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


def test_a_newer_journal_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    schema.set_up(Sqlite(f"sqlite:///{path}"))
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version={schema.latest() + 1}")
    connection.close()
    with pytest.raises(JournalOutdated, match="newer"):
        SqlJournal(f"sqlite:///{path}").require()


def test_a_journal_is_durable_by_default(tmp_path: Path) -> None:
    database = Sqlite(f"sqlite:///{tmp_path / 'journal.db'}")
    schema.set_up(database)
    connection = database.connect(writes=True)
    pragma = {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")}
    assert pragma == {"journal_mode": "wal", "synchronous": 2}
    assert connection.execute("PRAGMA wal_autocheckpoint").fetchone()[0] == 0
