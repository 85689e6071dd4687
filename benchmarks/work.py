"""Runs a second of one worker process and of two: where an effect takes 10 ms, and where it takes nothing.

    python benchmarks/work.py [--rounds 5] [--runs 400] [--threads 1]
    python benchmarks/work.py --postgresql postgresql://user@host/postgres [--only "threads, 10 ms"]

Each round makes a new journal, starts the workers as processes of their own, queues runs that are all due at one later
moment, and looks into the journal for how long it took from the first run's performing to the last one's end. On
PostgreSQL the engine procrastinate takes turns with threads, and with procrastinate's own job, which does nothing.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from pipeline import fresh

from firsthand import Desk, Person
from firsthand.storage.journal import SqlJournal
from firsthand.work.choosing import engine_of
from firsthand.work.worker import Worker

SOON = 2.5
"""Seconds after which all runs are due, once they are queued: more than a worker's pause between two looks."""

DONE = "SELECT count(*), (max(ended_at) - min(performing_at)) / 1e6 FROM runs WHERE status = 'succeeded'"
JOBS = """SELECT count(*) FILTER (WHERE type = 'succeeded'),
    extract(epoch FROM max(at) - min(at) FILTER (WHERE type = 'started')) FROM procrastinate_events"""

RING = """SELECT pg_notify('procrastinate_queue_v1#firsthand', '{"type": "job_inserted", "job_id": 1}')"""

desk = Desk("Work", why=["customer asked"])
Rates = dict[int, list[float]]
Measure = Callable[[int], float]


@desk.action("account.touch", who="support", background=True)
def touch(account: int, seconds: float) -> int:
    """Have an effect that takes so many seconds."""
    if seconds:
        time.sleep(seconds)
    return account


def work(url: str, threads: int, engine: str) -> None:
    """Be a worker until told to stop."""
    told = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: told.set())
    if engine == "own":
        take(url)
        return
    desk.engine = engine_of(engine, url)
    desk.use(SqlJournal(url))
    with Worker(desk, threads):
        print("ready", flush=True)
        told.wait()


def own_app(url: str) -> tuple[object, object]:
    """Return an app of procrastinate's, and its job that does nothing."""
    from procrastinate import App, PsycopgConnector

    app = App(connector=PsycopgConnector(conninfo=url))

    @app.task(name="nothing")
    async def nothing(account: int) -> None:
        """Do nothing."""

    return app, nothing


def take(url: str) -> None:
    """Be a worker of procrastinate's, one job at a time, until told to stop."""
    app, _ = own_app(url)
    print("ready", flush=True)
    app.run_worker(concurrency=1)  # type: ignore[attr-defined]


@contextmanager
def hired(url: str, workers: int, threads: int, engine: str) -> Iterator[None]:
    """Have workers that have begun; in the end they are told to stop."""
    command = [sys.executable, __file__, "--worker", url, "--threads", str(threads), "--engine", engine]
    found = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(workers)]
    try:
        for each in found:
            assert each.stdout
            assert each.stdout.readline() == "ready\n"
        yield
    finally:
        for each in found:
            each.terminate()
        for each in found:
            each.wait()


def with_tables(url: str) -> None:
    """Give a database procrastinate's tables."""
    from procrastinate import App, SyncPsycopgConnector

    with App(connector=SyncPsycopgConnector(conninfo=url)).open() as app:
        app.schema_manager.apply_schema()


def ours(server: str | None, runs: int, threads: int, engine: str, seconds: float, workers: int) -> float:
    """Return how many runs a second so many workers perform."""
    with fresh(server) as url:
        journal = SqlJournal(url)
        journal.people.add(Person("priya", "Priya", ("support",)), by="benchmark")
        if engine == "procrastinate":
            with_tables(url)
        desk.engine = engine_of(engine, url)
        desk.use(journal)
        with hired(url, workers, threads, engine):
            for account in range(runs):
                inputs = {"account": account, "seconds": seconds}
                desk.run("account.touch", inputs, by="priya", reason="customer asked", at="+24h")
            make_due(journal, url, engine)
            while (row := journal.database.read(DONE)[0])[0] < runs:
                time.sleep(0.2)
        journal.close()
        if engine == "procrastinate":
            desk.engine.close()  # type: ignore[attr-defined]
        return runs / float(row[1])


def make_due(journal: SqlJournal, url: str, engine: str) -> None:
    """Have all runs, and their jobs, be due at one moment."""
    at = time.time() + SOON
    journal.database.write(lambda connection: connection.execute("UPDATE runs SET due = ?", (int(at * 1e6),)).rowcount)
    if engine == "procrastinate":
        import psycopg

        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("UPDATE procrastinate_jobs SET scheduled_at = now()")
            time.sleep(max(0.0, at - time.time()))
            connection.execute(RING)


def theirs(server: str, runs: int, workers: int) -> float:
    """Return how many empty jobs a second so many workers of procrastinate's take."""
    import psycopg
    from procrastinate import App, SyncPsycopgConnector

    with fresh(server) as url:
        with_tables(url)
        with hired(url, workers, 1, "own"):
            time.sleep(1)
            with App(connector=SyncPsycopgConnector(conninfo=url)).open() as app:
                app.configure_task("nothing").batch_defer(*({"account": account} for account in range(runs)))
            with psycopg.connect(url, autocommit=True) as connection:
                while (row := connection.execute(JOBS).fetchone() or (0, 0))[0] < runs:
                    time.sleep(0.2)
        return runs / float(row[1])


def variants(server: str | None, runs: int, threads: int) -> dict[str, Measure]:
    """Return what takes turns, by its name."""
    engines = ["threads", "procrastinate"] if server else ["threads"]
    found: dict[str, Measure] = {}
    for engine in engines:
        for seconds, name in ((0.010, "10 ms"), (0.0, "nothing")):
            found[f"{engine}, {name}"] = partial(ours, server, runs, threads, engine, seconds)
    if server:
        found["procrastinate's own job, nothing"] = partial(theirs, server, runs)
    return found


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--postgresql", metavar="URL", help="A server whose user may make databases.")
    parser.add_argument("--only", help="Part of the name of what is measured.", default="")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--engine", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        work(given.worker, given.threads, given.engine)
        return
    chosen = variants(given.postgresql, given.runs, given.threads)
    rates: dict[str, Rates] = {name: {1: [], 2: []} for name in chosen if given.only in name}
    for number in range(given.rounds):
        for name, found in rates.items():
            for workers, each in found.items():
                each.append(chosen[name](workers))
        print(f"round {number + 1}: load {os.getloadavg()[0]:.1f}", file=sys.stderr)
    print("| engine, effect | one worker, runs/s | two workers, runs/s | ratio |\n|---|---|---|---|")
    for name, found in rates.items():
        one, two = (statistics.median(each) for each in found.values())
        print(f"| {name} | {one:.0f} | {two:.0f} | {two / one:.2f} |", flush=True)


if __name__ == "__main__":
    main()
