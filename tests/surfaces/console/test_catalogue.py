"""Actions: grouped by namespace, narrowed by what stands in the address, found by any of their names as one types."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from firsthand import Desk
from firsthand.surfaces.console.matching import DESCRIBED, fitting

from .looked_up import LIVE, Account, opened, read, seen_by, shop_desk

ACCOUNTS = {42: Account(42, "luis@example.com")}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """The shop's desk."""
    with opened(tmp_path, shop_desk(ACCOUNTS)) as desk:
        yield desk


def titles(words: str) -> list[str]:
    every = ("Cancel subscription", "Unlock account", "Refund account", "Pardon in secret")
    return sorted((each for each in every if each in words), key=words.index)


def test_actions_stand_under_their_namespaces_with_who_may_how_often_and_when_last(desk):
    desk.run("subscription.cancel", {"account": 42}, by="priya@acme.com", reason="customer asked")
    with seen_by(desk, "priya@acme.com") as client:
        page = read(client, "/actions")
    assert titles(page.words) == ["Refund account", "Unlock account", "Cancel subscription"]
    assert page.words.index("account") < page.words.index("Cancel subscription")
    assert "billing team billing Support and Lead. 1 just now Run" in page.words
    assert "Lead. 0 never Ask" in page.words
    (behind,) = [link for link, words in page.links.items() if words == "1"]
    assert behind.startswith("/?action=subscription.cancel&since=20")


def test_an_action_run_under_a_former_name_counts_and_was_last_run_then(desk):
    desk.run("account.unblock", {"account": 42}, by="priya@acme.com", reason="customer asked")
    with seen_by(desk, "priya@acme.com") as client:
        page = read(client, "/actions?q=unlock")
    assert "1 just now Run" in page.words


def test_a_hidden_action_does_not_show_whatever_is_searched_for(desk):
    with seen_by(desk, "priya@acme.com") as client:
        for query in ("", "?q=secret", "?q=Pardon in secret", "?tag=money&q=pardon"):
            assert "ardon in secret" not in read(client, f"/actions{query}").links.values()
            assert "account.secret_pardon" not in read(client, f"/actions{query}").words
    with seen_by(desk, "ada@acme.com") as client:
        assert "account.secret_pardon" in read(client, "/actions?q=secret").words


def test_filters_combine_and_live_in_the_address(desk):
    with seen_by(desk, "priya@acme.com") as client:
        assert titles(read(client, "/actions?tag=billing").words) == ["Refund account", "Cancel subscription"]
        assert titles(read(client, "/actions?tag=billing&tag=money").words) == ["Refund account"]
        assert titles(read(client, "/actions?tag=billing&may=perform").words) == ["Cancel subscription"]
        assert titles(read(client, "/actions?may=ask").words) == ["Refund account"]
        assert titles(read(client, "/actions?namespace=account&may=perform").words) == ["Unlock account"]
        page = read(client, "/actions?tag=billing&q=money")
        assert titles(page.words) == ["Refund account"]
        assert "/actions?q=money&tag=billing&may=perform" in page.links
        assert "/actions?q=money" in page.links


def test_what_somebody_else_may_perform_is_listed_for_them(desk):
    with seen_by(desk, "ada@acme.com") as client:
        page = read(client, "/actions?person=bo@acme.com&may=perform")
        assert titles(page.words) == []
        assert titles(read(client, "/actions?person=priya@acme.com&may=perform").words) == [
            "Unlock account", "Cancel subscription",
        ]  # fmt: skip
        assert titles(read(client, "/actions?person=nobody&may=perform").words) == []


def test_as_one_types_only_the_list_comes_and_browsers_keep_it_apart_from_the_page(desk):
    with seen_by(desk, "priya@acme.com") as client:
        answer = client.get("/actions?q=unl", headers=LIVE)
        assert "<html" not in answer.text
        assert "Unlock account" in answer.text
        assert answer.headers["vary"] == "hx-request"


def test_an_empty_search_offers_whoever_may_to_write_a_manual_action_and_tells_others_whom_to_ask(desk):
    with seen_by(desk, "ada@acme.com") as client:
        page = read(client, "/actions?q=Walk+the+dog")
        assert "Nothing is called “Walk the dog”." in page.words
        assert "/manual/new?title=Walk+the+dog" in page.links
    with seen_by(desk, "priya@acme.com") as client:
        page = read(client, "/actions?q=Walk+the+dog")
        assert "ask Ada" in page.words
        assert not [link for link in page.links if "/manual/new" in link]


def test_a_manual_action_is_marked_as_one(desk):
    desk.declare("post.letter", by="ada@acme.com", who="support", steps="1. Write it\n2. Send it")
    with seen_by(desk, "priya@acme.com") as client:
        assert "Letter" not in read(client, "/actions?q=unlock").words
        page = read(client, "/actions?manual=1")
        assert "manual post.letter" in page.words
        assert titles(page.words) == []


def test_names_that_are_performed_but_written_down_nowhere_are_offered_for_declaring(desk, tmp_path):
    gone = Desk("Old", why=["customer asked"])
    gone.action("walk.dog", who="support")(lambda: None)
    gone.use(desk.journal)
    gone.run("walk.dog", by="priya@acme.com", reason="customer asked")
    desk.journal.database.write(lambda connection: connection.execute("DELETE FROM catalogue WHERE desk = 'Old'"))
    desk.use(desk.journal)
    with seen_by(desk, "ada@acme.com") as client:
        page = read(client, "/actions")
        assert "walk.dog" in page.words
        assert "/manual/new?name=walk.dog" in page.links
        assert "walk.dog" not in read(client, "/actions?q=unlock").words
    with seen_by(desk, "priya@acme.com") as client:
        page = read(client, "/actions")
        assert "walk.dog" in page.words
        assert "/manual/new?name=walk.dog" not in page.links


def test_stored_markup_is_shown_as_text(tmp_path):
    desk = Desk("Acme", why=["customer asked"])
    nasty = "<script>alert(1)</script>"
    desk.action("a.b", who="lead", title=nasty, tags=[nasty], owner=nasty)(lambda: None)
    with opened(tmp_path, desk), seen_by(desk, "ada@acme.com") as client:
        for path in ("/actions", "/actions?q=<script>", "/actions?q=<script>nothing", f"/actions?tag={nasty}"):
            answer = client.get(path)
            assert answer.status_code == 200
            assert "<script>alert" not in answer.text


def entry(name: str, title: str = "", description: str = "", aliases: tuple[str, ...] = ()) -> dict[str, object]:
    return {
        "name": name,
        "title": title or name,
        "description": description,
        "aliases": aliases,
        "tags": [],
        "owner": None,
    }


def test_the_exact_name_comes_first_then_beginnings_then_words_then_parts_then_descriptions():
    every = [
        entry("z.described", description="It can cancel things."),
        entry("y.precancelled"),
        entry("x.before_cancel"),
        entry("b.other", "Cancel subscription"),
        entry("a.other", "Other", aliases=("cancel",)),
    ]
    found = fitting(every, " Cancel ")
    assert [each["name"] for _, each in found] == [
        "a.other",
        "b.other",
        "x.before_cancel",
        "y.precancelled",
        "z.described",
    ]
    assert found[-1][0] == DESCRIBED
    assert fitting(every, "cancel sub")[0][1]["name"] == "b.other"
    assert fitting(every, "cancel nowhere") == []


def test_of_4000_actions_200_are_shown_and_a_search_takes_a_few_milliseconds(tmp_path):
    desk = Desk("Acme", why=["customer asked"])
    for number in range(4_000):
        name = f"space{number % 40}.verb_{number}"
        desk.action(name, who="lead", tags=[f"tag{number % 7}"])(lambda: None)
    with opened(tmp_path, desk), seen_by(desk, "ada@acme.com") as client:
        page = read(client, "/actions")
        assert "3,800 more: narrow the search." in page.words
        assert sum(words == "Run Verb" for words in page.links.values()) <= 200
        assert "space39.verb_3999" in read(client, "/actions?q=verb_3999").words
        entries = dict(desk.journal.history.catalogue()).values()
        started = time.perf_counter()
        fitting(entries, "verb_399")
        assert time.perf_counter() - started < 0.2
