"""Killing children: at each point, on each way; and at random moments, while several perform at once."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from firsthand.work.worker import Worker

from .looking import Row, look
from .points import ROWS, Kind, fates, hit, points_of
from .scene import Scene

MEAN = 0.02
"""Seconds that a child lives, on an average, from its first run on."""

LOADS = ("callers", "workers")
"""What children do that are killed at random: perform; or queue runs and batches, and work on them."""


def kill_at_points(folder: Path, kind: Kind, way: str, times: int) -> dict[str, Row]:
    """Kill at each point of a way, so many times each, on one journal, and return what was found, by point."""
    with Scene(folder, kind) as scene:
        missed: Counter[str] = Counter()
        for _ in range(times):
            for point in points_of(kind, way):
                missed[point] += not scene.killed_at(point, hit(kind, way, point), scene.ways[way])
        found = look(scene)
        for point in points_of(kind, way):
            row = found.setdefault(point, Row())
            row.wrong += [f"{missed[point]} of {times} children were not killed there"] if missed[point] else []
            row.wrong += in_a_batch(kind, row, times) if way == "batch" else otherwise(kind, way, point, row, times)
        return found


def otherwise(kind: Kind, way: str, point: str, row: Row, times: int) -> list[str]:
    """Return which runs stand otherwise than their mode promises after a kill at a point."""
    allowed = fates(kind, way, point)
    found = [f"{number} are {fate}, not {allowed}" for fate, number in row.fates.items() if fate not in allowed]
    if row.runs > times or (row.runs < times and not any(status is None for status, _ in allowed)):
        found.append(f"there are {row.runs} runs after {times} kills")
    return found


def in_a_batch(kind: Kind, row: Row, times: int) -> list[str]:
    """Return what is wrong with batches of which one row was killed: all others, at least, have succeeded."""
    most = times if kind.mode in ("once", "verified") else 0
    others = row.runs - row.statuses["succeeded"]
    found = [f"{row.runs} runs for {times} batches of {ROWS} rows"] if row.runs != times * ROWS else []
    return [*found, f"{others} of their runs have not succeeded: {dict(row.statuses)}"] if others > most else found


def kill_at_random(folder: Path, kind: Kind, load: str, times: int, seed: str, children: int = 2) -> dict[str, Row]:
    """Kill at random moments, several children at once on one journal, and return what was found."""
    with Scene(folder, kind) as scene:
        chance, what = random.Random(seed), callers if load == "callers" else workers
        alive = [begun(scene, what) for _ in range(children)]
        for _ in range(times):
            victim = chance.randrange(children)
            end(*alive[victim], chance.expovariate(1 / MEAN))
            alive[victim] = begun(scene, what)
        for each in alive:
            end(*each, 0.0)
        return look(scene)


def begun(scene: Scene, what: Callable[[Scene], Sequence[Callable[[], object]]]) -> tuple[int, int]:
    """Start a child that does several things endlessly; return its process id, and what tells that it is under way."""
    ready, says = os.pipe()
    parent = os.getpid()

    def live() -> None:
        scene.perform()
        os.write(says, b".")
        for each in what(scene):
            threading.Thread(target=endlessly, args=(each,), daemon=True).start()
        while os.getppid() == parent:
            time.sleep(0.2)

    pid = scene.child(live)
    os.close(says)
    return pid, ready


def endlessly(what: Callable[[], object]) -> None:
    """Do something again and again."""
    while True:
        what()


def end(pid: int, ready: int, seconds: float) -> None:
    """Kill a child so many seconds after its first run."""
    os.read(ready, 1)
    os.close(ready)
    time.sleep(seconds)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def callers(scene: Scene) -> list[Callable[[], object]]:
    """Return what four callers do at once."""
    return [scene.perform] * 4


def workers(scene: Scene) -> list[Callable[[], object]]:
    """Start a worker, and return what those do that it works for: wait for runs, and for batches."""
    Worker(scene.desk, threads=2).start()
    journal = scene.desk.journal

    def wait_for_run() -> None:
        run = scene.desk.wait(scene.queue(), 5)
        scene.tell("acknowledged", "run", run.id, run.status if run.ended_at else "queued", "at random")

    def wait_for_batch() -> None:
        batch = scene.draft(rows=20)
        while (now := journal.batches.get(batch)) and now.status == "confirmed":  # type: ignore[attr-defined]
            time.sleep(0.02)

    return [scene.perform, wait_for_run, wait_for_run, wait_for_batch]
