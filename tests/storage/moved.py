"""A journal that is moved: one made by the product, with something of every kind in it, and one full of odd values."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import sys
import threading
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from firsthand import Desk, Person
from firsthand.core.runs import moment
from firsthand.followers.mentions import Mentions
from firsthand.followers.tally import Tally
from firsthand.storage import moving, schema
from firsthand.storage.journal import SqlJournal
from firsthand.storage.sqlite import Sqlite

desk = Desk("Acme", why=["customer asked"])
ODD = ("", "\0", "a\0b", "\t\n\r\\.\\N", "'\"\\", "ÄÖ 🜨 \u202e", "\ufffd\uffff", "x" * 300, "{}", "[1, null]", "␀")
HUGE = "\U0001f9ea\\\n" * 400_000


@dataclass
class Account:
    id: str
    plan: str = "pro"


@desk.subject(label=lambda account: f"Account {account.id}\0", traits=["plan"])
def account(id: str) -> Account:
    return Account(id)


@desk.action("account.touch", who="support", ask="sales")
def touch(account: Account, n: int = 1, text: str = "") -> dict[str, object]:
    """Touch it."""
    print("touched")
    return {"n": n, "text": text}


@desk.action("account.break", who="support")
def break_it() -> None:
    """Break it."""
    raise RuntimeError("broken\0")


def url(folder: Path) -> str:
    """Return the URL of the journal of a folder."""
    return f"sqlite:///{folder / 'firsthand.db'}?synchronous=off"


def fill(journal: SqlJournal) -> None:
    """Have the product make runs, asks, a run that waits, one of a schedule, a batch in the middle and an open one."""
    for id, role in (("priya", "support"), ("sam", "sales"), ("eve", "sales")):
        journal.people.add(Person(id, id.capitalize(), (role,)), by="test")
    desk.use(journal)
    said: dict[str, Any] = {"by": "priya", "reason": "customer asked"}
    for number in range(40):
        desk.run(
            "account.touch",
            {"account": f"a{number % 7}", "n": number, "text": ODD[number % len(ODD)]},
            notes="@sam, a\0b",
            **said,
        )
    desk.run("account.touch", {"account": "a\0", "text": HUGE}, requested_by="luis\0", once="k1", **said)
    desk.run("account.break", **said)
    desk.ask("account.touch", {"account": "1", "n": 7}, by="sam", reason="customer asked", notes="please")
    desk.run("account.touch", {"account": "1", "n": 8}, background=True, **said)
    desk.run("account.touch", {"account": "1", "n": 9}, at=moment(desk.clock()) + timedelta(days=1), **said)
    desk.schedule("account.touch", {"account": "1", "n": 10}, cron="0 8 * * *", zone="Europe/Berlin", **said)
    batch = desk.draft_batch("account.touch", [{"account": f"b{n}", "n": n} for n in range(300)], **said)
    desk.confirm_batch(batch.id, batch.digest, by="priya")
    desk.perform_batch(batch.id, stopped=lambda: count(journal) > 120)
    desk.draft_batch("account.touch", [{"account": f"b{n}", "n": n} for n in range(30)], **said)
    while not Tally(journal).advance(5):
        pass
    Mentions(journal).advance(5)
    desk.run("account.touch", {"account": "1", "n": 11}, notes="@sam and @eve, after the figures", **said)


def count(journal: SqlJournal) -> int:
    """Return how many runs there are."""
    return int(journal.database.read("SELECT count(*) FROM runs")[0][0])


def values(type_: str, name: str, rows: int, chance: random.Random) -> list[Any]:
    """Return odd values of a column, no two the same."""
    if type_ == "INTEGER":
        top = 2**31 - 1 if name in NARROW else 2**62 if name == "id" else 2**63 - 1
        return [0, -1, 1, top, -top - 1, *(chance.randrange(-top, top) for _ in range(rows))][:rows]
    texts = [chance.choice(ODD) + f"{number}" for number in range(rows)]
    return [each.encode() + b"\0\xff" for each in texts] if type_ == "BLOB" else texts


NARROW = {
    "pid", "process", "administers", "active", "list", "period", "failures", "replaced", "day", "version", "total",
    "fit", "throttle", "stop_after", "place", "number", "pinned", "schema",
}  # fmt: skip
"""Columns that are 32 bits wide on PostgreSQL; what is called id, batch or schedule is in some tables."""


def fill_oddly(path: Path, rows: int = 40, seed: int = 7) -> None:
    """Fill every table with odd values, whatever they mean."""
    schema.set_up(Sqlite(f"sqlite:///{path}"))
    chance, connection = random.Random(seed), sqlite3.connect(path)
    for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        columns = connection.execute(f"PRAGMA table_info({table})").fetchall()
        made = []
        for _, name, type_, needed, *_ in columns:
            narrow = name in ("id", "batch", "schedule") and table not in ("runs", "events")
            found = values(type_, "pid" if narrow else name, rows, chance)
            if name == "status":
                found = ["succeeded"] * rows
            if table == "processes" and name == "id":
                found = list(range(1, rows + 1))
            made.append(
                found if needed or name == "id" else [each if chance.random() < 0.7 else None for each in found]
            )
        marks = ", ".join("?" * len(columns))
        connection.executemany(f"INSERT INTO {table} VALUES ({marks})", zip(*made, strict=True))
    connection.commit()
    connection.close()


def killing(folder: str, target: str, at: str) -> None:
    """Move, and be killed: at so many per cent of the way, once all is committed there, or before the commit here."""
    journal, place = SqlJournal(url(Path(folder))), at

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)
        threading.Event().wait()

    def progress(doing: str, done: int, total: int) -> None:
        if place.isdigit() and done >= total * int(place) / 100:
            die()

    moving.TELL_EVERY = 10
    if place == "before it is shut":
        moving.shut = lambda *_: die()  # type: ignore[assignment]
    if place == "before the numbers":
        moving.number = lambda *_: die()  # type: ignore[assignment]
    if place == "while it is shut":
        shutting = moving.shut
        moving.shut = lambda connection, said: shutting(Dying(connection, die), said)  # type: ignore[arg-type]
    moving.move(journal, target, "system:test", progress)


class Dying:
    """A connection that dies instead of committing."""

    def __init__(self, connection: sqlite3.Connection, die: Any) -> None:
        self.connection, self.die = connection, die

    def execute(self, sql: str, *more: Any) -> Any:
        return self.die() if sql == "COMMIT" else self.connection.execute(sql, *more)


if __name__ == "__main__":
    killing(*sys.argv[1:])
