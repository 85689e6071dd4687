"""desk.run against a raw sqlite3 loop that writes the same rows with the same three durable commits a run.

    python benchmarks/pipeline.py [--rounds 9] [--seconds 1.0] [--threads 1 8]

Rounds are interleaved (raw, desk, raw, desk, ...), each on a fresh database in the same folder; what counts is the
ratio of the medians. The raw loop is the fastest that we know to write: prepared statements, one connection a thread,
SQLite's own busy timeout between them, no checks, no people, no parsing.
"""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from firsthand import Desk, Person
from firsthand.storage import schema
from firsthand.storage.journal import INSERT_EVENT, SqlJournal
from firsthand.storage.sqlite import Sqlite

INSERT = """INSERT INTO runs (at, status, process, action, actor, surface, environment, desk, reason)
    VALUES (?, 'recorded', 1, ?, ?, 'python', 'benchmark', 'Benchmark', ?)"""
PERFORM = """UPDATE runs SET status = 'performing', performing_at = ?, digest = ?, inputs = ?
    WHERE id = ? AND status = 'recorded'"""
FINISH = "UPDATE runs SET status = 'succeeded', ended_at = ?, value = ? WHERE id = ? AND status = 'performing'"

Once = Callable[[], None]


def make_desk() -> Desk:
    """A desk with one action that does nothing."""
    desk = Desk("Benchmark", environment="benchmark", why=["customer asked"])

    @desk.action("account.note", who="support")
    def note(account: int, text: str = "called") -> str:
        """Note something about an account."""
        return text

    return desk


def raw(path: Path) -> Callable[[], Once]:
    """Return what makes a raw loop's body for a thread."""
    schema.set_up(Sqlite(f"sqlite:///{path}"))

    def body() -> Once:
        connection = sqlite3.connect(path, isolation_level=None, timeout=30)
        connection.execute("PRAGMA synchronous=FULL")

        def once() -> None:
            at = time.time_ns() // 1000
            execute = connection.execute
            execute("BEGIN IMMEDIATE")
            run = execute(INSERT, (at, "account.note", "priya", "customer asked")).lastrowid
            data = '{"action":"account.note","actor":"priya","desk":"Benchmark","environment":"benchmark",'
            data += '"reason":"customer asked","surface":"python"}'
            execute(INSERT_EVENT, (run, at, "recorded", "priya", data))
            execute("COMMIT")
            execute("BEGIN IMMEDIATE")
            inputs = '{"account":42,"text":"called"}'
            execute(PERFORM, (at, "0123456789abcdef", inputs, run))
            data = '{"digest":"0123456789abcdef","inputs":' + inputs + "}"
            execute(INSERT_EVENT, (run, at, "performing", "priya", data))
            execute("COMMIT")
            execute("BEGIN IMMEDIATE")
            execute(FINISH, (at, '"called"', run))
            execute(INSERT_EVENT, (run, at, "succeeded", "priya", '{"value":"called"}'))
            execute("COMMIT")

        return once

    return body


def ours(path: Path) -> Callable[[], Once]:
    """Return what makes the desk's loop body for a thread."""
    desk, journal = make_desk(), SqlJournal(f"sqlite:///{path}")
    journal.people.add(Person("priya", "Priya", ("support",)), by="benchmark")
    desk.use(journal)
    desk.start()

    def once() -> None:
        desk.run("account.note", {"account": 42}, by="priya", reason="customer asked").raise_for_outcome()

    return lambda: once


def measure(make: Callable[[Path], Callable[[], Once]], threads: int, seconds: float) -> tuple[float, list[float]]:
    """Return runs a second and every run's time in seconds."""
    with tempfile.TemporaryDirectory(prefix="firsthand-benchmark-") as folder:
        body = make(Path(folder) / "journal.db")
        times: list[list[float]] = [[] for _ in range(threads)]
        ready = threading.Barrier(threads + 1)

        def work(own: list[float]) -> None:
            once = body()
            ready.wait()
            end = time.perf_counter() + seconds
            while (start := time.perf_counter()) < end:
                once()
                own.append(time.perf_counter() - start)

        workers = [threading.Thread(target=work, args=(own,)) for own in times]
        for worker in workers:
            worker.start()
        ready.wait()
        begun = time.perf_counter()
        for worker in workers:
            worker.join()
        passed = time.perf_counter() - begun
    together = sorted(each for own in times for each in own)
    return len(together) / passed, together


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 8])
    given = parser.parse_args()
    print(f"SQLite {sqlite3.sqlite_version}, synchronous=FULL, {given.rounds} interleaved rounds of {given.seconds} s")
    print("| threads | raw, runs/s | desk.run, runs/s | ratio of medians | p50 ms | p99 ms | raw p99 ms |")
    print("|---|---|---|---|---|---|---|")
    for threads in given.threads:
        rates: dict[str, list[float]] = {"raw": [], "ours": []}
        times: dict[str, list[float]] = {"raw": [], "ours": []}
        for _ in range(given.rounds):
            for name, make in (("raw", raw), ("ours", ours)):
                rate, each = measure(make, threads, given.seconds)
                rates[name].append(rate)
                times[name].extend(each)
        low, high = statistics.median(rates["raw"]), statistics.median(rates["ours"])
        cells = [statistics.quantiles(times[name], n=100) for name in ("ours", "raw")]
        print(
            f"| {threads} | {low:.0f} ({min(rates['raw']):.0f}-{max(rates['raw']):.0f}) | {high:.0f} "
            f"({min(rates['ours']):.0f}-{max(rates['ours']):.0f}) | {high / low:.2f} | {cells[0][49] * 1000:.2f} "
            f"| {cells[0][98] * 1000:.1f} | {cells[1][98] * 1000:.1f} |"
        )


if __name__ == "__main__":
    main()
