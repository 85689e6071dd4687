"""A manual action's run is held by no process: whatever dies, it stays open until somebody says how it ended."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from firsthand import Person
from firsthand.storage.history import Filter
from firsthand.storage.journal import SqlJournal

CODE = """
import os, signal, sys
from firsthand import Desk
from firsthand.storage.journal import SqlJournal

def die(point):
    if point == os.environ["POINT"]:
        os.kill(os.getpid(), signal.SIGKILL)

class Mortal(SqlJournal):
    def step(self, step):
        die(f"before {step.status}")
        done = super().step(step)
        die(f"after {step.status}")
        return done

desk = Desk("Crash", why=["asked"])
desk.use(Mortal(os.environ["FIRSTHAND_DATABASE"]))
desk.declare("move", by="priya", who="support", steps="1. Call\\n2. Move")
run = desk.run("move", by="priya", reason="asked")
die("after it was begun")
desk.tick(run.id, 1, by="priya")
die("after a tick")
desk.finish(run.id, "succeeded", by="priya")
die("after the end")
"""

FATES = {
    "before performing": ("failed", []),
    "after performing": ("performing", [1, 2]),
    "after it was begun": ("performing", [1, 2]),
    "after a tick": ("performing", [2]),
    "after the end": ("succeeded", [2]),
}


@pytest.mark.parametrize("point", FATES)
def test_what_was_begun_by_hand_stays_open_whatever_dies(point: str, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'journal.db'}"
    journal = SqlJournal(url)
    journal.people.add(Person("priya", "Priya", ("support",)), by="test")
    journal.close()
    environment = {**os.environ, "FIRSTHAND_DATABASE": url, "POINT": point}
    assert subprocess.run([sys.executable, "-c", CODE], env=environment, check=False).returncode == -signal.SIGKILL
    after = SqlJournal(url)
    after.settle()
    [run] = after.history.feed(Filter(), 10)
    status, left = FATES[point]
    steps = after.manuals.steps(run.id)
    assert (run.status, list(steps.left) if steps else []) == (status, left)
    after.close()
