"""``firsthand db move``: the journal goes to PostgreSQL, proven in a table, and the terminal goes on there."""

from collections.abc import Iterator

import pytest

from tests import postgres

from .terminals import Terminal


@pytest.fixture
def target() -> Iterator[str]:
    made = postgres.empty()
    yield made
    postgres.dropped(made)


def test_it_is_moved_and_told_and_the_terminal_goes_on_there(terminal: Terminal, target: str) -> None:
    performed = terminal("run", "account.note", "1", "called", "--reason", "customer asked")
    assert performed.code in (0, 1, 2, 3)
    before = terminal("feed", "--json").json
    people = terminal("people", "--json").json
    moved = terminal("db", "move", target)
    assert moved.code == 0, moved.err
    assert "people" in moved.out
    assert "read back there, and the same as here" in moved.out
    assert "Set FIRSTHAND_DATABASE to it" in moved.out
    assert terminal("feed", "--json").json == before
    assert "It was moved to " in terminal("db").out
    assert "It was moved to " in terminal("doctor").out
    refused = terminal("people", "add", "new@acme.com", "--name", "New")
    assert refused.code == 1
    assert "was moved to " in refused.err
    assert "Set FIRSTHAND_DATABASE to it" in refused.err
    assert terminal("feed", "--json", FIRSTHAND_DATABASE=target).json == before
    assert terminal("people", "--json", FIRSTHAND_DATABASE=target).json == people
    assert terminal("people", "add", "new@acme.com", "--name", "New", FIRSTHAND_DATABASE=target).code == 0


def test_its_proof_is_json_too(terminal: Terminal, target: str) -> None:
    told = terminal("db", "move", target, "--json").json
    rows = {each["table"]: each["rows"] for each in told["tables"]}
    assert rows["people"] == 2
    assert told["rows"] == sum(rows.values())
    assert told["before"] is False
    assert all(len(each["digest"]) == 32 for each in told["tables"])


def test_what_stands_in_the_way_is_said_without_the_password(terminal: Terminal) -> None:
    said = terminal("db", "move", "postgresql://sam:s3cret@localhost:1/acme")
    assert said.code == 1
    assert "cannot be reached" in said.err
    assert "s3cret" not in said.err + said.out
    assert terminal("db", "move", "sqlite:///other.db").code == 2
