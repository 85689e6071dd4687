"""What every engine must keep: whoever listens is woken, and nothing but a hint depends on it."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from firsthand.work.engines import Engine, Threads

from ..databases import SQLITE, chosen, url


@pytest.fixture
def engine(kind: str, tmp_path: Path) -> Iterator[Engine]:
    """The engine of a database: threads beside SQLite, procrastinate on PostgreSQL."""
    if chosen[0] == "sqlite":
        yield Threads()
        return
    from procrastinate import App, SyncPsycopgConnector

    from firsthand.work.procrastinate import Procrastinate

    address = url(tmp_path).partition("&synchronous")[0].partition("?synchronous")[0]
    with App(connector=SyncPsycopgConnector(conninfo=address)).open() as app:
        app.schema_manager.apply_schema()
    made = Procrastinate(address)
    yield made
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


def test_an_engine_that_is_not_there_is_no_fault_of_a_run(kind: str):
    if kind == "sqlite":
        Threads().wake(1, now())
        return
    from firsthand.work.procrastinate import Procrastinate

    Procrastinate("postgresql://nobody@127.0.0.1:1/nothing?connect_timeout=1").wake(1, now())
