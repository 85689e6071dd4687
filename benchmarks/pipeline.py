"""desk.run against a raw loop that writes the same rows with the same three durable commits a run.

    python benchmarks/pipeline.py [--rounds 9] [--seconds 1.0] [--threads 1 8]
    python benchmarks/pipeline.py --postgresql postgresql://user@host/postgres [--threads 1 8 32]

Rounds are interleaved (raw, desk, raw, desk, ...), each on a fresh database of the same disk; what counts is the ratio
of the medians. The raw loops are what somebody writes who cares: prepared statements, one connection a thread, no
checks, no people, no parsing; on SQLite its own busy timeout between them, on PostgreSQL one statement a commit, by
the driver's cursors (by libpq, as ours are sent, it takes half the CPU). The first run of each thread is not counted.
The user of the URL makes and drops databases; the server's settings are its own, and must be durable.
"""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

from firsthand import Desk, Person
from firsthand.storage import schema
from firsthand.storage.journal import SqlJournal
from firsthand.storage.recording import INSERT_EVENT
from firsthand.storage.sqlite import Sqlite

INSERT = """INSERT INTO runs (at, status, process, action, actor, surface, environment, desk, reason)
    VALUES (?, 'recorded', 1, ?, ?, 'python', 'benchmark', 'Benchmark', ?)"""
PERFORM = """UPDATE runs SET status = 'performing', performing_at = ?, digest = ?, inputs = ?
    WHERE id = ? AND status = 'recorded'"""
FINISH = "UPDATE runs SET status = 'succeeded', ended_at = ?, value = ? WHERE id = ? AND status = 'performing'"

RECORD = """WITH made AS (
        INSERT INTO firsthand.runs (at, status, process, action, actor, surface, environment, desk, reason)
        VALUES (%s, 'recorded', 1, %s, %s, 'python', 'benchmark', 'Benchmark', %s) RETURNING id),
    told AS (INSERT INTO firsthand.events (run, at, kind, actor, data) SELECT id, %s, 'recorded', %s, %s FROM made)
    SELECT id FROM made"""
CHANGE = """WITH changed AS (UPDATE firsthand.runs SET {columns} WHERE id = %s AND status = '{expected}' RETURNING id)
    INSERT INTO firsthand.events (run, at, kind, actor, data) SELECT id, %s, '{kind}', %s, %s FROM changed"""
BEGIN = CHANGE.format(
    columns="status = 'performing', performing_at = %s, digest = %s, inputs = %s",
    expected="recorded",
    kind="performing",
)
END = CHANGE.format(columns="status = 'succeeded', ended_at = %s, value = %s", expected="performing", kind="succeeded")

RECORDED = """{"action":"account.note","actor":"priya","desk":"Benchmark","environment":"benchmark",\
"reason":"customer asked","surface":"python"}"""
INPUTS = '{"account":42,"text":"called"}'
PERFORMING = f'{{"digest":"0123456789abcdef","inputs":{INPUTS}}}'
SUCCEEDED = '{"value":"called"}'

Once = Callable[[], None]
Make = Callable[[str], Callable[[], Once]]


def make_desk() -> Desk:
    """A desk with one action that does nothing."""
    desk = Desk("Benchmark", environment="benchmark", why=["customer asked"])

    @desk.action("account.note", who="support")
    def note(account: int, text: str = "called") -> str:
        """Note something about an account."""
        return text

    return desk


def raw_sqlite(url: str) -> Callable[[], Once]:
    """Return what makes a raw loop's body for a thread."""
    schema.set_up(Sqlite(url))

    def body() -> Once:
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None, timeout=30)
        connection.execute("PRAGMA synchronous=FULL")

        def once() -> None:
            at = time.time_ns() // 1000
            execute = connection.execute
            execute("BEGIN IMMEDIATE")
            run = execute(INSERT, (at, "account.note", "priya", "customer asked")).lastrowid
            execute(INSERT_EVENT, (run, at, "recorded", "priya", RECORDED))
            execute("COMMIT")
            execute("BEGIN IMMEDIATE")
            execute(PERFORM, (at, "0123456789abcdef", INPUTS, run))
            execute(INSERT_EVENT, (run, at, "performing", "priya", PERFORMING))
            execute("COMMIT")
            execute("BEGIN IMMEDIATE")
            execute(FINISH, (at, '"called"', run))
            execute(INSERT_EVENT, (run, at, "succeeded", "priya", SUCCEEDED))
            execute("COMMIT")

        return once

    return body


def raw_postgresql(url: str) -> Callable[[], Once]:
    """Return what makes a raw loop's body for a thread."""
    import psycopg

    SqlJournal(url).enter()

    def body() -> Once:
        connection = psycopg.connect(url, autocommit=True)

        def once() -> None:
            at, execute = time.time_ns() // 1000, connection.execute
            given = (at, "account.note", "priya", "customer asked", at, "priya", RECORDED)
            (run,) = execute(RECORD, given, prepare=True).fetchone() or (0,)
            execute(BEGIN, (at, "0123456789abcdef", INPUTS, run, at, "priya", PERFORMING), prepare=True)
            execute(END, (at, '"called"', run, at, "priya", SUCCEEDED), prepare=True)

        return once

    return body


def ours(url: str) -> Callable[[], Once]:
    """Return what makes the desk's loop body for a thread."""
    desk, journal = make_desk(), SqlJournal(url)
    journal.people.add(Person("priya", "Priya", ("support",)), by="benchmark")
    desk.use(journal)
    desk.start()

    def once() -> None:
        desk.run("account.note", {"account": 42}, by="priya", reason="customer asked").raise_for_outcome()

    return lambda: once


@contextmanager
def fresh(server: str | None) -> Iterator[str]:
    """Make a new database, and remove it afterwards."""
    if server is None:
        with tempfile.TemporaryDirectory(prefix="firsthand-benchmark-") as folder:
            yield f"sqlite:///{folder}/journal.db"
        return
    import psycopg

    name = f"firsthand_benchmark_{time.time_ns()}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def measure(make: Make, server: str | None, threads: int, seconds: float) -> tuple[float, list[float]]:
    """Return runs a second and every run's time in seconds."""
    with fresh(server) as url:
        body = make(url)
        times: list[list[float]] = [[] for _ in range(threads)]
        ready = threading.Barrier(threads + 1)

        def work(own: list[float]) -> None:
            once = body()
            once()  # each has its connection, and has sent its statements once, before the clock starts
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
    parser.add_argument("--threads", type=int, nargs="*")
    parser.add_argument("--postgresql", metavar="URL", help="A server whose user may make databases.")
    given = parser.parse_args()
    server, name = given.postgresql, "PostgreSQL" if given.postgresql else f"SQLite {sqlite3.sqlite_version}, FULL"
    print(f"{name}, {given.rounds} interleaved rounds of {given.seconds} s")
    print("| threads | raw, runs/s | desk.run, runs/s | ratio of medians | p50 ms | p99 ms | raw p99 ms |")
    print("|---|---|---|---|---|---|---|")
    for threads in given.threads or ([1, 8, 32] if server else [1, 8]):
        rates: dict[str, list[float]] = {"raw": [], "ours": []}
        times: dict[str, list[float]] = {"raw": [], "ours": []}
        for _ in range(given.rounds):
            for name, make in (("raw", raw_postgresql if server else raw_sqlite), ("ours", ours)):
                rate, each = measure(make, server, threads, given.seconds)
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
