"""The desk that is killed, once for each mode: it dies where POINT says; then it is told to recover.

The effect of once and idempotent is a line in a file; that of transactional a row in the author's own database, which
is the journal's own where BOOKS says so.
"""

import json
import os
import signal
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from firsthand import Desk, Run
from firsthand.storage.journal import SqlJournal

POINT = os.environ.get("POINT", "")
EFFECTS = Path(os.environ["EFFECTS"])
BOOKS = os.environ["BOOKS"]
KIND: Any = psycopg.Connection if BOOKS.startswith("postgresql") else sqlite3.Connection

desk = Desk("Crash", environment="test", why=["customer asked"])


def die(point: str) -> None:
    """Be killed here, if this is the point."""
    if point == POINT:
        os.kill(os.getpid(), signal.SIGKILL)


def touch(run: Run[Any]) -> str:
    """Touch something that cannot be rolled back."""
    die("in the action, before its effect")
    with EFFECTS.open("a") as file:
        file.write(f"{run.key}\n")
    die("in the action, after its effect")
    return "touched"


@desk.resource
def connection() -> Iterator[KIND]:
    opened: Any = (psycopg if KIND is psycopg.Connection else sqlite3).connect(BOOKS)
    try:
        with opened:
            yield opened
            die("before the resource commits")
        die("after the resource has committed")
    finally:
        opened.close()


def pay(run: Run[Any], connection: KIND) -> str:
    """Touch something that is rolled back."""
    die("in the action, before its effect")
    connection.execute(f"INSERT INTO paid VALUES ('{run.key}')")
    die("in the action, after its effect")
    return "touched"


def is_there(run: Run[Any]) -> bool:
    """Say whether it was touched."""
    return EFFECTS.exists() and run.key in EFFECTS.read_text().split()


desk.action("once", who="support")(touch)
desk.action("verified", who="support", verify=is_there)(touch)
desk.action("idempotent", who="support", mode="idempotent")(touch)
desk.action("transactional", who="support", mode="transactional")(pay)


class Mortal(SqlJournal):
    """The real journal, in a process that dies before or after one of its commits."""

    def step(self, step: Any) -> bool:
        die(f"before {step.status} is committed")
        done = super().step(step)
        die(f"after {step.status} is committed")
        return done

    def step_within(self, connection: Any, step: Any) -> bool:
        done = super().step_within(connection, step)
        die(f"after {step.status} is written")
        return done


def recover() -> None:
    """Do as the next worker does: settle, look for marks, perform what waits; then say how the runs stand."""
    journal = SqlJournal(os.environ["FIRSTHAND_DATABASE"])
    desk.use(journal)
    journal.settle()
    desk.verify_unknown()
    for run in journal.history.open():
        if run.status == "queued":
            desk.pipeline.resume(run)
    runs = journal.database.read("SELECT status, id FROM runs ORDER BY id")
    books: Any = (psycopg if KIND is psycopg.Connection else sqlite3).connect(BOOKS)
    paid = [row[0] for row in books.execute("SELECT key FROM paid")]
    books.close()
    touched = EFFECTS.read_text().split() if EFFECTS.exists() else []
    json.dump({"statuses": [status for status, _ in runs], "effects": [*paid, *touched]}, sys.stdout)


if __name__ == "__main__":
    if POINT:
        desk.use(Mortal(os.environ["FIRSTHAND_DATABASE"]))
        later = os.environ.get("LATER") == "yes"
        run = desk.run(os.environ["ACTION"], {}, by="priya", reason="customer asked", background=later)
        if later:
            desk.journal.database.write(  # type: ignore[attr-defined]
                lambda it: it.execute("UPDATE runs SET process = ?, fence = fence + 1", (run.process or 0,)).rowcount
            )
            desk.pipeline.resume(desk.journal.run(run.id))  # type: ignore[arg-type]
    else:
        recover()
