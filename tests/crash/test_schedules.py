"""Whatever is killed while moments are begun, each of them becomes exactly one run that waits."""

import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from firsthand import Desk, Person
from firsthand.core.runs import microseconds
from firsthand.storage.history import Filter
from firsthand.storage.journal import SqlJournal

KILLS = 12

LOOKS = """
import sys
from firsthand import Desk
from firsthand.core.runs import microseconds
from firsthand.storage.journal import SqlJournal
from firsthand.work.schedules import tick
desk = Desk("Acme", why=["asked"])
@desk.action("touch", who="support")
def touch() -> None:
    pass
journal = SqlJournal(sys.argv[1])
desk.use(journal)
desk.start()
for n in range(10_000):
    due = journal.schedules.next_due("Acme")
    desk.clock = lambda: due
    tick(desk, journal, due)
    if n % 20 == 0:
        journal.settle()
"""


def test_two_processes_killed_again_and_again_begin_each_moment_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'journal.db'}?synchronous=off"
    journal = SqlJournal(url)
    journal.people.add(Person("priya", "Priya", ("support",)), by="test")
    desk = Desk("Acme", why=["asked"])
    desk.action("touch", who="support")(lambda: None)
    desk.use(journal)
    schedule = desk.schedule("touch", by="priya", cron="* * * * *", zone="UTC", reason="asked")
    begin = schedule.due
    looking = [subprocess.Popen([sys.executable, "-c", LOOKS, url]) for _ in range(2)]
    for _ in range(KILLS):
        time.sleep(random.uniform(0.5, 0.9))
        victim = random.randrange(2)
        looking[victim].kill()
        looking[victim].wait()
        looking[victim] = subprocess.Popen([sys.executable, "-c", LOOKS, url])
    for each in looking:
        each.kill()
        each.wait()
    journal.settle()
    while journal.history.held():
        journal.settle()
    due = journal.schedules.get(schedule.id).due
    desk.clock = lambda: microseconds(due)
    from firsthand.work.schedules import tick

    tick(desk, journal, microseconds(due))
    moments = int((journal.schedules.get(schedule.id).due - begin).total_seconds() // 60)
    statuses = Counter(run.status for run in journal.history.feed(Filter(), 1_000_000))
    failed = [run for run in journal.history.feed(Filter(outcome="failed"), 999)]
    assert statuses["queued"] == moments > KILLS
    assert set(statuses) <= {"queued", "failed"}
    assert {run.error.type for run in failed} <= {"ProcessDied"}
    assert journal.history.last_of_kind("schedule_missed", 0) is None
    journal.close()
