"""The door: each attack is turned away before anything is parsed, in words, counted by its kind."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from firsthand.surfaces.console import bodies, door, limits
from firsthand.surfaces.console.console import Console
from firsthand.surfaces.console.door import HEADERS
from firsthand.surfaces.console.slowing import ADDRESSES, LONGEST, Slowing, address_of
from firsthand.surfaces.words import TURNED_AWAY_WORDS

from .signing import ORIGIN, PASSWORD, Browser, browser, consoles

FORM = {"content-type": "application/x-www-form-urlencoded", "origin": ORIGIN}


@pytest.fixture
def ui() -> Iterator[Browser]:
    """A browser before a console, with Priya signed in."""
    with consoles() as opened:
        assert opened.sign_in("priya").status_code == 303
        yield opened


def assert_away(ui: Browser, kind: str, status: int, answer: Any) -> None:
    """Hold that somebody was turned away, in words, and counted; and that Priya is still signed in."""
    assert answer.status_code == status, answer.text
    assert 'role="alert"' in answer.text
    assert ui.console.turned_away.counts() == {kind: 1}
    assert ui.get("/account").status_code == 200
    assert kind in TURNED_AWAY_WORDS


def post(ui: Browser, content: bytes, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return ui.post("/account/sign-out-everywhere", content=content, headers={**FORM, **named})


def test_every_answer_carries_what_keeps_browsers_safe(ui: Browser) -> None:
    for answer in (ui.get("/account"), ui.get("/nothing"), ui.get("/static/console.css"), ui.put("/account")):
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "permissions-policy" in answer.headers
    assert ui.get("/").headers["cache-control"] == "private, no-cache"
    assert ui.get("/sign-in").headers["cache-control"] == "no-store"


def test_a_form_without_a_token(ui: Browser) -> None:
    assert_away(ui, "csrf", 403, post(ui, b""))


def test_a_form_with_a_wrong_token(ui: Browser) -> None:
    assert_away(ui, "csrf", 403, post(ui, b"csrf=" + b"0" * 64))


def test_a_form_with_another_sessions_token(ui: Browser) -> None:
    other = browser(ui.app, ui.t)
    other.sign_in("ada")
    token = other.token("/account")
    assert_away(ui, "csrf", 403, post(ui, b"csrf=" + token.encode()))


def test_a_form_with_a_token_from_before_signing_in(ui: Browser) -> None:
    token = browser(ui.app, ui.t).token("/sign-in")
    assert_away(ui, "csrf", 403, post(ui, b"csrf=" + token.encode()))


def test_a_form_with_a_token_that_is_no_text(ui: Browser) -> None:
    assert_away(ui, "csrf", 403, post(ui, "csrf=é\udcff".encode("utf-8", "replace")))


def test_a_form_from_somebody_signed_out_meanwhile(ui: Browser) -> None:
    token = ui.token("/account")
    del ui.cookies["firsthand"]
    ui.get("/sign-in")
    answer = post(ui, b"csrf=" + token.encode())
    assert answer.status_code == 401
    assert "signed out" in answer.text


@pytest.mark.parametrize(
    "origin", ["http://evil.com", "null", "", "https://testserver", "http://testserver.evil.com", "http://testserver:81",
               "http://evil@testserver", "file://", "http://[", f"{ORIGIN}, http://evil.com"],
)  # fmt: skip
def test_a_form_of_another_origin(origin: str, ui: Browser) -> None:
    token = ui.token("/account")
    assert_away(ui, "origin", 403, post(ui, b"csrf=" + token.encode(), origin=origin))


def test_a_form_of_no_origin(ui: Browser) -> None:
    token = ui.token("/account")
    headers = {"content-type": FORM["content-type"]}
    answer = ui.post("/account/sign-out-everywhere", content=f"csrf={token}", headers=headers)
    assert_away(ui, "origin", 403, answer)


def test_a_form_that_the_browser_says_comes_from_another_site(ui: Browser) -> None:
    token = ui.token("/account")
    assert_away(ui, "origin", 403, post(ui, b"csrf=" + token.encode(), sec_fetch_site="same-site"))


def test_a_form_without_origin_goes_through_where_the_browser_says_it_is_of_this_site(ui: Browser) -> None:
    headers = {"content-type": FORM["content-type"], "sec-fetch-site": "same-origin"}
    token = ui.token("/account")
    assert ui.post("/account/sign-out-everywhere", content=f"csrf={token}", headers=headers).status_code == 303


def test_what_another_host_is_said_to_be_counts_for_nothing(ui: Browser) -> None:
    token = ui.token("/account")
    headers = {"origin": "http://evil.com", "x_forwarded_host": "evil.com", "forwarded": "host=evil.com"}
    assert_away(ui, "origin", 403, post(ui, b"csrf=" + token.encode(), **headers))


def test_behind_a_proxy_the_address_that_people_use_is_the_origin() -> None:
    with consoles(url="https://support.acme.com") as ui:
        ui.headers["host"] = "support.acme.com"
        token = ui.token("/sign-in")
        assert "Secure" in ui.page.headers["set-cookie"]
        fields = {"csrf": token, "person": "priya", "password": PASSWORD}
        sent = {"origin": "https://support.acme.com", "cookie": ui.page.headers["set-cookie"].partition(";")[0]}
        assert ui.post("/sign-in", data=fields, headers=sent).status_code == 303


def test_a_body_that_says_it_is_too_large(ui: Browser) -> None:
    assert_away(ui, "size", 413, post(ui, b"a=" + b"b" * limits.LARGEST))


def test_a_body_that_turns_out_too_large(ui: Browser) -> None:
    taken = []

    def chunks() -> Iterator[bytes]:
        for number in range(64):
            taken.append(number)
            yield b"a" * 65_536

    answer = ui.post("/account/sign-out-everywhere", content=chunks(), headers=FORM)
    assert_away(ui, "size", 413, answer)


def test_a_body_is_not_read_on_once_it_is_too_large() -> None:
    taken = []

    async def receive() -> dict[str, Any]:
        taken.append(1)
        return {"type": "http.request", "body": b"a" * 65_536, "more_body": True}

    with pytest.raises(limits.TurnAway, match="1 MiB"):
        asyncio.run(bodies.read_body(receive))
    assert len(taken) == 17


def test_a_body_that_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "PATIENCE", 0.05)

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(1)
        return {}

    with pytest.raises(limits.TurnAway) as away:
        asyncio.run(bodies.read_body(receive))
    assert away.value.status == 408


@pytest.mark.parametrize("length", ["-1", "1e3", "9" * 40, "x"])
def test_a_length_that_is_none(length: str) -> None:
    with pytest.raises(limits.TurnAway):
        limits.kind_of_body({"content-length": length, "content-type": limits.URLENCODED})


def test_a_hundred_thousand_fields(ui: Browser) -> None:
    assert_away(ui, "fields", 413, post(ui, b"&".join(b"a%d=" % number for number in range(100_000))))


def test_a_hundred_thousand_files(ui: Browser) -> None:
    part = b'--b\r\ncontent-disposition: form-data; name="a"\r\n\r\n'
    kind = "multipart/form-data; boundary=b"
    assert_away(ui, "fields", 413, post(ui, part * 20_000, content_type=kind))


def test_fields_are_counted_before_they_are_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "parse_qsl", None)
    with pytest.raises(limits.TurnAway):
        bodies.fields(b"&" * 100_000)


@pytest.mark.parametrize("name", ["a" + "[b]" * 1000, "a" + ".b" * 1000, "a" * 2000])
def test_names_that_nest_a_thousand_deep(name: str, ui: Browser) -> None:
    assert_away(ui, "depth", 400, post(ui, f"{name}=1".encode()))


@pytest.mark.parametrize("value", ["[" * 1000, '{"a":' * 1000, " [" * 1000, '["]",' * 1000])
def test_json_that_nests_a_thousand_deep(value: str, ui: Browser) -> None:
    assert_away(ui, "depth", 400, post(ui, f"inputs={value}".encode()))


def test_what_only_looks_deep_is_let_in_and_looked_at_quickly() -> None:
    started = time.perf_counter()
    assert not bodies.nests_deeper('["' + "[" * 500_000 + '"]', 64)
    assert not bodies.nests_deeper("[" + "[]," * 300_000, 64)
    assert not bodies.nests_deeper('[""' + '\\"' * 500_000, 64)
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize("body", [b"a=\xff", b"a=%ff", b"%c3%28=1", b"a=%ed%a0%80"])
def test_a_form_that_is_not_utf_8(body: bytes, ui: Browser) -> None:
    assert_away(ui, "text", 400, post(ui, body))


@pytest.mark.parametrize(
    "part", [b'name="a"\r\n\r\n\xff\xfe', b'name="\xff"\r\n\r\nx', b'name="a"; filename="\xff"\r\n\r\nx']
)
def test_a_form_of_parts_that_is_not_utf_8(part: bytes, ui: Browser) -> None:
    body = b"--b\r\ncontent-disposition: form-data; " + part + b"\r\n--b--\r\n"
    assert_away(ui, "text", 400, post(ui, body, content_type="multipart/form-data; boundary=b"))


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=b; charset=utf-7",
                                  "multipart/form-data; boundary=" + "b" * 300])  # fmt: skip
def test_a_form_of_parts_that_is_none(kind: str, ui: Browser) -> None:
    assert_away(ui, "kind", 400, post(ui, b"--b\r\nx", content_type=kind))


def test_parts_are_read_as_they_were_sent() -> None:
    body = (
        '--b\r\ncontent-disposition: form-data; name="ü"\r\n\r\nnaïve ☃\r\n'
        '--b\r\ncontent-disposition: form-data; name="f"; filename="ß.bin"\r\n\r\n'
    ).encode() + b"\xff\x00\r\n--b--\r\n"
    form = asyncio.run(bodies.parsed(body, limits.MULTIPART, "multipart/form-data; boundary=b"))
    file = form["f"]
    assert form["ü"] == "naïve ☃"
    assert not isinstance(file, str)
    assert (file.filename, file.file.read()) == ("ß.bin", b"\xff\x00")


@pytest.mark.parametrize("path", ["/%ff", "/actions/%c3%28", "/a%00b", "/?q=%ff", "/?%ff=1", "/?q=%00"])
def test_an_address_that_is_not_text(path: str, ui: Browser) -> None:
    assert_away(ui, "text", 400, ui.get(path))


def test_an_address_that_is_too_long(ui: Browser) -> None:
    assert_away(ui, "size", 414, ui.get("/?q=" + "a" * 20_000))


def test_an_address_of_too_many_fields(ui: Browser) -> None:
    assert_away(ui, "fields", 414, ui.get("/?" + "&" * 3_000))


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "", "application/xml", "x" * 1000])
def test_what_is_not_a_form(kind: str, ui: Browser) -> None:
    assert_away(ui, "kind", 415, post(ui, b'{"csrf": "x"}', content_type=kind))


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "BREW"])
def test_a_method_that_is_not_served(method: str, ui: Browser) -> None:
    answer = ui.request(method, "/account", headers={"origin": ORIGIN})
    assert_away(ui, "method", 405, answer)
    assert answer.headers["allow"] == "GET, HEAD, POST"


def test_something_sent_with_a_get(ui: Browser) -> None:
    assert_away(ui, "kind", 400, ui.request("GET", "/account", content=b"a=1"))


def test_a_header_given_twice() -> None:
    with pytest.raises(limits.TurnAway):
        limits.plain_headers([(b"host", b"a"), (b"host", b"b")])


def test_a_script_gets_a_part_of_a_page_in_words(ui: Browser) -> None:
    answer = post(ui, b"", hx_request="true")
    assert answer.text.startswith('<div class="notice bad" role="alert">')


def test_what_is_in_a_refused_request_is_kept_nowhere(ui: Browser) -> None:
    post(ui, b"csrf=hunter2&password=hunter2")
    ui.console.turned_away.flush()
    assert ui.t.journal.database.read("SELECT kind, count FROM turned_away") == [("csrf", 1)]
    assert "hunter2" not in str(ui.t.journal.history.events_after(0, 1000))


def test_a_flood_of_refusals_is_one_commit(ui: Browser) -> None:
    done = ui.t.journal.database.read("SELECT count(*) FROM events")[0][0]
    for _ in range(15):
        post(ui, b"")
    ui.console.turned_away.flush()
    assert ui.t.journal.database.read("SELECT kind, count FROM turned_away") == [("csrf", 15)]
    assert ui.t.journal.database.read("SELECT count(*) FROM events")[0][0] == done


# Slowing


def test_whoever_is_turned_away_again_and_again_waits_longer_and_others_do_not() -> None:
    now = [0.0]
    slowing = Slowing(lambda: now[0])
    delays = [slowing.delay("1.2.3.4") for _ in range(200)]
    assert delays[:20] == [0.0] * 20
    assert delays == sorted(delays)
    assert delays[-1] == LONGEST
    assert slowing.delay("5.6.7.8") == 0
    now[0] = 300
    assert slowing.delay("1.2.3.4") == 0


def test_a_flood_from_many_addresses_takes_bounded_memory() -> None:
    slowing = Slowing()
    for number in range(ADDRESSES + 500):
        slowing.delay(str(number))
    assert len(slowing.levels) == ADDRESSES


def test_an_address_of_ipv6_is_its_network() -> None:
    assert (
        address_of({"client": ("2001:db8::1", 1)}) == address_of({"client": ("2001:db8::ffff", 1)}) == "2001:db8::/64"
    )
    assert address_of({"client": ("10.0.0.1", 1)}) == "10.0.0.1"
    assert address_of({"client": None}) == "local"
    assert address_of({"client": ("testclient", 1)}) == "testclient"


# Around the whole


def test_a_page_that_breaks_answers_in_words_with_all_that_every_answer_carries(monkeypatch) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("at /secret/place")

    with consoles() as ui:
        ui.sign_in("priya")
        token = ui.cookies["firsthand"]
        monkeypatch.setattr(Console, "known", broken)
        ui.t.tick(hours=2)
        careless = Browser(ui.app, base_url=ORIGIN, raise_server_exceptions=False, cookies={"firsthand": token})
        answer = careless.get("/inbox")
        assert answer.status_code == 500
        assert "Something in the console broke" in answer.text
        assert "secret" not in answer.text
        assert all(name in answer.headers for name in HEADERS)
        assert answer.cookies["firsthand"] != token, "a session's new token is not lost"


def test_what_breaks_at_the_door_itself_answers_in_words_too(ui: Browser, monkeypatch) -> None:
    monkeypatch.setattr(door, "look_at_head", lambda *_: 1 / 0)
    answer = Browser(ui.app, base_url=ORIGIN, raise_server_exceptions=False).get("/inbox")
    assert answer.status_code == 500
    assert "Something in the console broke" in answer.text
    assert all(name in answer.headers for name in HEADERS)


def test_a_host_that_mounts_the_console_gets_its_headers_and_its_lifespan_is_run(ui: Browser) -> None:
    site = Starlette(routes=[Mount("/support", ui.app)])
    with Browser(ui.app) as alive:
        assert alive.app.state.console.follower.is_alive()
        answer = Browser(site, base_url=ORIGIN, follow_redirects=False).get("/support/inbox")
    assert answer.headers["location"] == "/support/sign-in?next=%2Finbox"
    assert all(name in answer.headers for name in HEADERS)


# The host


@pytest.mark.parametrize(
    "host", ["evil.com", "support.acme.com.evil.com", "support.acme.com:8000", "testserver", "127.0.0.1"]
)
def test_where_it_is_known_where_people_reach_it_no_other_host_is_answered(host: str) -> None:
    with consoles(url="https://support.acme.com/desk/", identify=lambda request: "ada") as ui:
        answer = ui.get("/inbox", headers={"host": host})
        assert answer.status_code == 400
        assert f"This console is not at {host}." in answer.text
        assert ui.console.turned_away.counts() == {"host": 1}
        for own in ("support.acme.com", "SUPPORT.acme.com:443"):
            assert ui.get("/inbox", headers={"host": own}).status_code == 200


@pytest.mark.parametrize("host", ["[:::::]", "[::1]]", "a:99999"])
def test_a_host_that_is_none_is_no_fault_of_the_consoles(host: str, ui: Browser) -> None:
    assert_away(ui, "host", 400, ui.get("/inbox", headers={"host": host}))
