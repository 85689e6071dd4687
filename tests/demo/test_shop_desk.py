"""The shop's desk: every action says what it must, is performed by whoever may, and refuses in its own words."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from firsthand.demo import shop
from firsthand.demo.support import desk
from firsthand.testing import Trial, trial

PEOPLE: dict[str, Any] = {"priya": "support", "sam": "lead", "noor": "billing"}


def on_trial(path: Path) -> tuple[int, date]:
    """Return an account that is in its trial, and when that ends."""
    with shop.opened(date(2026, 1, 1)) as opened:
        ((id, ends),) = opened.rows("SELECT id, trial_ends FROM accounts WHERE trial_ends > '2026-01-01' LIMIT 1")
    return id, date.fromisoformat(ends)


def a_device(account: int) -> int:
    """Return a device of an account."""
    with shop.opened(date(2026, 1, 1)) as opened:
        return int(opened.rows("SELECT id FROM devices WHERE account = ? LIMIT 1", account)[0][0])


def performed(path: Path) -> list[tuple[str, str, dict[str, Any], str]]:
    """Return who may do what, with which inputs, why."""
    trying, ends = on_trial(path)
    three = [{"item": "free month", "count": 2}, {"item": "headphones"}]
    return [
        ("priya", "subscription.cancel", {"account": 42}, "fraud"),
        ("priya", "subscription.resume", {"account": 42}, "customer asked"),
        ("priya", "subscription.change_plan", {"account": 42, "plan": "single"}, "customer asked"),
        (
            "priya",
            "subscription.extend_trial",
            {"account": trying, "until": str(ends + timedelta(days=7))},
            "our mistake",
        ),
        ("sam", "subscription.grant_lifetime", {"account": 45}, "press"),
        ("priya", "invoice.refund", {"invoice": 98, "amount": "5.00"}, "double charge"),
        ("noor", "invoice.refund", {"invoice": 99, "amount": "13.86"}, "outage"),
        ("noor", "invoice.credit_note", {"account": 42, "amount": 8.5, "currency": "BRL"}, "contract"),
        ("priya", "invoice.resend_receipt", {"invoice": 98, "to": "Books@Example.org"}, "went to spam"),
        ("priya", "account.unlock", {"account": 43}, "travelling"),
        ("priya", "account.change_email", {"account": 43, "address": "leonie.k@example.com"}, "lost the mailbox"),
        ("noor", "account.export", {"account": 42}, "customer asked"),
        ("priya", "device.sign_out", {"account": 42, "device": a_device(42)}, "lost or stolen"),
        ("priya", "gift.package", {"account": 42, "items": three, "card": {"text": "Sorry!"}}, "outage"),
        ("sam", "gift.reset_code", {"account": 42, "code": "a-secret-code"}, "lost"),
        ("priya", "listening.rebuild", {"account": 42, "seconds": 0}, "nightly"),
        ("sam", "account.merge", {"keep": 42, "duplicate": 46}, "customer asked"),
    ]


def test_every_action_is_performed_by_somebody(fresh_shop: Path) -> None:
    done = set()
    with trial(desk, PEOPLE) as t:
        for by, action, inputs, reason in performed(fresh_shop):
            run = t.run(action, inputs, by=by, reason=reason)
            assert run.outcome == "succeeded", (action, run.refusal, run.error)
            done.add(run.action)
        assert done == {action.name for action in desk.actions}


REFUSED = {
    "a fix": (
        "priya", "invoice.refund", {"invoice": 101, "amount": 5}, "outage",
        "The invoice is refunded already.",
    ),
    "too much": (
        "sam", "invoice.refund", {"invoice": 98, "amount": 20}, "outage",
        "Only 13.86 is left of the invoice.",
    ),
    "a limit": (
        "priya", "invoice.refund", {"invoice": 98, "amount": 13}, "outage",
        "Up to 10.",
    ),
    "a check": (
        "priya", "account.unlock", {"account": 42}, "travelling",
        "The account is locked.",
    ),
    "an ended one": (
        "priya", "subscription.cancel", {"account": 44}, "fraud",
        "The account's subscription renews.",
    ),
    "no trial": (
        "priya", "subscription.extend_trial", {"account": 42, "until": "2026-02-01"}, "our mistake",
        "The trial ended on",
    ),
    "no choice": (
        "priya", "subscription.change_plan", {"account": 42, "plan": "family"}, "family grew",
        "not one of the choices",
    ),
    "taken": (
        "priya", "account.change_email", {"account": 42, "address": "BJORN@example.com"}, "customer asked",
        "of account 45",
    ),
    "no address": (
        "priya", "account.change_email", {"account": 42, "address": "luis"}, "customer asked",
        "must be an e-mail",
    ),
    "no right": (
        "priya", "account.merge", {"keep": 42, "duplicate": 46}, "fraud",
        "You may not perform",
    ),
    "hidden": (
        "priya", "subscription.grant_lifetime", {"account": 42}, "staff",
        "There is no action",
    ),
    "one only": (
        "sam", "account.merge", {"keep": 42, "duplicate": 42}, "fraud",
        "not the same one",
    ),
    "a lot": (
        "priya", "gift.package", {"account": 42, "items": [{"item": "headphones", "count": 4}]}, "outage",
        "Up to 3 things.",
    ),
    "weak": (
        "sam", "gift.reset_code", {"account": 42, "code": "short"}, "lost",
        "at least 8",
    ),
}  # fmt: skip


@pytest.mark.parametrize("each", REFUSED)
def test_what_should_not_be_done_is_refused_in_words_that_say_what_to_do(each: str, fresh_shop: Path) -> None:
    by, action, inputs, reason, words = REFUSED[each]
    with trial(desk, PEOPLE) as t:
        run = t.run(action, inputs, by=by, reason=reason)
    assert run.refusal is not None, run
    assert words in run.refusal.message
    assert run.refusal.fix


def test_every_action_says_what_it_does_why_and_whose_it_is() -> None:
    assert not desk.work_out().problems
    with trial(desk):
        actions = list(desk.actions)
    assert 12 <= len(actions) <= 16
    assert 4 <= len({action.name.partition(".")[0] for action in actions}) <= 6
    for action in actions:
        assert action.description.endswith("."), action.name
        assert action.owner, action.name
        assert action.tags, action.name
        assert len(action.reasons.listed) > 2, action.name


def test_asks_are_for_those_who_may_and_a_secret_comes_with_the_taking(fresh_shop: Path) -> None:
    with trial(desk, PEOPLE) as t:
        ask = t.ask("gift.reset_code", {"account": 42}, by="priya", reason="lost")
        assert ask.status == "asked"
        assert t.take(ask.id, by="sam", secrets={"code": "a-secret-code"}).outcome == "succeeded"
        assert t.ask("subscription.grant_lifetime", {"account": 42}, by="noor", reason="staff").status == "asked"
        assert t.ask("subscription.grant_lifetime", {"account": 42}, by="priya", reason="staff").outcome == "refused"


def test_the_long_one_says_how_far_it_is(fresh_shop: Path) -> None:
    heard: list[tuple[str, object]] = []
    with trial(desk, PEOPLE) as t:
        said: Trial = t
        run = said.run(
            "listening.rebuild", {"account": 42, "seconds": 0.1}, by="priya", reason="numbers look wrong",
            listener=lambda kind, what: heard.append((kind, what)),
        )  # fmt: skip
    assert [what for kind, what in heard if kind == "progress"] == [(done, 12) for done in range(1, 13)]
    assert len(run.output.splitlines()) == 12
    assert isinstance(run.value, list)


def test_a_failed_run_leaves_the_shop_as_it_was(fresh_shop: Path) -> None:
    with shop.opened() as opened:
        opened.connection.execute("UPDATE services SET up = 0")
    with trial(desk, PEOPLE) as t:
        run = t.run("invoice.refund", {"invoice": 98, "amount": 5}, by="priya", reason="outage")
    assert run.error is not None
    assert run.error.type == "PaymentsError"
    with shop.opened() as opened:
        assert opened.rows("SELECT refunded FROM invoices WHERE id = 98") == [(0,)]
