"""Signing in at the console: sessions, invitations, and no way around either."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.requests import Request

from firsthand.surfaces.console.sessions import own_path

from .signing import ORIGIN, PASSWORD, Browser, browser, consoles

OTHER = "another horse entirely"


@pytest.fixture
def ui() -> Iterator[Browser]:
    """A browser before a console."""
    with consoles() as opened:
        yield opened


def away(ui: Browser) -> dict[str, int]:
    return ui.console.turned_away.counts()


def test_whoever_is_not_signed_in_is_sent_to_sign_in_and_comes_back_to_the_page_they_wanted(ui: Browser) -> None:
    sent = ui.get("/?actor=priya")
    assert (sent.status_code, sent.headers["location"]) == (303, "/sign-in?next=%2F%3Factor%3Dpriya")
    assert 'name="next" value="/?actor=priya"' in ui.open(sent.headers["location"])
    done = ui.sign_in("priya", next="/?actor=priya")
    assert (done.status_code, done.headers["location"]) == (303, "/?actor=priya")
    assert ui.get("/account").status_code == 200
    assert away(ui) == {"session": 1}


def test_a_part_of_a_page_that_a_script_asks_for_sends_the_whole_browser_to_sign_in(ui: Browser) -> None:
    headers = {"hx-request": "true", "hx-current-url": f"{ORIGIN}/account?done=1"}
    sent = ui.get("/inbox/count", headers=headers)
    assert (sent.status_code, sent.headers["hx-redirect"]) == (401, "/sign-in?next=%2Faccount%3Fdone%3D1")


def test_cookies_are_closed_to_scripts_and_to_other_sites(ui: Browser) -> None:
    done = ui.sign_in("priya")
    session = next(each for each in done.headers.get_list("set-cookie") if each.startswith("firsthand="))
    assert all(part in session for part in ("HttpOnly", "SameSite=lax", "Path=/"))
    assert "Secure" not in session


def test_under_https_cookies_are_ones_that_browsers_take_from_nobody_else(ui: Browser) -> None:
    ui.base_url = "https://testserver"
    done = ui.submit("/sign-in", {"person": "priya", "password": PASSWORD}, headers={"origin": "https://testserver"})
    session = next(each for each in done.headers.get_list("set-cookie") if each.startswith("__Host-firsthand="))
    assert all(part in session for part in ("HttpOnly", "Secure", "Path=/"))
    assert "Domain" not in session
    assert ui.get("/account").status_code == 200


def test_under_a_prefix_everything_stays_under_it() -> None:
    with consoles(root_path="/support") as ui:
        sent = ui.get("/support/account")
        assert sent.headers["location"] == "/support/sign-in?next=%2Faccount"
        assert 'action="/support/sign-in"' in ui.open(sent.headers["location"])
        token = ui.token("/support/sign-in")
        fields = {"csrf": token, "person": "priya", "password": PASSWORD, "next": "/account"}
        done = ui.post("/support/sign-in", data=fields, headers={"origin": ORIGIN})
        assert done.headers["location"] == "/support/account"
        assert all("Path=/support" in each for each in done.headers.get_list("set-cookie"))
        assert ui.get("/support/account").status_code == 200


def test_a_wrong_password_and_an_unknown_person_get_the_same_answer(ui: Browser) -> None:
    pages = [ui.sign_in(person, "not the password").text for person in ("priya", "nobody", "gus")]
    plain = {page.replace(f'value="{who}"', "") for page, who in zip(pages, ("priya", "nobody", "gus"), strict=True)}
    assert len({page.split("csrf")[0] for page in plain}) == 1
    assert all("do not belong together" in page for page in pages)
    assert "not the password" not in "".join(pages)


def test_whoever_has_left_cannot_sign_in(ui: Browser) -> None:
    ui.t.journal.people.change("priya", by="root", active=False)
    assert ui.sign_in("priya").status_code == 401


def test_failing_again_and_again_is_slowed_and_says_until_when(ui: Browser) -> None:
    answers = [ui.sign_in("priya", "not the password") for _ in range(6)]
    assert [each.status_code for each in answers] == [401] * 5 + [429]
    assert answers[5].headers["retry-after"] == "1"
    assert ui.sign_in("priya").status_code == 429
    ui.t.tick(seconds=2)
    assert ui.sign_in("priya").status_code == 303
    assert away(ui) == {"throttled": 2}


def test_a_session_that_an_attacker_planted_is_not_the_one_that_is_signed_in(ui: Browser) -> None:
    ui.cookies.set("firsthand", "planted")
    ui.sign_in("priya")
    evil = browser(ui.app, ui.t)
    evil.cookies.set("firsthand", "planted")
    assert evil.get("/account").status_code == 303


def test_signing_in_over_another_session_starts_a_new_one_and_ends_that(ui: Browser) -> None:
    ui.sign_in("ada")
    planted = ui.cookies["firsthand"]
    done = ui.submit("/sign-in", {"person": "priya", "password": PASSWORD}, token_of="/account")
    assert done.status_code == 303
    assert ui.cookies["firsthand"] != planted
    assert "Priya" in ui.open("/account")
    evil = browser(ui.app, ui.t)
    evil.cookies.set("firsthand", planted)
    assert evil.get("/account").status_code == 303


def test_a_token_is_worth_nothing_after_signing_out(ui: Browser) -> None:
    ui.sign_in("priya")
    token = ui.cookies["firsthand"]
    done = ui.submit("/sign-out", {}, token_of="/account")
    assert (done.status_code, done.headers["location"]) == (303, "/sign-in")
    assert done.headers["clear-site-data"] == '"cache"'
    ui.cookies.set("firsthand", token)
    assert ui.get("/account").status_code == 303


def test_an_old_token_is_worth_nothing_a_minute_after_another_took_its_place(ui: Browser) -> None:
    ui.sign_in("priya")
    old = ui.cookies["firsthand"]
    ui.t.tick(minutes=61)
    assert ui.get("/account").status_code == 200
    new = ui.cookies["firsthand"]
    assert new != old
    for seconds, status in ((30, 200), (31, 303)):
        ui.t.tick(seconds=seconds)
        other = browser(ui.app, ui.t)
        other.cookies.set("firsthand", old)
        assert other.get("/account").status_code == status
    assert ui.get("/account").status_code == 200


def test_a_form_that_was_open_while_the_token_changed_can_still_be_sent(ui: Browser) -> None:
    ui.sign_in("priya")
    token = ui.token("/account")
    ui.t.tick(minutes=61)
    ui.get("/")
    done = ui.post("/account/sign-out-everywhere", data={"csrf": token}, headers={"origin": ORIGIN})
    assert done.status_code == 303


def test_whoever_is_let_go_may_do_nothing_from_the_next_request_on_and_not_when_they_are_back(ui: Browser) -> None:
    ui.sign_in("priya")
    ui.t.journal.people.change("priya", by="root", active=False)
    assert ui.get("/account").status_code == 303
    ui.t.journal.people.change("priya", by="root", active=True)
    assert ui.get("/account").status_code == 303


def test_whoever_is_demoted_is_so_from_the_next_request_on(ui: Browser) -> None:
    ui.sign_in("ada")
    assert ui.get("/settings").status_code == 200
    ui.t.journal.people.change("ada", by="root", administers=False)
    assert ui.get("/settings").status_code == 403


def test_an_invitation_sets_a_password_once_and_signs_in(ui: Browser) -> None:
    ui.t.person("nora", "support")
    link = f"/invitation/{ui.console.accounts.invite('nora', 'root')}"
    assert "Nora" in ui.open(link)
    assert ui.page.headers["cache-control"] == "no-store"
    short = ui.submit(link, {"password": "short", "again": "short"})
    assert short.status_code == 422
    assert "at least 10" in short.text
    assert ui.submit(link, {"password": OTHER, "again": f"{OTHER}!"}).status_code == 422
    assert ui.submit(link, {"password": OTHER, "again": OTHER}).headers["location"] == "/"
    assert ui.get("/account").status_code == 200
    assert ui.get(link).status_code == 410
    assert browser(ui.app, ui.t).sign_in("nora", OTHER).status_code == 303
    assert OTHER not in str(ui.t.journal.history.events_after(0, 1000))


def test_a_changed_password_ends_every_other_session(ui: Browser) -> None:
    other = browser(ui.app, ui.t)
    for each in (ui, other):
        each.sign_in("priya")
    fields = {"old": PASSWORD, "password": OTHER, "again": OTHER}
    assert ui.submit("/account/password", {**fields, "old": "wrong"}, token_of="/account").status_code == 422
    done = ui.submit("/account/password", fields, token_of="/account")
    assert done.headers["location"] == "/account?done=password"
    assert "signed out everywhere else" in ui.open("/account?done=password")
    assert other.get("/account").status_code == 303


def test_signing_out_everywhere_ends_every_session(ui: Browser) -> None:
    other = browser(ui.app, ui.t)
    for each in (ui, other):
        each.sign_in("priya")
    assert ui.open("/account").count("here, now") == 1
    assert ui.submit("/account/sign-out-everywhere", {}, token_of="/account").status_code == 303
    assert [each.get("/account").status_code for each in (ui, other)] == [303, 303]


@pytest.mark.parametrize(
    "path",
    [
        "//evil.com", "/\\evil.com", "\\\\evil.com", "http://evil.com", "https:evil.com", "evil.com", "/%2Fevil.com",
        "/%5Cevil.com", "/\tevil", "/\n//evil.com", "/%09/evil.com", "javascript:alert(1)", "", "///evil.com",
        "/%0d%0aset-cookie:x=1", "/" + "a" * 3000, " //evil.com", "/\x00", "/\u202egro.evil",
    ],
)  # fmt: skip
def test_signing_in_leads_nowhere_but_to_an_own_page(path: str, ui: Browser) -> None:
    assert own_path(path) == ""
    assert ui.sign_in("priya", next=path).headers["location"] == "/"


def test_a_host_header_does_not_lead_anywhere_either(ui: Browser) -> None:
    for host in ("evil.com", "evil.com:80"):
        sent = ui.get("/account", headers={"host": host})
        assert sent.headers["location"] == "/sign-in?next=%2Faccount"
    for host in ("evil.com/x", "evil.com@testserver", "a b", "", "evil.com,testserver"):
        assert ui.get("/account", headers={"host": host}).status_code == 400


def test_events_tell_what_happened_without_secrets(ui: Browser) -> None:
    ui.sign_in("priya", "hunter2hunter2")
    ui.sign_in("my-secret-in-the-wrong-field", "x")
    ui.sign_in("priya")
    ui.submit("/sign-out", {}, token_of="/account")
    events = ui.t.journal.history.events_after(0, 1000)
    kinds = [each.kind for each in events if each.kind.startswith("sign")]
    assert kinds[-4:] == ["sign_in_failed", "sign_in_failed", "signed_in", "signed_out"]
    assert not any(secret in str(events) for secret in ("hunter2", "my-secret", PASSWORD))


# The host's own identity


def known(request: Request) -> str | None:
    return request.headers.get("x-user")


async def known_later(request: Request) -> str | None:
    return request.headers.get("x-user")


@pytest.mark.parametrize("identify", [known, known_later])
def test_the_host_may_say_who_is_there(identify: Any) -> None:
    with consoles(identify=identify) as ui:
        assert "Priya" in ui.open("/account", headers={"x-user": "priya"})
        assert ui.get("/account").status_code == 401
        assert ui.get("/sign-in").status_code == 404
        for unknown in ("mallory", "gus"):
            assert ui.get("/account", headers={"x-user": unknown}).status_code == 403
        assert away(ui) == {"unknown": 2, "session": 1}


def test_whoever_the_host_does_not_know_is_sent_to_its_sign_in() -> None:
    with consoles(identify=known, sign_in_url="/login") as ui:
        assert ui.get("/account").headers["location"] == "/login?next=%2Faccount"


def test_forms_carry_a_token_under_the_hosts_identity_too() -> None:
    with consoles(identify=known) as ui:
        ui.headers["x-user"] = "ada"
        fields = {"id": "nora", "name": "Nora"}
        assert ui.post("/settings/people", data=fields, headers={"origin": ORIGIN}).status_code == 403
        assert ui.submit("/settings/people", fields).status_code == 200
        assert ui.t.journal.person("nora")


def test_the_demos_people_are_signed_in_with_one_click_and_nobody_else_is() -> None:
    with consoles(quick=("priya",)) as ui:
        assert ui.submit("/sign-in", {"quick": "ada"}).status_code == 401
        assert ui.submit("/sign-in", {"quick": "priya"}).status_code == 303
        assert "Priya" in ui.open("/account")


def test_whoever_was_invited_to_the_demo_can_come_back_by_their_password() -> None:
    with consoles(quick=("priya",)) as ui:
        page = ui.open("/sign-in")
        assert 'name="quick" value="priya"' in page
        assert 'name="password"' in page
        assert ui.sign_in("ada").status_code == 303


def test_a_script_that_says_it_is_at_no_address_is_sent_to_sign_in_all_the_same(ui: Browser) -> None:
    for odd in ("http://evil[//x", "http://[", "//", "\\\\", "x" * 5000):
        sent = ui.get("/inbox", headers={"hx-request": "true", "hx-current-url": odd})
        assert (sent.status_code, sent.headers["hx-redirect"]) == (401, "/sign-in")


def test_the_hosts_sign_in_is_told_the_whole_path_under_a_prefix() -> None:
    with consoles(root_path="/support", identify=known, sign_in_url="/login?via=sso") as ui:
        assert ui.get("/support/account?a=1").headers["location"] == "/login?via=sso&next=%2Fsupport%2Faccount%3Fa%3D1"
        assert ui.get("/support/").headers["location"] == "/login?via=sso&next=%2Fsupport%2F"
        script = {"hx-request": "true", "hx-current-url": f"{ORIGIN}/support/inbox"}
        assert ui.get("/support/inbox/count", headers=script).headers["hx-redirect"].endswith("next=%2Fsupport%2Finbox")


def test_a_form_that_one_person_was_shown_is_not_good_for_another_in_the_same_browser() -> None:
    asked = []

    def identify(request: Request) -> str | None:
        asked.append(request.url.path)
        return request.headers.get("x-user")

    with consoles(identify=identify) as ui:
        ui.headers["x-user"] = "ada"
        form = {"csrf": ui.token("/settings/people"), "id": "nora", "name": "Nora"}
        for other, status in (("priya", 403), ("gus", 403), ("", 401)):
            ui.headers["x-user"] = other
            answer = ui.post("/settings/people", data=form, headers={"origin": ORIGIN})
            assert answer.status_code == status
            assert "nothing was done" in answer.text
        assert ui.t.journal.person("nora") is None
        ui.headers["x-user"] = "ada"
        asked.clear()
        assert ui.post("/settings/people", data=form, headers={"origin": ORIGIN}).status_code == 200
        assert len(asked) == 1, "who sends a form is who is asked about it"


def test_where_the_host_says_who_is_there_there_are_no_passwords_and_no_sessions() -> None:
    with consoles(identify=known) as ui:
        ui.headers["x-user"] = "priya"
        page = ui.open("/account")
        assert "password" not in page.lower()
        assert "sign-out" not in page
        for path in ("/account/password", "/account/sign-out-everywhere"):
            answer = ui.submit(path, {"old": PASSWORD, "password": OTHER, "again": OTHER}, token_of="/")
            assert answer.status_code == 404
        assert ui.console.accounts.sign_in("priya", PASSWORD, "test")
