"""Taking in past support work: rows a second, and peak memory at 20,000 and 1,000,000 rows.

    python benchmarks/importing.py LOG.csv [--large]

The log is the help desk log (columns Resource, Activity, customer, Complete Timestamp); --large writes it 47 times over
with other case ids into a file of a million rows, and takes that in too.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from firsthand.storage.imports import Mapping, import_log
from firsthand.storage.journal import SqlJournal

MAPPING = Mapping(actor="Resource", action="Activity", subject="customer:customer", at="Complete Timestamp")


def grow(log: Path, target: Path, rows: int) -> None:
    """Write so many rows: the log over and over, with other case ids."""
    with log.open(newline="") as source, target.open("w", newline="") as sink:
        header, *every = csv.reader(source)
        writer = csv.writer(sink)
        writer.writerow(header)
        for number, row in zip(range(rows), itertools.cycle(every), strict=False):
            writer.writerow([f"{row[0]}/{number // len(every)}", *row[1:]])


def take(log: Path, journal: Path) -> None:
    """Take in a log in this process, and print what it took."""
    start = time.perf_counter()
    taken = import_log(SqlJournal(f"sqlite:///{journal}"), log, MAPPING, by="benchmark")
    seconds = time.perf_counter() - start
    rows = taken.taken + taken.there
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"| {log.stem} | {taken.taken:,} | {taken.there:,} | {rows / seconds:,.0f} | {peak:.1f} |", flush=True)


def main() -> None:
    """Measure each import in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("log", type=Path)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--take", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.take:
        take(given.log, given.take)
        return
    print("| log | taken | there already | rows/s | peak MiB |\n|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory(prefix="firsthand-benchmark-") as folder:
        logs = [(given.log, 2)]
        for rows in (20_000, 1_000_000) if given.large else (20_000,):
            logs.append((Path(folder) / f"{rows}.csv", 1))
            grow(given.log, logs[-1][0], rows)
        for number, (log, times) in enumerate(logs):
            for _ in range(times):
                command = [sys.executable, __file__, str(log), "--take", str(Path(folder) / f"{number}.db")]
                subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
