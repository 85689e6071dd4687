"""The Chinook example: every action succeeds, is refused by a check and by policy, from Python and from a terminal."""

import asyncio
import json
import os
import pwd
import shlex
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from firsthand.core.looking import Looking
from firsthand.testing import Trial, trial

sqlalchemy_orm = pytest.importorskip("sqlalchemy.orm")

FOLDER = Path(__file__).parents[2] / "examples" / "chinook"
MODULES = ("desk", "mail", "models", "people", "shop", "support", "actions")

ANDREW = "andrew@chinookcorp.com"
JANE = "jane@chinookcorp.com"
MICHAEL = "michael@chinookcorp.com"
NANCY = "nancy@chinookcorp.com"
ROBERT = "robert@chinookcorp.com"
PEOPLE = {
    ANDREW: "general manager",
    NANCY: "sales manager",
    JANE: "sales support agent",
    "margaret@chinookcorp.com": "sales support agent",
    "steve@chinookcorp.com": "sales support agent",
    MICHAEL: "it manager",
    ROBERT: "it staff",
    "laura@chinookcorp.com": "it staff",
}

CLOSED = "UPDATE Customer SET ClosedOn = '2026-01-05' WHERE CustomerId = 5;"
REFUNDED = "INSERT INTO Refund VALUES (98, 1.99, '2026-01-05');"
DELETED = """
    INSERT INTO DeletedPlaylist VALUES (1, 18, 'On-The-Go 1', '[597, 1]', date('now', '{age} days'), NULL);
    DELETE FROM PlaylistTrack WHERE PlaylistId = 18;
    DELETE FROM Playlist WHERE PlaylistId = 18;
"""


@dataclass(frozen=True)
class Case:
    """What is tried of one action: a run that is performed with its effect, one that a check refuses, one by policy."""

    by: str
    reason: str
    inputs: Mapping[str, Any]
    effect: str
    """A query of the shop's database after the run that is performed,"""
    rows: list[tuple[object, ...]]
    """and its rows."""
    check: str
    """The check that refuses the second run,"""
    refused: Mapping[str, Any] = field(default_factory=dict)
    """with these inputs instead,"""
    where: str = ""
    """in a shop to which this was done first."""
    may_not: str = ROBERT
    """Who may not, with the same inputs as the run that is performed."""
    before: str = ""
    """What is done to the shop before any of the three."""


CASES = {
    "customer.change_email": Case(
        JANE, "mail came back", {"customer": 5, "email": " franta@jetbrains.com "},
        "SELECT Email FROM Customer WHERE CustomerId = 5", [("franta@jetbrains.com",)],
        "is_free", {"email": "LUISG@embraer.com.br"},
    ),
    "customer.close": Case(
        JANE, "customer died", {"customer": 5},
        "SELECT CustomerId FROM Customer WHERE ClosedOn IS NOT NULL", [(5,)],
        "owes_nothing", {"customer": 58}, may_not=ANDREW,
    ),
    "customer.correct_company": Case(
        JANE, "company was renamed", {"customer": 5, "company": "JetBrains"},
        "SELECT Company FROM Customer WHERE CustomerId = 5", [("JetBrains",)],
        "is_open", where=CLOSED,
    ),
    "customer.merge": Case(
        NANCY, "signed up twice", {"keep": 5, "duplicate": 6},
        "SELECT (SELECT count(*) FROM Customer WHERE CustomerId = 6), count(*) FROM Invoice WHERE CustomerId = 5",
        [(0, 14)],
        "are_in_one_country", {"duplicate": 1}, may_not=JANE,
    ),
    "customer.reassign": Case(
        NANCY, "language", {"customer": 5, "rep": 3},
        "SELECT SupportRepId FROM Customer WHERE CustomerId = 5", [(3,)],
        "is_agent", {"rep": 8}, may_not=JANE,
    ),
    "customer.reopen": Case(
        NANCY, "our mistake", {"customer": 5},
        "SELECT ClosedOn FROM Customer WHERE CustomerId = 5", [(None,)],
        "is_closed", {"customer": 6}, may_not=JANE, before=CLOSED,
    ),
    "invoice.correct_address": Case(
        JANE, "typing error", {"invoice": 98, "street": "Rua Dois, 3", "city": "Santos", "postal_code": "11010"},
        "SELECT BillingAddress, BillingCity, BillingPostalCode, BillingCountry FROM Invoice WHERE InvoiceId = 98",
        [("Rua Dois, 3", "Santos", "11010", "Brazil")],
        "is_not_refunded", where=REFUNDED,
    ),
    "invoice.recompute_total": Case(
        JANE, "our mistake", {"invoice": 98},
        "SELECT Total FROM Invoice WHERE InvoiceId = 98", [(3.98,)],
        "is_off", {"invoice": 121}, before="UPDATE Invoice SET Total = 4.5 WHERE InvoiceId = 98",
    ),
    "invoice.record_payment": Case(
        NANCY, "paid by transfer", {"invoice": 411, "paid_on": "2025-12-20"},
        "SELECT PaidOn FROM Invoice WHERE InvoiceId = 411", [("2025-12-20",)],
        "is_after_invoice", {"paid_on": "2025-12-13"}, may_not=JANE,
    ),
    "invoice.refund": Case(
        JANE, "double charge", {"invoice": 98, "amount": "3.98"},
        "SELECT InvoiceId, Amount FROM Refund", [(98, 3.98)],
        "is_within_total", {"amount": "3.99"},
    ),
    "invoice.resend": Case(
        JANE, "customer asked", {"invoice": 98, "to": "books@embraer.com.br"},
        "SELECT Recipient, Title, Text FROM Mail",
        [("books@embraer.com.br", "Your invoice 98", "11 March 2022: 3.98")],
        "adds_up", where="UPDATE Invoice SET Total = 4.5 WHERE InvoiceId = 98",
    ),
    "invoice.void_line": Case(
        JANE, "ordered by mistake", {"invoice": 411, "line": 2239},
        "SELECT Total, (SELECT count(*) FROM InvoiceLine WHERE VoidedOn <> '') FROM Invoice WHERE InvoiceId = 411",
        [(12.87, 1)],
        "is_not_refunded", {"invoice": 98, "line": 531}, where=REFUNDED,
    ),
    "playlist.delete": Case(
        MICHAEL, "two of a name", {"playlist": 10},
        "SELECT PlaylistId, Name, json_array_length(TrackIds) FROM DeletedPlaylist"
        " WHERE PlaylistId NOT IN (SELECT PlaylistId FROM PlaylistTrack)",
        [(10, "TV Shows", 213)],
        "is_spare", {"playlist": 12}, may_not=ROBERT,
    ),
    "playlist.rename": Case(
        ROBERT, "two of a name", {"playlist": 8, "name": "All music"},
        "SELECT Name FROM Playlist WHERE PlaylistId IN (1, 8)", [("Music",), ("All music",)],
        "name_is_free", {"name": "Grunge"}, may_not=JANE,
    ),
    "playlist.restore": Case(
        ROBERT, "deleted by mistake", {"deleted": 1},
        "SELECT Name, group_concat(TrackId) FROM Playlist JOIN PlaylistTrack USING (PlaylistId) WHERE PlaylistId = 18",
        [("On-The-Go 1", "1,597")],
        "is_recent", where="UPDATE DeletedPlaylist SET DeletedOn = date('now', '-31 days')", may_not=JANE,
        before=DELETED.format(age=-1),
    ),
    "track.change_price": Case(
        NANCY, "promotion", {"track": 1, "price": "0.79"},
        "SELECT UnitPrice FROM Track WHERE TrackId = 1", [(0.79,)],
        "is_another_price", {"price": "0.99"}, may_not=JANE,
    ),
}  # fmt: skip


# The shop, from Python


@pytest.fixture(scope="module")
def chinook() -> Iterator[SimpleNamespace]:
    """The example's modules, imported as its own folder sees them, and gone afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FOLDER))
        for name in MODULES:
            patch.delitem(sys.modules, name, raising=False)
        modules: dict[str, ModuleType] = {name: import_module(name) for name in MODULES}
        sqlalchemy_orm.configure_mappers()
        yield SimpleNamespace(**modules)
        for name in [name for name in sys.modules if name.partition(".")[0] in MODULES]:
            del sys.modules[name]


@pytest.fixture(scope="module")
def prepared(chinook: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working copy that is only copied from."""
    path = tmp_path_factory.mktemp("prepared") / "shop.sqlite"
    chinook.shop.prepare(path)
    return path


class Shop:
    """A working copy of the shop's database, looked at with plain sqlite3."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def do(self, sql: str) -> None:
        """Change the shop behind the desk's back."""
        with closing(sqlite3.connect(self.path)) as connection:
            connection.executescript(sql)

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as connection:
            return connection.execute(sql).fetchall()

    def content(self) -> bytes:
        """Return everything there is in the shop."""
        return self.path.read_bytes()


@pytest.fixture
def shop(chinook: SimpleNamespace, prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A fresh working copy."""
    path = tmp_path / "shop.sqlite"
    shutil.copyfile(prepared, path)
    monkeypatch.setenv("CHINOOK_DATABASE", str(path))
    yield Shop(path)
    chinook.shop.engine_of(path).dispose()
    chinook.shop.engine_of.cache_clear()


@pytest.fixture
def t(chinook: SimpleNamespace, shop: Shop) -> Iterator[Trial]:
    """The desk on trial, with all employees."""
    with trial(chinook.support.desk, PEOPLE, now=datetime.now(UTC)) as tried:
        yield tried


def run(t: Trial, name: str, /, *, by: str = "", **inputs: Any) -> Any:
    """Run an action as its case does, but with these inputs."""
    return t.run(name, inputs, by=by or CASES[name].by, reason=CASES[name].reason)


def test_every_action_stands_in_the_table_with_its_three_cases(chinook: SimpleNamespace) -> None:
    assert sorted(action.name for action in chinook.support.desk.actions) == sorted(CASES)


@pytest.mark.parametrize("name", CASES)
def test_an_action_does_to_the_shop_what_it_says(t: Trial, shop: Shop, name: str) -> None:
    case = CASES[name]
    shop.do(case.before)
    assert shop.ask(case.effect) != case.rows
    done = run(t, name, **case.inputs)
    assert (done.outcome, done.refusal, done.error) == ("succeeded", None, None)
    assert isinstance(done.value, str)
    assert done.subject.label
    assert shop.ask(case.effect) == case.rows


@pytest.mark.parametrize("name", CASES)
def test_a_check_refuses_and_nothing_changes(t: Trial, shop: Shop, name: str) -> None:
    case = CASES[name]
    shop.do(case.before + case.where)
    before = shop.content()
    refused = run(t, name, **{**case.inputs, **case.refused})
    assert refused.outcome == "refused"
    assert (refused.refusal.code, refused.refusal.check) == ("check_failed", case.check)
    assert shop.content() == before


@pytest.mark.parametrize("name", CASES)
def test_policy_refuses_and_nothing_changes(t: Trial, shop: Shop, name: str) -> None:
    case = CASES[name]
    shop.do(case.before)
    before = shop.content()
    refused = run(t, name, by=case.may_not, **case.inputs)
    assert (refused.outcome, refused.refusal.code) == ("refused", "no_right")
    assert shop.content() == before


def test_the_desk_conforms_as_its_own_tests_say() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_support.py"]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "failed" not in done.stdout


# The desk


def test_every_statement_is_a_sentence_of_its_author(chinook: SimpleNamespace) -> None:
    for action in chinook.support.desk.actions:
        assert action.circumstances, action.name
        assert action.tags
        assert len(action.reasons.listed) > 1
        clauses = [clause.wiring for clause in action.policy.clauses if clause.wiring]
        for wiring in (*clauses, *(each.wiring for each in action.circumstances)):
            assert (wiring.function.__doc__ or "").endswith("."), wiring.function


def test_no_action_is_longer_than_a_console_session(chinook: SimpleNamespace) -> None:
    for action in chinook.support.desk.actions:
        lines = len(set(line for *_, line in action.wiring.function.__code__.co_lines() if line))
        assert lines <= 10, action.name


def test_the_people_are_the_shop_s_own_employees(chinook: SimpleNamespace, shop: Shop) -> None:
    assert {email: role for email, _, role in chinook.people.staff()} == PEOPLE


def test_who_left_is_not_made_known(chinook: SimpleNamespace, shop: Shop) -> None:
    shop.do("UPDATE Employee SET LeftOn = '2026-01-05' WHERE EmployeeId = 4")
    assert "margaret@chinookcorp.com" not in {email for email, _, _ in chinook.people.staff()}


@pytest.mark.parametrize(
    ("kind", "text", "found"),
    [
        ("customer", "tremblay", ["3"]),
        ("customer", "luís gon", ["1"]),
        ("customer", "JETBRAINS", ["5"]),
        ("customer", "%", []),
        ("employee", "king", ["7"]),
        ("invoice", "wichter", ["361", "306", "295", "174", "122", "100", "77"]),
        ("playlist", "grunge", ["16"]),
        ("deleted_playlist", "on-the", ["1"]),
        ("track", "balls to the", ["2"]),
    ],
)
def test_subjects_are_found_by_what_people_remember(
    chinook: SimpleNamespace, t: Trial, shop: Shop, kind: str, text: str, found: list[str]
) -> None:
    shop.do(DELETED.format(age=-1))
    desk = chinook.support.desk
    request = desk.request("customer.close", {}, JANE, "python")
    assert [subject.id for subject in Looking(desk.pipeline).found(request, kind, text)] == found


# The shop's working copy


def test_the_pristine_database_is_never_written_to(chinook: SimpleNamespace, t: Trial, shop: Shop) -> None:
    before = chinook.shop.PRISTINE.read_bytes()
    assert run(t, "invoice.refund", invoice=98, amount="1").outcome == "succeeded"
    assert chinook.shop.PRISTINE.read_bytes() == before
    with closing(sqlite3.connect(f"file:{chinook.shop.PRISTINE}?mode=ro", uri=True)) as connection:
        assert not connection.execute("SELECT * FROM sqlite_master WHERE name = 'Refund'").fetchall()


def test_a_working_copy_is_made_where_there_is_none_and_left_alone_where_there_is(
    chinook: SimpleNamespace, tmp_path: Path
) -> None:
    path = tmp_path / "shop.sqlite"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(chinook.shop.prepare, [path] * 8))
    shop = Shop(path)
    assert shop.ask("SELECT count(*), sum(PaidOn IS NULL) FROM Invoice") == [(412, 7)]
    shop.do("DELETE FROM InvoiceLine WHERE InvoiceId = 98")
    chinook.shop.prepare(path)
    assert shop.ask("SELECT * FROM InvoiceLine WHERE InvoiceId = 98") == []
    assert list(tmp_path.iterdir()) == [path]


# Refunds


def test_an_invoice_is_refunded_once(t: Trial, shop: Shop) -> None:
    assert run(t, "invoice.refund", invoice=98, amount="1").outcome == "succeeded"
    again = run(t, "invoice.refund", invoice=98, amount="1", by=NANCY)
    assert again.refusal.check == "is_not_refunded"
    assert again.refusal.message.startswith("1.00 was given back on")
    assert shop.ask("SELECT Amount FROM Refund") == [(1,)]


def test_of_two_who_refund_an_invoice_at_once_one_does(t: Trial, shop: Shop) -> None:
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(lambda amount: run(t, "invoice.refund", invoice=98, amount=str(amount)), [1, 2, 3] * 4))
    assert sorted(each.outcome for each in runs) == ["refused"] * 11 + ["succeeded"]
    assert len(shop.ask("SELECT * FROM Refund")) == 1


def test_an_agent_refunds_up_to_10_and_the_sales_manager_more(t: Trial, shop: Shop) -> None:
    refused = run(t, "invoice.refund", invoice=327, amount="10.01")
    assert refused.refusal.code == "clause_failed"
    assert "Up to 10." in refused.refusal.message
    assert run(t, "invoice.refund", invoice=327, amount="13.86", by=NANCY).outcome == "succeeded"
    assert shop.ask("SELECT Amount FROM Refund") == [(13.86,)]


def test_what_an_agent_may_not_refund_is_asked_for_and_taken_by_the_manager(t: Trial, shop: Shop) -> None:
    inputs = {"invoice": 327, "amount": "13.86"}
    asked = t.ask("invoice.refund", inputs, by=JANE, reason="double charge")
    assert asked.status == "asked"
    taken = t.take(asked.id, by=NANCY)
    assert (taken.outcome, taken.actor, taken.asked_by) == ("succeeded", NANCY, JANE)
    assert shop.ask("SELECT Amount FROM Refund") == [(13.86,)]


@pytest.mark.parametrize("amount", ["0", "-1", "0.001", "a lot"])
def test_an_amount_is_money(t: Trial, amount: str) -> None:
    assert run(t, "invoice.refund", invoice=98, amount=amount).refusal.code == "input_invalid"


def test_what_was_never_paid_is_not_given_back(t: Trial) -> None:
    assert run(t, "invoice.refund", invoice=411, amount="1").refusal.check == "is_paid"


def test_refund_has_an_old_name(t: Trial) -> None:
    run = t.run("billing.refund", {"invoice": 98, "amount": "1"}, by=JANE, reason="wrong track")
    assert (run.outcome, run.action) == ("succeeded", "invoice.refund")


# Invoices


def test_what_is_paid_is_refunded_rather_than_voided(t: Trial) -> None:
    assert run(t, "invoice.void_line", invoice=98, line=531).refusal.check == "is_unpaid"


def test_only_a_line_of_that_invoice_that_still_counts_can_be_voided(t: Trial, shop: Shop) -> None:
    assert run(t, "invoice.void_line", invoice=411, line=531).refusal.code == "choice_invalid"
    assert run(t, "invoice.void_line", invoice=406, line=2203).value == "The total was 1.98 and is 0.99."
    assert run(t, "invoice.void_line", invoice=406, line=2203).refusal.code == "choice_invalid"
    assert run(t, "invoice.void_line", invoice=406, line=2204).value == "The total was 0.99 and is 0.00."
    assert shop.ask("SELECT Total FROM Invoice WHERE InvoiceId = 406") == [(0,)]


def test_an_address_is_corrected_for_later_invoices_if_wanted(t: Trial, shop: Shop) -> None:
    address = {"street": "Rua Dois, 3", "city": "Santos", "postal_code": "11010"}
    run(t, "invoice.correct_address", invoice=98, **address)
    assert shop.ask("SELECT City FROM Customer WHERE CustomerId = 1") == [("São José dos Campos",)]
    run(t, "invoice.correct_address", invoice=98, future=True, **address)
    assert shop.ask("SELECT City, Country FROM Customer WHERE CustomerId = 1") == [("Santos", "Brazil")]


def test_a_payment_does_not_come_from_the_future(t: Trial) -> None:
    tomorrow = datetime.now(UTC).date().replace(year=2100)
    assert run(t, "invoice.record_payment", invoice=411, paid_on=tomorrow).refusal.check == "is_after_invoice"


def test_an_invoice_goes_to_its_customer_unless_said_otherwise(t: Trial, shop: Shop) -> None:
    assert run(t, "invoice.resend", invoice=98).value == "Sent to luisg@embraer.com.br."
    assert shop.ask("SELECT Recipient FROM Mail") == [("luisg@embraer.com.br",)]


async def resend(t: Trial) -> Any:
    return await t.arun("invoice.resend", {"invoice": 98}, by=JANE, reason="customer asked")


def test_an_async_action_runs_on_the_host_s_loop(t: Trial, shop: Shop) -> None:
    assert asyncio.run(resend(t)).outcome == "succeeded"
    assert shop.ask("SELECT count(*) FROM Mail") == [(1,)]


# Customers


@pytest.mark.parametrize("email", ["luisg@embraer.com.br", "LuisG@Embraer.COM.br", "STANISŁAW.WÓJCIK@wp.pl"])
def test_an_address_that_somebody_has_is_not_given_again_in_whatever_letters(t: Trial, shop: Shop, email: str) -> None:
    before = shop.content()
    assert run(t, "customer.change_email", customer=5, email=email).refusal.check == "is_free"
    assert shop.content() == before


def test_customers_may_spell_their_own_address_in_other_letters(t: Trial, shop: Shop) -> None:
    assert run(t, "customer.change_email", customer=1, email="LuisG@embraer.com.br").outcome == "succeeded"
    assert shop.ask("SELECT Email FROM Customer WHERE CustomerId = 1") == [("LuisG@embraer.com.br",)]


@pytest.mark.parametrize(
    "email", ["", "franta", "@jetbrains.com", "a@b", "a@b@c.cz", "a b@c.cz", "a@.", f"{'a' * 60}@b.cz"]
)
def test_what_is_no_address_is_refused_in_words(t: Trial, shop: Shop, email: str) -> None:
    before = shop.content()
    refusal = run(t, "customer.change_email", customer=5, email=email).refusal
    assert refusal.code == "input_invalid"
    assert "email: this must" in refusal.message
    assert shop.content() == before


def test_a_company_is_given_another_name_or_none(t: Trial, shop: Shop) -> None:
    assert run(t, "customer.correct_company", customer=5, company="JetBrains s.r.o.").refusal.check == "is_another_name"
    assert run(t, "customer.correct_company", customer=5).outcome == "succeeded"
    assert shop.ask("SELECT Company FROM Customer WHERE CustomerId = 5") == [(None,)]


def test_an_account_is_closed_once_all_is_paid(t: Trial, shop: Shop) -> None:
    refusal = run(t, "customer.close", customer=58).refusal
    assert refusal.message == "1.99 is still owed (invoice 412)."
    assert run(t, "invoice.record_payment", invoice=412, paid_on="2025-12-30").outcome == "succeeded"
    assert run(t, "customer.close", customer=58).outcome == "succeeded"
    assert run(t, "customer.close", customer=58).refusal.check == "is_open"


def test_a_merge_stands_in_both_histories_and_is_counted_for_the_account_that_stays(t: Trial) -> None:
    merged = run(t, "customer.merge", keep=5, duplicate=6)
    assert [(each.key, each.label) for each in merged.subjects] == [
        ("customer:5", "František Wichterlová"),
        ("customer:6", "Helena Holý"),
    ]
    assert merged.subject.traits == {"country": "Czech Republic", "company": "JetBrains s.r.o."}


def test_nobody_is_merged_with_themselves_or_into_a_closed_account(t: Trial, shop: Shop) -> None:
    assert run(t, "customer.merge", keep=5, duplicate=5).refusal.check == "are_two"
    shop.do(CLOSED)
    assert run(t, "customer.merge", keep=5, duplicate=6).refusal.check == "is_open"


def test_customers_are_given_to_current_agents_only_and_to_another_than_they_have(t: Trial, shop: Shop) -> None:
    shop.do("UPDATE Employee SET LeftOn = '2026-01-05' WHERE EmployeeId = 3")
    refusal = run(t, "customer.reassign", customer=5, rep=3).refusal
    assert refusal.message == "Jane Peacock left on 2026-01-05."
    assert run(t, "customer.reassign", customer=5, rep=4).refusal.check == "is_another"


# Playlists


def test_a_deleted_playlist_comes_back_as_it_was(t: Trial, shop: Shop) -> None:
    of_10 = "SELECT Name, TrackId FROM Playlist JOIN PlaylistTrack USING (PlaylistId) WHERE PlaylistId = 10 ORDER BY 2"
    before = shop.ask(of_10)
    assert run(t, "playlist.delete", playlist=10).value == "TV Shows is deleted; copy 1 is kept."
    assert shop.ask(of_10) == []
    assert run(t, "playlist.restore", deleted=1).value == "TV Shows is back as playlist 10, with 213 tracks."
    assert shop.ask(of_10) == before
    assert run(t, "playlist.restore", deleted=1).refusal.check == "is_not_restored"


def test_a_restored_playlist_lacks_what_is_no_longer_sold_and_says_so(t: Trial, shop: Shop) -> None:
    shop.do(DELETED.format(age=-30) + "UPDATE DeletedPlaylist SET TrackIds = '[1, 9999]'")
    restored = run(t, "playlist.restore", deleted=1)
    assert restored.outcome == "succeeded"
    assert restored.output == "1 of its tracks are no longer sold and stay away.\n"
    assert shop.ask("SELECT TrackId FROM PlaylistTrack WHERE PlaylistId = 18") == [(1,)]


def test_a_playlist_does_not_come_back_over_a_new_one(t: Trial, shop: Shop) -> None:
    shop.do(DELETED.format(age=-1) + "INSERT INTO Playlist VALUES (18, 'Polka')")
    assert run(t, "playlist.restore", deleted=1).refusal.message == "Playlist 18 is “Polka” now."
    assert shop.ask("SELECT Name FROM Playlist WHERE PlaylistId = 18") == [("Polka",)]


def test_a_playlist_deleted_twice_has_two_copies(t: Trial, shop: Shop) -> None:
    run(t, "playlist.delete", playlist=2)
    run(t, "playlist.restore", deleted=1)
    assert run(t, "playlist.delete", playlist=2).outcome == "succeeded"
    assert shop.ask("SELECT DeletedPlaylistId, PlaylistId FROM DeletedPlaylist") == [(1, 2), (2, 2)]


# Tracks


def test_the_sales_manager_changes_a_price_by_half_and_the_general_manager_within_limits(t: Trial, shop: Shop) -> None:
    assert run(t, "track.change_price", track=1, price="1.49").refusal.code == "clause_failed"
    assert run(t, "track.change_price", track=1, price="1.49", by=ANDREW).outcome == "succeeded"
    assert run(t, "track.change_price", track=1, price="5", by=ANDREW).refusal.code == "input_invalid"
    assert shop.ask("SELECT UnitPrice FROM Track WHERE TrackId = 1") == [(1.49,)]


# From a terminal


class Terminal:
    """A terminal in the example's folder, with a journal of its own."""

    def __init__(self, folder: Path) -> None:
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("FIRSTHAND_", "CHINOOK_"))},
            "FIRSTHAND_DATABASE": f"sqlite:///{folder / 'journal.db'}",
            "FIRSTHAND_DESK": "support:desk",
            "CHINOOK_DATABASE": str(folder / "shop.sqlite"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self.seated = ""

    def python(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run Python in a process of its own."""
        return subprocess.run(
            [sys.executable, *arguments], cwd=FOLDER, env=self.environ | environ, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, encoding="utf-8", timeout=60, check=False,
        )  # fmt: skip

    def firsthand(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run a command."""
        return self.python("-m", "firsthand", *arguments, **environ)

    def seat(self, person: str) -> None:
        """Let somebody sit down, as whom the kernel's user id counts from now on."""
        login = pwd.getpwuid(os.getuid()).pw_name
        if self.seated and self.seated != person:
            assert self.firsthand("people", "change", self.seated, "--no-login").returncode == 0
        if self.seated != person:
            changed = self.firsthand("people", "change", person, "--login", login)
            assert changed.returncode == 0, changed.stderr
        self.seated = person

    def perform(self, name: str, case: Case, inputs: Mapping[str, object], by: str, shop: Shop) -> tuple[int, Any]:
        """Run an action as a script would; return the exit code and the run."""
        self.seat(by)
        options = [text for key, value in inputs.items() for text in (f"--{key.replace('_', '-')}", str(value))]
        command = ("run", name, *options, "--reason", case.reason, "--notes", "ticket 4411", "--yes", "--json")
        done = self.firsthand(*command, CHINOOK_DATABASE=str(shop.path))
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """A terminal whose journal knows all employees, made as the README says."""
    made = Terminal(tmp_path_factory.mktemp("terminal"))
    done = made.python("people.py")
    assert done.returncode == 0, done.stderr
    return made


def by_chair(attribute: str) -> list[str]:
    """Return the actions in an order in which people rarely change chairs."""
    return sorted(CASES, key=lambda name: str(getattr(CASES[name], attribute)))


@pytest.mark.parametrize("name", by_chair("by"))
def test_a_terminal_performs_it(terminal: Terminal, shop: Shop, name: str) -> None:
    case = CASES[name]
    shop.do(case.before)
    code, run = terminal.perform(name, case, case.inputs, case.by, shop)
    assert (code, run["outcome"], run["refusal"], run["error"]) == (0, "succeeded", None, None)
    assert (run["actor"], run["surface"], run["environment"]) == (case.by, "terminal", "production")
    assert shop.ask(case.effect) == case.rows


@pytest.mark.parametrize("name", by_chair("by"))
def test_a_check_refuses_it_from_a_terminal(terminal: Terminal, shop: Shop, name: str) -> None:
    case = CASES[name]
    shop.do(case.before + case.where)
    before = shop.content()
    code, run = terminal.perform(name, case, {**case.inputs, **case.refused}, case.by, shop)
    assert (code, run["outcome"], run["refusal"]["check"]) == (3, "refused", case.check)
    assert shop.content() == before


@pytest.mark.parametrize("name", by_chair("may_not"))
def test_policy_refuses_it_from_a_terminal(terminal: Terminal, shop: Shop, name: str) -> None:
    case = CASES[name]
    shop.do(case.before)
    before = shop.content()
    code, run = terminal.perform(name, case, case.inputs, case.may_not, shop)
    assert (code, run["outcome"], run["refusal"]["code"]) == (3, "refused", "no_right")
    assert shop.content() == before


def test_the_people_are_made_known_once_and_change_chairs(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    for email in (JANE, NANCY):
        assert terminal.python("people.py", email).returncode == 0
        assert email in terminal.firsthand("who").stdout
    known = json.loads(terminal.firsthand("people", "--json").stdout)
    assert {person["id"]: person["roles"] for person in known} == {id: [role] for id, role in PEOPLE.items()}
    assert [person["id"] for person in known if person["administers"]] == [ANDREW]
    assert [person["id"] for person in known if person["login"]] == [NANCY]


def test_the_readme_s_morning_at_the_shop_goes_as_it_says(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    lines = [line[2:] for line in (FOLDER / "README.md").read_text(encoding="utf-8").splitlines() if line[:2] == "$ "]
    programs = {"python": terminal.python, "firsthand": terminal.firsthand}
    commands = [shlex.split(line, comments=True) for line in lines if line.split()[0] in programs]
    done = [programs[program](*arguments) for program, *arguments in commands]
    assert [each.returncode for each in done] == [0, 0, 0, 3, 3, 4, 0, 0, 0], [each.stderr for each in done]
    assert Shop(tmp_path / "shop.sqlite").ask("SELECT InvoiceId, Amount FROM Refund") == [(98, 3.98), (327, 13.86)]
    assert len(done[-1].stdout.splitlines()) >= 4
