"""Grouped commits: everybody's work is done once, errors go to their owners, and nobody waits for ever."""

import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from firsthand import JournalError
from firsthand.storage.sqlite import Sqlite


@pytest.fixture
def database(tmp_path: Path) -> Any:
    database = Sqlite(f"sqlite:///{tmp_path / 'some.db'}?synchronous=off")
    connection = database.connect(writes=True, create=True)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE numbers (n INTEGER PRIMARY KEY)")
    connection.close()
    yield database
    database.close()


def insert(n: int) -> Any:
    return lambda connection: connection.execute("INSERT INTO numbers VALUES (?)", (n,)).lastrowid


def test_many_threads_commit_each_work_exactly_once(database: Sqlite) -> None:
    results: list[int] = []

    def work(thread: int) -> None:
        results.extend(database.write(insert(thread * 1000 + n)) for n in range(100))

    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stored = [n for (n,) in database.read("SELECT n FROM numbers ORDER BY n")]
    assert stored == sorted(results) == [thread * 1000 + n for thread in range(8) for n in range(100)]


def test_an_error_is_its_owners_alone(database: Sqlite) -> None:
    database.write(insert(1))
    failures: list[int] = []

    def work(n: int) -> None:
        for _ in range(20):
            try:
                database.write(insert(n))
            except JournalError:
                failures.append(n)

    threads = [threading.Thread(target=work, args=(n,)) for n in (1, 2, 3, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(failures) == [1] * 20 + [2] * 19 + [3] * 19 + [4] * 19
    assert [n for (n,) in database.read("SELECT n FROM numbers ORDER BY n")] == [1, 2, 3, 4]


def test_a_leader_that_is_interrupted_hands_over(database: Sqlite) -> None:
    def interrupted(connection: sqlite3.Connection) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        database.write(interrupted)
    database.write(insert(5))
    assert database.read("SELECT n FROM numbers") == [(5,)]


def test_a_checkpoint_keeps_the_write_ahead_log_small(database: Sqlite) -> None:
    for n in range(1500):
        database.write(insert(n))
    assert Path(f"{database.path}-wal").stat().st_size < 4_500_000
