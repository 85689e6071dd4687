"""Nothing is performed without a record: a journal that cannot be written says which way, and calls nothing."""

import os
import resource
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from firsthand import Desk, JournalMissing, JournalUnavailable, Person
from firsthand.storage import sqlite
from firsthand.storage.journal import SqlJournal

called: list[int] = []
desk = Desk("Unavailable", why=["customer asked"])


@desk.action("account.touch", who="support")
def touch(account: int) -> str:
    """Touch an account."""
    called.append(account)
    return "touched"


@pytest.fixture(autouse=True)
def _afresh() -> None:
    called.clear()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    journal = SqlJournal(f"sqlite:///{tmp_path / 'journal.db'}")
    journal.people.add(Person("priya", "Priya", ("support",)), by="test")
    desk.use(journal)
    desk.start()
    journal.close()
    return tmp_path / "journal.db"


def run_on(path: Path, options: str = "") -> float:
    """Run the action on a journal and return the seconds until it was refused."""
    desk.use(SqlJournal(f"sqlite:///{path}{options}"))
    start = time.monotonic()
    desk.run(touch, {"account": 1}, by="priya", reason="customer asked")
    return time.monotonic() - start


def test_a_read_only_journal_is_named_and_nothing_is_called(path: Path) -> None:
    with pytest.raises(JournalUnavailable, match="read-only"):
        run_on(path, "?mode=ro")
    assert called == []


def test_a_full_journal_is_named_and_nothing_is_called(path: Path) -> None:
    pages = sqlite3.connect(path).execute("PRAGMA page_count").fetchone()[0]
    with pytest.raises(JournalUnavailable, match="is full"):
        for _ in range(50):
            run_on(path, f"?max_page_count={pages + 1}")
    full = called[:]
    with pytest.raises(JournalUnavailable, match="is full"):
        run_on(path, f"?max_page_count={pages + 1}")
    assert called == full


def test_a_journal_held_by_another_program_is_named_within_ten_seconds(path: Path) -> None:
    foreign = sqlite3.connect(path, isolation_level=None)
    foreign.execute("BEGIN EXCLUSIVE")
    start = time.monotonic()
    with pytest.raises(JournalUnavailable, match="held by another program"):
        run_on(path)
    assert time.monotonic() - start < 10
    assert called == []
    foreign.execute("ROLLBACK")
    run_on(path)
    assert called == [1]


def test_a_journal_that_may_not_grow_is_named_and_works_again_afterwards(path: Path) -> None:
    code = (
        "import resource, sys\n"
        f"sys.path.insert(0, {str(Path(__file__).parents[2])!r})\n"
        "from tests.storage import test_unavailable as t\n"
        "from pathlib import Path\n"
        "from firsthand import JournalUnavailable\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({path.stat().st_size}, resource.RLIM_INFINITY))\n"
        "try:\n"
        f"    [t.run_on(Path({str(path)!r})) for _ in range(200)]\n"
        "except JournalUnavailable as error:\n"
        "    done = len(t.called)\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\n"
        "    assert 'may not grow' in str(error), error\n"
        f"    t.run_on(Path({str(path)!r}))\n"
        "    assert len(t.called) == done + 1\n"
        "    sys.exit(7)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 7
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_a_journal_in_a_folder_that_may_not_be_written_is_named(path: Path) -> None:
    folder, user = path.parent, os.geteuid()
    path.chmod(0o444)
    folder.chmod(0o555)
    if user == 0:
        for parent in folder.parents:
            parent.chmod(parent.stat().st_mode | 0o055) if parent.owner() == "root" and parent != Path("/") else None
        os.seteuid(65534)
    try:
        with pytest.raises(JournalUnavailable, match=r"cannot be opened|read-only"):
            run_on(path)
    finally:
        os.seteuid(user)
        folder.chmod(0o755)
    assert called == []


def test_a_database_that_is_no_journal_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "shop.db"
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE orders (id)")
    connection.commit()
    connection.close()
    before = other.read_bytes()
    with pytest.raises(Exception, match="not a journal"):
        SqlJournal(f"sqlite:///{other}").people.add(Person("priya", "Priya"), by="test")
    assert other.read_bytes() == before
    text = tmp_path / "notes.txt"
    text.write_text("not a database at all, but long enough to be looked at " * 40)
    with pytest.raises(JournalUnavailable, match="not a SQLite database"):
        SqlJournal(f"sqlite:///{text}").people.add(Person("priya", "Priya"), by="test")


def test_reading_a_journal_that_is_not_there_makes_none(tmp_path: Path) -> None:
    with pytest.raises(JournalMissing, match="first command that writes"):
        SqlJournal(f"sqlite:///{tmp_path / 'journal.db'}").require()
    assert list(tmp_path.iterdir()) == []


def test_a_stopped_process_that_holds_the_lock_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "WAIT", 0.3)
    holder = subprocess.Popen(
        [sys.executable, "-c",
         f"import fcntl; f = open({str(path)!r} + '-lock', 'a'); "
         "fcntl.flock(f, fcntl.LOCK_EX); print(1, flush=True); input()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert holder.stdout is not None
    holder.stdout.readline()
    with pytest.raises(JournalUnavailable, match="another Firsthand process"):
        run_on(path)
    assert called == []
    holder.communicate(b"\n")
    run_on(path)
    assert called == [1]
