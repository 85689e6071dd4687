"""The console under a prefix of an application: signed in by its sessions, for as long as the user may."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

import pytest
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from firsthand.storage.history import Filter

from . import shop
from .client import ORIGIN, Client


def state(app: Flask, number: str = "A-1") -> str:
    with app.app_context():
        return str(shop.db.session.scalars(shop.db.select(shop.Order).filter_by(number=number)).one().state)


def changed(app: Flask, **changes: object) -> None:
    with app.app_context():
        shop.db.session.query(shop.User).filter_by(id="priya").update(changes)
        shop.db.session.commit()


def gone(app: Flask) -> None:
    with app.app_context():
        shop.db.session.query(shop.User).delete()
        shop.db.session.commit()


def test_a_user_who_may_performs_an_action_and_sees_the_run(app: Flask, client: Client):
    answer = client.perform("order.cancel", order=1, note="")
    assert (answer.status_code, answer.location, state(app)) == (303, "/support/runs/1", "cancelled")
    assert "A-1 cancelled in shop" in client.browser.get(answer.location).text
    run = shop.desk.journal.run(1)
    assert run is not None
    assert (run.actor, run.surface, run.environment) == ("priya", "console", "production")


def test_whoever_is_not_signed_in_goes_to_the_applications_sign_in_and_comes_back(app: Flask):
    client = Client(app)
    way = client.get("/actions?q=a%20b")
    assert (way.status_code, way.location) == (303, "/sign-in?next=%2Fsupport%2Factions%3Fq%3Da%2520b")
    back = client.browser.post(way.location, data={"name": "priya"})
    assert back.location == "/support/actions?q=a%20b"
    assert client.browser.get(back.location).status_code == 200
    assert client.browser.get("/support").location == "http://localhost/support/"


ENDS: dict[str, Callable[[Flask, Client], object]] = {
    "signed out": lambda app, client: client.browser.post("/sign-out"),
    "inactive": lambda app, client: changed(app, active=False),
    "gone": lambda app, client: gone(app),
}


@pytest.mark.parametrize("end", ENDS)
def test_a_user_who_is_signed_out_inactive_or_gone_can_do_nothing_with_an_open_page(
    app: Flask, client: Client, end: str
):
    fields = client.fields("order.cancel")
    ENDS[end](app, client)
    statuses = (client.send("order.cancel", fields, order=1, note="").status_code, client.get().status_code)
    assert statuses == ((401, 303) if end == "signed out" else (403, 403))
    assert state(app) == "open"
    assert not shop.desk.journal.history.feed(Filter(), 10)  # type: ignore[attr-defined]


def test_a_user_who_loses_the_role_is_refused_on_record(app: Flask, client: Client):
    fields = client.fields("order.cancel")
    changed(app, roles="")
    assert client.send("order.cancel", fields, order=1, note="").status_code == 303
    run = shop.desk.journal.run(1)
    assert run is not None
    assert run.refusal is not None
    assert (run.status, run.refusal.code, state(app)) == ("refused", "no_right", "open")


def test_no_header_and_no_cookie_but_the_applications_session_makes_anybody_somebody(app: Flask):
    client = Client(app)
    client.browser.set_cookie("session", "eyJ1c2VyIjoicHJpeWEifQ.aaaa.forged")
    client.browser.set_cookie("firsthand", "priya")
    forged = {"X-User": "priya", "Remote-User": "priya", "Firsthand-Who": "priya", "Authorization": "Basic cHJpeWE6"}
    assert client.get(headers=forged, environ_overrides={"REMOTE_USER": "priya"}).status_code == 303
    assert client.get("/?firsthand.who=priya").status_code == 303


def test_a_form_of_another_site_or_without_its_token_does_nothing(app: Flask, client: Client):
    fields = client.fields("order.cancel")
    for headers, given in (
        ({"Origin": "http://evil.example"}, fields),
        ({}, fields),
        (ORIGIN, {**fields, "csrf": "x"}),
        (ORIGIN, {}),
    ):
        assert client.send("order.cancel", given, headers, order=1, note="").status_code == 403
    assert state(app) == "open"


def test_a_form_of_one_user_is_none_of_another_in_the_same_browser(app: Flask, client: Client):
    fields = client.fields("order.cancel")
    with app.app_context():
        shop.db.session.add(shop.User(id="sam", roles="support"))
        shop.db.session.commit()
    client.sign_in("sam")
    assert client.send("order.cancel", fields, order=1, note="").status_code == 403
    assert state(app) == "open"


def test_the_applications_hooks_stand_before_the_console_and_after_it(app: Flask, client: Client):
    assert client.get(headers={"X-Blocked": "1"}).status_code == HTTPStatus.IM_A_TEAPOT
    answer = client.perform("order.cancel", order=1, note="")
    assert (answer.status_code, state(app)) == (303, "cancelled")
    assert len(answer.headers["X-Shop"]) > 20, "the hook has read the form, and so has the console"


def test_the_applications_own_pages_and_errors_are_left_alone_and_the_consoles_are_its_own(app: Flask, client: Client):
    assert client.browser.get("/none").text == "the shop has no such page"
    page = client.get("/none")
    assert page.status_code == 404
    assert "There is no such page." in page.text
    assert page.headers["x-frame-options"] == "DENY"
    assert "X-Frame-Options" not in client.browser.get("/sign-in").headers


def test_its_own_files_are_under_its_prefix_and_browsers_keep_them(client: Client):
    from re import search

    found = search(r'href="([^"]+\.css[^"]*)"', client.get("/actions").text)
    assert found is not None
    assert found[1].startswith("/support/static/")
    file = client.browser.get(found[1])
    assert (file.status_code, file.content_type) == (200, "text/css; charset=utf-8")
    assert "immutable" in file.headers["cache-control"]
    assert "Vary" not in file.headers, "nobody is asked for, so that no session is read"


def test_behind_a_proxy_all_addresses_have_its_prefix_and_its_scheme(app: Flask, client: Client):
    app.wsgi_app = ProxyFix(app.wsgi_app, x_prefix=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    said = {"X-Forwarded-Prefix": "/app", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "acme.com"}
    page = client.get("/actions/order.cancel", headers=said)
    assert 'href="/app/support/' in page.text
    assert 'href="/support/' not in page.text
    assert "Secure; " in f"{page.headers['Set-Cookie']}; "
    assert "Path=/app/support" in page.headers["Set-Cookie"]
    away = Client(app).get("/actions", headers=said)
    assert away.location == "/app/sign-in?next=%2Fapp%2Fsupport%2Factions"


def test_what_is_too_large_or_no_form_or_another_method_is_turned_away_in_words(app: Flask, client: Client):
    at = "/support/actions/order.cancel"
    large = client.browser.post(at, data={"csrf": "x" * 1_100_000}, headers=ORIGIN)
    assert (large.status_code, "1 MiB" in large.text) == (413, True)
    assert client.browser.post(at, json={}, headers=ORIGIN).status_code == 415
    assert client.browser.put(at).status_code == 405
    chunked = {"wsgi.input_terminated": True, "CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked"}
    assert client.browser.post(at, headers=ORIGIN, environ_overrides=chunked).status_code == 403
    assert state(app) == "open"


def test_what_breaks_in_the_console_is_the_applications_to_log_and_to_tell(app: Flask, client: Client, monkeypatch):
    from firsthand.surfaces.console.console import Console

    monkeypatch.setattr(Console, "known", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        client.get()
    app.testing = False
    assert client.get().status_code == 500
