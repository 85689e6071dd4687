"""Find: from whatever is typed or pasted to the action, the run, the subject, the person or the page it names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from firsthand import Desk
from firsthand.storage.imports import Mapping, import_log

from .looked_up import LIVE, Account, opened, read, seen_by, shop_desk

ACCOUNTS = {
    42: Account(42, "luis@example.com"),
    43: Account(43, "maria@example.com", plan="free"),
    7: Account(7, "<script>alert(1)</script>"),
}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """The shop's desk, with two runs."""
    with opened(tmp_path, shop_desk(ACCOUNTS)) as desk:
        desk.run("account.unlock", {"account": 42}, by="priya@acme.com", reason="customer asked")
        desk.run("account.secret_pardon", {"account": 42}, by="ada@acme.com", reason="customer asked")
        yield desk


def test_a_pasted_address_or_key_leads_to_the_account(desk):
    with seen_by(desk, "priya@acme.com") as client:
        for text in ("luis@example.com", " LUIS@example.com ", "account:42", "42"):
            answer = client.get("/find", params={"q": text})
            assert answer.status_code == 303, text
            assert answer.headers["location"] == "/subjects/account/42"


def test_what_names_several_things_is_left_to_whoever_looks(desk):
    ACCOUNTS[1] = Account(1, "one@example.com")
    with seen_by(desk, "priya@acme.com") as client:
        page = read(client, "/find?q=1")
        assert {"/runs/1", "/subjects/account/1"} <= page.links.keys()
        page = read(client, "/find?q=example.com")
        assert {"/subjects/account/42", "/subjects/account/43"} <= page.links.keys()
    del ACCOUNTS[1]


def test_a_run_is_found_by_its_number_however_it_is_written_unless_its_action_is_hidden(desk):
    with seen_by(desk, "priya@acme.com") as client:
        for text in ("1", "#1", "run 1", "Run #1"):
            assert "Priya ran Unlock account" in read(client, "/find?" + f"q={text.replace('#', '%23')}").words
        assert "/runs/2" not in read(client, "/find?q=2").links
        assert "/runs/99999999999999999" not in read(client, "/find?q=99999999999999999").links
    with seen_by(desk, "ada@acme.com") as client:
        assert "/runs/2" in read(client, "/find?q=2").links


def test_actions_are_found_best_first_and_hidden_ones_never(desk):
    with seen_by(desk, "priya@acme.com") as client:
        page = read(client, "/find?q=account")
        assert [link for link in page.links if link.startswith("/actions/")] == [
            "/actions/account.refund", "/actions/account.unlock",
        ]  # fmt: skip
        assert "account.refund, to ask for" in page.words
        assert "secret_pardon" not in read(client, "/find?q=secret").words


def test_people_and_pages_are_found(desk):
    with seen_by(desk, "priya@acme.com") as client:
        assert "/people/bo%40acme.com" in read(client, "/find?q=bo").links
        assert "/inbox" in read(client, "/find?q=inb").links
        assert "/settings" not in read(client, "/find?q=settings").links
    with seen_by(desk, "ada@acme.com") as client:
        assert "/settings" in read(client, "/find?q=settings").links


def test_before_anything_is_typed_stand_what_one_did_last_and_the_pages(desk):
    with seen_by(desk, "priya@acme.com") as client:
        page = read(client, "/find", **LIVE)
        assert "/actions/account.unlock" in page.links
        assert "/dashboard" in page.links
        assert "/actions/subscription.cancel" not in page.links
        assert "html" not in page.tags


def test_in_the_dialog_subjects_come_by_themselves_so_that_a_slow_search_holds_nothing_else(desk):
    with seen_by(desk, "priya@acme.com") as client:
        answer = client.get("/find?q=luis", headers=LIVE)
        assert 'hx-get="/find/subjects?q=luis" hx-trigger="load"' in answer.text
        assert "/subjects/account" not in answer.text
        assert "/subjects/account/42" in read(client, "/find/subjects?q=luis", **LIVE).links
        assert "Nothing is found. Try an e-mail" in read(client, "/find/subjects?q=nobody", **LIVE).words
        assert read(client, "/find/subjects?q=refund", **LIVE).words == "No subjects."


def test_a_search_that_breaks_is_said_and_the_rest_is_found(desk):
    with seen_by(desk, "priya@acme.com") as client:
        page = read(client, "/find?q=break")
        assert "could not be" in page.words
        assert "RuntimeError" in page.words
        assert "the index is gone" not in page.words


def test_whoever_may_know_of_no_action_finds_no_subject(tmp_path):
    desk = Desk("Acme", why=["customer asked"])

    @desk.subject(search=lambda text: ACCOUNTS.values(), label=lambda account: account.email)
    def account(id: int) -> Account | None:
        return ACCOUNTS.get(id)

    @desk.action("account.close", who="lead", ask="nobody")
    def close(account: Account) -> None:
        """Close it."""

    with opened(tmp_path, desk):
        with seen_by(desk, "bo@acme.com") as client:
            assert "luis" not in read(client, "/find?q=42").words
        with seen_by(desk, "ada@acme.com") as client:
            assert "luis" in read(client, "/find?q=exa").words


def test_what_is_found_is_never_markup(desk):
    with seen_by(desk, "priya@acme.com") as client:
        for path in ("/find?q=script", "/find?q=<script>alert(1)", "/find/subjects?q=script", "/subjects?q=script"):
            answer = client.get(path)
            assert answer.status_code == 200
            assert "<script>alert" not in answer.text


def test_a_subject_can_be_looked_for_in_one_kind(desk):
    with seen_by(desk, "priya@acme.com") as client:
        assert "/subjects/account/42" in read(client, "/subjects?q=luis&kind=account").links
        assert "Nothing is found." in read(client, "/subjects?q=luis&kind=nothing").words
        assert "Whom or what is it about?" in read(client, "/subjects").words


@pytest.mark.parametrize(
    "text",
    [
        "account 42", "Account 42", "account #42", "account 42 luis@example.com", "account 42 (luis@example.com)",
        "42 luis@example.com", "mailto:luis@example.com", "<luis@example.com>", "Luis <LUIS@example.com>",
        "http://testserver/subjects/account/42",
    ],
)  # fmt: skip
def test_what_is_copied_from_a_page_or_a_mail_leads_to_the_account(desk, text):
    with seen_by(desk, "priya@acme.com") as client:
        answer = client.get("/find", params={"q": text})
        assert (answer.status_code, answer.headers["location"]) == (303, "/subjects/account/42")


@pytest.mark.parametrize("text", ["luis@example.com, maria@example.com", "luis@example.com\nMaria <maria@example.com>"])
def test_several_addresses_are_each_looked_for(desk, text):
    with seen_by(desk, "priya@acme.com") as client:
        links = read(client, f"/find?{urlencode({'q': text})}").links
        assert {"/subjects/account/42", "/subjects/account/43"} <= links.keys()


def test_the_address_of_a_run_as_a_ticket_has_it_finds_the_run_unless_its_action_is_hidden(desk):
    with seen_by(desk, "priya@acme.com") as client:
        page = read(client, f"/find?{urlencode({'q': 'See https://a.b/help/runs/1, and http://a.b/runs/2.'})}")
        assert "/runs/1" in page.links
        assert "/runs/2" not in page.links


def test_a_subject_of_a_kind_that_nothing_loads_is_found_by_its_very_id(desk, tmp_path):
    log = tmp_path / "log.csv"
    log.write_text("when,who,what,whom\n2025-10-09 09:00,p@x,Move,Value 42\n")
    mapping = Mapping(action="what", actor="who", subject="customer:whom", at="when")
    import_log(desk.journal, log, mapping, by="root")
    with seen_by(desk, "priya@acme.com") as client:
        for text in ("Value 42", "customer:Value 42", "Customer Value 42"):
            answer = client.get("/find", params={"q": text})
            assert (answer.status_code, answer.headers.get("location")) == (303, "/subjects/customer/Value%2042"), text
