"""Accounts: passwords, sessions and invitations hold what they promise, and keep only digests."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from firsthand import JournalUnavailable, Person, Refused
from firsthand.core.errors import FirsthandError
from firsthand.storage import accounts as module
from firsthand.storage.accounts import Accounts, NoInvitation, NotSignedIn, PasswordRefused
from firsthand.storage.journal import SqlJournal
from firsthand.storage.passwords import Passwords, problem_of
from firsthand.storage.throttle import LONGEST, Slowed, wait_after
from firsthand.storage.turned_away import TurnedAway

from ..databases import SQLITE, kind, url

__all__ = ["kind"]

PASSWORD, OTHER = "correct horse battery", "another horse entirely"
SECOND = 1_000_000
MINUTE, HOUR = 60 * SECOND, 3_600 * SECOND


class Watched(Passwords):
    """Quick hashes, and how often one was verified."""

    def __init__(self, time_cost: int = 1) -> None:
        super().__init__(PasswordHasher(time_cost=time_cost, memory_cost=8, parallelism=1))
        self.verified = 0

    def fits(self, password: str, hash: str | None) -> bool:
        self.verified += 1
        return super().fits(password, hash)


class Town:
    """A journal with ada, who administers, and priya; both have a password; the time is ``now``."""

    def __init__(self, folder: Path) -> None:
        self.journal = SqlJournal(url(folder))
        self.now = 1_000_000 * HOUR
        self.passwords = Watched()
        self.accounts = Accounts(self.journal, lambda: self.now, self.passwords)
        for id in ("ada", "priya"):
            self.journal.people.add(Person(id, id.capitalize(), ("support",)), by="root")
            self.accounts.accept(self.accounts.invite(id, "root"), PASSWORD, "there")

    def sign_in(self, id: str = "priya", password: str = PASSWORD, address: str = "here") -> str:
        return self.accounts.sign_in(id, password, address)

    def fails(self, times: int, id: str = "priya", address: str = "here") -> None:
        for _ in range(times):
            with pytest.raises(NotSignedIn):
                self.sign_in(id, "wrong", address)

    def slowed(self, id: str = "priya", address: str = "here") -> int:
        with pytest.raises(Slowed) as slowed:
            self.sign_in(id, PASSWORD, address)
        return slowed.value.seconds

    def is_in(self, token: str) -> bool:
        return self.accounts.visitor(token) is not None

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.journal.database.read(sql)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """A journal with accounts."""
    made = Town(tmp_path)
    yield made
    made.journal.close()


# Sessions


def test_a_session_is_of_whoever_signed_in_as_they_are_now(town: Town) -> None:
    token = town.sign_in()
    visitor = town.accounts.visitor(token)
    assert visitor
    assert (visitor.person.id, visitor.token) == ("priya", None)
    town.journal.people.change("priya", by="root", roles=("lead",))
    again = town.accounts.visitor(token)
    assert again
    assert again.person.roles == ("lead",)


def test_every_sign_in_is_another_session_and_no_made_up_token_is_one(town: Town) -> None:
    first, second = town.sign_in(), town.sign_in()
    assert first != second
    assert len(first) >= 43
    assert not any(town.is_in(token) for token in ("", "x", first[:-1], f"{first} ", "\udcff"))


@SQLITE
def test_only_digests_of_tokens_and_passwords_are_on_disk(town: Town) -> None:
    token, invitation = town.sign_in(), town.accounts.invite("ada", "root")
    town.journal.close()
    stored = b"".join(each.read_bytes() for each in town.journal.database.path.parent.iterdir())
    assert b"$argon2id$" in stored
    assert not any(secret.encode() in stored for secret in (token, invitation, PASSWORD))


def test_a_session_ends_after_half_a_day_without_anything_and_after_a_week_in_any_case(town: Town) -> None:
    idle, busy = town.sign_in(), town.sign_in()
    for _ in range(14 * 11):
        town.now += HOUR
        visitor = town.accounts.visitor(busy)
        busy = visitor.token or busy if visitor else ""
        assert town.is_in(idle) is False or town.now <= 1_000_012 * HOUR
    assert town.is_in(busy)
    town.now += 15 * HOUR
    assert not town.is_in(busy)


def test_a_token_is_replaced_every_hour_and_good_for_a_minute_more(town: Town) -> None:
    old = town.sign_in()
    town.now += HOUR
    visitor = town.accounts.visitor(old)
    assert visitor
    assert visitor.token not in (None, old)
    town.now += 59 * SECOND
    assert town.is_in(old)
    assert town.is_in(str(visitor.token))
    town.now += 2 * SECOND
    assert not town.is_in(old)
    assert town.is_in(str(visitor.token))


def test_requests_at_once_get_the_same_token_in_place_of_the_old_one(town: Town) -> None:
    old = town.sign_in()
    town.now += HOUR
    seen: list[Any] = []
    threads = [threading.Thread(target=lambda: seen.append(town.accounts.visitor(old))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({each.token for each in seen}) == 1
    assert len({each.session for each in seen}) == 1
    assert town.rows("SELECT count(*) FROM sessions WHERE person = 'priya' AND address = 'here'") == [(2,)]


def test_a_replaced_token_does_not_make_the_session_longer(town: Town) -> None:
    token = town.sign_in()
    expires = town.rows("SELECT max(expires) FROM sessions")
    town.now += HOUR
    town.accounts.visitor(token)
    assert town.rows("SELECT max(expires) FROM sessions") == expires


def test_a_look_is_one_select_and_a_write_once_a_minute_at_most(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    token = town.sign_in()
    database, reads, writes = town.journal.database, [], []
    read, write = database.read, database.write
    monkeypatch.setattr(database, "read", lambda *given: reads.append(1) or read(*given))
    monkeypatch.setattr(database, "write", lambda work: writes.append(1) or write(work))
    for _ in range(10):
        town.accounts.visitor(token)
    assert (len(reads), len(writes)) == (10, 0)
    for _ in range(180):
        town.now += SECOND
        town.accounts.visitor(token)
    assert len(writes) == 3


def test_whoever_is_signed_in_reads_on_while_nothing_can_be_written(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = town.sign_in()

    def full(work: object) -> None:
        raise JournalUnavailable("The journal is full.")

    monkeypatch.setattr(town.journal.database, "write", full)
    town.now += 2 * HOUR
    visitor = town.accounts.visitor(token)
    assert visitor
    assert visitor.token is None


def test_signing_out_ends_a_session_with_both_its_tokens_and_no_other(town: Town) -> None:
    old, other = town.sign_in(), town.sign_in()
    town.now += HOUR
    new = str(town.accounts.visitor(old).token)  # type: ignore[union-attr]
    town.accounts.sign_out(new)
    assert [town.is_in(each) for each in (old, new, other)] == [False, False, True]


def test_signing_out_everywhere_is_for_oneself_and_for_those_who_administer(town: Town) -> None:
    tokens = [town.sign_in(), town.sign_in()]
    ada, priya = (town.journal.person(id) for id in ("ada", "priya"))
    assert ada
    assert priya
    with pytest.raises(Refused):
        town.accounts.sign_out_everywhere("ada", priya)
    assert town.accounts.sign_out_everywhere("priya", ada) == 3
    assert not any(town.is_in(each) for each in tokens)
    event = town.journal.history.events_after(0, 100)[-1]
    assert (event.kind, event.actor, event.data) == ("sessions_ended", "ada", {"person": "priya", "sessions": 3})


def test_whoever_leaves_is_signed_out_for_good_and_their_invitation_is_void(town: Town) -> None:
    token, invitation = town.sign_in(), town.accounts.invite("priya", "root")
    town.journal.people.change("priya", by="root", active=False)
    town.journal.people.change("priya", by="root", active=True)
    assert not town.is_in(token)
    with pytest.raises(NoInvitation):
        town.accounts.accept(invitation, OTHER, "here")


# Passwords


def test_an_unknown_person_costs_the_same_work_and_gets_the_same_answer(town: Town) -> None:
    said = set()
    for id in ("priya", "nobody", ""):
        before = town.passwords.verified
        with pytest.raises(NotSignedIn) as refused:
            town.sign_in(id, "wrong")
        assert town.passwords.verified == before + 1
        said.add(str(refused.value))
    assert len(said) == 1


def test_somebody_without_a_password_cannot_sign_in_with_any(town: Town) -> None:
    town.journal.people.add(Person("nora", "Nora"), by="root")
    for password in ("", "nobody's", "None"):
        with pytest.raises(NotSignedIn):
            town.sign_in("nora", password)


def test_a_hash_is_made_anew_when_its_parameters_have_changed(town: Town) -> None:
    town.accounts.passwords = Watched(time_cost=2)
    before = town.rows("SELECT hash FROM credentials WHERE person = 'priya'")
    town.sign_in()
    after = town.rows("SELECT hash FROM credentials WHERE person = 'priya'")
    assert "t=1" in before[0][0]
    assert "t=2" in after[0][0]
    assert town.is_in(town.sign_in())


def test_hashes_are_argon2id_as_the_library_recommends() -> None:
    assert Passwords().hash(PASSWORD).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


@pytest.mark.parametrize(
    "password",
    ["", "short", "a" * 201, "password123", "PASSWORD123", "aaaaaaaaaaaa", "abababababab", "priya@acme.com",
     "Priya Kowalska", "priyakowalska", "1234567890"],
)  # fmt: skip
def test_a_password_that_anybody_would_guess_is_refused_in_words(password: str, town: Town) -> None:
    assert problem_of(password, Person("priya@acme.com", "Priya Kowalska"))


@pytest.mark.parametrize("password", ["ten chars!", "a" * 190 + "bcd", "пароль из слов", "🐎🔋 staple x"])
def test_any_other_password_is_one(password: str, town: Town) -> None:
    assert not problem_of(password, Person("priya@acme.com", "Priya"))


def test_a_password_is_the_same_however_a_keyboard_makes_its_letters(town: Town) -> None:
    town.accounts.accept(town.accounts.invite("priya", "root"), "naïve cafés", "here")
    assert town.sign_in("priya", "nai\u0308ve cafe\u0301s")


def test_changing_a_password_needs_the_old_one_and_ends_every_session(town: Town) -> None:
    token = town.sign_in()
    priya = town.journal.person("priya")
    assert priya
    with pytest.raises(NotSignedIn):
        town.accounts.change_password(priya, "wrong", OTHER, "here")
    with pytest.raises(PasswordRefused):
        town.accounts.change_password(priya, PASSWORD, "short", "here")
    new = town.accounts.change_password(priya, PASSWORD, OTHER, "here")
    assert (town.is_in(token), town.is_in(new)) == (False, True)
    with pytest.raises(NotSignedIn):
        town.sign_in()


# Invitations


def test_an_invitation_is_used_once_and_within_a_week(town: Town) -> None:
    used, late = town.accounts.invite("priya", "root"), town.accounts.invite("ada", "root")
    with pytest.raises(PasswordRefused):
        town.accounts.accept(used, "short", "here")
    assert town.is_in(town.accounts.accept(used, OTHER, "here"))
    town.now += 7 * 24 * HOUR
    for token in (used, late, "", "made up"):
        with pytest.raises(NoInvitation):
            town.accounts.accept(token, OTHER, "here")


def test_of_two_who_use_an_invitation_at_once_one_gets_in(town: Town) -> None:
    invitation = town.accounts.invite("priya", "root")
    ended: list[str] = []

    def use(password: str) -> None:
        try:
            ended.append(town.accounts.accept(invitation, password, "here"))
        except NoInvitation:
            ended.append("")

    threads = [threading.Thread(target=use, args=(f"{OTHER} {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(bool, ended)) == [False, False, False, True]
    assert town.is_in(max(ended, key=len))


def test_only_those_who_administer_invite(town: Town) -> None:
    priya = town.journal.person("priya")
    assert priya
    with pytest.raises(Refused):
        town.accounts.invite("ada", priya)
    with pytest.raises(Refused):
        town.accounts.invite("ada", Person("priya", "Priya", administers=True))


# Slowing


def test_from_the_fifth_failure_on_each_next_try_waits_twice_as_long_up_to_a_quarter_of_an_hour(town: Town) -> None:
    town.fails(5)
    waits = []
    for _ in range(12):
        waits.append(town.slowed())
        town.now += waits[-1] * SECOND
        town.fails(1)
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]
    assert wait_after(10_000) == LONGEST


def test_while_one_waits_nothing_is_looked_at_and_nothing_counted(town: Town) -> None:
    town.fails(5)
    verified = town.passwords.verified
    assert {town.slowed() for _ in range(5)} == {1}
    assert town.passwords.verified == verified


def test_a_right_password_forgets_the_failures(town: Town) -> None:
    town.fails(4)
    town.sign_in()
    town.fails(4)
    assert town.sign_in()


def test_an_unknown_person_is_slowed_as_a_known_one_is(town: Town) -> None:
    town.fails(5, "nobody")
    assert town.slowed("nobody") == 1


def test_an_address_that_tries_one_person_after_the_other_is_slowed_too(town: Town) -> None:
    for number in range(20):
        town.fails(1, f"person{number}")
    assert town.slowed("priya") == 1
    assert town.sign_in(address="elsewhere")


def test_a_right_password_of_ones_own_does_not_forget_an_addresss_failures(town: Town) -> None:
    for number in range(19):
        town.fails(1, f"person{number}")
        town.sign_in("ada")
    town.fails(1, "another")
    assert town.slowed("priya") == 1


def test_many_tries_at_once_are_as_many_failures(town: Town) -> None:
    ended: list[str] = []

    def attempt() -> None:
        try:
            town.sign_in("priya", "wrong")
        except (NotSignedIn, Slowed) as error:
            ended.append(type(error).__name__)

    threads = [threading.Thread(target=attempt) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (ended.count("NotSignedIn"), ended.count("Slowed")) == (5, 15)


def test_failures_are_forgotten_after_a_day_and_take_no_room(town: Town) -> None:
    town.fails(5)
    town.now += 25 * HOUR
    town.fails(4)
    assert town.sign_in()
    assert town.rows("SELECT count(*) FROM throttle") == [(1,)]


def test_changing_a_password_is_slowed_as_signing_in_is(town: Town) -> None:
    priya = town.journal.person("priya")
    assert priya
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            town.accounts.change_password(priya, "wrong", OTHER, "here")
    with pytest.raises(Slowed):
        town.accounts.change_password(priya, PASSWORD, OTHER, "here")


# Forms, and what is turned away


def test_a_forms_token_fits_its_own_session_only_and_this_installation_only(town: Town, tmp_path: Path) -> None:
    token = town.accounts.csrf("session:1")
    assert town.accounts.csrf_fits("session:1", token)
    assert not town.accounts.csrf_fits("session:2", token)
    assert not any(town.accounts.csrf_fits("session:1", each) for each in ("", "é", token[:-1], token.upper()))
    assert Accounts(SqlJournal(town.journal.url)).csrf("session:1") == token
    other = SqlJournal(f"sqlite:///{tmp_path / 'other.db'}")
    other.people.add(Person("ada", "Ada"), by="root")
    assert Accounts(other).csrf("session:1") != token


def test_who_was_turned_away_is_counted_by_day_and_kind(town: Town) -> None:
    away = TurnedAway(town.journal, lambda: town.now)
    for what in ("csrf", "csrf", "size"):
        away.note(what)
    assert away.counts() == {"csrf": 2, "size": 1}
    town.now += 24 * HOUR
    away.note("csrf")
    assert away.counts() == {"csrf": 3, "size": 1}
    assert away.counts(days=1) == {"csrf": 1}


def test_counts_that_cannot_be_written_are_written_later(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    away = TurnedAway(town.journal, lambda: town.now)

    def full(work: object) -> None:
        raise JournalUnavailable("The journal is full.")

    with monkeypatch.context() as patched:
        patched.setattr(town.journal.database, "write", full)
        away.note("csrf")
        away.flush()
    assert away.counts() == {"csrf": 1}


def test_a_session_lives_no_longer_than_it_says() -> None:
    assert (module.IDLE, module.LONGEST, module.ROTATES, module.GRACE) == (12 * HOUR, 168 * HOUR, HOUR, MINUTE)


# People, changed by a known person


def test_a_known_person_changes_people_under_their_own_id_while_they_administer(town: Town) -> None:
    ada = town.journal.person("ada")
    assert ada
    town.journal.people.add(Person("nora", "Nora"), by=ada)
    assert town.journal.history.events_after(0, 100)[-1].actor == "ada"
    town.journal.people.change("ada", by="root", administers=False)
    for change in (lambda: town.journal.people.add(Person("eve", "Eve"), by=ada),
                   lambda: town.journal.people.change("ada", by=ada, administers=True)):  # fmt: skip
        with pytest.raises(Refused):
            change()
    assert town.journal.person("eve") is None


# Ids, however they are typed


def test_an_id_is_typed_in_capitals_or_not_and_nobody_else_gets_it_in_others(town: Town) -> None:
    assert town.is_in(town.sign_in("PRIYA"))
    with pytest.raises(FirsthandError, match="priya is known already"):
        town.journal.people.add(Person("Priya", "Priya"), by="root")


def test_of_two_ids_that_differ_by_capitals_alone_each_is_its_own(town: Town) -> None:
    town.journal.database.write(
        lambda connection: connection.execute("INSERT INTO people (id, name, roles) VALUES ('Ada', 'Ada', '[]')")
    )
    assert [town.journal.people.id_of(typed) for typed in ("ada", "Ada", "ADA")] == ["ada", "Ada", "ADA"]


def test_failures_are_counted_for_the_id_that_is_meant(town: Town) -> None:
    town.fails(2, "priya")
    town.fails(2, "PRIYA")
    town.fails(1, "Priya")
    assert town.slowed("pRiya")
