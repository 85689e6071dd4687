"""A webhook gets one signed POST; whatever it answers, it holds up nobody for long and leads nowhere else."""

from __future__ import annotations

import base64
import ssl
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook as Verifier

from firsthand.core.errors import FirsthandError
from firsthand.storage.webhooks import Webhook, url_fault
from firsthand.surfaces.notify.addresses import Unreachable, networks
from firsthand.surfaces.notify.webhook import Refusing, post, signature

from .servers import CERTIFICATE, Call, Hooks, answered, closed_port, flood, hang, trickle

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
HERE = networks("127.0.0.1")


def webhook(url: str) -> Webhook:
    return Webhook(1, "Chat", url, SECRET, ("run.asked",))


def test_what_is_sent_is_what_the_standards_own_library_takes(hooks: Hooks) -> None:
    now = int(time.time())
    post(webhook(hooks.url), "msg_1", {"type": "run.asked", "data": {"words": "Ärger ✓"}}, now, HERE)
    [(first, headers, body)] = hooks.calls
    assert first == "POST /hook?team=support HTTP/1.1"
    assert Verifier(SECRET).verify(body, headers) == {"type": "run.asked", "data": {"words": "Ärger ✓"}}
    with pytest.raises(Exception, match="No matching signature"):
        Verifier(SECRET).verify(body + b" ", headers)


def test_after_its_secret_was_renewed_it_is_signed_for_who_knows_either(hooks: Hooks) -> None:
    other, third = (f"whsec_{base64.b64encode(each * 24).decode()}" for each in (b"o", b"t"))
    now = int(time.time())
    post(replace(webhook(hooks.url), secret=f"{other} {SECRET}"), "msg_1", {"type": "run.asked"}, now, HERE)
    [(_, headers, body)] = hooks.calls
    assert Verifier(SECRET).verify(body, headers) == Verifier(other).verify(body, headers) == {"type": "run.asked"}
    with pytest.raises(Exception, match="No matching signature"):
        Verifier(third).verify(body, headers)


def test_a_signature_is_the_one_of_the_standard() -> None:
    at, body = 1614265330, b'{"test": 2432232314}'
    said = Verifier(SECRET).sign("msg_p5jXN8AQM9LWM0D4loKWxJek", datetime.fromtimestamp(at, UTC), body.decode())
    assert signature(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, body) == said


@pytest.mark.parametrize(
    ("says", "words"),
    [
        (answered(500), "It answered 500 Internal Server Error."),
        (answered(302, "location: http://127.0.0.1:1/\r\n"), "It answered 302 Found, and redirects are not followed."),
        (answered(307, "location: http://169.254.169.254/\r\n"), "redirects are not followed"),
        (answered(410), "It answered 410 Gone."),
        (b"220 mail.acme.com ESMTP\r\n", "Its answer is not HTTP"),
        (b"\x00\xff" * 4_000, "Its answer is not HTTP"),
        (b"HTTP/1.1 200" + b"0" * 70_000, "Its answer is not HTTP"),
        (b"HTTP/1.1 abc\r\n\r\n", "Its answer is not HTTP"),
        (b"", "not HTTP|cannot be reached"),
        (flood, "not HTTP|cannot be reached"),
    ],
    ids=["500", "302", "307", "410", "mail", "rubbish", "long", "no-number", "nothing", "flood"],
)
def test_an_answer_that_is_none_is_told_in_words_and_followed_nowhere(hooks: Hooks, says: object, words: str) -> None:
    hooks.says = says  # type: ignore[assignment]
    with pytest.raises(Unreachable, match=words):
        post(webhook(hooks.url), "msg_1", {}, 1, HERE)
    assert len(hooks.calls) == 1


@pytest.mark.parametrize("says", [hang, trickle])
def test_who_hangs_or_trickles_is_given_up_at_the_time_limit(hooks: Hooks, says: object) -> None:
    hooks.says = says  # type: ignore[assignment]
    began = time.monotonic()
    with pytest.raises(Unreachable, match="did not answer within"):
        post(webhook(hooks.url), "msg_1", {}, 1, HERE, limit=0.5)
    assert time.monotonic() - began < 3


def test_of_a_long_answer_no_more_is_read_than_its_head(hooks: Hooks) -> None:
    sent = []

    def long(call: Call) -> None:
        call.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n")
        for _ in range(10_000):
            call.wfile.write(b"x" * 10_000)
            sent.append(10_000)

    hooks.says = long
    post(webhook(hooks.url), "msg_1", {}, 1, HERE)
    time.sleep(0.2)
    assert sum(sent) < 20_000_000


def test_nobody_there_is_told_in_words() -> None:
    with pytest.raises(Unreachable, match="cannot be reached"):
        post(webhook(f"http://127.0.0.1:{closed_port()}/"), "msg_1", {}, 1, HERE)


def test_over_https_a_certificate_that_nobody_vouches_for_is_refused_and_nothing_is_sent(
    hooks: Hooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    hooks.socket = context.wrap_socket(hooks.socket, server_side=True)
    secure = webhook(f"https://localhost:{hooks.port}/")
    allowed = networks("127.0.0.1 ::1")
    with pytest.raises(Unreachable, match="certificate"):
        post(secure, "msg_1", {}, 1, allowed)
    assert hooks.calls == []
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    post(secure, "msg_2", {}, 1, allowed)
    assert [headers["webhook-id"] for _, headers, _ in hooks.calls] == ["msg_2"]


def test_only_a_webhook_that_says_so_is_gone(hooks: Hooks) -> None:
    for status in (404, 410, 500):
        hooks.says = answered(status)
        with pytest.raises(Refusing) as raised:
            post(webhook(hooks.url), "msg_1", {}, 1, HERE)
        assert raised.value.gone == (status == 410)


@pytest.mark.parametrize(
    "url",
    [
        "", "hooks.acme.com", "ftp://acme.com/", "file:///etc/passwd", "https://", "https://user:password@acme.com/",
        "https://acme.com/\r\nx: y", "https://acme.com/ x", "https://äcme.com/", "https://acme.com:99999/",
        "javascript:1", "https://[::1", "https://acme.com/" + "x" * 2_000,
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_webhook_is_refused(url: str) -> None:
    assert url_fault(url)


def test_a_webhook_does_not_show_its_secret() -> None:
    shown = repr(webhook("https://acme.com/T0/secret-path"))
    assert SECRET not in shown
    assert "secret-path" not in shown
    assert SECRET not in str(FirsthandError(shown))
