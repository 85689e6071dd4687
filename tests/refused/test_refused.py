"""Attacks, each a file of a few lines in a folder named for what withstands it: to add an attack is to add a file.

An attack finds a journal in which things have happened, and tries something. It must be stopped by an error or end as a
refused run; nobody's money is moved, and everything that was on record before is there afterwards, byte for byte.

What it finds: ``desk`` (refund: a lead, or support up to 50; payroll: hidden from all but leads), ``t`` (a trial: priya
is support, lena a lead, ivan an intern, gus has left), ``past`` (a run of lena's), ``ask`` (priya's open one, for 500),
``database`` (the journal's path), ``done`` (what was performed).
"""

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from firsthand import Desk, FirsthandError, Run
from firsthand.testing import Trial, trial

HERE = Path(__file__).parent
ATTACKS = sorted(path for path in HERE.rglob("*.py") if path.parent != HERE)
TABLES = ("runs", "events", "run_subjects", "people", "meta")


@dataclass
class Account:
    id: int


def town(done: list[Any]) -> Desk:
    desk = Desk("Acme", why=["asked"])

    @desk.subject()
    def account(id: int) -> Account | None:
        """A customer's account."""
        return Account(id) if id < 10 else None

    def up_to_50(amount: int) -> bool:
        """Up to 50."""
        return amount <= 50

    @desk.action("refund", who={"support": up_to_50, "lead": True}, aliases=["give.back"])
    def refund(account: Account, amount: int) -> None:
        done.append((account, amount))

    @desk.action("payroll", who="lead", ask="nobody", aliases=["wages"])
    def payroll(amount: int = 1) -> None:
        done.append(amount)

    return desk


def record(t: Trial) -> dict[str, list[tuple[Any, ...]]]:
    with sqlite3.connect(f"file:{t.journal.database.path}?mode=ro", uri=True) as journal:
        return {table: journal.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in TABLES}


def name_of(attack: Path) -> str:
    return str(attack.relative_to(HERE))[:-3]


@pytest.mark.parametrize("attack", ATTACKS, ids=name_of)
def test_it_is_refused_and_leaves_the_record_whole(attack):
    done: list[Any] = []
    desk = town(done)
    with trial(desk, priya="support", lena="lead", ivan="intern", gus="lead") as t:
        t.journal.people.change("gus", by="root", active=False)
        past = t.run("refund", {"account": 1, "amount": 7}, by="lena", reason="asked")
        ask = t.ask("refund", {"account": 1, "amount": 500}, by="priya", reason="asked")
        performed, before = len(done), record(t)
        found = {
            "desk": desk, "t": t, "past": past, "ask": ask, "database": t.journal.database.path, "done": done,
            "sqlite3": sqlite3, "Account": Account,
        }  # fmt: skip
        stopped = None
        try:
            exec(compile(attack.read_text(encoding="utf-8"), str(attack), "exec"), found)
        except (FirsthandError, sqlite3.IntegrityError, TypeError) as error:
            stopped = error
        run = found.get("run")
        assert stopped is not None or (isinstance(run, Run) and run.outcome == "refused"), f"it got through: {run}"
        assert len(done) == performed
        after = record(t)
        for table, rows in before.items():
            assert after[table][: len(rows)] == rows, table
        assert after["people"] == before["people"]
        assert_traced(attack, before, after)


def assert_traced(
    attack: Path, before: dict[str, list[tuple[Any, ...]]], after: dict[str, list[tuple[Any, ...]]]
) -> None:
    """What was tried through the desk is on record; what was tried on the file itself was stopped by the database."""
    if attack.parent.name != "record":
        assert len(after["events"]) > len(before["events"])


def test_there_are_attacks_and_each_is_short():
    assert len(ATTACKS) >= 20
    for attack in ATTACKS:
        lines = attack.read_text(encoding="utf-8").splitlines()
        assert 1 <= len(lines) <= 9, attack
