"""People: everybody with their roles and runs, and each one's page, those who left or only came in by import too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from firsthand import Desk
from firsthand.core.actors import Person

from .looked_up import Account, opened, read, seen_by, shop_desk

ACCOUNTS = {42: Account(42, "luis@example.com")}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """The shop's desk, with a run for a customer and an ask."""
    with opened(tmp_path, shop_desk(ACCOUNTS)) as desk:
        said = {"by": "priya@acme.com", "reason": "customer asked"}
        desk.run("account.unlock", {"account": 42}, requested_by="luis@example.com", **said)
        desk.ask("account.refund", {"account": 42, "amount": 5}, **said)
        desk.run("account.secret_pardon", {"account": 42}, by="ada@acme.com", reason="customer asked")
        yield desk


def test_everybody_is_listed_with_roles_runs_and_when_last(desk):
    desk.journal.people.change("bo@acme.com", "test", active=False)
    with seen_by(desk, "priya@acme.com") as client:
        words = read(client, "/people").words
        assert "Priya priya@acme.com support 1 just now" in words
        assert "Bo has left bo@acme.com press 0 never" in words
        assert words.index("Priya priya@") < words.index("Bo has left")
        assert "Priya" in read(client, "/people?q=supp").words
        assert "/people/ada@acme.com" not in read(client, "/people?q=supp").links
        assert "Nobody is called that." in read(client, "/people?q=zzz").words


def test_a_person_s_page_tells_what_they_performed_asked_for_and_may(desk):
    with seen_by(desk, "ada@acme.com") as client:
        page = read(client, "/people/priya@acme.com")
        assert "Priya ran Unlock account" in page.words
        assert "Priya asked for Refund account" in page.words
        assert "May perform 2 of 4 actions" in page.words
        assert "Asks for 1" in page.words
        assert "/actions?person=priya%40acme.com&may=perform" in page.links
        assert "/?asked_by=priya%40acme.com" in page.links


def test_hidden_actions_do_not_show_on_anybody_s_page(desk):
    with seen_by(desk, "priya@acme.com") as client:
        page = read(client, "/people/ada@acme.com")
        assert "ardon" not in page.words
        assert "Nothing was performed by them." in page.words
        assert "May perform 3 of 3 actions" in page.words


def test_whoever_only_ran_hidden_actions_is_not_in_the_list_and_others_have_none_of_these_runs(desk):
    odd = Person("odd@acme.com", "Odd", ("lead",))
    desk.journal.people.add(odd, "test")
    desk.run("account.secret_pardon", {"account": 42}, by=odd.id, reason="customer asked")
    desk.journal.database.write(lambda connection: connection.execute("DELETE FROM people WHERE id = ?", (odd.id,)))
    with seen_by(desk, "ada@acme.com") as client:
        words = read(client, "/people").words
        assert "odd@acme.com only on record 1 just now" in words
        assert "Ada administers ada@acme.com lead 1 just now" in words
    with seen_by(desk, "priya@acme.com") as client:
        words = read(client, "/people").words
        assert "odd@acme.com" not in words
        assert "Ada administers ada@acme.com lead 0 never" in words
        assert read(client, "/people/odd@acme.com", 404)


def test_whoever_has_left_may_do_nothing_any_more(desk):
    desk.journal.people.change("priya@acme.com", "test", active=False)
    with seen_by(desk, "ada@acme.com") as client:
        words = read(client, "/people/priya@acme.com").words
        assert "has left, and may do nothing any more" in words
        assert "May perform" not in words
        assert "Priya ran Unlock account" in words


def test_whoever_only_occurs_in_the_journal_has_a_page_and_whoever_never_does_has_none(desk):
    with seen_by(desk, "ada@acme.com") as client:
        words = read(client, "/people/luis@example.com").words
        assert "occurs in what is on record" in words
        assert "Requested 1" in words
        assert "There is nobody of that name on record." in read(client, "/people/nobody", 404).words


def test_people_of_imports_stand_in_the_list_and_have_a_page_whatever_their_names(tmp_path):
    desk = shop_desk(ACCOUNTS)
    odd = "Value 1/<b>x</b>?"
    with opened(tmp_path, desk, Person("ada@acme.com", "Ada", ("lead",)), Person(odd, odd, ("lead",))):
        desk.run("account.unlock", {"account": 42}, by=odd, reason="customer asked")
        desk.journal.database.write(lambda connection: connection.execute("DELETE FROM people WHERE id = ?", (odd,)))
        with seen_by(desk, "ada@acme.com") as client:
            page = read(client, "/people")
            assert f"{odd} only on record" in page.words
            (at,) = [link for link in page.links if "Value" in link and link.startswith("/people/")]
            assert "Performed 1" in read(client, at).words
            assert "<b>x" not in client.get(at).text


def test_what_they_performed_is_paged_by_key(desk):
    for _ in range(26):
        desk.run("account.unlock", {"account": 42}, by="priya@acme.com", reason="customer asked")
    with seen_by(desk, "ada@acme.com") as client:
        page = read(client, "/people/priya@acme.com")
        (older,) = [link for link, words in page.links.items() if words.strip() == "Older"]
        assert read(client, older).words.count("Priya ran") == 2
