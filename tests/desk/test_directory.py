"""A host's directory says who somebody is, each time that it counts; the journal's people follow it, on record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from firsthand import Desk, FirsthandError, JournalUnavailable, Person, Settings, UnknownActor
from firsthand.core.runs import microseconds
from firsthand.storage.accounts import Accounts
from firsthand.storage.journal import SqlJournal
from firsthand.testing import trial
from firsthand.work.schedules import tick
from firsthand.work.worker import Worker

from ..databases import kind, url

__all__ = ["kind"]

PRIYA = Person("priya", "Priya", ("support",))


class Users:
    """A directory, as a host would have one."""

    def __init__(self) -> None:
        self.people = {"priya": PRIYA, "boss": Person("boss", "Boss", ("lead",), administers=True)}
        self.fault: BaseException | None = None
        self.asked = 0

    def person(self, id: str) -> Person | None:
        """Return whoever is there."""
        self.asked += 1
        if self.fault:
            raise self.fault
        return self.people.get(id)

    def change(self, id: str, **changes: object) -> None:
        """Change somebody."""
        self.people[id] = replace(self.people[id], **changes)  # type: ignore[arg-type]


class Office:
    """A desk over a directory, its journal, and what was done."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(database=url(folder))
        self.users = Users()
        self.done: list[int] = []
        self.desk = Desk("Office", why=["asked"])
        self.desk.directory = self.users
        self.journal = self.desk.open(self.settings)

        @self.desk.action("touch", who="support")
        def touch(n: int = 1) -> None:
            """Touch it."""
            self.done.append(n)

    def touch(self, by: str = "priya", **said: object) -> str:
        return self.desk.run("touch", by=by, reason="asked", **said).status

    def changes(self) -> list[tuple[str, str | None]]:
        """Return kind and actor of the events about people."""
        sql = "SELECT kind, actor FROM events WHERE kind IN ('person_added', 'person_changed') ORDER BY id"
        return self.journal.database.read(sql)

    def turned_away(self) -> int:
        sql = "SELECT count(*) FROM events WHERE kind = 'sign_in_failed'"
        return int(self.journal.database.read(sql)[0][0])


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    yield made
    made.journal.close()


def test_whoever_the_directory_knows_may_act_and_is_noted_once(office):
    assert [office.touch() for _ in range(3)] == ["succeeded"] * 3
    assert office.journal.people.all() == [PRIYA]
    assert office.changes() == [("person_added", "system:directory")]


def test_whoever_it_does_not_know_is_turned_away_on_record(office):
    with pytest.raises(UnknownActor):
        office.touch("mallory")
    assert office.turned_away() == 1
    assert office.journal.people.all() == []


def test_somebody_demoted_is_refused_from_the_next_run_on_and_back_as_soon(office):
    assert office.touch() == "succeeded"
    office.users.change("priya", roles=())
    assert office.touch() == "refused"
    assert office.journal.people.known("priya").roles == ()
    office.users.change("priya", roles=("support",), name="Priya N.")
    assert office.touch() == "succeeded"
    assert office.journal.people.known("priya").name == "Priya N."
    assert office.done == [1, 1]


@pytest.mark.parametrize("how", ["gone", "inactive"])
def test_whoever_is_gone_or_inactive_is_turned_away_from_the_next_run_on(office, how):
    assert office.touch() == "succeeded"
    office.users.change("priya", active=False)
    if how == "gone":
        del office.users.people["priya"]
    with pytest.raises(UnknownActor):
        office.touch()
    assert office.done == [1]
    assert not office.journal.people.known("priya").active


def test_a_fault_of_the_directory_lets_nobody_in_and_says_so(office):
    assert office.touch() == "succeeded"
    for fault in (OSError("its database is down"), KeyError("secret")):
        office.users.fault = fault
        with pytest.raises(JournalUnavailable, match=f"cannot be looked up now .{type(fault).__name__}") as raised:
            office.touch()
        assert "secret" not in str(raised.value)
    assert office.done == [1]


def test_what_the_directory_answers_is_only_ever_for_the_id_that_was_asked(office):
    office.users.people["PRIYA"] = PRIYA
    with pytest.raises(UnknownActor):
        office.touch("PRIYA")


def test_an_id_a_name_or_a_role_that_cannot_stand_on_record_lets_nobody_in(office):
    office.users.people |= {"system:x": Person("system:x", "X", ("support",)), "": Person("", "X", ("support",))}
    for id in ("system:x", ""):
        with pytest.raises(UnknownActor):
            office.touch(id)
    office.users.change("priya", name=" ", roles=("\n", "support", "support"))
    assert office.touch() == "succeeded"
    assert office.journal.people.known("priya") == PRIYA.__class__("priya", "priya", ("support",))


def test_what_another_process_wrote_late_is_mended_by_the_next_look(office):
    assert office.touch() == "succeeded"
    office.users.change("priya", roles=())
    assert office.touch() == "refused"
    sql = """UPDATE people SET roles = '["support"]', active = 1 WHERE id = 'priya'"""
    office.journal.database.write(lambda connection: connection.execute(sql, ()))
    assert office.touch() == "refused"
    assert office.journal.people.known("priya").roles == ()


def test_runs_that_wait_go_by_the_right_at_the_time_when_they_are_performed(office):
    waiting = office.desk.run("touch", {"n": 7}, by="priya", reason="asked", background=True)
    assert waiting.status == "queued"
    office.users.change("priya", active=False)
    with Worker(office.desk, 1):
        ended = office.desk.wait(waiting, 20)
    assert (ended.status, ended.refusal.code, office.done) == ("refused", "actor_gone", [])


def test_a_run_that_waits_is_kept_while_the_directory_is_down(office):
    waiting = office.desk.run("touch", {"n": 7}, by="priya", reason="asked", background=True)
    office.users.fault = OSError("down")
    with Worker(office.desk, 1):
        assert office.desk.wait(waiting, 0.5).status == "queued"
        office.users.fault = None
        assert office.desk.wait(waiting, 20).status == "succeeded"


def test_a_schedule_of_somebody_who_is_gone_begins_nothing(office):
    office.desk.schedule("touch", by="priya", cron="* * * * *", zone="UTC", reason="asked")
    del office.users.people["priya"]
    tick(office.desk, office.journal, microseconds(datetime.now(UTC) + timedelta(minutes=2)))
    assert office.journal.schedules.all()[0].state == "paused"
    assert office.done == []


def test_an_open_session_of_the_journals_own_ends_with_the_right_to_it(office):
    office.touch()
    accounts = Accounts(office.journal)
    token = accounts.enter_as("priya", "here")
    assert accounts.visitor(token).person == PRIYA
    office.users.change("priya", roles=("lead",))
    assert accounts.visitor(token).person.roles == ("lead",)
    office.users.change("priya", active=False)
    assert accounts.visitor(token) is None


def test_people_of_a_directory_are_changed_there_alone_but_for_their_login(office):
    office.touch()
    with pytest.raises(FirsthandError, match="those of the application"):
        office.journal.people.add(Person("x", "X"), by="test")
    with pytest.raises(FirsthandError, match="those of the application"):
        office.journal.people.change("priya", "test", roles=("lead",))
    office.journal.people.change("priya", "test", login="pn")
    assert office.touch() == "succeeded"
    assert office.journal.people.known("priya").login == "pn"


def test_whoever_administers_is_whom_the_directory_says(office):
    assert not office.journal.person("priya").administers
    assert office.journal.person("boss").administers


def test_a_trial_has_people_of_its_own(office):
    asked = office.users.asked
    with trial(office.desk, luis="support") as t:
        assert t.run("touch", by="luis", reason="asked").status == "succeeded"
    assert office.users.asked == asked
    assert office.touch() == "succeeded"


def test_the_directory_may_be_set_before_or_after_the_journal_is_opened(office, tmp_path):
    office.desk.directory = None
    with pytest.raises(UnknownActor):
        office.touch()
    office.desk.directory = office.users
    assert office.touch() == "succeeded"
    assert isinstance(office.desk.journal, SqlJournal)
