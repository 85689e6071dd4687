"""The people of a host, by a function of its own: it takes resources, which are opened for that look and left again."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from firsthand import Desk, DeskError, JournalUnavailable, Person, Refused, Run, Settings, UnknownActor
from firsthand.followers.notify import Notify
from firsthand.storage.outbox import to_person
from firsthand.testing import trial

from ..databases import kind, url

__all__ = ["kind"]


class Users:
    """A host's users, in a database of its own; ``open`` counts connections that are not closed."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "users.db"
        self.open = 0
        self.write("CREATE TABLE users (id TEXT PRIMARY KEY, roles TEXT, seen INTEGER DEFAULT 0)")
        self.write("INSERT INTO users (id, roles) VALUES ('priya', 'support lead'), ('sam', '')")

    def write(self, sql: str) -> None:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute(sql)

    def seen(self) -> int:
        with closing(sqlite3.connect(self.path)) as connection:
            return int(connection.execute("SELECT sum(seen) FROM users").fetchone()[0])

    @contextmanager
    def connected(self) -> Iterator[sqlite3.Connection]:
        """Give a connection that commits in the end, unless it is left through an exception."""
        self.open += 1
        try:
            with closing(sqlite3.connect(self.path)) as connection, connection:
                yield connection
        finally:
            self.open -= 1


class Pool:
    """What an async resource gives; ``open`` counts those that are not closed."""

    open = 0


@pytest.fixture
def users(tmp_path: Path) -> Users:
    return Users(tmp_path)


@pytest.fixture
def desk(users: Users, tmp_path: Path) -> Iterator[Desk]:
    made = Desk("Office", why=["asked"])
    journal = made.open(Settings(database=url(tmp_path)))

    @made.resource
    def connection() -> Iterator[sqlite3.Connection]:
        with users.connected() as opened:
            yield opened

    @made.action("touch", who="support")
    def touch() -> None:
        """Touch it."""

    yield made
    journal.close()


def by_id(desk: Desk) -> None:
    """Have a desk know the people of its connection."""

    @desk.people
    def person(id: str, connection: sqlite3.Connection) -> Person | None:
        row = connection.execute("SELECT id, roles FROM users WHERE id = ?", (id,)).fetchone()
        return Person(row[0], row[0].capitalize(), roles=row[1].split()) if row else None


def test_whoever_the_function_knows_may_act_with_the_roles_that_it_says(desk, users):
    by_id(desk)
    assert desk.run("touch", by="priya", reason="asked").outcome == "succeeded"
    assert desk.journal.people.all() == [Person("priya", "Priya", ("lead", "support"))]
    assert desk.run("touch", by="sam", reason="asked").outcome == "refused"
    with pytest.raises(UnknownActor):
        desk.run("touch", by="mallory", reason="asked")
    assert users.open == 0


def test_it_is_asked_each_time_so_that_who_is_demoted_or_gone_can_do_nothing_from_the_next_run_on(desk, users):
    by_id(desk)
    assert desk.run("touch", by="priya", reason="asked").outcome == "succeeded"
    users.write("UPDATE users SET roles = 'lead'")
    assert desk.run("touch", by="priya", reason="asked").outcome == "refused"
    users.write("DELETE FROM users")
    with pytest.raises(UnknownActor):
        desk.run("touch", by="priya", reason="asked")


def test_a_resource_that_commits_at_its_end_commits_nothing_of_a_look(desk, users):
    @desk.people
    def person(id: str, connection: sqlite3.Connection) -> Person | None:
        connection.execute("UPDATE users SET seen = seen + 1")
        return Person(id, id, ["support"])

    assert desk.run("touch", by="priya", reason="asked").outcome == "succeeded"
    assert (users.seen(), users.open) == (0, 0)


def test_the_function_and_its_resources_may_be_async(desk, users):
    @desk.resource
    async def pool() -> AsyncIterator[Pool]:
        Pool.open += 1
        try:
            yield Pool()
        finally:
            Pool.open -= 1

    @desk.people
    async def person(id: str, pool: Pool, run: Run[object]) -> Person | None:
        await asyncio.sleep(0)
        assert run.id == 0
        return Person(id, id, "support") if Pool.open == 1 else None

    assert desk.run("touch", by="priya", reason="asked").outcome == "succeeded"
    assert asyncio.run(desk.arun("touch", by="sam", reason="asked")).outcome == "succeeded"
    assert Pool.open == 0


@pytest.mark.parametrize("fault", [OSError("its database is down"), Refused("No."), None])
def test_where_it_raises_or_gives_no_person_nobody_is_let_in_and_what_was_opened_is_closed(desk, users, fault):
    @desk.people
    def person(id: str, connection: sqlite3.Connection) -> Person | None:
        if fault is None:
            return "priya"  # type: ignore[return-value]
        raise fault

    with pytest.raises(JournalUnavailable, match="Who somebody is cannot be looked up now"):
        desk.run("touch", by="priya", reason="asked")
    assert users.open == 0


def test_what_is_wrong_with_it_is_told_at_start():
    desk = Desk("Office", why=["asked"])

    @desk.people
    def person(id: str, connection: sqlite3.Connection, number: int) -> Person | None: ...

    with pytest.raises(DeskError) as raised:
        desk.start()
    assert raised.value.problems == ("the people, person: nothing gives connection, number.",)


def test_two_functions_are_one_too_many_and_one_takes_the_id_first():
    desk = Desk("Office")

    @desk.people
    def nobody() -> None: ...

    @desk.people
    def person(id: str) -> Person | None: ...

    with pytest.raises(DeskError) as raised:
        desk.start()
    assert raised.value.problems == (
        "the people: there are nobody and person; keep one.",
        "the people, nobody: its first parameter must be the id.",
    )


def test_whoever_is_listed_is_told_at_their_address_before_they_were_ever_at_the_desk(desk, users):
    by_id(desk)

    @desk.everybody
    def listed(connection: sqlite3.Connection) -> Iterator[Person]:
        for id, roles in connection.execute("SELECT id, roles FROM users"):
            yield Person(id, id.capitalize(), roles=roles.split(), email=f"{id}@acme.example")

    users.write("INSERT INTO users (id, roles) VALUES ('mara', 'support')")
    desk.ask("touch", by="priya", reason="asked")
    assert Notify(desk.journal, desk.clock, mail=True).advance(5.0)
    rows = desk.journal.database.read("SELECT recipient, kind FROM notices")
    assert rows == [(to_person("mara"), "asked")]
    assert [each.id for each in desk.journal.people.all()] == ["priya"]
    assert users.open == 0


def test_a_list_without_a_function_that_knows_one_is_told_at_start():
    desk = Desk("Office", why=["asked"])

    @desk.everybody
    def listed(number: int) -> list[Person]: ...

    with pytest.raises(DeskError) as raised:
        desk.start()
    assert raised.value.problems == (
        "the people's list, listed: nothing gives number.",
        "the people are listed, and nothing says who one is; register it with @desk.people.",
    )


def test_a_trial_has_people_of_its_own_and_the_function_is_not_asked(desk, users):
    by_id(desk)
    with trial(desk, luis="support") as t:
        assert t.run("touch", by="luis", reason="asked").outcome == "succeeded"


def test_roles_may_be_said_as_one_or_several():
    assert Person("a", "A", "support").roles == ("support",)
    assert Person("a", "A", ["support", "lead"]) == Person("a", "A", ("support", "lead"))
    assert hash(Person("a", "A", ["support"])) == hash(Person("a", "A", ("support",)))


def test_which_roles_nobody_has_is_not_said_of_people_that_the_host_has(desk, users):
    by_id(desk)
    desk.start()
    assert desk.warnings() == []
