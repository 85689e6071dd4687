"""A subject's page: as it is now, what was done for it, what may be done now, and why not what may not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from firsthand import Desk

from .looked_up import Account, opened, read, seen_by, shop_desk

Shop = tuple[Desk, dict[int, Account]]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """The shop's desk, and its accounts."""
    accounts = {42: Account(42, "luis@example.com"), 43: Account(43, "maria@example.com", active=False)}
    with opened(tmp_path, shop_desk(accounts)) as desk:
        desk.run("account.unlock", {"account": 42}, by="priya@acme.com", reason="customer asked")
        yield desk, accounts


def test_it_shows_the_subject_as_it_is_now_with_its_history_and_figures(shop):
    desk, accounts = shop
    accounts[42].plan = "family"
    with seen_by(desk, "priya@acme.com") as client:
        page = read(client, "/subjects/account/42")
        assert "Account 42 luis@example.com" in page.words
        assert "plan family" in page.words
        assert "Priya ran Unlock account" in page.words
        assert "1 run is counted for it" in page.words


def test_what_its_circumstances_allow_is_a_link_to_the_form_with_the_subject_filled_in(shop):
    desk, _ = shop
    with seen_by(desk, "priya@acme.com") as client:
        page = read(client, "/subjects/account/42")
        assert "Cancel subscription" in page.links["/actions/subscription.cancel?account=42"]
        assert "Ask: Refund account" in page.links["/actions/account.refund?account=42"]


def test_each_other_action_stands_with_why_not_and_what_to_do(shop):
    desk, _ = shop
    with seen_by(desk, "priya@acme.com") as client:
        words = read(client, "/subjects/account/43").words
        assert "Not now Cancel subscription" in words
        assert "The account has an active subscription. It ended on 3 May. Look at run 1." in words
        assert words.index("Unlock account") < words.index("Not now")


def test_what_needs_another_input_to_tell_says_which(shop):
    desk, _ = shop
    with seen_by(desk, "ada@acme.com") as client:
        words = read(client, "/subjects/account/42").words
        assert "With more to fill in Refund account The amount is small. needs amount" in words


def test_a_hidden_action_and_its_runs_do_not_show(shop):
    desk, _ = shop
    desk.run("account.secret_pardon", {"account": 43}, by="ada@acme.com", reason="customer asked")
    with seen_by(desk, "priya@acme.com") as client:
        words = read(client, "/subjects/account/43").words
        assert "ardon" not in words
        assert "Nothing was done for it yet." in words
    with seen_by(desk, "ada@acme.com") as client:
        assert "Ada ran Pardon in secret" in read(client, "/subjects/account/43").words


def test_what_is_gone_is_shown_as_it_was_last_recorded(shop):
    desk, accounts = shop
    del accounts[42]
    with seen_by(desk, "priya@acme.com") as client:
        words = read(client, "/subjects/account/42").words
        assert "There is no account 42 any more." in words
        assert "luis@example.com" in words
        assert "plan pro" in words
        assert "What may be done now" not in words


def test_what_never_was_is_not_found_whether_its_kind_is_known_or_not(shop):
    desk, _ = shop
    with seen_by(desk, "priya@acme.com") as client:
        for path in ("/subjects/account/99", "/subjects/account/x", "/subjects/case/1", "/subjects/account/"):
            assert "There is no " in read(client, path, 404).words


def test_an_id_written_otherwise_leads_to_the_one_page(shop):
    desk, _ = shop
    with seen_by(desk, "priya@acme.com") as client:
        answer = client.get("/subjects/account/042")
        assert answer.headers["location"] == "/subjects/account/42"


def test_a_kind_that_nothing_loads_any_more_has_history_and_figures_only(tmp_path):
    old = Desk("Old", why=["customer asked"])

    @old.subject()
    def case(id: str) -> Account | None:
        return Account(1, id)

    @old.action("case.close", who="support")
    def close(case: Account) -> None:
        """Close it."""

    with opened(tmp_path, old):
        old.run("case.close", {"case": "a/b c?d"}, by="priya@acme.com", reason="customer asked")
        desk = shop_desk({})
        desk.use(old.journal)
        with seen_by(desk, "priya@acme.com") as client:
            page = read(client, "/subjects/case/a%2Fb%20c%3Fd")
            assert "Case a/b c?d" in page.words
            assert "Priya ran" in page.words
            assert "any more" not in page.words
            assert "What may be done now" not in page.words
            found = client.get("/find", params={"q": "case:a/b c?d"})
            assert found.headers["location"] == "/subjects/case/a%2Fb%20c%3Fd"


def test_its_history_is_paged_by_key_and_narrowed_by_links(shop):
    desk, _ = shop
    for _number in range(30):
        desk.run("account.unlock", {"account": 43}, by="priya@acme.com", reason="customer asked")
    desk.run("subscription.cancel", {"account": 43}, by="priya@acme.com", reason="customer asked")
    with seen_by(desk, "priya@acme.com") as client:
        page = read(client, "/subjects/account/43")
        (older,) = [link for link, words in page.links.items() if words.strip() == "Older"]
        assert read(client, older).words.count("Priya ran") == 6
        page = read(client, "/subjects/account/43?outcome=refused")
        assert page.words.count("Priya ran") == 1
        assert "/subjects/account/43?reason=customer+asked&since=" in " ".join(page.links)
        assert read(client, "/subjects/account/43?action=subscription.cancel").words.count("Priya ran") == 1


def test_a_loader_that_breaks_is_said_without_its_own_words(shop):
    desk, _ = shop

    class Broken(dict):  # type: ignore[type-arg]
        def get(self, *_: object) -> None:
            raise RuntimeError("password hunter2")

    broken = shop_desk(Broken())
    broken.use(desk.journal)
    with seen_by(broken, "priya@acme.com") as client:
        words = read(client, "/subjects/account/42").words
        assert "RuntimeError" in words
        assert "hunter2" not in words
        assert "Priya ran Unlock account" in words


def test_stored_markup_is_shown_as_text(shop):
    desk, accounts = shop
    nasty = "<script>alert(1)</script>"
    accounts[42].email = accounts[42].plan = nasty
    desk.run("account.unlock", {"account": 42}, by="priya@acme.com", reason="other", notes=nasty, requested_by=nasty)
    with seen_by(desk, "priya@acme.com") as client:
        for path in ("/subjects/account/42", f"/subjects/account/42?reason={nasty}", "/subjects?q=42"):
            answer = client.get(path)
            assert answer.status_code == 200
            assert "<script>alert" not in answer.text
