"""A worker as a process of its own: its effects are lines in a file outside the journal."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

from firsthand import Desk, Run
from firsthand.storage.journal import SqlJournal
from firsthand.work.worker import Worker

desk = Desk("Labor", why=["customer asked"])


@desk.action("account.touch", who="support", background=True)
def touch(run: Run[object], seconds: float = 0.0, then: str = "", processes: int = 0) -> int:
    """Touch it, once so many processes perform."""
    meet(processes)
    if then == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(seconds)
    with open(os.environ["EFFECTS"], "a", encoding="utf-8") as file:
        file.write(f"{run.id}\n")
    return run.id


def meet(processes: int) -> None:
    """Wait until so many processes have begun to perform."""
    begun = Path(f"{os.environ['EFFECTS']}-begun")
    begun.mkdir(exist_ok=True)
    (begun / str(os.getpid())).touch()
    while len(os.listdir(begun)) < processes:
        time.sleep(0.01)


def labor(url: str, threads: int, runs: int) -> None:
    """Work until stopped; every run is delivered to this worker five times by its engine."""
    desk.use(SqlJournal(url))
    told = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: told.set())
    with Worker(desk, threads):
        print("began", flush=True)
        for run in range(1, runs + 1):
            for _ in range(5):
                assert desk.engine
                desk.engine.wake(run, 0)
            time.sleep(0.002)
        told.wait()


if __name__ == "__main__":
    labor(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
