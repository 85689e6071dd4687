"""A batch against the same runs one by one: python benchmarks/batches.py [--rows N] [--rounds N] [--database URL]

Each round runs some of the same action one by one, then a batch of many rows in each mode, on the same journal. What is
counted of a batch is what comes after its confirmation: its rows becoming runs, each run through the whole pipeline.

With --memory a CSV file of so many rows goes the whole way instead, and what the process's memory grows to at each
step is told: read and stored, looked at, confirmed, its first thousand rows performed, all results written as CSV.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from firsthand import Desk, Person
from firsthand.storage.journal import SqlJournal
from firsthand.surfaces.batch_words import results
from firsthand.surfaces.sheets import csv_text
from firsthand.work.batches import advance

desk = Desk("Many", why=["customer asked"])


@desk.action("touch.once", who="support")
def touch(account: int) -> str:
    return "touched"


@desk.action("touch.idempotent", who="support", mode="idempotent")
def touch_again(account: int) -> str:
    return "touched"


def one_by_one(count: int) -> float:
    """Return the runs a second of a loop over desk.run."""
    began = time.perf_counter()
    for n in range(count):
        desk.run("touch.idempotent", {"account": n}, by="priya", reason="customer asked")
    return count / (time.perf_counter() - began)


def batch(name: str, rows: int) -> tuple[float, float]:
    """Return the rows a second of a preflight, and of performing what it found."""
    began = time.perf_counter()
    drafted = desk.draft_batch(name, range(rows), by="priya", reason="customer asked")
    looked = time.perf_counter()
    desk.confirm_batch(drafted.id, drafted.digest, by="priya")
    ended = desk.perform_batch(drafted.id)
    done = time.perf_counter()
    assert ended.status == "ended", ended
    assert desk.journal.batches.progress(ended, 0).counts == {"succeeded": rows}
    return rows / (looked - began), rows / (done - looked)


def compared(rows: int, rounds: int) -> None:
    """Print the rates of runs one by one and of batches, and their ratios."""
    desk.run("touch.once", {"account": 1}, by="priya", reason="customer asked")
    rates: dict[str, list[float]] = defaultdict(list)
    for _ in range(rounds):
        rates["one by one"].append(one_by_one(rows // 10))
        for name in ("touch.idempotent", "touch.once"):
            preflight, performed = batch(name, rows)
            rates["preflight"].append(preflight)
            rates[name].append(performed)
    alone = median(rates["one by one"])
    for name, each in rates.items():
        print(f"{name:20} {median(each):8.0f} rows/s ({min(each):.0f}-{max(each):.0f})  {median(each) / alone:5.2f}")


@contextmanager
def measured(step: str) -> Iterator[None]:
    """Print how long a step takes, and the most memory that the process has had until then."""
    began = time.perf_counter()
    yield
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{step:28} {time.perf_counter() - began:7.1f} s  {most:7.1f} MiB at most so far", flush=True)


def remembered(folder: Path, rows: int) -> None:
    """Take a large CSV file the whole way, and print time and memory of each step."""
    file = folder / "large.csv"
    with file.open("w") as written:
        written.write("account,notes\n")
        written.writelines(f"{n},customer {n} asked for it by letter\n" for n in range(rows))
    with measured("started"):
        desk.run("touch.once", {"account": 1}, by="priya", reason="customer asked")
    with measured("read and stored"), file.open("rb") as csv:
        said = {"by": "priya", "reason": "customer asked", "source": file.name}
        batch = desk.draft_batch("touch.idempotent", csv=csv, background=True, **said)
    with measured("looked at"):
        batch = desk.batches.look(batch.id) or batch
    assert (batch.total, batch.fit) == (rows, rows), batch
    with measured("confirmed"):
        desk.confirm_batch(batch.id, batch.digest, by="priya")
    with measured("first thousand performed"):
        while desk.batches.progress(batch.id).done < 1000:
            advance(desk.pipeline, desk.journal, batch.id, 0.0)
        batch = desk.pause_batch(batch.id, by="priya")
    with measured("results as CSV"), open(os.devnull, "w") as out:
        for row in results(desk.batches, batch, ["account"]):
            out.write(csv_text((), [row]))


def main() -> None:
    reads = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[2])
    reads.add_argument("--rows", type=int, default=10_000)
    reads.add_argument("--rounds", type=int, default=7)
    reads.add_argument("--database", help="a URL; else SQLite, in a folder here")
    reads.add_argument("--memory", action="store_true", help="tell the memory of one large batch instead")
    given = reads.parse_args()
    with tempfile.TemporaryDirectory(dir=".") as name:
        folder = Path(name).resolve()
        desk.use(SqlJournal(given.database or f"sqlite:///{folder / 'journal.db'}"))
        if desk.journal.person("priya") is None:
            desk.journal.people.add(Person("priya", "Priya", ("support",)), by="benchmark")
        remembered(folder, given.rows) if given.memory else compared(given.rows, given.rounds)


if __name__ == "__main__":
    main()
