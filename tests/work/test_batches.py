"""Processes that perform a batch and are killed in the middle: each row is performed as its mode promises."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from firsthand import Person
from firsthand.storage.journal import SqlJournal
from firsthand.work.worker import Worker

from . import batching


@pytest.fixture
def journal(tmp_path: Path):
    journal = SqlJournal(f"sqlite:///{tmp_path / 'journal.db'}?synchronous=off")
    journal.people.add(Person("priya", "Priya", ("support",)), by="test")
    batching.desk.use(journal)
    yield journal
    journal.close()
    batching.desk.use(None)


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
