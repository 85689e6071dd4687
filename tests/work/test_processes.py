"""Workers as real processes: none performs what another has, none loses anything, whichever way it ends."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from firsthand.storage.queue import Queue

from . import laboring
from .yard import Yard, deliver, until


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    made = Yard(tmp_path)
    yield made
    made.close()


def test_runs_delivered_five_times_each_to_several_workers_are_performed_once_each(yard: Yard):
    """``scripts/deliveries`` does so with 10,000 runs and 16 processes."""
    assert deliver(yard, 300, processes=2, threads=4, seconds=60)["processes"] == 2


def test_what_a_killed_worker_left_is_decided_about_within_ten_seconds(yard: Yard):
    killed = yard.hire(1)
    (fatal,) = yard.wants(1, then="die")
    assert killed.wait(20) == -signal.SIGKILL
    assert yard.statuses() == {"performing": 1}
    others = yard.wants(3)
    yard.hire(1)
    assert until(lambda: yard.statuses() == {"unknown": 1, "succeeded": 3}, 10) < 10
    assert (yard.journal.run(fatal).status, sorted(yard.done())) == ("unknown", others)


def test_a_living_worker_sees_that_another_was_killed_and_takes_over_what_that_had_claimed(yard: Yard):
    run, other = yard.wants(2, seconds=30)
    first = yard.hire(2)
    until(lambda: yard.statuses() == {"performing": 2}, 20)
    yard.hire(1)
    waits = yard.wants(1)
    first.kill()
    took = until(lambda: yard.statuses() == {"unknown": 2, "succeeded": 1}, 10)
    assert took < 10
    assert yard.done() == waits
    assert {yard.journal.run(each).status for each in (run, other)} == {"unknown"}


def test_a_run_claimed_by_a_worker_that_died_before_it_began_is_performed_by_another(yard: Yard):
    (run,) = yard.wants(1)
    dead = subprocess.run(
        [sys.executable, "-c", CLAIM_AND_DIE, yard.url], cwd=Path(__file__).parents[2], check=False
    )  # fmt: skip
    assert dead.returncode == -signal.SIGKILL
    assert yard.journal.run(run).process is not None
    yard.hire(1)
    until(lambda: yard.statuses() == {"succeeded": 1}, 10)
    assert yard.journal.run(run).fence == 2


CLAIM_AND_DIE = """
import os, signal, sys, time
from firsthand.storage.journal import SqlJournal
from firsthand.storage.queue import Queue
journal = SqlJournal(sys.argv[1])
assert Queue(journal).claim(journal.process, 1, now=time.time_ns() // 1000, desk="Labor")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_told_to_stop_a_worker_ends_what_it_performs_and_lets_the_rest_wait(yard: Yard):
    runs = yard.wants(6, seconds=0.5)
    worker = yard.hire(2)
    until(lambda: yard.statuses()["performing"] == 2, 20)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(10) == 0
    assert yard.statuses() == {"succeeded": 2, "queued": 4}
    assert yard.journal.database.read("SELECT count(*) FROM runs WHERE status = 'queued' AND process IS NOT NULL") == [
        (0,)
    ]
    yard.hire(4)
    until(lambda: yard.statuses() == {"succeeded": 6}, 20)
    assert sorted(yard.done()) == runs


def test_a_worker_that_was_stopped_and_taken_for_dead_changes_nothing_when_it_goes_on(yard: Yard):
    (run,) = yard.wants(1)
    stale = Queue(yard.journal).claim(yard.journal.process, 1, now=time.time_ns() // 1000, desk="Labor")[0]
    yard.journal.let_go(run, yard.journal.process)
    yard.hire(1)
    until(lambda: yard.statuses() == {"succeeded": 1}, 10)
    events = yard.journal.history.last_event()
    with pytest.raises(Exception, match="changed meanwhile"):
        laboring.desk.pipeline.resume(stale)
    assert (yard.done(), yard.journal.history.last_event()) == ([run], events)
