import threading
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Annotated

import pytest
from pydantic import BaseModel, Field, SecretStr

from firsthand import Refused, UnknownActor
from firsthand.testing import Trial, trial

from .shop import Account, Shop, bytes_of, kinds, on_record

PEOPLE = {"priya": "support", "lena": "lead", "lou": "lead", "ivan": "intern"}


def up_to_50(amount: int) -> bool:
    """Up to 50."""
    return amount <= 50


@pytest.fixture
def refund(shop: Shop):
    def is_active(account: Account) -> bool:
        """The account is active."""
        return account.active

    @shop.desk.action("refund", who={"support": up_to_50, "lead": True}, when=is_active, tags=["money"])
    def refund(account: Account, amount: int = 5) -> str:
        shop.done.append((account.id, amount))
        return f"Refunded {amount}."

    return refund


@pytest.fixture
def t(shop: Shop, refund):
    with trial(shop.desk, PEOPLE) as t:
        yield t


def asked(t: Trial, amount: int = 500, by: str = "priya", **said):
    inputs = {"account": 1, "amount": amount}
    run = t.ask(
        "refund", inputs, by=by, requested_by="luis@example.com", ticket="4411", reason="asked", notes="n", **said
    )
    assert run.status == "asked", run
    return run


def test_an_ask_waits_on_record_with_its_inputs_its_subject_and_without_a_performer(t, shop):
    run = asked(t)
    kept = on_record(t, run)
    assert kinds(t, run) == ["recorded", "asked"]
    assert (kept.status, kept.outcome, kept.actor, kept.asked_by, kept.ended_at) == ("asked", None, None, "priya", None)
    assert kept.inputs == {"account": 1, "amount": 500}
    assert (kept.reason, kept.notes, kept.requested_by, kept.ticket) == ("asked", "n", "luis@example.com", "4411")
    assert [subject.key for subject in kept.subjects] == ["account:1"]
    assert [each.id for each in t.journal.history.asks()] == [run.id]
    assert shop.done == []


def test_whoever_takes_it_performs_it_for_the_same_customer_with_the_inputs_unchanged(t, shop):
    ask = asked(t)
    t.tick(hours=1)
    run = on_record(t, t.take(ask.id, by="lena", surface="terminal"))
    assert run.id == ask.id
    assert (run.outcome, run.value) == ("succeeded", "Refunded 500.")
    assert (run.actor, run.asked_by, run.requested_by) == ("lena", "priya", "luis@example.com")
    assert (run.reason, run.notes, run.ticket, run.inputs) == ("asked", "n", "4411", {"account": 1, "amount": 500})
    assert (run.surface, run.tags) == ("terminal", ("money",))
    assert run.at < run.performing_at
    events = t.journal.history.events(run.id)
    assert [(each.kind, each.actor) for each in events] == [
        ("recorded", "priya"), ("asked", "priya"), ("taken", "lena"), ("performing", "lena"), ("succeeded", "lena"),
    ]  # fmt: skip
    assert shop.done == [(1, 500)]


def test_everything_is_checked_again_when_it_is_taken(t, shop):
    ask = asked(t)
    shop.accounts[1].active = False
    run = t.take(ask.id, by="lena")
    assert (run.outcome, run.refusal.check) == ("refused", "is_active")
    gone = asked(t, by="priya")
    del shop.accounts[1]
    assert t.take(gone.id, by="lena").refusal.code == "unknown_subject"
    assert shop.done == []


def test_the_label_is_the_one_of_the_day_on_which_it_was_performed(t, shop):
    ask = asked(t)
    shop.accounts[1].email = "new@example.com"
    run = t.take(ask.id, by="lena")
    assert [(subject.id, subject.label) for subject in on_record(t, run).subjects] == [("1", "new@example.com")]


def refused_try(t: Trial, ask, call, *args, **kwargs) -> str:
    before = on_record(t, ask)
    with pytest.raises(Refused) as caught:
        call(*args, **kwargs)
    assert on_record(t, ask) == before
    tried = t.journal.history.events(ask.id)[-1]
    assert (tried.kind, tried.data["code"]) == ("refused_try", caught.value.code)
    return caught.value.code


@pytest.mark.parametrize("way", ["take", "decline"])
@pytest.mark.parametrize(("who", "code"), [("ivan", "no_right"), ("priya", "clause_failed")])
def test_who_may_not_perform_it_can_neither_take_nor_decline_it_and_it_stays_open(t, shop, way, who, code):
    ask = asked(t)
    words = ["No, sorry."] if way == "decline" else []
    assert refused_try(t, ask, getattr(t, way), ask.id, *words, by=who) == code
    assert t.take(ask.id, by="lou").outcome == "succeeded"


def test_a_clause_that_holds_for_the_ask_lets_it_be_taken(t, shop):
    ask = asked(t, amount=50, by="ivan")
    assert t.take(ask.id, by="priya").outcome == "succeeded"


def test_an_ask_is_declined_in_words_by_whoever_may_perform_it(t, shop):
    ask = asked(t)
    for words in ("", ".", "  ", "no"):
        assert refused_try(t, ask, t.decline, ask.id, words, by="lena") == "notes_missing"
    assert refused_try(t, ask, t.decline, ask.id, "no \udcff no", by="lena") == "text_invalid"
    assert refused_try(t, ask, t.decline, ask.id, "no " * 4_000, by="lena") == "text_too_long"
    run = t.decline(ask.id, "Too much, and too often.", by="lena")
    assert (run.outcome, run.refusal.message) == ("declined", "Too much, and too often.")
    assert on_record(t, ask).ended_at is not None
    assert kinds(t, ask) == ["recorded", "asked", *["refused_try"] * 6, "declined"]
    assert refused_try(t, ask, t.take, ask.id, by="lena") == "ask_closed"
    assert shop.done == []


def test_only_the_asker_may_withdraw(t, shop):
    ask = asked(t)
    for other in ("lena", "ivan"):
        assert refused_try(t, ask, t.withdraw, ask.id, by=other) == "not_asker"
    run = t.withdraw(ask.id, "He changed his mind.", by="priya")
    assert (run.outcome, run.asked_by, run.actor) == ("withdrawn", "priya", None)
    assert refused_try(t, ask, t.take, ask.id, by="lena") == "ask_closed"
    assert refused_try(t, ask, t.withdraw, ask.id, by="priya") == "ask_closed"
    assert t.withdraw(asked(t).id, by="priya").outcome == "withdrawn"


@pytest.mark.parametrize("id", [99, 0, -1, 2**63, 2**70])
def test_an_ask_that_never_was_is_closed(t, id):
    for call, words in ((t.take, []), (t.decline, ["No, sorry."]), (t.withdraw, [])):
        with pytest.raises(Refused, match="There is no ask"):
            call(id, *words, by="lena")


def test_a_run_that_is_no_ask_cannot_be_taken(t, shop):
    run = t.run("refund", {"account": 1}, by="lena", reason="asked")
    assert refused_try(t, run, t.take, run.id, by="lena") == "ask_closed"
    assert shop.done == [(1, 5)]


def test_an_ask_for_a_hidden_action_is_not_there_for_who_may_not_know_of_it(t, shop):
    @shop.desk.action("secret", who="lead", ask="support")
    def secret() -> None: ...

    ask = t.ask("secret", by="priya", reason="asked")
    answers = []
    for id in (ask.id, 99):
        for call, words in ((t.take, []), (t.decline, ["No, sorry."]), (t.withdraw, [])):
            with pytest.raises(Refused) as caught:
                call(id, *words, by="ivan")
            answers.append(str(caught.value).replace(str(id), "N"))
    assert len(set(answers)) == 1


def test_asking_is_for_whom_ask_says_and_for_those_who_may_perform(shop):
    @shop.desk.action("a", who="lead", ask="support")
    def a() -> None: ...

    @shop.desk.action("b", who="lead", ask=["support", "intern"])
    def b() -> None: ...

    @shop.desk.action("c", who="lead", ask="nobody")
    def c() -> None: ...

    with trial(shop.desk, PEOPLE) as t:
        status = {
            (name, who): t.ask(name, by=who, reason="asked").status
            for name in "abc"
            for who in ("priya", "ivan", "lena")
        }
    assert [name + who[0] for (name, who), each in status.items() if each == "asked"] == [
        "ap",
        "al",
        "bp",
        "bi",
        "bl",
        "cl",
    ]


def test_an_ask_with_bad_inputs_reason_or_subject_is_a_refused_run(t):
    def code(inputs, **said):
        run = t.ask("refund", inputs, by="priya", **said)
        assert run.outcome == "refused"
        return run.refusal.code

    assert code({"account": 1, "amount": "x"}, reason="asked") == "input_invalid"
    assert code({"amount": 1}, reason="asked") == "input_invalid"
    assert code({"account": 9}, reason="asked") == "unknown_subject"
    assert code({"account": 1}) == "reason_missing"
    assert code({"account": 1}, reason="other", notes=".") == "notes_missing"


def test_an_ask_by_a_stranger_is_a_failed_sign_in(t):
    for call in (lambda: t.ask("refund", by="mallory"), lambda: t.take(1, by="mallory"), lambda: t.withdraw(1, by="m")):
        with pytest.raises(UnknownActor):
            call()


class Size(Enum):
    SMALL = "small"


class Parcel(BaseModel):
    full_name: str = Field(alias="fullName")
    weights: list[Decimal] = []


def test_inputs_of_every_type_come_back_from_an_ask_as_they_were(shop):
    got = []

    @shop.desk.action("send", who="lead")
    def send(
        account: Account, parcel: Parcel, size: Size, on: date, price: Decimal, tags: set[str], raw: bytes,
        other: Account | None = None, count: Annotated[int, Field(gt=0)] = 3,
    ) -> None:  # fmt: skip
        got.append((account.id, parcel, size, on, price, tags, raw, other, count))

    inputs = {
        "account": 1, "parcel": {"fullName": "Luis", "weights": ["1.50"]}, "size": "small", "on": "2026-05-03",
        "price": "12.50", "tags": ["a"], "raw": b"abc",
    }  # fmt: skip
    with trial(shop.desk, PEOPLE) as t:
        ask = t.ask(send, inputs, by="priya", reason="asked")
        assert t.take(ask.id, by="lena").outcome == "succeeded"
        loaded = t.ask(send, inputs | {"account": shop.accounts[1]}, by="priya", reason="asked")
        assert t.take(loaded.id, by="lena").outcome == "succeeded"
    parcel = Parcel(fullName="Luis", weights=[Decimal("1.50")])
    assert got == [(1, parcel, Size.SMALL, date(2026, 5, 3), Decimal("12.50"), {"a"}, b"abc", None, 3)] * 2


def test_an_ask_that_could_not_keep_an_input_as_it_is_is_refused_rather_than_changed(shop):
    @shop.desk.action("send", who="lead")
    def send(raw: bytes) -> None: ...

    with trial(shop.desk, PEOPLE) as t:
        run = t.ask(send, {"raw": b"\xff\xfe"}, by="priya", reason="asked")
        assert run.refusal.message == "raw: an ask cannot keep such a value."


# Secrets


@pytest.fixture
def unlock(shop: Shop):
    @shop.desk.action("unlock", who="lead")
    def unlock(account: Account, pin: SecretStr, note: str = "", hint: SecretStr = SecretStr("blue moon")) -> None:
        shop.done.append((account.id, pin.get_secret_value(), note))

    return unlock


def test_an_ask_keeps_no_secret_and_the_taker_gives_it(t, shop, unlock):
    with_one = t.ask("unlock", {"account": 1, "pin": "hunter2"}, by="priya", reason="asked")
    assert with_one.refusal.code == "secret_in_ask"
    assert "pin" in with_one.refusal.message
    ask = t.ask("unlock", {"account": 1, "note": "soon"}, by="priya", reason="asked")
    assert on_record(t, ask).inputs == {"account": 1, "note": "soon"}
    assert refused_try(t, ask, t.take, ask.id, by="lena") == "input_invalid"
    run = t.take(ask.id, by="lena", secrets={"pin": "hunter3"})
    assert run.outcome == "succeeded"
    assert on_record(t, run).inputs == {"account": 1, "note": "soon", "pin": "**********", "hint": "**********"}
    assert shop.done == [(1, "hunter3", "soon")]
    for secret in (b"hunter2", b"hunter3", b"blue moon"):
        assert secret not in bytes_of(t)


@pytest.mark.parametrize("secrets", [
    {"account": 2}, {"note": "x"}, {"nothing": 1}, {"pin": "hunter3", "account": 2}, {"\udcff": "x"},
])  # fmt: skip
def test_an_ask_s_inputs_cannot_be_changed_by_whoever_takes_it(t, shop, unlock, secrets):
    ask = t.ask("unlock", {"account": 1}, by="priya", reason="asked")
    assert refused_try(t, ask, t.take, ask.id, by="lena", secrets=secrets) == "input_invalid"
    assert b"hunter3" not in bytes_of(t)
    assert shop.done == []


# Two at once


@pytest.mark.parametrize("ways", [("take", "take"), ("take", "withdraw"), ("decline", "take"), ("decline", "withdraw")])
def test_of_two_at_once_one_gets_it(t, shop, ways):
    for _ in range(5):
        shop.done.clear()
        ask, ends, gate = asked(t), [], threading.Barrier(2)

        def one(way: str, who: str, ask=ask, ends=ends, gate=gate) -> None:
            words = ["No, not now."] if way == "decline" else []
            gate.wait()
            try:
                ends.append(getattr(t, way)(ask.id, *words, by="priya" if way == "withdraw" else who).status)
            except Refused as refusal:
                ends.append(refusal.code)

        threads = [threading.Thread(target=one, args=each) for each in zip(ways, ("lena", "lou"), strict=True)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert sorted(ends)[0] == "ask_closed"
        assert on_record(t, ask).status in ends
        assert len(shop.done) == ends.count("succeeded")
