from decimal import Decimal
from typing import Annotated

from pydantic import Field, SecretStr

from firsthand import Choices, Desk
from firsthand.core.catalogue import changes_between
from firsthand.testing import trial

from .shop import Account


def changed(t) -> list:
    return [event.data["changes"] for event in t.journal.history.events_after(0, 999) if event.kind == "catalogue"]


def test_a_desk_writes_at_start_what_it_offers(desk):
    def up_to_50(amount: Decimal) -> bool:
        """Up to 50."""
        return amount <= 50

    def is_active(account: Account) -> bool:
        """It is active."""
        return account.active

    def plans() -> list[str]:
        return ["basic"]

    @desk.action(
        "refund", who={"support": up_to_50, "lead": True}, why=["double charge"], when=is_active, tags="money",
        owner="billing", aliases=["give.back"], ask=["support"],
    )  # fmt: skip
    def refund(
        account: Account, amount: Annotated[Decimal, Field(gt=0)], plan: Annotated[str, Choices(plans)] = "basic",
        key: SecretStr = SecretStr("hunter2"), odd: float = float("nan"),
    ) -> None:  # fmt: skip
        """Give money back.

        All of it.
        """

    with trial(desk, priya="support") as t:
        desk.start()
        entry = dict(t.journal.history.recorded("Acme"))["refund"]
        inputs = {each.pop("name"): each for each in entry.pop("inputs")}
        assert entry.pop("source").startswith("tests/core/test_catalogue.py:")
        assert len(entry.pop("code")) == 16
        assert entry == {
            "name": "refund", "title": "Refund", "description": "Give money back.\n\nAll of it.", "tags": ["money"],
            "owner": "billing", "aliases": ["give.back"], "who": "Support: up to 50. Lead: always.",
            "roles": ["support", "lead"], "ask": ["support"], "why": ["double charge", "other"],
            "when": ["It is active."],
        }  # fmt: skip
        assert inputs["account"] == {"schema": {"type": "integer"}, "required": True, "subject": "account"}
        assert inputs["amount"]["required"] is True
        assert (inputs["plan"]["choices"], inputs["plan"]["default"]) == (True, "basic")
        assert inputs["key"]["secret"] is True
        assert "default" not in inputs["key"]
        assert inputs["odd"]["default"] == "NaN"


def versions(*whos: str | None):
    for who in whos:
        desk = Desk("Acme")

        def act() -> None: ...

        if who:
            desk.action("cancel", who=who)(act)
        yield desk


def test_a_change_of_rights_is_an_event_with_before_and_after_and_no_change_is_none():
    first, again, wider, gone = versions("support", "support", ["support", "intern"], None)
    with trial(first, priya="support") as t:
        for desk in (first, again, wider, gone):
            desk.use(t.journal)
            desk.start()
            desk.start()
        added, rights, removed = changed(t)
    assert added == [{"action": "cancel", "change": "added"}]
    assert rights == [
        {"action": "cancel", "change": "roles", "before": ["support"], "after": ["support", "intern"]},
        {"action": "cancel", "change": "who", "before": "Support.", "after": "Support and Intern."},
    ]
    assert removed == [{"action": "cancel", "change": "removed"}]


def test_two_desks_in_one_journal_do_not_disturb_each_other():
    one, two = Desk("One"), Desk("Two")
    one.action("a", who="x")(lambda: None)
    two.action("b", who="x")(lambda: None)
    with trial(one) as t:
        two.use(t.journal)
        for desk in (one, two, one, two):
            desk._started = False
            desk.start()
        assert len(changed(t)) == 2
        assert [name for name, _ in t.journal.history.catalogue()] == ["a", "b"]


def test_where_it_stands_is_no_change_and_code_and_inputs_are_told_without_their_contents():
    before = {"a": {"source": "x:1", "code": "1", "inputs": [1]}, "b": {"owner": None}}
    assert changes_between(before, {"a": {"source": "x:2", "code": "2", "inputs": [2]}, "b": {"owner": "me"}}) == [
        {"action": "a", "change": "code"}, {"action": "a", "change": "inputs"},
        {"action": "b", "change": "owner", "before": None, "after": "me"},
    ]  # fmt: skip
    assert changes_between(before, before) == []
