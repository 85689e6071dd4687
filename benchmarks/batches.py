"""A batch against the same runs one by one: python benchmarks/batches.py [rows] [rounds] [database URL]

Each round runs some of the same action one by one, then a batch of many rows in each mode, on the same journal. What is
counted of a batch is what comes after its confirmation: its rows becoming runs, each run through the whole pipeline.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from statistics import median

from firsthand import Desk, Person
from firsthand.storage.journal import SqlJournal

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


def main(rows: int, rounds: int, url: str) -> None:
    desk.use(SqlJournal(url))
    desk.journal.people.add(Person("priya", "Priya", ("support",)), by="benchmark")
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


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=".") as folder:
        given = sys.argv[1:]
        main(
            int(given[0]) if given else 10_000,
            int(given[1]) if given[1:] else 7,
            given[2] if given[2:] else f"sqlite:///{Path(folder).resolve() / 'journal.db'}",
        )
