"""Versions of manual actions cannot be undone, and the names that only runs have are found cheaply."""

import sqlite3
import time
from pathlib import Path

import pytest

from firsthand import Desk
from firsthand.storage.journal import SqlJournal
from firsthand.testing import trial


@pytest.fixture
def desk() -> Desk:
    desk = Desk("Acme", why=["asked"], declares="lead")

    @desk.action("code", who="support", aliases=["old.code"])
    def code() -> None: ...

    return desk


def test_versions_are_never_changed_replaced_or_deleted(desk):
    with trial(desk, sam="lead", priya="support") as t:
        desk.declare("move", by="sam", who="support", steps="Move it.")
        with sqlite3.connect(t.journal.database.path) as connection:
            for attack in (
                "DELETE FROM manual",
                "UPDATE manual SET event = 1",
                "INSERT OR REPLACE INTO manual VALUES ('move', 1, 1)",
            ):
                with pytest.raises(sqlite3.IntegrityError):
                    connection.execute(attack)


def test_there_are_none_where_there_is_no_journal(tmp_path):
    journal = SqlJournal(f"sqlite:///{tmp_path / 'none.db'}")
    assert (journal.manuals.all(), journal.manuals.get("x"), journal.manuals.versions("x")) == ([], None, [])


def insert(path: Path, rows: list[tuple[int, str, str]]) -> None:
    with sqlite3.connect(path) as connection:
        connection.executemany(
            "INSERT INTO runs (at, action, status, surface, environment, desk) VALUES (?, ?, ?, 'import', '', '')", rows
        )


def test_names_without_code_are_those_that_were_performed_but_are_neither_written_nor_declared(desk):
    with trial(desk, ada=[], sam="lead", priya="support") as t:
        desk.declare("move", by="sam", who="support", steps="Move it.")
        desk.declare("gone", by="sam", who="support", steps="Go.")
        desk.retire("gone", by="sam", version=1)
        t.run("code", by="priya", reason="asked")
        t.run("tpyo", by="priya", reason="asked")
        names = ["Reset password", "Reset password", "old.code", "move", "gone", "Unlock"]
        insert(t.journal.database.path, [(number, name, "succeeded") for number, name in enumerate(names)])
        assert t.journal.manuals.unwritten(10) == [("Reset password", 2, 1), ("Unlock", 1, 5)]
        assert t.journal.manuals.unwritten(1) == [("Reset password", 2, 1)]


def test_a_name_costs_one_look_however_many_runs_it_has(desk):
    with trial(desk, sam="lead") as t:
        desk.start()
        rows = [(at, f"name {at % 20}", "succeeded") for at in range(200_000)]
        insert(t.journal.database.path, rows)
        insert(t.journal.database.path, [(at, "code", "succeeded") for at in range(200_000)])
        start = time.perf_counter()
        found = t.journal.manuals.unwritten(50)
        took = time.perf_counter() - start
    assert (len(found), found[0].runs) == (20, 10_000)
    assert took < 0.25
