"""What a terminal tells of telling people, and changes about it."""

from __future__ import annotations

import json

import pytest

from ..notify.servers import Hooks, Mailbox, answered, until
from . import test_background
from .terminals import Terminal
from .test_background import SEND, working

office = test_background.office


def test_how_i_am_told_is_shown_and_changed_in_words_and_as_json(terminal: Terminal) -> None:
    assert terminal("notify", "me", "--json").json["reached_at"] == "priya@acme.com"
    change = ("--quiet", "22:00-07:00", "--zone", "Europe/Berlin", "--digest", "daily", "--without", "asked")
    said = terminal("notify", "me", *change)
    assert "Quiet hours: from 22:00 to 07:00 (Europe/Berlin)." in said.out
    assert "Not wanted: asked." in said.out
    chosen = terminal("notify", "me", "--without", "", "--quiet", "", "--no-mail", "--json").json
    assert (chosen["without"], chosen["quiet_from"], chosen["reached_at"]) == ([], "", "")
    assert terminal("notify", "me", "--zone", "Mars/Base").code == 1
    assert terminal("notify", "me", "--address", "a@b\r\nBcc: c@d").code == 1
    assert terminal("notify", "me", "--json").json["address"] == ""


def test_what_i_watch_is_listed_and_ended_and_must_be_there(terminal: Terminal) -> None:
    terminal("run", "subscription.cancel", "--account", "42", "--reason", "fraud")
    assert terminal("watch", "action", "no.such").code == 1
    for kind, name in (("action", "subscription.cancel"), ("subject", "account:42"), ("namespace", "subscription")):
        assert terminal("watch", kind, name).code == 0
    assert terminal("watch", "action", "subscription.cancel", "--stop").code == 0
    assert terminal("watch", "--json").json == [
        {"kind": "namespace", "key": "subscription"}, {"kind": "subject", "key": "account:42"},
    ]  # fmt: skip


def test_a_webhook_is_set_up_on_record_its_secret_shown_once_and_tried_out(terminal: Terminal) -> None:
    with Hooks() as hooks:
        added = terminal("webhook", "add", "Chat", hooks.url, "--on", "run.failed", "--on", "run.asked")
        secret = added.out.split()[-1]
        assert secret.startswith("whsec_")
        refused = terminal("webhook", "test", "1")
        assert (refused.code, "not on the public internet" in refused.err) == (1, True)
        assert terminal("webhook", "test", "1", FIRSTHAND_WEBHOOKS_TO="127.0.0.1").code == 0
        assert hooks.calls[0][0] == "POST /hook?team=support HTTP/1.1"
    assert terminal("webhook", "test", "1", FIRSTHAND_WEBHOOKS_TO="127.0.0.1").code == 1
    assert "whsec_" in terminal("webhook", "secret", "1").out
    assert "whsec_" not in terminal("webhook", "--json").out
    assert terminal("webhook", "change", "1", "--off", "--name", "Room").code == 0
    told = terminal("webhook", "--json").json
    known = ("Room", "off", ["run.asked", "run.failed"])
    assert [(each["name"], each["state"], each["kinds"]) for each in told] == [known]
    assert terminal("webhook", "remove", "1").code == 0
    assert terminal("webhook", "--json").json == []
    later = terminal("webhook").out + terminal("export", "--format", "jsonl").out + terminal("doctor").out
    assert secret not in later


@pytest.mark.parametrize("url", ["http://user:password@acme.com/", "ftp://acme.com", "https://acme.com/\nx: y"])
def test_a_webhook_that_cannot_be_one_is_refused(terminal: Terminal, url: str) -> None:
    assert terminal("webhook", "add", "Chat", url).code == 1
    assert terminal("webhook", "add", "Chat", "https://acme.com/", "--on", "everything").code == 1


def test_a_mail_to_try_it_out_is_sent_and_a_server_that_is_not_there_is_told(terminal: Terminal) -> None:
    assert "No mail server is set." in terminal("notify", "test").err
    with Mailbox() as mailbox:
        settings = {f"FIRSTHAND_{name.upper()}": value for name, value in mailbox.settings.items()}
        assert terminal("notify", "test", **settings).code == 0
        assert terminal("notify", "test", "noor@acme.com", **settings).code == 0
        assert [each["To"] for each in mailbox.taken] == ["priya@acme.com", "noor@acme.com"]
    down = terminal("notify", "test", FIRSTHAND_SMTP_PASSWORD="pa55word", FIRSTHAND_SMTP_USER="desk", **settings)
    assert (down.code, "pa55word" in down.out + down.err) == (1, False)
    assert "Mail goes out through localhost (none)." in terminal("notify", **settings).out


@pytest.mark.parametrize("command", [("worker",), ("serve", "--port", "0", "--workers", "0")], ids=["worker", "serve"])
def test_a_process_delivers_and_what_cannot_be_is_listed_and_told(office: Terminal, command: tuple[str, ...]) -> None:
    with Hooks() as hooks:
        office.environment["FIRSTHAND_WEBHOOKS_TO"] = "127.0.0.1"
        office("webhook", "add", "Chat", hooks.url, "--on", "run.succeeded", "--on", "run.refused")
        with working(office, *command):
            assert office(*SEND).code == 0
            until(lambda: hooks.calls)
            hooks.says = answered(500)
            assert office("run", "report.send").code == 3
            until(lambda: len(hooks.calls) == 2)
            until(lambda: office("notify", "--json").json["undelivered"])
        assert [json.loads(body)["type"] for _, _, body in hooks.calls] == ["run.succeeded", "run.refused"]
        assert "It answered 500 Internal Server Error." in office("notify").out
        assert "To be tried again: 1." in office("notify", "retry").out
        for _ in range(2):
            hooks.says = answered(410)
            with working(office, *command):
                until(lambda: office("webhook", "--json").json[0]["state"] == "off")
        assert "The webhook Chat is off: It answered 410 Gone." in office("doctor").out
