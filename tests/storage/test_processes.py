"""Several processes on one journal: nobody is told "locked", nothing is lost, and readers read on."""

import json
import os
import subprocess
import sys
from pathlib import Path

from firsthand import Person
from firsthand.storage.journal import SqlJournal

WORKER = """
import sys, threading
from firsthand import Desk
from firsthand.storage.journal import SqlJournal

desk = Desk("Many", why=["customer asked"])

@desk.action("account.touch", who="support")
def touch(account: int) -> str:
    return "touched"

desk.use(SqlJournal(sys.argv[1]))
failed = []

def work():
    for n in range(40):
        try:
            desk.run(touch, {"account": n}, by="priya", reason="customer asked").raise_for_outcome()
        except BaseException as error:
            failed.append(error)
            raise

threads = [threading.Thread(target=work) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
sys.exit(len(failed))
"""


def test_two_processes_of_eight_threads_two_terminals_and_a_reader_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'journal.db'}"
    journal = SqlJournal(url)
    journal.people.add(Person("priya", "Priya", ("support",)), by="test")
    environment = {**os.environ, "FIRSTHAND_DATABASE": url}
    workers = [subprocess.Popen([sys.executable, "-c", WORKER, url]) for _ in range(2)]
    add = [sys.executable, "-m", "firsthand", "people", "add"]
    terminals = [
        subprocess.Popen([*add, f"{n}@example.com"], env=environment, stdout=subprocess.DEVNULL) for n in (1, 2)
    ]
    while any(worker.poll() is None for worker in workers):
        said = subprocess.run(
            [sys.executable, "-m", "firsthand", "feed", "--json", "--limit", "5"],
            env=environment, capture_output=True, check=True, text=True,
        )  # fmt: skip
        json.loads(said.stdout)
    assert [process.wait() for process in (*workers, *terminals)] == [0, 0, 0, 0]
    assert journal.database.read("SELECT status, count(*) FROM runs GROUP BY status") == [("succeeded", 640)]
    assert journal.database.read("SELECT count(*) FROM events WHERE run IS NOT NULL") == [(1920,)]
    assert len(journal.people.all()) == 3
    assert journal.database.read("PRAGMA integrity_check") == [("ok",)]
    journal.close()
