"""What every engine must keep: whoever listens is woken, and nothing but a hint depends on it."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from firsthand.storage.opening import opened
from firsthand.work.choosing import engine_of
from firsthand.work.engines import Engine, Threads

from ..databases import SQLITE, url
from .jobs import with_tables


@pytest.fixture
def engine(kind: str, tmp_path: Path) -> Iterator[Engine]:
    """The engine of a database: threads beside SQLite, procrastinate on PostgreSQL."""
    made = engine_of({"sqlite": "threads", "postgresql": "procrastinate"}[kind], url(tmp_path))
    if kind == "postgresql":
        with_tables(tmp_path)
    yield made
    if kind == "postgresql":
        made.close()


def now() -> int:
    return time.time_ns() // 1000


def test_who_listens_is_woken(engine: Engine):
    woken = threading.Event()
    end = engine.listen(woken.set)
    engine.wake(1, now())
    assert woken.wait(10)
    end()


@SQLITE
def test_all_of_a_process_are_woken(engine: Engine):
    one, two = threading.Event(), threading.Event()
    ends = [engine.listen(one.set), engine.listen(two.set)]
    engine.wake(1, now())
    assert one.wait(5)
    assert two.wait(5)
    for end in ends:
        end()


def test_who_has_stopped_listening_is_left_alone(engine: Engine):
    heard: list[int] = []
    engine.listen(lambda: heard.append(1))()
    engine.wake(1, now())
    time.sleep(0.2)
    assert heard == []


def test_waking_while_nobody_listens_is_no_fault(engine: Engine):
    engine.wake(1, now())


def test_where_nothing_is_lacking_a_worker_may_rely_on_it(engine: Engine):
    engine.require()


def test_only_an_engine_in_the_journals_own_database_is_told_within_its_transactions(
    kind: str, engine: Engine, tmp_path: Path
):
    inside = kind == "postgresql"
    assert bool(engine.beside(opened(url(tmp_path)))) == inside
    assert engine.beside(opened(f"sqlite:///{tmp_path / 'other.db'}")) is None


def test_an_engine_that_is_not_there_is_no_fault_of_a_run(kind: str):
    if kind == "sqlite":
        Threads().wake(1, now())
        return
    from firsthand.work.procrastinate import Procrastinate

    Procrastinate("postgresql://nobody@127.0.0.1:1/nothing?connect_timeout=1").wake(1, now())
