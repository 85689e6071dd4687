"""A climbing hall's members in one file of SQLite, and what is done for them: by hand, and by this script every night.

`python members.py` ends the memberships that have run out, each as a run on record.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

from pydantic import Field

from firsthand import Desk

DATABASE = Path(__file__).with_name("members.db")
TABLES = """
    CREATE TABLE members (id INTEGER PRIMARY KEY, name TEXT, until TEXT, ended INTEGER NOT NULL DEFAULT 0);
    CREATE TABLE firsthand_effects (run TEXT PRIMARY KEY, outcome TEXT, at BIGINT NOT NULL);
    INSERT INTO members (name, until) VALUES ('Luis', '2026-01-31'), ('Mara', '2099-12-31'), ('Ada', '2026-02-28');
"""
NIGHTLY = "nightly@hall.example"

desk = Desk("Climbing hall", why=["ran out", "injured", "moved away"])


@dataclass
class Member:
    """Somebody who climbs."""

    id: int
    name: str
    until: date
    ended: bool


@desk.resource
@contextmanager
def connection() -> Iterator[sqlite3.Connection]:
    """Give a connection: committed where the run succeeds, rolled back where it does not."""
    new = not DATABASE.exists()
    with closing(sqlite3.connect(DATABASE)) as opened, opened:
        if new:
            opened.executescript(TABLES)
        yield opened


@desk.subject(label=lambda member: member.name)
def member(id: int, connection: sqlite3.Connection) -> Member | None:
    """Somebody who climbs."""
    row = connection.execute("SELECT id, name, until, ended FROM members WHERE id = ?", (id,)).fetchone()
    return Member(row[0], row[1], date.fromisoformat(row[2]), bool(row[3])) if row else None


def goes_on(member: Member) -> bool:
    """The membership has not ended."""
    return not member.ended


members = desk.namespace("member", who="office", when=goes_on)


@members.action(mode="transactional")
def freeze(member: Member, connection: sqlite3.Connection, days: Annotated[int, Field(ge=7, le=180)] = 30) -> str:
    """Have a membership rest, and last longer by as much."""
    until = member.until + timedelta(days=days)
    connection.execute("UPDATE members SET until = ? WHERE id = ?", (until.isoformat(), member.id))
    return f"It lasts until {until:%d %B %Y}."


@members.action(mode="transactional")
def end(member: Member, connection: sqlite3.Connection) -> None:
    """End a membership."""
    connection.execute("UPDATE members SET ended = 1 WHERE id = ?", (member.id,))


def main() -> None:
    """End what has run out."""
    with connection() as opened:
        ran_out = opened.execute("SELECT id, name FROM members WHERE until < date() AND NOT ended").fetchall()
    for id, name in ran_out:
        run = desk.run(end, {"member": id}, by=NIGHTLY, reason="ran out").raise_for_outcome()
        print(f"{name}: ended, run {run.id}.")


if __name__ == "__main__":
    main()
