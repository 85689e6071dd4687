"""Under one key there is one request: sent again it is the same run, and any other under it is refused."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr

from firsthand import Desk, File, Refused
from firsthand.core.comments import comment
from firsthand.core.digests import digest_of
from firsthand.core.handing_over import hand_over
from firsthand.storage.history import Filter
from firsthand.testing import trial

from .shop import Account, Shop, bytes_of, kinds, on_record

FIRST: dict[str, Any] = {
    "inputs": {"account": 1, "amount": "9.50"}, "reason": "asked", "notes": "As told on the phone.",
    "requested_by": "luis", "ticket": "T-1",
}  # fmt: skip


@pytest.fixture
def paid(shop: Shop, desk: Desk) -> Desk:
    @desk.action("refund", aliases=["repay"], who="support")
    def refund(account: Account, amount: Decimal, pin: SecretStr | None = None, day: date | None = None) -> None:
        shop.done.append((account.id, amount))

    @desk.action("cancel", who="support")
    def cancel(account: Account) -> None:
        shop.done.append(account.id)

    @desk.action("attach", who="support")
    def attach(file: File) -> None:
        shop.done.append(file.name)

    return desk


OTHERS: list[dict[str, Any]] = [
    {"inputs": {"account": 2, "amount": "9.50"}},
    {"inputs": {"account": 1, "amount": "9.51"}},
    {"inputs": {"account": 1, "amount": Decimal("9.51")}},
    {"inputs": {"account": 1, "amount": "9.50", "day": date(2026, 5, 3)}},
    {"inputs": {"account": 1}},
    {"inputs": {}},
    {"inputs": "no mapping"},
    {"inputs": {"account": 1, "amount": "9.50", "day": "no day"}},
    {"reason": "our mistake"},
    {"reason": None},
    {"notes": "As told."},
    {"notes": None},
    {"requested_by": "ana"},
    {"ticket": "T-2"},
]


@pytest.mark.parametrize("other", OTHERS, ids=str)
def test_whatever_differs_under_the_same_key_is_refused_on_record_and_nothing_is_performed(paid, shop, other):
    with trial(paid, priya="support") as t:
        first = t.run("refund", by="priya", once="a", **FIRST)
        second = t.run("refund", by="priya", once="a", **{**FIRST, **other})
        assert (second.status, second.again, second.refusal.code) == ("refused", False, "key_used")
        assert second.id != first.id
        assert f"run {first.id}" in second.refusal.message
        assert on_record(t, second).refusal == second.refusal
        assert shop.done == [(1, Decimal("9.50"))]
        third = t.run("refund", by="priya", once="a", **FIRST)
        assert (third.id, third.again) == (first.id, True)


def test_the_same_said_in_other_words_is_the_same_request(paid, shop):
    with trial(paid, priya="support") as t:
        first = t.run("refund", by="priya", once="a", **FIRST)
        for name, inputs in [
            ("refund", {"amount": "9.50", "account": 1}),
            ("repay", {"account": "1", "amount": "9.50"}),
            ("refund", {"account": shop.accounts[1], "amount": "9.50"}),
        ]:
            again = t.run(name, by="priya", once="a", **{**FIRST, "inputs": inputs})
            assert (again.id, again.again) == (first.id, True)
        assert len(shop.done) == 1


def test_a_run_and_an_ask_and_a_later_run_are_three_requests(paid, shop):
    with trial(paid, priya="support") as t:
        t.run("refund", by="priya", once="a", **FIRST)
        assert t.ask("refund", by="priya", once="a", **FIRST).refusal.code == "key_used"
        assert t.run("refund", by="priya", once="a", background=True, **FIRST).refusal.code == "key_used"
        waits = [t.run("refund", by="priya", once="b", background=True, **FIRST) for _ in range(2)]
        assert [(run.status, run.again) for run in waits] == [("queued", False), ("queued", True)]
        assert len(shop.done) == 1


def test_a_time_that_counts_from_now_is_the_same_when_it_is_sent_again_later(paid, shop):
    with trial(paid, priya="support") as t:
        first = t.run("refund", by="priya", once="a", at="+2h", **FIRST)
        t.now += timedelta(minutes=5)
        again = t.run("refund", by="priya", once="a", at="+ 120m", **FIRST)
        assert (again.id, again.again, again.due) == (first.id, True, first.due)
        assert t.run("refund", by="priya", once="a", at="+3h", **FIRST).refusal.code == "key_used"
        assert t.run("refund", by="priya", once="a", at=first.due, **FIRST).refusal.code == "key_used"


def test_files_are_told_apart_by_their_content(paid, shop):
    with trial(paid, priya="support") as t:
        sent = [t.run("attach", {"file": File("a.txt", content)}, by="priya", reason="asked", once="a")
                for content in (b"one", b"one", b"two")]  # fmt: skip
        assert [run.again for run in sent] == [False, True, False]
        assert sent[2].refusal.code == "key_used"
        assert shop.done == ["a.txt"]


def test_nothing_that_is_kept_under_a_key_depends_on_a_secret(paid):
    with trial(paid, priya="support") as t:
        digests = set()
        for n, pin in enumerate(["9241-hush", "1111-hush"]):
            inputs = {"account": 1, "amount": "9.50", "pin": pin, "day": pin}
            t.run("refund", by="priya", once=f"{n}", **{**FIRST, "inputs": inputs})
            digests.add(t.journal.digest_of("priya", "recorded", f"{n}"))
        assert len(digests) == 1
        assert b"hush" not in bytes_of(t)


def test_two_journals_have_other_digests_of_the_same_request():
    one, other = (digest_of(journal, action="refund", reason="asked") for journal in ("a" * 32, "b" * 32))
    assert one != other
    assert len(one) == 64


def test_a_key_from_before_there_were_digests_gives_the_first_run_of_the_same_action(paid, shop):
    with trial(paid, priya="support") as t:
        first = t.run("refund", by="priya", once="a", **FIRST)
        t.journal.database.write(lambda connection: connection.execute("UPDATE sent SET digest = NULL").rowcount)
        again = t.run("refund", {"account": 2, "amount": "1"}, by="priya", reason="asked", once="a")
        assert (again.id, again.again) == (first.id, True)
        assert t.run("cancel", {"account": 1}, by="priya", reason="asked", once="a").refusal.code == "key_used"


def test_of_twenty_threads_with_one_key_one_performs_and_those_with_another_request_are_refused(paid, shop):
    with trial(paid, priya="support") as t, ThreadPoolExecutor(20) as pool:
        barrier = threading.Barrier(20)

        def send(account: int):
            barrier.wait()
            return t.run("cancel", {"account": account}, by="priya", reason="asked", once="a")

        same = list(pool.map(send, [1] * 20))
        assert len({run.id for run in same}) == 1
        assert [run.again for run in same].count(False) == 1
        assert shop.done == [1]
        barrier.reset()
        mixed = list(pool.map(lambda n: (barrier.wait(), t.run(
            "cancel", {"account": n % 2 + 1}, by="priya", reason="asked", once="b"))[1], range(20)))  # fmt: skip
        assert [run.outcome for run in mixed].count("refused") == 10
        assert len(shop.done) == 2
        assert len(t.journal.history.feed(Filter(), 99)) == 12


@pytest.mark.parametrize("verb", ["decline", "withdraw"])
def test_an_ask_is_not_closed_under_a_key_that_closed_another_or_with_other_words(paid, verb):
    with trial(paid, priya="support") as t:
        asks = [t.ask("cancel", {"account": n}, by="priya", reason="asked").id for n in (1, 2)]
        close = getattr(t, verb)
        close(asks[0], "Not now.", by="priya", once="a")
        assert close(asks[0], "Not now.", by="priya", once="a").again
        for ask, words in ((asks[0], "Never."), (asks[1], "Not now.")):
            with pytest.raises(Refused) as refused:
                close(ask, words, by="priya", once="a")
            assert refused.value.code == "key_used"
        assert on_record(t, t.journal.run(asks[1])).status == "asked"


def test_an_ask_is_not_taken_under_a_key_that_took_another(paid, shop):
    with trial(paid, priya="support") as t:
        asks = [t.ask("cancel", {"account": n}, by="priya", reason="asked").id for n in (1, 2)]
        t.take(asks[0], by="priya", once="a")
        with pytest.raises(Refused) as refused:
            t.take(asks[1], by="priya", once="a")
        assert refused.value.code == "key_used"
        assert shop.done == [1]
        assert kinds(t, t.journal.run(asks[1])) == ["recorded", "asked", "refused_try"]


def test_what_is_too_much_or_cannot_be_read_is_refused_as_without_a_key(paid):
    deep: list[Any] = []
    for _ in range(200):
        deep = [deep]
    with trial(paid, priya="support") as t:
        for n, inputs in enumerate([{"account": deep}, {"account": "\udcff"}, {7: 1}, None, {"account": object()}]):
            one = t.run("cancel", inputs, by="priya", reason="asked", once=f"{n}")
            two = t.run("cancel", inputs, by="priya", reason="asked", once=f"{n}")
            without = t.run("cancel", inputs, by="priya", reason="asked")
            assert (two.id, two.again) == (one.id, True)
            assert one.refusal.code == without.refusal.code
        assert json.dumps(one.as_dict())


def test_other_words_under_the_key_of_a_comment_or_a_hand_over_note_are_refused_not_lost(paid):
    with trial(paid, priya="support") as t:
        run, priya = t.run("cancel", {"account": 1}, by="priya", reason="asked"), t.journal.person("priya")
        for say in (
            lambda words: comment(t.journal, run.id, priya, words, 1, "a"),
            lambda words: hand_over(t.journal, priya, words, 1, "a"),
        ):
            assert [say("Luis called."), say("Luis called.")] == [True, False]
            with pytest.raises(Refused) as refused:
                say("Luis called twice.")
            assert refused.value.code == "key_used"


def test_a_run_that_waits_is_not_withdrawn_under_the_key_that_withdrew_another(paid):
    with trial(paid, priya="support") as t:
        waits = [t.run("cancel", {"account": n}, by="priya", reason="asked", background=True).id for n in (1, 2)]
        t.withdraw(waits[0], by="priya", once="a")
        with pytest.raises(Refused) as refused:
            t.withdraw(waits[1], by="priya", once="a")
        assert refused.value.code == "key_used"
        assert on_record(t, t.journal.run(waits[1])).status == "queued"
