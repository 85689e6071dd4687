"""Settings: people and roles, for those who administer and for nobody else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest

from .signing import ORIGIN, PASSWORD, Browser, browser, consoles

PAGES = ("/settings", "/settings/people", "/settings/person?person=priya", "/settings/rights")


@pytest.fixture
def ui() -> Iterator[Browser]:
    """A browser at which Ada sits, who administers."""
    with consoles() as opened:
        opened.sign_in("ada")
        yield opened


def link_in(page: str) -> str:
    found = re.search(r'class="link-once">([^<]+)<', page)
    assert found, page
    return unescape(found[1])


def test_somebody_is_added_with_an_invitation_that_is_shown_once(ui: Browser) -> None:
    added = ui.submit("/settings/people", {"id": "nora@acme.com", "role": ["support"], "more_roles": "billing, vip"})
    assert added.headers["cache-control"] == "no-store"
    link = link_in(added.text)
    assert link.startswith(f"{ORIGIN}/invitation/")
    person = ui.t.journal.person("nora@acme.com")
    assert person
    assert (person.name, person.roles) == ("Nora", ("support", "billing", "vip"))
    assert "link-once" not in ui.open("/settings/person?person=nora@acme.com")
    event = next(e for e in ui.t.journal.history.events_after(0, 1000) if e.data.get("person") == "nora@acme.com")
    assert (event.kind, event.actor) == ("invited", "ada")
    other = browser(ui.app, ui.t)
    path = link.removeprefix(ORIGIN)
    assert other.submit(path, {"password": PASSWORD, "again": PASSWORD}).status_code == 303


def test_what_cannot_be_is_said_and_nothing_typed_is_lost(ui: Browser) -> None:
    answer = ui.submit("/settings/people", {"id": "priya", "name": "Another Priya", "role": "support"})
    assert answer.status_code == 422
    assert "known already" in answer.text
    assert 'value="Another Priya"' in answer.text
    assert 'value="support" checked' in answer.text


def test_somebody_is_changed_under_the_name_of_whoever_did_it(ui: Browser) -> None:
    fields = {"person": "priya", "name": "Priya K.", "role": "lead", "active": "on"}
    assert "Changed." in ui.submit("/settings/person", fields, token_of="/settings/people").text
    person = ui.t.journal.person("priya")
    assert person
    assert (person.name, person.roles, person.administers) == ("Priya K.", ("lead",), False)
    event = [e for e in ui.t.journal.history.events_after(0, 1000) if e.kind == "person_changed"][-1]
    assert (event.actor, event.data["changes"]["roles"]) == ("ada", [["support"], ["lead"]])


def test_a_last_administrator_cannot_stop_administering_or_leave(ui: Browser) -> None:
    for fields in ({"active": "on"}, {"administers": "on"}):
        given = {"person": "ada", "name": "Ada", "role": "lead", **fields}
        answer = ui.submit("/settings/person", given, token_of="/settings/people")
        assert answer.status_code == 422
        assert "Nobody would be left who administers" in answer.text
    ui.t.journal.people.change("priya", by="root", administers=True)
    given = {"person": "ada", "name": "Ada", "role": "lead", "active": "on"}
    assert ui.submit("/settings/person", given, token_of="/settings/people").status_code == 200
    assert ui.get("/settings").status_code == 403


def test_letting_somebody_go_signs_them_out(ui: Browser) -> None:
    priya = browser(ui.app, ui.t)
    priya.sign_in("priya")
    fields = {"person": "priya", "name": "Priya", "role": "support"}
    ui.submit("/settings/person", fields, token_of="/settings/people")
    assert priya.get("/account").status_code == 303
    assert priya.sign_in("priya").status_code == 401


def test_somebodys_sessions_are_ended(ui: Browser) -> None:
    priya = browser(ui.app, ui.t)
    priya.sign_in("priya")
    ui.submit("/settings/person/sign-out", {"person": "priya"}, token_of="/settings/people")
    assert priya.get("/account").status_code == 303
    assert priya.sign_in("priya").status_code == 303


def test_a_new_invitation_makes_the_one_before_void(ui: Browser) -> None:
    first, second = (
        link_in(ui.submit("/settings/person/invite", {"person": "priya"}, token_of="/settings/people").text)
        for _ in range(2)
    )
    other = browser(ui.app, ui.t)
    assert [other.get(link).status_code for link in (first, second)] == [410, 200]


@pytest.mark.parametrize("path", PAGES)
def test_whoever_does_not_administer_sees_none_of_it(path: str, ui: Browser) -> None:
    assert ui.get(path).status_code == 200
    priya = browser(ui.app, ui.t)
    priya.sign_in("priya")
    assert priya.get(path).status_code == 403
    assert "/settings" not in priya.open("/account")


@pytest.mark.parametrize(
    "path", ["/settings/people", "/settings/person", "/settings/person/invite", "/settings/person/sign-out"]
)
def test_whoever_does_not_administer_changes_nothing(path: str, ui: Browser) -> None:
    priya = browser(ui.app, ui.t)
    priya.sign_in("priya")
    before = ui.t.journal.people.all()
    fields = {"id": "evil", "person": "priya", "name": "P", "role": "lead", "administers": "on", "active": "on"}
    answer = priya.submit(path, fields, token_of="/account")
    assert answer.status_code == 403
    assert "link-once" not in answer.text
    assert ui.t.journal.people.all() == before
    assert priya.get("/account").status_code == 200


def test_nobody_is_found_by_guessing(ui: Browser) -> None:
    assert ui.get("/settings/person?person=nobody").status_code == 404


def test_names_of_every_kind_are_shown_as_the_text_they_are(ui: Browser) -> None:
    evil = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
    ui.t.journal.people.change("priya", by="root", name=evil, roles=(evil, "x" * 200))
    for path in (*PAGES, "/account"):
        page = ui.open(path)
        assert "<script>alert" not in page
        assert "<img" not in page


def test_who_may_what_stands_in_words(ui: Browser) -> None:
    page = ui.open("/settings/rights?role=support")
    assert "What" in page
    assert "Unlock" in page
    assert "Priya" in page
    assert "No action by that name" in ui.open("/settings/rights?role=lead")


def test_the_overview_tells_what_was_turned_away(ui: Browser) -> None:
    ui.post("/account/password", data={}, headers={"origin": "http://evil.com"})
    page = ui.open("/settings")
    assert "sent from another site" in page
    assert "development" in page
