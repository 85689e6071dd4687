"""Processes that perform a batch and are killed in the middle: each row is performed as its mode promises."""

import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from firsthand import Person
from firsthand.core import preflights
from firsthand.core.batches import GIVEN_UP
from firsthand.storage.journal import SqlJournal
from firsthand.work.worker import Worker

from .. import databases
from . import batching


@pytest.fixture
def journal(tmp_path: Path):
    journal, clock = SqlJournal(databases.url(tmp_path)), batching.desk.clock
    journal.people.add(Person("priya", "Priya", ("support",)), by="test")
    batching.desk.use(journal)
    yield journal
    journal.close()
    batching.desk.use(None, clock)


def confirmed(mode: str, rows: int, **limits: int):
    batch = batching.desk.draft_batch(f"touch.{mode}", range(rows), by="priya", reason="customer asked")
    return batching.desk.confirm_batch(batch.id, batch.digest, by="priya", **limits)


def process(journal: SqlJournal, effects: Path, **environment: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.work.batching", journal.url]
    return subprocess.Popen(command, env={**os.environ, "EFFECTS": str(effects), **environment})


@pytest.mark.parametrize("mode", ["once", "idempotent"])
def test_killed_in_the_middle_it_is_gone_on_with_and_each_row_is_performed_as_its_mode_promises(
    journal, tmp_path, mode
):
    effects = tmp_path / "effects"
    batch = confirmed(mode, 230)
    assert process(journal, effects, DIES_AT="117").wait() == -9
    assert process(journal, effects).wait() == 0
    lines = effects.read_text().splitlines()
    accounts = Counter(line.split()[0] for line in lines)
    assert set(accounts) == {str(n) for n in range(230)}
    batch = journal.batches.get(batch.id)
    counts = journal.batches.progress(batch, 0).counts
    assert batch.status == "ended"
    if mode == "once":
        assert set(accounts.values()) == {1}
        assert counts == {"succeeded": 229, "unknown": 1}
    else:
        assert counts == {"succeeded": 230}
        assert len(set(lines)) == 230, "a row that is performed again has the same key"


@pytest.mark.parametrize("dies_at", ["0", "700", "1000"])
def test_killed_while_its_rows_are_stored_nobody_sees_a_batch_and_it_is_removed(journal, tmp_path, dies_at):
    assert process(journal, tmp_path / "effects", GIVE_DIES_AT=dies_at).wait() == -9
    assert (journal.batches.newest(), journal.batches.unlooked("Labor")) == ([], [])
    rows = "SELECT (SELECT count(*) FROM batches), (SELECT count(*) FROM batch_rows)"
    assert journal.database.read(rows) == [(1, int(dies_at) // 500 * 500)]
    now = batching.desk.clock()
    batching.desk.use(journal, lambda: now + GIVEN_UP)
    with Worker(batching.desk):
        deadline = time.monotonic() + 20
        while journal.database.read(rows) != [(0, 0)] and time.monotonic() < deadline:
            time.sleep(0.02)
    assert journal.database.read(rows) == [(0, 0)]


@pytest.mark.parametrize("dies_at", ["0", "120", "229"])
def test_killed_while_its_rows_are_looked_at_the_preflight_goes_on_and_finds_the_same(
    journal, tmp_path, monkeypatch, dies_at
):
    monkeypatch.setattr(preflights, "HELD", 0)
    rows, said = range(230), {"by": "priya", "reason": "customer asked"}
    batch = batching.desk.draft_batch("touch.small", rows, background=True, **said)
    assert process(journal, tmp_path / "effects", LOOKS="yes", LOOK_DIES_AT=dies_at).wait() == -9
    assert journal.batches.get(batch.id).status == "preflight"
    journal.database.write(lambda connection: connection.execute("UPDATE batches SET next_at = 0").rowcount)
    with Worker(batching.desk):
        deadline = time.monotonic() + 20
        while journal.batches.get(batch.id).status == "preflight" and time.monotonic() < deadline:
            time.sleep(0.02)
    found, whole = journal.batches.get(batch.id), batching.desk.draft_batch("touch.small", rows, **said)
    assert (found.status, found.fit, found.digest) == ("drafted", 226, whole.digest)
    assert journal.history.last_run() == 0, "a preflight performs nothing"


@pytest.mark.parametrize("mode", ["once", "idempotent"])
def test_killed_over_and_over_no_row_is_lost_and_each_worker_leaves_one_unknown_at_most(journal, tmp_path, mode):
    effects, kills = tmp_path / "effects", [1, 30, 2, 70, 5]
    batch = confirmed(mode, 200)
    assert [process(journal, effects, DIES_AFTER=str(each)).wait() for each in kills] == [-9] * len(kills)
    assert process(journal, effects).wait() == 0
    lines = effects.read_text().splitlines()
    accounts, counts = Counter(line.split()[0] for line in lines), journal.batches.progress(batch, 0).counts
    assert (set(accounts), len(set(lines))) == ({str(n) for n in range(200)}, 200)
    if mode == "once":
        assert (set(accounts.values()), counts) == ({1}, {"succeeded": 200 - len(kills), "unknown": len(kills)})
    else:
        assert counts == {"succeeded": 200}


def test_killed_right_after_it_was_confirmed_every_row_is_performed_once(journal, tmp_path):
    effects = tmp_path / "effects"
    batch = confirmed("once", 40)
    assert journal.batches.take(batch, 25, batching.desk.clock(), begun=False)
    journal.close()  # its process is gone, with 25 rows made runs and none begun
    assert process(journal, effects).wait() == 0
    assert Counter(line.split()[0] for line in effects.read_text().splitlines()) == {str(n): 1 for n in range(40)}
    assert journal.batches.progress(batch, 0).counts == {"succeeded": 40}


def test_two_processes_share_a_batch_and_no_row_is_performed_twice(journal, tmp_path):
    effects = tmp_path / "effects"
    batch = confirmed("idempotent", 600)
    processes = [process(journal, effects, SECONDS="0.001") for _ in range(2)]
    assert [each.wait() for each in processes] == [0, 0]
    assert Counter(line.split()[0] for line in effects.read_text().splitlines()) == {str(n): 1 for n in range(600)}
    holders = journal.database.read("SELECT process, count(*) FROM runs GROUP BY process")
    assert len(holders) == 2
    assert journal.batches.progress(batch, 0).counts == {"succeeded": 600}


def test_a_worker_performs_confirmed_batches_and_leaves_paused_ones(journal, tmp_path, monkeypatch):
    monkeypatch.setenv("EFFECTS", str(tmp_path / "effects"))
    paused = confirmed("once", 5)
    batching.desk.pause_batch(paused.id, by="priya")
    batch = confirmed("once", 30)
    with Worker(batching.desk):
        ended = batching.desk.perform_batch(batch.id)
    assert ended.status == "ended"
    assert journal.batches.progress(ended, 0).counts == {"succeeded": 30}
    assert journal.batches.progress(paused, 0).counts == {}
