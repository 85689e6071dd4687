"""Notify: whoever is concerned is told once, nobody of their own doing, and nobody of what is hidden from them."""

from __future__ import annotations

import pytest

from firsthand.core.notices import Preferences
from firsthand.core.runs import microseconds
from firsthand.followers import notify
from firsthand.followers.notify import Notify
from firsthand.storage.preferences import prefer
from firsthand.storage.watches import Watch, Watches
from firsthand.storage.webhooks import Webhooks

from .telling import PEOPLE, SECRET, emptied, told, waiting

WHY = {"reason": "customer asked"}


def test_an_ask_is_told_to_those_who_may_take_it_and_have_an_address() -> None:
    with told() as (t, follower):
        t.ask("invoice.refund", {"account": 1}, by="sam@acme.com", **WHY)
        assert follower.advance(5)
        assert waiting(t.journal) == {each: ["asked"] for each in ("lee@acme.com", "noor@acme.com", "priya@acme.com")}


def test_the_asker_is_told_what_became_of_it_and_the_taker_is_not() -> None:
    with told() as (t, follower):
        taken, declined, withdrawn = (
            t.ask("invoice.refund", {"account": n}, by="sam@acme.com", **WHY).id for n in (1, 2, 3)
        )
        follower.advance(5)
        emptied(t.journal)
        t.take(taken, by="priya@acme.com")
        t.decline(declined, "Not today, sorry.", by="priya@acme.com")
        t.withdraw(withdrawn, by="sam@acme.com")
        follower.advance(5)
        assert waiting(t.journal) == {"sam@acme.com": ["answered"] * 3}


def test_who_is_named_is_told_of_a_comment_and_a_hand_over_note_but_not_of_what_they_wrote_themselves() -> None:
    with told() as (t, follower):
        run = t.run("invoice.refund", {"account": 1}, by="priya@acme.com", notes="with @noor and @priya", **WHY)
        for words in ("@sam, look", "@kim has no address", "@nobody"):
            t.journal.append("commented", actor="lee@acme.com", at=t.clock(), run=run.id, data={"text": words})
        t.journal.append("handed_over", actor="lee@acme.com", at=t.clock(), data={"text": "@noor @lee knows"})
        follower.advance(5)
        assert waiting(t.journal) == {"noor@acme.com": ["mentioned"] * 2, "sam@acme.com": ["mentioned"]}


def test_nobody_is_told_of_what_is_hidden_from_them_in_any_way() -> None:
    with told() as (t, follower):
        watches = Watches(t.journal)
        for person in PEOPLE:
            known = t.journal.person(person)
            assert known
            watches.add(known, Watch("tag", "billing"))
            watches.add(known, Watch("subject", "account:1"))
        run = t.run("ledger.close", by="lee@acme.com", notes="@sam @priya", **WHY)
        text = "@sam @priya @noor"
        t.journal.append("commented", actor="lee@acme.com", at=t.clock(), run=run.id, data={"text": text})
        follower.advance(5)
        assert waiting(t.journal) == {}
        t.journal.people.change("noor@acme.com", "root", roles=("lead",))
        t.run("ledger.close", by="lee@acme.com", **WHY)
        follower.advance(5)
        assert waiting(t.journal) == {"noor@acme.com": ["watched"]}


@pytest.mark.parametrize("watch", [("action", "invoice.refund"), ("namespace", "invoice"), ("tag", "billing"),
                                   ("subject", "account:1")])  # fmt: skip
def test_what_is_watched_is_told_once_however_often_it_is_watched_and_never_of_ones_own_doing(watch) -> None:
    with told() as (t, follower):
        watches = Watches(t.journal)
        for person in ("noor@acme.com", "priya@acme.com"):
            watches.add(t.journal.person(person), Watch(*watch))
            watches.add(t.journal.person(person), Watch("action", "invoice.refund"))
        t.run("invoice.refund", {"account": 1}, by="priya@acme.com", **WHY)
        t.run("invoice.refund", {"account": 1, "amount": 11}, by="priya@acme.com", **WHY)
        follower.advance(5)
        assert waiting(t.journal) == {"noor@acme.com": ["watched"] * 2}
        watches.remove("noor@acme.com", Watch(*watch))
        watches.remove("noor@acme.com", Watch("action", "invoice.refund"))
        t.run("invoice.refund", {"account": 1}, by="priya@acme.com", **WHY)
        follower.advance(5)
        assert waiting(t.journal) == {"noor@acme.com": ["watched"] * 2}


def test_what_cannot_be_known_cannot_be_watched_and_looks_as_if_it_were_not_there() -> None:
    with told() as (t, _):
        watches, sam = Watches(t.journal), t.journal.person("sam@acme.com")
        for watch in (Watch("action", "ledger.close"), Watch("namespace", "ledger")):
            with pytest.raises(Exception, match=f"There is no {watch.kind} “{watch.key}”"):
                watches.add(sam, watch)
            watches.add(t.journal.person("lee@acme.com"), watch)


def test_an_unknown_run_is_told_to_all_who_may_settle_it_and_its_own_actor_too() -> None:
    with told() as (t, follower):
        run = t.run("invoice.refund", {"account": 1}, by="priya@acme.com", **WHY)
        t.journal.append("unknown", actor=None, at=t.clock(), run=run.id, data={})
        follower.advance(5)
        assert sorted(waiting(t.journal)) == ["lee@acme.com", "noor@acme.com", "priya@acme.com"]


def test_what_nobody_takes_and_what_no_worker_begins_is_told_once() -> None:
    with told() as (t, follower):
        ask = t.ask("invoice.refund", {"account": 1}, by="sam@acme.com", **WHY)
        t.run("invoice.refund", {"account": 2}, by="priya@acme.com", background=True, **WHY)
        follower.advance(5)
        emptied(t.journal)
        follower.look()
        assert waiting(t.journal) == {}
        t.tick(minutes=11)
        follower.look()
        assert waiting(t.journal) == {"priya@acme.com": ["waiting"]}
        t.tick(hours=4)
        for _ in range(2):
            follower.look()
        late = {"priya@acme.com": ["waiting"] * 2, "noor@acme.com": ["waiting"], "lee@acme.com": ["waiting"]}
        assert waiting(t.journal) == late
        t.decline(ask.id, "Not today, sorry.", by="priya@acme.com")


def test_a_schedule_that_is_paused_is_told_to_whose_it_is() -> None:
    with told() as (t, follower):
        made = t.desk.schedule(
            "invoice.refund", {"account": 1}, by="priya@acme.com", cron="0 9 * * *", zone="UTC", **WHY
        )
        t.desk.schedules.pause(made.id, by="priya@acme.com")
        t.desk.schedules.resume(made.id, by="priya@acme.com")
        follower.advance(5)
        assert waiting(t.journal) == {}
        t.desk.schedules.pause(made.id, by="noor@acme.com")
        follower.advance(5)
        assert waiting(t.journal) == {"priya@acme.com": ["schedule"]}


def test_nobody_is_told_of_a_kind_that_they_do_not_want_or_without_an_address() -> None:
    with told() as (t, follower):
        prefer(t.journal, "priya@acme.com", Preferences(without=("asked",)), "root", t.clock())
        prefer(t.journal, "noor@acme.com", Preferences(mail=False), "root", t.clock())
        prefer(t.journal, "kim", Preferences(address="kim@acme.com"), "root", t.clock())
        t.ask("invoice.refund", {"account": 1}, by="sam@acme.com", **WHY)
        follower.advance(5)
        assert sorted(waiting(t.journal)) == ["kim", "lee@acme.com"]


def test_without_a_mail_server_nothing_waits_for_people() -> None:
    with told() as (t, _):
        t.ask("invoice.refund", {"account": 1}, by="sam@acme.com", **WHY)
        Notify(t.journal, t.clock, mail=False).advance(5)
        assert waiting(t.journal) == {}


def test_a_webhook_is_told_of_what_it_wants_and_what_its_roles_may_know_of() -> None:
    with told() as (t, follower):
        webhooks = Webhooks(t.journal)
        all_eyes = webhooks.add(
            "All", "https://a.example/", ["run.succeeded", "run.asked"], "root", t.clock(), ["lead"]
        )
        webhooks.add("Some", "https://b.example/", ["run.succeeded"], "root", t.clock())
        t.run("ledger.close", by="lee@acme.com", **WHY)
        t.run("invoice.refund", {"account": 1}, by="lee@acme.com", **WHY)
        follower.advance(5)
        assert waiting(t.journal) == {"1": ["run.succeeded"] * 2, "2": ["run.succeeded"]}
        webhooks.change(all_eyes.id, "root", t.clock(), state="removed")
        t.ask("invoice.refund", {"account": 1}, by="sam@acme.com", **WHY)
        follower.advance(5)
        assert waiting(t.journal).keys() >= {"2"}
        assert "1" not in waiting(t.journal)


def test_no_secret_gets_into_the_outbox_or_any_event_that_it_points_to() -> None:
    with told() as (t, follower):
        Watches(t.journal).add(t.journal.person("noor@acme.com"), Watch("action", "token.set"))
        run = t.run("token.set", {"token": SECRET}, by="priya@acme.com", **WHY)
        assert run.status == "failed"
        follower.advance(5)
        assert waiting(t.journal) == {"noor@acme.com": ["watched"]}
        tables = ("notices", "messages", "events", "runs")
        assert not any(
            SECRET in str(row) for each in tables for row in t.journal.database.read(f"SELECT * FROM {each}")
        )


def test_what_happened_days_ago_is_told_to_nobody() -> None:
    with told() as (t, follower):
        t.ask("invoice.refund", {"account": 1}, by="sam@acme.com", **WHY)
        t.tick(days=3, seconds=1)
        t.ask("invoice.refund", {"account": 2}, by="lee@acme.com", **WHY)
        follower.advance(5)
        assert sorted(waiting(t.journal)) == ["noor@acme.com", "priya@acme.com"]


def test_two_processes_that_follow_at_once_tell_everybody_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notify, "CHUNK", 7)
    with told() as (t, follower):
        for n in range(10):
            t.ask("invoice.refund", {"account": n}, by="sam@acme.com", **WHY)
        other = Notify(t.journal, t.clock, mail=True)
        while follower.fold() | other.fold():
            pass
        assert waiting(t.journal) == {
            each: ["asked"] * 10 for each in ("lee@acme.com", "noor@acme.com", "priya@acme.com")
        }
        rows = t.journal.database.read("SELECT at FROM notices")
        assert {int(at) for (at,) in rows} == {microseconds(t.now)}
