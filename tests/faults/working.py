"""A worker in a process of its own: ``python -m tests.faults.working URL FOLDER LEASE``.

Its effect is a line in the oracle's file, and then it waits until there is a file named after its own process id.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from firsthand import Run
from firsthand.storage import present
from firsthand.work import worker

from .oracle import Scene

ROOT = Path(__file__).parents[2]


@contextmanager
def working(url: str, folder: Path, lease: int = 0) -> Iterator[subprocess.Popen[str]]:
    """Have a worker work in a process of its own, which is killed in the end."""
    command = [sys.executable, "-m", "tests.faults.working", url, str(folder), str(lease)]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout
    assert child.stdout.readline() == "working\n"
    try:
        yield child
    finally:
        child.kill()
        child.wait()


def until(what: Callable[[], object], seconds: float) -> float:
    """Wait until something holds, and return how many seconds that took."""
    started = time.monotonic()
    while not what():
        assert time.monotonic() - started < seconds, f"not within {seconds} seconds"
        time.sleep(0.02)
    return time.monotonic() - started


def main(url: str, folder: str, lease: int) -> None:
    """Work until killed; a lease of 0 leaves all times as they are."""
    if lease:
        present.LEASE, present.BEAT, worker.SETTLE_EVERY = lease, 0.3, 0.3
    scene = Scene(Path(folder), url)

    def wait(run: Run[Any]) -> None:
        (scene.folder / f"began-{run.id}-{os.getpid()}").touch()
        while not (scene.folder / f"go-{os.getpid()}").exists():
            time.sleep(0.02)

    scene.does = wait
    worker.Worker(scene.desk, threads=1).start()
    print("working", flush=True)
    time.sleep(600)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
