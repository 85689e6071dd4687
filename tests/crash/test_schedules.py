"""Whatever is killed while moments are begun, each of them becomes exactly one run that waits."""

import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

from firsthand import Desk, Person
from firsthand.core.runs import microseconds
from firsthand.storage.history import Filter
from firsthand.storage.journal import SqlJournal
from firsthand.work.schedules import tick

KILLS = 20


def looking(url: str) -> int:
    """Fork a child that begins moment after moment, and return its process id."""
    pid = os.fork()
    if pid:
        return pid
    try:
        desk, journal = acme(), SqlJournal(url)
        desk.use(journal)
        desk.start()
        for n in range(10_000):
            due = journal.schedules.next_due("Acme")
            assert due is not None
            desk.clock = lambda due=due: due  # type: ignore[misc]
            tick(desk, journal, due)
            if n % 20 == 0:
                journal.settle()
    finally:
        os._exit(1)


def acme() -> Desk:
    """Return a desk with one action."""
    desk = Desk("Acme", why=["asked"])
    desk.action("touch", who="support")(lambda: None)
    return desk


def killed(pid: int) -> None:
    """Kill a child."""
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status), "it has ended by itself"


def test_two_processes_killed_again_and_again_begin_each_moment_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'journal.db'}?synchronous=off"
    journal = SqlJournal(url)
    journal.people.add(Person("priya", "Priya", ("support",)), by="test")
    desk = acme()
    desk.use(journal)
    schedule = desk.schedule("touch", by="priya", cron="* * * * *", zone="UTC", reason="asked")
    begin = schedule.due
    journal.close()
    alive = [looking(url) for _ in range(2)]
    for _ in range(KILLS):
        time.sleep(random.uniform(0.1, 0.4))
        victim = random.randrange(2)
        killed(alive[victim])
        alive[victim] = looking(url)
    for each in alive:
        killed(each)
    journal = SqlJournal(url)
    desk.use(journal)
    journal.settle()
    while journal.history.held():
        journal.settle()
    due = journal.schedules.get(schedule.id).due
    desk.clock = lambda: microseconds(due)
    tick(desk, journal, microseconds(due))
    moments = int((journal.schedules.get(schedule.id).due - begin).total_seconds() // 60)
    statuses = Counter(run.status for run in journal.history.feed(Filter(), 1_000_000))
    failed = [run for run in journal.history.feed(Filter(outcome="failed"), 999)]
    assert statuses["queued"] == moments > KILLS
    assert set(statuses) <= {"queued", "failed"}
    assert {run.error.type for run in failed} <= {"ProcessDied"}
    assert journal.history.last_of_kind("schedule_missed", 0) is None
    journal.close()
