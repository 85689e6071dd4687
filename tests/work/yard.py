"""A journal, and workers as real processes of their own that perform what waits in it."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from firsthand import Person
from firsthand.storage.journal import SqlJournal

from .. import databases
from . import laboring


class Yard:
    """A journal, its workers, and what they did."""

    def __init__(self, folder: Path) -> None:
        self.url = databases.url(folder)
        self.effects = folder / "effects"
        self.journal = SqlJournal(self.url)
        self.journal.people.add(Person("priya", "Priya", ("support",)), by="test")
        self.workers: list[subprocess.Popen[str]] = []
        laboring.desk.use(self.journal)

    def wants(self, number: int, **inputs: object) -> list[int]:
        """Put runs into the queue."""
        said = {"by": "priya", "reason": "customer asked"}
        return [laboring.desk.run("account.touch", inputs, **said).id for _ in range(number)]

    def hire(self, threads: int = 2, runs: int = 0) -> subprocess.Popen[str]:
        """Start a worker."""
        command = [sys.executable, "-m", "tests.work.laboring", self.url, str(threads), str(runs)]
        environment = {**os.environ, "EFFECTS": str(self.effects)}
        process = subprocess.Popen(
            command, cwd=Path(__file__).parents[2], env=environment, stdout=subprocess.PIPE, text=True
        )
        self.workers.append(process)
        assert process.stdout
        assert process.stdout.readline() == "began\n"
        return process

    def close(self) -> None:
        """Kill what workers there are, and close the journal."""
        for worker in self.workers:
            worker.kill()
            worker.communicate()
        self.journal.close()
        laboring.desk.use(None)

    def done(self) -> list[int]:
        """Return the runs that had an effect, in the order of their effects."""
        return [int(line) for line in self.effects.read_text().split()] if self.effects.exists() else []

    def statuses(self) -> Counter[str]:
        """Return how many runs there are of each status."""
        rows = self.journal.database.read("SELECT status, count(*) FROM runs GROUP BY status")
        return Counter({str(status): int(number) for status, number in rows})


def until(holds: Callable[[], bool], seconds: float) -> float:
    """Wait until something holds; return how long that took."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < seconds
        time.sleep(0.02)
    return time.monotonic() - began


def deliver(yard: Yard, runs: int, processes: int, threads: int, seconds: float) -> dict[str, float]:
    """Deliver runs five times each to every one of some worker processes; each must be performed once, by one of them.

    No run is performed before every process has begun one. Returns how many were performed a second, and how many
    processes performed some.
    """
    workers = [yard.hire(threads, runs) for _ in range(processes)]
    began = time.monotonic()
    wanted = yard.wants(runs, processes=processes)
    until(lambda: yard.statuses() == {"succeeded": runs}, seconds)
    passed = time.monotonic() - began
    assert sorted(yard.done()) == wanted, "each has had its effect once"
    read = yard.journal.database.read
    assert read("SELECT max(fence) FROM runs") == [(1,)]
    kinds = ("recorded", "queued", "performing", "succeeded")
    assert read("SELECT kind, count(*) FROM events WHERE run IS NOT NULL GROUP BY kind ORDER BY kind") == [
        (kind, runs) for kind in sorted(kinds)
    ]
    for worker in workers:
        worker.send_signal(signal.SIGTERM)
    assert [worker.wait(30) for worker in workers] == [0] * processes
    (performed,) = read("SELECT count(DISTINCT process) FROM runs")[0]
    return {"a second": runs / passed, "processes": performed}
