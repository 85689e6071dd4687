"""Runs a second of one worker and of two, where an effect takes 10 ms: python work.py [--rounds 5] [--runs 400].

Each round queues the runs in a new journal, starts the workers as processes of their own, and looks into the journal
for how long it took from the first run's performing to the last one's end. One worker and two take turns.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from firsthand import Desk, Person
from firsthand.storage.journal import SqlJournal
from firsthand.work.worker import Worker

EFFECT = 0.010
desk = Desk("Work", why=["customer asked"])


@desk.action("account.touch", who="support", background=True)
def touch(account: int) -> int:
    """Have an effect that takes 10 ms."""
    time.sleep(EFFECT)
    return account


def work(url: str, threads: int) -> None:
    """Be a worker until told to stop."""
    desk.use(SqlJournal(url))
    told = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: told.set())
    with Worker(desk, threads):
        told.wait()


def measured(folder: Path, workers: int, threads: int, runs: int) -> float:
    """Return how many runs a second so many workers perform."""
    url = f"sqlite:///{folder / f'{time.time_ns()}.db'}"
    journal = SqlJournal(url)
    journal.people.add(Person("priya", "Priya", ("support",)), by="benchmark")
    desk.use(journal)
    began = time.time() + 1.5 + runs * 0.002
    due = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(began))}+00:00"
    for account in range(runs):
        desk.run("account.touch", {"account": account}, by="priya", reason="customer asked", at=due)
    command = [sys.executable, __file__, "--worker", url, "--threads", str(threads)]
    hired = [subprocess.Popen(command) for _ in range(workers)]
    done = "SELECT count(*), (max(ended_at) - min(performing_at)) / 1e6 FROM runs WHERE status = 'succeeded'"
    while (row := journal.database.read(done)[0])[0] < runs:
        time.sleep(0.1)
    for each in hired:
        each.terminate()
    for each in hired:
        each.wait()
    journal.close()
    return runs / row[1]


def main() -> None:
    """Measure, and print the table's lines."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--worker")
    given = parser.parse_args()
    if given.worker:
        work(given.worker, given.threads)
        return
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        for threads in [given.threads] if given.threads else [1, 2, 4]:
            rates: dict[int, list[float]] = {1: [], 2: []}
            for _ in range(given.rounds):
                for workers, found in rates.items():
                    found.append(measured(Path(folder), workers, threads, given.runs))
            one, two = (statistics.median(found) for found in rates.values())
            print(f"| {threads} | {one:.0f} | {two:.0f} | {two / one:.2f} |", flush=True)


if __name__ == "__main__":
    main()
