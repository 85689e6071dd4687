"""How long anybody waits: two processes with eight threads each, two terminals and a reader, on one journal.

python benchmarks/contention.py [--seconds 5]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from pipeline import make_desk

from firsthand import Person
from firsthand.storage.history import Filter
from firsthand.storage.journal import SqlJournal


def work(url: str, seconds: float) -> None:
    """Run the desk in eight threads, and print how long each commit of theirs took, in seconds."""
    desk, journal = make_desk(), SqlJournal(url)
    desk.use(journal)
    desk.start()
    waits: list[float] = []
    write = journal.database.write

    def timed(work):  # type: ignore[no-untyped-def]
        start = time.perf_counter()
        try:
            return write(work)
        finally:
            waits.append(time.perf_counter() - start)

    journal.database.write = timed  # type: ignore[method-assign]
    end = time.perf_counter() + seconds

    def loop() -> None:
        while time.perf_counter() < end:
            desk.run("account.note", {"account": 42}, by="priya", reason="customer asked").raise_for_outcome()

    threads = [threading.Thread(target=loop) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps(waits))


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--work", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work:
        work(given.work, given.seconds)
        return
    with tempfile.TemporaryDirectory(prefix="firsthand-benchmark-") as folder:
        url = f"sqlite:///{Path(folder) / 'journal.db'}"
        journal = SqlJournal(url)
        journal.people.add(Person("priya", "Priya", ("support",)), by="benchmark")
        command = [sys.executable, __file__, "--seconds", str(given.seconds), "--work", url]
        workers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
        terminals, reads, number = [], [], 0
        end = time.perf_counter() + given.seconds
        while time.perf_counter() < end:
            start = time.perf_counter()
            journal.history.feed(Filter(), 50)
            reads.append(time.perf_counter() - start)
            if number % 40 == 0:
                terminals.append(terminal(url, number))
            number += 1
            time.sleep(0.02)
        waits = [each for worker in workers for each in json.loads(worker.communicate()[0])]
    print("| who | how many | median ms | p99 ms | longest ms |\n|---|---|---|---|---|")
    for name, times in (("commits of two processes of 8 threads", waits), ("reads of the feed", reads),
                        ("whole terminal commands that write", terminals)):  # fmt: skip
        ordered = sorted(times)
        p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
        print(f"| {name} | {len(times):,} | {statistics.median(times) * 1000:.1f} | {p99 * 1000:.1f} "
              f"| {ordered[-1] * 1000:.1f} |")  # fmt: skip


def terminal(url: str, number: int) -> float:
    """Add a person from a terminal, and return how long the whole command took, in seconds."""
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "firsthand", "people", "add", f"person{number}"],
        env={**os.environ, "FIRSTHAND_DATABASE": url}, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
