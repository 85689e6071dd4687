"""What a host's desk may say for all of its actions: their mode, the transaction they are in, subjects by type."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from firsthand import Desk
from firsthand.core.marking import SQLITE
from firsthand.testing import trial


@dataclass
class Thing:
    """Something of the host's."""

    id: int


class HostsDesk(Desk):
    """A desk that knows its host's database and things."""

    mode = "transactional"
    transaction = sqlite3.Connection

    def subjects(self) -> list[Any]:
        """Return the loader of things, which nobody has registered."""

        def thing(id: int) -> Thing | None:
            """A thing."""
            return Thing(id) if id < 10 else None

        return [*super().subjects(), (thing, {"search": None, "label": None, "traits": ()})]


@pytest.fixture
def desk(tmp_path: Path) -> HostsDesk:
    books = tmp_path / "books.db"
    made = HostsDesk("Host", why=["asked"])
    with sqlite3.connect(books) as connection:
        connection.execute("CREATE TABLE done (n INT)")
        connection.executescript(SQLITE)
    opened: list[sqlite3.Connection] = []

    @made.resource
    def database() -> Iterator[sqlite3.Connection]:
        opened.append(sqlite3.connect(books, check_same_thread=False))
        try:
            with opened[-1]:
                yield opened[-1]
        finally:
            opened.pop().close()

    @made.action(who="support")
    def note(n: int, thing: Thing) -> int:
        """Note it, on the connection that the host keeps somewhere."""
        opened[-1].execute("INSERT INTO done VALUES (?)", (n,))
        if n < 0:
            raise ValueError("half of it is done")
        return thing.id

    @made.action(who="support", mode="once")
    def plain() -> int:
        """Without a transaction."""
        return len(opened)

    made.books = books  # type: ignore[attr-defined]
    return made


def test_an_action_that_takes_no_transaction_is_performed_in_the_hosts(desk: HostsDesk):
    with trial(desk, priya="support") as t:
        said = {"by": "priya", "reason": "asked"}
        ended = [t.run("note", {"n": n, "thing": 7}, **said) for n in (1, -1)]
        assert [(run.status, run.mode) for run in ended] == [
            ("succeeded", "transactional"),
            ("failed", "transactional"),
        ]
        assert t.run("note", {"n": 1, "thing": 10}, **said).refusal.message == "There is no thing 10."
        plain = t.run("plain", **said)
        assert (plain.value, plain.mode) == (0, "once")
    with sqlite3.connect(desk.books) as connection:  # type: ignore[attr-defined]
        assert connection.execute("SELECT n FROM done").fetchall() == [(1,)]
        assert connection.execute("SELECT count(*) FROM firsthand_effects").fetchone() == (1,)


def test_a_desk_of_nobodys_performs_once():
    assert (Desk("x").mode, Desk("x").transaction, Desk("x").directory) == ("once", None, None)
