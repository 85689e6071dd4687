"""The server stops in the middle of runs and is started again; connections are ended at random."""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from firsthand import Run
from firsthand.storage import delivery
from firsthand.storage.journal import SqlJournal

from .oracle import Scene
from .server import Server


@pytest.fixture
def scene(server: Server, database: str, tmp_path: Path) -> Iterator[Scene]:
    """A desk on the server itself."""
    made = Scene(tmp_path, server.url(database))
    yield made
    made.journal.close()


@contextmanager
def under_load(scene: Scene, threads: int = 4) -> Iterator[None]:
    """Have several threads perform meanwhile, whatever they are told, until nothing else is done."""
    stopping = threading.Event()

    def endlessly() -> None:
        while not stopping.is_set():
            if scene.perform() is None:
                time.sleep(0.02)

    working = [threading.Thread(target=endlessly) for _ in range(threads)]
    for each in working:
        each.start()
    try:
        yield
    finally:
        stopping.set()
        for each in working:
            each.join()


@pytest.mark.parametrize("mode", ["immediate", "fast"])
def test_a_server_that_is_stopped_in_the_middle_loses_no_run_and_is_gone_on_with(
    scene: Scene, server: Server, mode: str
) -> None:
    with under_load(scene):
        for _ in range(2):
            time.sleep(0.4)
            server.stop(mode)
            time.sleep(0.3)
            server.start()
        before = len(scene.told)
        deadline = time.monotonic() + 10
        while len(scene.told) < before + 20 and time.monotonic() < deadline:
            time.sleep(0.05)
    assert len(scene.told) >= before + 20
    scene.settled()
    assert list(scene.wrong(scene.journal)) == []
    assert scene.unavailable
    assert all("cannot be reached" in said or "could not be found out" in said for said in scene.unavailable)
    assert Counter(status for _, status in scene.told).keys() == {"succeeded"}


def test_a_server_that_is_away_for_long_has_outcomes_kept_and_recorded_when_it_is_back(
    scene: Scene, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was performed is told as performed, is kept in a file meanwhile, and is recorded by whoever comes next."""

    def stop(run: Run[object]) -> None:
        server.stop("immediate")

    scene.does = stop
    run = scene.perform()
    assert run
    assert run.status == "succeeded"
    assert scene.journal.kept.waiting()
    scene.does = lambda run: None
    assert scene.perform() is None
    server.start()
    other = SqlJournal(scene.url)
    _ = other.process
    assert not other.kept.waiting()
    assert list(scene.wrong(other)) == []
    other.close()


def test_connections_that_are_ended_at_random_cost_no_run(
    scene: Scene, server: Server, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "RETRY", 5.0)
    chance = random.Random(4)
    with under_load(scene):
        until = time.monotonic() + 3
        while time.monotonic() < until:
            [*pids] = server.execute("SELECT pid FROM pg_stat_activity WHERE application_name = 'firsthand'")
            for (pid,) in chance.sample(pids, min(2, len(pids))):
                server.execute(f"SELECT pg_terminate_backend({pid})")
            time.sleep(chance.expovariate(1 / 0.02))
    scene.settled()
    assert list(scene.wrong(scene.journal)) == []
    assert len(scene.told) > 20
    statuses = Counter(str(status) for (status,) in scene.journal.database.read("SELECT status FROM runs"))
    assert statuses.keys() <= {"succeeded", "failed"}
    assert statuses["failed"] <= len(scene.unavailable)
