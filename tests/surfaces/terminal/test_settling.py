"""A run that ended unknown is settled from the terminal."""

import sqlite3

from firsthand.core.journal import Step
from firsthand.storage.journal import SqlJournal

from .terminals import Terminal

ASK = ("ask", "subscription.cancel", "--account", "42", "--reason", "customer asked", "--json")


def left_unknown(terminal: Terminal) -> str:
    """Leave a run as a process leaves it that dies while performing."""
    id = terminal(*ASK).json["id"]
    journal = SqlJournal(f"sqlite:///{terminal.folder / 'firsthand.db'}")
    for before, after in (("asked", "recorded"), ("recorded", "performing"), ("performing", "unknown")):
        assert journal.step(Step(id, before, after, 1, "priya@acme.com"))
    journal.close()
    return str(id)


def test_a_run_is_settled_in_words(terminal: Terminal) -> None:
    run = left_unknown(terminal)
    assert terminal("settle", run).code == 2
    assert terminal("settle", run, "failed").code == 3
    settled = terminal("settle", run, "failed", "--words", "There is no trace of it.", "--json")
    assert (settled.code, settled.json["status"]) == (0, "failed")
    assert "Settled by Priya as failed: There is no trace of it." in terminal("show", run).out
    late = terminal("settle", run, "succeeded", "--words", "It is there.")
    assert (late.code, "is not unknown: it is failed" in late.err) == (3, True)


def test_without_a_run_the_actions_find_out_as_far_as_they_can_and_the_rest_is_named(terminal: Terminal) -> None:
    assert terminal("settle").code == 0
    run = left_unknown(terminal)
    left = terminal("settle")
    assert (left.code, f"firsthand settle {run}" in left.err) == (1, True)


DESK = """
import sqlite3
from collections.abc import Iterator

from firsthand import Desk

desk = Desk("Books", why=["asked"])


@desk.resource
def books() -> Iterator[sqlite3.Connection]:
    with sqlite3.connect("books.db") as connection:
        yield connection


@desk.action(who="support", mode="transactional")
def pay(books: sqlite3.Connection) -> None:
    pass
"""


def test_the_doctor_misses_the_table_of_marks_which_the_printed_migration_adds(terminal: Terminal) -> None:
    (terminal.folder / "books.py").write_text(DESK)
    desk = {"FIRSTHAND_DESK": "books:desk", "PYTHONPATH": str(terminal.folder)}
    assert "has no table firsthand_effects" in terminal("doctor", **desk).out
    printed = terminal("db", "marker", "sqlite")
    connection = sqlite3.connect(terminal.folder / "books.db")
    connection.executescript(printed.out)
    connection.close()
    assert (printed.code, "firsthand_effects" in terminal("doctor", **desk).out) == (0, False)
    assert "CONSTRAINT TRIGGER" in terminal("db", "marker", "postgresql").out
