"""The figures: runs folded a second, bytes a run, and milliseconds a dashboard takes, whole, a month, an action.

    python benchmarks/figures.py LOG.csv [--large]

The log is the help desk log, as in importing.py; --large grows it to a million rows with its own 397 customers, and to
a million rows of which nearly half have a customer of their own, who requested it, too.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

from firsthand.followers.tally import Tally
from firsthand.insights.dashboard import dashboard
from firsthand.insights.scope import Scope
from firsthand.storage.imports import Mapping, import_log
from firsthand.storage.journal import SqlJournal

MAPPING = Mapping(actor="Resource", action="Activity", subject="customer:customer", at="Complete Timestamp")
SCOPES = {
    "whole": Scope(),
    "a month": Scope(date(2012, 5, 1), date(2012, 5, 31)),
    "30 days across two": Scope(date(2012, 5, 11), date(2012, 6, 9)),
    "seven months": Scope(date(2011, 5, 11), date(2011, 12, 9)),
    "an action": Scope(action="Take in charge ticket"),
    "an action's 30 days": Scope(date(2012, 5, 11), date(2012, 6, 9), action="Take in charge ticket"),
}


def grow(log: Path, target: Path, rows: int, customers: int) -> None:
    """Write so many rows, the log over and over; each customer becomes so many."""
    with log.open(newline="") as source, target.open("w", newline="") as sink:
        header, *every = csv.reader(source)
        at = header.index("customer")
        writer = csv.writer(sink)
        writer.writerow(header)
        for number, row in zip(range(rows), itertools.cycle(every), strict=False):
            customer = row[at] if customers == 1 else f"{row[at]}/{number % customers}"
            writer.writerow([f"{row[0]}/{number}", *row[1:at], customer, *row[at + 1 :]])


def best(work: Callable[[], object], times: int = 5) -> float:
    """Return the shortest of some times, in milliseconds."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found) * 1_000


def measure(log: Path, path: Path, mapping: Mapping) -> None:
    """Take in a log, fold it, ask it everything, and print what that took."""
    journal = SqlJournal(f"sqlite:///{path}")
    import_log(journal, log, mapping, by="benchmark")
    ((runs,),) = journal.database.read("SELECT count(*) FROM runs")
    journal.close()
    before, start = path.stat().st_size, time.perf_counter()
    while not Tally(journal).advance(60):
        pass
    folded = time.perf_counter() - start
    journal.close()
    size = (path.stat().st_size - before) / runs
    times = [best(lambda scope=scope: dashboard(journal, scope)) for scope in SCOPES.values()]  # type: ignore[misc]
    cells = [log.stem, f"{runs:,}", f"{runs / folded:,.0f}", f"{size:,.0f}", *(f"{each:.0f}" for each in times)]
    print(f"| {' | '.join(cells)} |", flush=True)
    journal.close()


def main() -> None:
    """Measure the log as it is, and grown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("log", type=Path)
    parser.add_argument("--large", action="store_true")
    given = parser.parse_args()
    heads = ["log", "runs", "folded/s", "bytes/run", *(f"{name} ms" for name in SCOPES)]
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}", flush=True)
    with tempfile.TemporaryDirectory(prefix="firsthand-benchmark-") as folder:
        measure(given.log, Path(folder) / "log.db", MAPPING)
        for name, customers in (("grown", 1), ("many customers", 1_000)) if given.large else ():
            log = Path(folder) / f"{name}.csv"
            grow(given.log, log, 1_000_000, customers)
            mapping = MAPPING if customers == 1 else replace(MAPPING, requested_by="customer")
            measure(log, Path(folder) / f"{name}.db", mapping)


if __name__ == "__main__":
    sys.exit(main())
