"""From what happens to a letter in a mailbox and a call of a webhook: at least once, and visible where not."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from firsthand.core.errors import SettingsError
from firsthand.core.notices import Preferences
from firsthand.settings import Settings
from firsthand.storage import outbox as boxes
from firsthand.storage.outbox import Outbox
from firsthand.storage.preferences import prefer
from firsthand.storage.watches import Watch, Watches
from firsthand.storage.webhooks import MOST_FAILURES, Webhooks
from firsthand.surfaces.notify import deliverer as delivering
from firsthand.surfaces.notify.deliverer import Deliverer
from firsthand.testing import Trial, trial

from ...databases import kind as kind
from ...followers.telling import PEOPLE, SECRET, make_desk
from .servers import CERTIFICATE, Hooks, Mailbox, answered, closed_port, hang, until

WHY = {"reason": "customer asked"}
URL = "https://support.acme.com"


@contextmanager
def delivered(**settings: str) -> Iterator[tuple[Trial, Deliverer]]:
    """Give a desk on trial and its deliverer, which does nothing by itself."""
    with trial(make_desk(), PEOPLE) as t:
        made = Deliverer(t.desk, t.journal, Settings(url=URL, **settings))
        t.desk.start()
        yield t, made


def round_of(t: Trial, made: Deliverer, **later: float) -> None:
    """Let time go by, and have delivered whatever is due then."""
    made.follow()
    t.tick(**(later or {"minutes": 1}))
    made.done.clear()
    made.follow()
    while made.settings.smtp_host and made.deliver_mail() == 0.0:
        pass
    while made.deliver_to_webhook() == 0.0:
        pass


def of(mailbox: Mailbox, address: str) -> list[str]:
    """The subjects of the letters to somebody."""
    return [each["Subject"] for each in mailbox.taken if each["To"] == address]


def test_an_ask_becomes_one_letter_to_each_who_may_take_it_with_its_sentence_and_a_link(mailbox: Mailbox) -> None:
    with delivered(**mailbox.settings) as (t, made):
        run = t.ask("invoice.refund", {"account": 7}, by="sam@acme.com", requested_by="luis", **WHY)
        round_of(t, made)
        assert sorted(each["To"] for each in mailbox.taken) == ["lee@acme.com", "noor@acme.com", "priya@acme.com"]
        letter = mailbox.taken[0]
        wanted = "Sam@acme.com asked for Refund invoice on account 7 for luis, reason: customer asked"
        sentence = f"{wanted}; it waits for somebody to take it."
        assert letter["Subject"] == f"Acme: {sentence}"[:119] + "…"
        text, html = (part.get_content() for part in letter.iter_parts())
        assert sentence in text
        assert f"{URL}/runs/{run.id}" in text
        assert f'<a href="{URL}/runs/{run.id}">{sentence}</a>' in html
        assert letter["List-Unsubscribe"] == f"<{URL}/account/notifications>"
        assert letter["From"] == "Acme <firsthand@support.acme.com>"
        round_of(t, made)
        assert len(mailbox.taken) == 3


def test_what_comes_within_a_minute_is_one_letter_and_what_comes_later_another(mailbox: Mailbox) -> None:
    with delivered(**mailbox.settings) as (t, made):
        for n in range(3):
            t.ask("invoice.refund", {"account": n}, by="sam@acme.com", **WHY)
            t.tick(seconds=15)
        made.follow()
        assert made.deliver_mail() > 0
        round_of(t, made, seconds=15)
        assert of(mailbox, "priya@acme.com") == ["Acme: 3 asked"]
        t.ask("invoice.refund", {"account": 9}, by="sam@acme.com", **WHY)
        round_of(t, made)
        assert len(of(mailbox, "priya@acme.com")) == 2


def test_an_ask_that_was_taken_meanwhile_is_not_told_to_the_others_any_more(mailbox: Mailbox) -> None:
    with delivered(**mailbox.settings) as (t, made):
        ask = t.ask("invoice.refund", {"account": 7}, by="sam@acme.com", **WHY)
        made.follow()
        t.take(ask.id, by="priya@acme.com")
        round_of(t, made)
        assert [each["To"] for each in mailbox.taken] == ["sam@acme.com"]
        assert "priya@acme.com ran Refund invoice" in mailbox.taken[0]["Subject"].replace("Priya", "priya")
        assert Outbox(t.journal).counts(0) == {"waiting": 0, "sent": 1, "failed": 0}


def test_a_digest_is_one_letter_of_what_does_not_wait_for_somebody_and_the_rest_comes_at_once(mailbox: Mailbox) -> None:
    with delivered(**mailbox.settings) as (t, made):
        wanted = Preferences(digest="daily", hour=8, zone="Europe/Berlin")
        prefer(t.journal, "noor@acme.com", wanted, "root", t.clock())
        Watches(t.journal).add(t.journal.person("noor@acme.com"), Watch("tag", "billing"))
        for n in range(3):
            t.run("invoice.refund", {"account": n}, by="priya@acme.com", **WHY)
        ask = t.ask("invoice.refund", {"account": 9}, by="sam@acme.com", **WHY)
        round_of(t, made)
        assert [each.partition(" for")[0] for each in of(mailbox, "noor@acme.com")] == ["Acme: Sam@acme.com asked"]
        t.decline(ask.id, "Not today, sorry.", by="priya@acme.com")
        t.now = datetime(2026, 1, 2, 6, 59, tzinfo=UTC)
        round_of(t, made, seconds=30)
        assert len(of(mailbox, "noor@acme.com")) == 1
        round_of(t, made, seconds=31)
        assert of(mailbox, "noor@acme.com")[1:] == ["Acme: 4 watched"]


def test_nothing_comes_in_quiet_hours_not_even_what_could_not_be_delivered_before(mailbox: Mailbox) -> None:
    with delivered(**mailbox.settings) as (t, made):
        wanted = Preferences(quiet_from="10:10", quiet_to="12:00", zone="Europe/Berlin")
        prefer(t.journal, "priya@acme.com", wanted, "root", t.clock())
        mailbox.says = lambda line: "451 later" if line == "DATA" else None
        t.ask("invoice.refund", {"account": 7}, by="sam@acme.com", **WHY)
        round_of(t, made)
        mailbox.says = lambda _: None
        t.ask("invoice.refund", {"account": 8}, by="sam@acme.com", **WHY)
        round_of(t, made, minutes=30)
        assert sorted({each["To"] for each in mailbox.taken}) == ["lee@acme.com", "noor@acme.com"]
        t.now = datetime(2026, 1, 1, 11, 0, tzinfo=UTC)
        round_of(t, made, seconds=1)
        assert len(of(mailbox, "priya@acme.com")) == 2


def test_who_may_not_know_of_it_any_more_when_it_is_sent_or_has_left_is_told_nothing(mailbox: Mailbox) -> None:
    with delivered(**mailbox.settings) as (t, made):
        t.journal.people.change("noor@acme.com", "root", roles=("lead",))
        Watches(t.journal).add(t.journal.person("noor@acme.com"), Watch("action", "ledger.close"))
        t.run("ledger.close", by="lee@acme.com", **WHY)
        t.ask("invoice.refund", {"account": 7}, by="sam@acme.com", **WHY)
        made.follow()
        t.journal.people.change("noor@acme.com", "root", roles=("support",))
        t.journal.people.change("priya@acme.com", "root", active=False)
        round_of(t, made)
        assert sorted(each["To"] for each in mailbox.taken) == ["lee@acme.com", "noor@acme.com"]
        assert not any("ledger" in str(each).lower() or "close" in each["Subject"] for each in mailbox.taken)


@pytest.mark.parametrize(
    "hostile", ["Sam\r\nBcc: all@acme.com", "Sam\n\n<script>alert(1)</script>", "Sam\u202e\x00\u2028x"]
)
def test_no_text_gets_into_the_head_of_a_letter_or_into_its_html_as_such(mailbox: Mailbox, hostile: str) -> None:
    with delivered(**mailbox.settings) as (t, made):
        t.ask("invoice.refund", {"account": 7}, by="sam@acme.com", requested_by=hostile, notes="@priya <b>", **WHY)
        round_of(t, made)
        assert len(mailbox.taken) == 3
        for letter in mailbox.taken:
            assert letter["Bcc"] is None
            assert "\n" not in letter["Subject"]
            assert len(" ".join(letter["Subject"].split())) <= 120
            html = list(letter.iter_parts())[1].get_content()
            assert "<script" not in html
            assert "\u202e" not in html
        assert all("RCPT TO:<" in to and "all@acme.com" not in to for _, to in mailbox.envelopes)


def test_no_secret_stands_in_any_letter_or_call(mailbox: Mailbox, hooks: Hooks) -> None:
    with delivered(**mailbox.settings, webhooks_to="127.0.0.1") as (t, made):
        Watches(t.journal).add(t.journal.person("noor@acme.com"), Watch("action", "token.set"))
        Webhooks(t.journal).add("Chat", hooks.url, ["run.failed"], "root", t.clock())
        t.run("token.set", {"token": SECRET}, by="priya@acme.com", **WHY)
        round_of(t, made)
        [letter], [(_, _, body)] = mailbox.taken, hooks.calls
        assert "RuntimeError" in str(letter)
        assert b"RuntimeError" in body
        assert SECRET not in f"{letter}{letter.as_bytes()!r}{body!r}"


# By mail, where it does not go well


def test_a_mail_server_that_is_down_is_tried_again_and_nothing_is_lost(mailbox: Mailbox) -> None:
    with delivered(**mailbox.settings) as (t, made):
        right, made.settings = made.settings, Settings(url=URL, **{**mailbox.settings, "smtp_port": str(closed_port())})
        t.ask("invoice.refund", {"account": 7}, by="sam@acme.com", **WHY)
        round_of(t, made)
        found = made.outbox.undelivered(9)
        assert "The mail server cannot be used: [Errno 111] Connection refused" in found[0].said
        made.settings = right
        round_of(t, made, minutes=10)
        assert len(mailbox.taken) == 3
        assert made.outbox.undelivered(9) == []


@pytest.mark.parametrize(
    ("verb", "says", "state"),
    [("RCPT", "550 no such user", "failed"), ("RCPT", "451 greylisted", "waiting"), ("END", "554 spam", "failed"),
     ("END", "452 full", "waiting"), ("MAIL", "421 closing", "waiting"), ("RCPT", "rubbish", "waiting")],
)  # fmt: skip
def test_what_a_mail_server_will_never_take_is_given_up_and_what_it_may_is_tried_again(
    mailbox: Mailbox, verb: str, says: str, state: str
) -> None:
    with delivered(**mailbox.settings) as (t, made):
        mailbox.says = lambda line: says if line.startswith(verb) else None
        t.ask("invoice.refund", {"account": 7}, by="sam@acme.com", **WHY)
        round_of(t, made)
        found = made.outbox.undelivered(9)
        assert found
        assert {each.state for each in found} == {state}
        assert all(each.said for each in found)
        mailbox.says = lambda _: None
        made.outbox.retry(t.clock())
        round_of(t, made, seconds=1)
        assert len(mailbox.taken) == 3


def test_after_three_days_a_message_is_given_up_and_stays_visible(mailbox: Mailbox) -> None:
    with delivered(**mailbox.settings) as (t, made):
        mailbox.says = lambda line: "451 later" if line.startswith("RCPT") else None
        t.ask("invoice.refund", {"account": 7}, by="sam@acme.com", **WHY)
        for _ in range(20):
            round_of(t, made, hours=6)
        assert {(each.state, each.notices) for each in made.outbox.undelivered(9)} == {("failed", 1)}
        assert made.outbox.counts(0)["failed"] == 6, "three asks, and three that they wait"


def test_over_starttls_and_tls_user_and_password_go_encrypted_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    for security in ("starttls", "tls"):
        with Mailbox(tls=security == "tls") as mailbox:
            settings = {**mailbox.settings, "smtp_security": security, "smtp_user": "desk", "smtp_password": "pa55"}
            with delivered(**settings) as (t, made):
                t.ask("invoice.refund", {"account": 7}, by="sam@acme.com", **WHY)
                round_of(t, made)
            assert mailbox.users == ["\0desk\0pa55"] * 3
            assert len(mailbox.taken) == 3
            assert not any(line.startswith(("AUTH", "MAIL", "RCPT")) for line in mailbox.plain)


def test_a_server_that_does_not_encrypt_or_that_nobody_vouches_for_gets_no_password(mailbox: Mailbox) -> None:
    settings = {**mailbox.settings, "smtp_security": "starttls", "smtp_user": "desk", "smtp_password": "pa55"}
    with delivered(**settings) as (t, made):
        t.ask("invoice.refund", {"account": 7}, by="sam@acme.com", **WHY)
        round_of(t, made)
        assert "certificate" in made.outbox.undelivered(1)[0].said
        mailbox.says = lambda line: "250 localhost" if line.startswith("EHLO") else None
        made.outbox.retry(t.clock())
        round_of(t, made, seconds=1)
        assert "STARTTLS" in made.outbox.undelivered(1)[0].said
        assert mailbox.users == []
        assert mailbox.taken == []


def test_a_password_that_is_not_accepted_is_told_of_but_not_told(mailbox: Mailbox) -> None:
    settings = {**mailbox.settings, "smtp_user": "desk", "smtp_password": "pa55word"}
    with delivered(**settings) as (t, made):
        mailbox.says = lambda line: f"535 {line} pa55word" if line.startswith("AUTH") else None
        t.ask("invoice.refund", {"account": 7}, by="sam@acme.com", **WHY)
        round_of(t, made)
        [*found] = made.outbox.undelivered(9)
        assert "does not accept smtp_user" in found[0].said
        assert "pa55word" not in f"{found}{made.settings!r}"


@pytest.mark.parametrize(
    "wrong", [{"smtp_port": "many"}, {"smtp_port": "0"}, {"mail_from": "a@b\r\nBcc: c@d"}, {"webhooks_to": "home"}]
)
def test_settings_that_are_not_right_are_found_at_start(mailbox: Mailbox, wrong: dict[str, str]) -> None:
    with pytest.raises(SettingsError), delivered(**{**mailbox.settings, **wrong}):
        pass


# By webhook


def test_a_webhook_gets_each_event_signed_once_and_without_inputs_or_values(hooks: Hooks) -> None:
    with delivered(webhooks_to="127.0.0.1") as (t, made):
        Webhooks(t.journal).add("Chat", hooks.url, ["run.succeeded", "run.asked"], "root", t.clock())
        run = t.run("invoice.refund", {"account": 7}, by="priya@acme.com", requested_by="luis", **WHY)
        t.ask("invoice.refund", {"account": 8}, by="sam@acme.com", **WHY)
        round_of(t, made, seconds=0)
        bodies = [json.loads(body) for _, _, body in hooks.calls]
        assert [each["type"] for each in bodies] == ["run.succeeded", "run.asked"]
        told = bodies[0]["data"]
        assert told["run"]["id"] == run.id
        assert told["url"] == f"{URL}/runs/{run.id}"
        assert told["words"].startswith("Priya@acme.com ran Refund invoice on account 7 for luis")
        assert "inputs" not in told["run"]
        assert len({headers["webhook-id"] for _, headers, _ in hooks.calls}) == 2


def test_a_webhook_that_fails_is_tried_again_ever_more_seldom_under_the_same_id(hooks: Hooks) -> None:
    with delivered(webhooks_to="127.0.0.1") as (t, made):
        webhooks = Webhooks(t.journal)
        added = webhooks.add("Chat", hooks.url, ["run.succeeded"], "root", t.clock())
        hooks.says = answered(503)
        t.run("invoice.refund", {"account": 7}, by="priya@acme.com", **WHY)
        round_of(t, made, seconds=1)
        for pause in (30, 120, 600):
            round_of(t, made, seconds=pause - 5)
            before = len(hooks.calls)
            round_of(t, made, seconds=10)
            assert len(hooks.calls) == before + 1
        assert len(hooks.calls) == 4
        assert webhooks.one(added.id).failures == 4
        assert made.outbox.undelivered(9)[0].said == "It answered 503 Service Unavailable."
        hooks.says = answered(204)
        round_of(t, made, hours=1)
        assert len({headers["webhook-id"] for _, headers, _ in hooks.calls}) == 1
        assert (webhooks.one(added.id).failures, made.outbox.undelivered(9)) == (0, [])


def test_one_that_fails_holds_up_no_other_and_is_called_once_whatever_waits_for_it(hooks: Hooks) -> None:
    with delivered(webhooks_to="127.0.0.1") as (t, made), Hooks() as bad:
        bad.says = answered(500)
        webhooks = Webhooks(t.journal)
        webhooks.add("Bad", bad.url, ["run.succeeded"], "root", t.clock())
        webhooks.add("Good", hooks.url, ["run.succeeded"], "root", t.clock())
        for n in range(5):
            t.run("invoice.refund", {"account": n}, by="priya@acme.com", **WHY)
        round_of(t, made, seconds=1)
        assert (len(bad.calls), len(hooks.calls)) == (1, 5)
        round_of(t, made, seconds=31)
        assert len(bad.calls) == 2


def test_after_many_failures_in_a_row_a_webhook_is_switched_off_on_record_and_goes_on_when_it_is_on(
    hooks: Hooks,
) -> None:
    with delivered(webhooks_to="127.0.0.1") as (t, made):
        webhooks = Webhooks(t.journal)
        added = webhooks.add("Chat", hooks.url, ["run.succeeded"], "root", t.clock())
        hooks.says = answered(500)
        for n in range(MOST_FAILURES):
            t.run("invoice.refund", {"account": n}, by="priya@acme.com", **WHY)
            round_of(t, made, hours=6)
        assert webhooks.one(added.id).state == "off"
        event = t.journal.history.last_of_kind("webhook_stopped", 0)
        assert event
        assert added.secret not in str(event)
        assert "/hook" not in str(event), "the path may be a secret"
        calls, hooks.says = len(hooks.calls), answered(200)
        round_of(t, made, hours=6)
        assert len(hooks.calls) == calls
        webhooks.change(added.id, "root", t.clock(), state="active")
        round_of(t, made, hours=6)
        assert len(hooks.calls) > calls


def test_one_that_says_that_it_is_gone_is_switched_off_at_once(hooks: Hooks) -> None:
    with delivered(webhooks_to="127.0.0.1") as (t, made):
        webhooks = Webhooks(t.journal)
        added = webhooks.add("Chat", hooks.url, ["run.succeeded"], "root", t.clock())
        hooks.says = answered(410)
        t.run("invoice.refund", {"account": 7}, by="priya@acme.com", **WHY)
        round_of(t, made)
        assert webhooks.one(added.id).state == "off"


def test_without_leave_of_the_settings_this_machine_is_not_called(hooks: Hooks) -> None:
    with delivered() as (t, made):
        Webhooks(t.journal).add("Chat", hooks.url, ["run.succeeded"], "root", t.clock())
        t.run("invoice.refund", {"account": 7}, by="priya@acme.com", **WHY)
        round_of(t, made)
        assert hooks.calls == []
        assert "not on the public internet" in made.outbox.undelivered(9)[0].said


# At least once


def test_a_message_that_somebody_has_claimed_is_nobody_elses_until_that_is_over(mailbox: Mailbox) -> None:
    with delivered(**mailbox.settings) as (t, made):
        t.ask("invoice.refund", {"account": 7}, by="sam@acme.com", **WHY)
        made.follow()
        t.tick(minutes=1)
        made.follow()
        first = {made.outbox.claim("person:", t.clock()).id for _ in range(3)}  # type: ignore[union-attr]
        assert len(first) == 3
        assert made.outbox.claim("person:", t.clock()) is None
        t.tick(seconds=boxes.LEASE / 1_000_000 + 1)
        again = made.outbox.claim("person:", t.clock())
        assert again
        assert (again.id in first, again.fence, again.tries) == (True, 2, 2)
        late = boxes.Claimed(again.id, again.recipient, again.at, 1, 1)
        assert not made.outbox.end(late, "sent", t.clock())
        assert made.outbox.end(again, "sent", t.clock())


def test_several_that_deliver_at_once_send_each_message_once(mailbox: Mailbox, hooks: Hooks) -> None:
    with delivered(**mailbox.settings, webhooks_to="127.0.0.1") as (t, made):
        Webhooks(t.journal).add("Chat", hooks.url, ["run.asked"], "root", t.clock())
        for n in range(10):
            t.ask("invoice.refund", {"account": n}, by="sam@acme.com", **WHY)
            t.tick(minutes=2)
            made.follow()
        others = [Deliverer(t.desk, t.journal, made.settings) for _ in range(3)]
        duties = [duty for each in (made, *others) for duty in (each.deliver_mail, each.deliver_to_webhook)]
        made.done.clear()
        made.follow()
        threads = [threading.Thread(target=lambda duty=duty: [duty() for _ in range(40)]) for duty in duties]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert len(hooks.calls) == len({headers["webhook-id"] for _, headers, _ in hooks.calls}) == 10
        ids = [each["Message-ID"] for each in mailbox.taken]
        assert len(ids) == len(set(ids)) == 30
        assert made.outbox.counts(0) == {"waiting": 0, "sent": 40, "failed": 0}


def broken(t: Trial, run: int) -> None:
    """Leave odd data on record."""
    sql = "UPDATE runs SET subjects = '[1]' WHERE id = ?"
    t.journal.database.write(lambda connection: connection.execute(sql, (run,)).rowcount)


def test_odd_data_on_record_is_told_to_nobody_and_holds_up_nothing_else(mailbox: Mailbox) -> None:
    with delivered(**mailbox.settings) as (t, made):
        broken(t, t.ask("invoice.refund", {"account": 7}, by="sam@acme.com", **WHY).id)
        t.ask("invoice.refund", {"account": 8}, by="lee@acme.com", **WHY)
        later = t.ask("invoice.refund", {"account": 9}, by="sam@acme.com", **WHY)
        made.follow()
        broken(t, later.id)
        round_of(t, made)
        t.ask("invoice.refund", {"account": 10}, by="lee@acme.com", **WHY)
        round_of(t, made)
        assert {each.state for each in made.outbox.undelivered(9)} == {"failed"}
        assert {each.said for each in made.outbox.undelivered(9)} == {"It cannot be written: TypeError."}
        assert sorted(each["To"] for each in mailbox.taken) == ["noor@acme.com", "priya@acme.com"]


def test_killed_between_sending_and_noting_it_is_sent_again_as_the_same_message(
    mailbox: Mailbox, tmp_path: Path
) -> None:
    with delivered(**mailbox.settings) as (t, made):
        t.journal.people.change("noor@acme.com", "root", active=False)
        t.journal.people.change("lee@acme.com", "root", active=False)
        t.ask("invoice.refund", {"account": 7}, by="sam@acme.com", **WHY)
        made.follow()
        t.tick(minutes=1)
        made.follow()
        program = "import sys; from tests.surfaces.notify.sending import main; main(*sys.argv[1:])"
        command = [sys.executable, "-c", program, t.journal.url, str(mailbox.port), str(t.clock())]
        done = subprocess.run(command, cwd=Path(__file__).parents[3], check=False, timeout=60)
        assert done.returncode == -signal.SIGKILL
        assert len(mailbox.taken) == 1
        round_of(t, made, seconds=60)
        assert len(mailbox.taken) == 1, "whoever claimed it may still be sending"
        round_of(t, made, seconds=61)
        assert len(mailbox.taken) == 2
        assert len({each["Message-ID"] for each in mailbox.taken}) == 1


def test_threads_deliver_by_themselves_and_a_server_that_hangs_holds_up_neither_runs_nor_mail(
    mailbox: Mailbox, hooks: Hooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "POLL", 0.02)
    hooks.says = hang
    with delivered(**mailbox.settings, webhooks_to="127.0.0.1") as (t, made):
        Webhooks(t.journal).add("Chat", hooks.url, ["run.asked"], "root", t.clock())
        with made:
            t.ask("invoice.refund", {"account": 7}, by="sam@acme.com", **WHY)
            until(lambda: hooks.calls)
            run = t.run("invoice.refund", {"account": 8}, by="priya@acme.com", **WHY)
            assert run.status == "succeeded"
            t.tick(minutes=1)
            until(lambda: len(mailbox.taken) == 3)
            names = {each.name for each in threading.enumerate()}
            assert {"firsthand-following", "firsthand-mail", "firsthand-webhooks"} <= names
            hooks.stopped.set()


def test_what_was_sent_is_forgotten_after_a_month_and_what_was_not_is_not(mailbox: Mailbox) -> None:
    with delivered(**mailbox.settings) as (t, made):
        mailbox.says = lambda line: "550 no" if line.startswith("RCPT") and "noor" in line.lower() else None
        t.ask("invoice.refund", {"account": 7}, by="sam@acme.com", **WHY)
        round_of(t, made)
        t.decline(1, "Not today, sorry.", by="lee@acme.com")
        round_of(t, made, days=31)
        round_of(t, made)
        rows: list[Any] = t.journal.database.read("SELECT recipient, state FROM messages")
        assert ("person:noor@acme.com", "failed") in rows
        assert ("person:priya@acme.com", "sent") not in rows
