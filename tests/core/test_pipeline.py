import io
import json
import sqlite3
import warnings
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, SecretStr

from firsthand import Desk, JournalUnavailable, Refused, Run, UnknownActor
from firsthand.testing import trial

from ..databases import SQLITE
from .shop import Account, Shop, kinds, on_record


@SQLITE
def test_the_intent_is_on_record_before_anything_is_decided(shop, desk):
    seen = []

    def clause(amount: int) -> bool:
        """Looks at the record."""
        with sqlite3.connect(path) as journal:
            seen.append(journal.execute("SELECT status, action, actor, reason, inputs FROM runs").fetchall())
        return False

    @desk.action("refund", who={"support": clause})
    def refund(amount: int) -> None: ...

    with trial(desk, priya="support") as t:
        path = t.journal.database.path
        t.run(refund, {"amount": 5}, by="priya", reason="asked")
    assert seen == [[("recorded", "refund", "priya", "asked", None)]]


@SQLITE
def test_the_inputs_are_on_record_before_the_author_s_function_is_called(shop, desk):
    seen = []

    @desk.action("refund", who="support")
    def refund(amount: int) -> None:
        with sqlite3.connect(path) as journal:
            seen.extend(journal.execute("SELECT status, inputs FROM runs").fetchall())

    with trial(desk, priya="support") as t:
        path = t.journal.database.path
        t.run(refund, {"amount": 5}, by="priya", reason="asked")
    assert seen == [("performing", '{"amount":5}')]


def test_a_performed_run_has_three_events_and_a_refused_one_two(shop, desk):
    @desk.action("cancel", who="support", when=lambda account: account.active)
    def cancel(account: Account) -> None:
        shop.done.append(account.id)

    with trial(desk, priya="support") as t:
        run = t.run(cancel, {"account": 1}, by="priya", reason="asked")
        refused = t.run(cancel, {"account": 3}, by="priya", reason="asked")
        assert kinds(t, run) == ["recorded", "performing", "succeeded"]
        assert kinds(t, refused) == ["recorded", "refused"]
    assert shop.done == [1]


def test_the_checks_come_in_their_order_and_the_first_that_does_not_hold_refuses(shop, desk):
    calls = []

    def up_to_50(amount: int) -> bool:
        """Up to 50."""
        calls.append("clause")
        return amount <= 50

    def is_active(account: Account) -> bool:
        """It is active."""
        calls.append("check")
        return account.active

    @desk.subject()
    def invoice(id: int) -> "Invoice | None":
        calls.append("subject")
        return Invoice(id) if id < 10 else None

    @desk.action("refund", who={"support": up_to_50}, when=is_active)
    def refund(invoice: "Invoice", account: Account, amount: int) -> None:
        calls.append("function")

    def codes(t, inputs, **said):
        calls.clear()
        run = t.run(refund, inputs, by="priya", **said)
        return run.refusal and run.refusal.code, list(calls)

    with trial(desk, priya="support") as t:
        bad = {"invoice": 99, "account": 3, "amount": "many"}
        assert codes(t, bad) == ("input_invalid", [])
        assert codes(t, bad | {"amount": 60}) == ("clause_failed", ["clause"])
        assert codes(t, bad | {"amount": 5}) == ("reason_missing", ["clause"])
        assert codes(t, bad | {"amount": 5}, reason="asked") == ("unknown_subject", ["clause", "subject"])
        nearly = bad | {"amount": 5, "invoice": 1}
        assert codes(t, nearly, reason="asked") == ("check_failed", ["clause", "subject", "check"])
        right = nearly | {"account": 1}
        assert codes(t, right, reason="asked") == (None, ["clause", "subject", "check", "function"])


class Invoice:
    def __init__(self, id: int) -> None:
        self.id = id


def test_a_clause_that_speaks_of_a_subject_waits_for_it(shop, desk):
    def is_basic(account: Account) -> bool:
        """A basic plan."""
        return account.plan == "basic"

    @desk.action("cancel", who={"support": is_basic, "lead": True})
    def cancel(account: Account) -> None: ...

    shop.accounts[2].plan = "gold"
    with trial(desk, priya="support", lena="lead") as t:
        assert t.run(cancel, {"account": 1}, by="priya", reason="asked").outcome == "succeeded"
        refused = t.run(cancel, {"account": 2}, by="priya", reason="asked")
        assert refused.refusal.code == "clause_failed"
        assert "a basic plan" in refused.refusal.message.lower()
        assert refused.refusal.fix == "Ask somebody who may. Lead: always."
        assert t.run(cancel, {"account": 2}, by="lena", reason="asked").outcome == "succeeded"


def test_who_may_not_perform_is_told_who_may_and_how_to_ask(shop, desk):
    @desk.action("cancel", who="lead")
    def cancel(account: Account) -> None:
        shop.done.append(account)

    with trial(desk, priya="support") as t:
        run = t.run(cancel, {"account": 1}, by="priya", reason="asked")
        assert run.refusal.code == "no_right"
        assert "Lead" in run.refusal.message
        assert run.refusal.fix == "Ask a colleague to perform it."
        assert on_record(t, run).inputs is None
    assert shop.done == []


HIDDEN = {"message", "fix", "code", "check"}


def secretive(shop: Shop) -> None:
    @shop.desk.action("payroll.correct", who="lead", ask="nobody", aliases=["payroll.fix"])
    def correct(account: Account) -> None:
        shop.done.append(account)

    @shop.desk.action("payment.refund", who="support")
    def refund(account: Account) -> None: ...


@pytest.mark.parametrize("hidden", ["payroll.correct", "payroll.fix"])
@pytest.mark.parametrize("how", ["run", "ask"])
def test_a_hidden_action_and_an_unknown_one_give_the_same_answer_byte_for_byte(shop, desk, hidden, how):
    secretive(shop)
    unknown = "payroll.nothing"
    with trial(desk, priya="support") as t:
        answers, records = [], []
        for name in (hidden, unknown):
            run = getattr(t, how)(name, {"account": 1}, by="priya", reason="asked", notes="n")
            events = [(e.kind, e.actor, dict(e.data)) for e in t.journal.history.events(run.id)]
            row = t.journal.database.read("SELECT * FROM runs WHERE id = ?", (run.id,))[0][1:]
            answers.append(json.dumps(run.as_dict() | {"id": 0, "key": ""}, sort_keys=True, default=str))
            records.append(json.dumps([events, row], default=str))
        assert answers[0].replace(hidden, unknown) == answers[1]
        assert records[0].replace(hidden, unknown) == records[1]
    assert shop.done == []


def test_did_you_mean_never_names_a_hidden_action(shop, desk):
    secretive(shop)
    with trial(desk, priya="support", lena="lead") as t:
        run = t.run("payroll.corect", {}, by="priya", reason="asked")
        assert "payroll.correct" not in str(run.as_dict()).replace("payroll.corect", "")
        near = t.run("payment.refnd", {}, by="priya", reason="asked")
        assert near.refusal.fix == "Did you mean payment.refund?"
        seen = t.run("payroll.corect", {}, by="lena", reason="asked")
        assert seen.refusal.fix == "Did you mean payroll.correct?"


def test_an_alias_is_recorded_under_the_action_s_name(shop, desk):
    @desk.action("cancel", who="support", aliases="stop")
    def cancel() -> None: ...

    with trial(desk, priya="support") as t:
        run = t.run("stop", by="priya", reason="asked")
        assert (run.action, on_record(t, run).action, run.outcome) == ("cancel", "cancel", "succeeded")


def test_without_a_known_actor_there_is_no_run_but_a_failed_sign_in(shop, desk):
    @desk.action("cancel", who="support")
    def cancel() -> None:
        shop.done.append(1)

    with trial(desk, priya="support") as t:
        for stranger in ("mallory", "PRIYA", "priya ", "", "\udcff", "x" * 5_000, "priya\x00"):
            with pytest.raises(UnknownActor):
                t.run(cancel, by=stranger, reason="asked")
        assert t.journal.history.feed(everything(), 10) == []
        signed = [e for e in t.journal.history.events_after(0, 100) if e.kind == "sign_in_failed"]
        assert len(signed) == 7
    assert shop.done == []


def everything():
    from firsthand.storage.history import Filter

    return Filter()


def test_an_inactive_person_may_nothing(shop, desk):
    @desk.action("cancel", who="support")
    def cancel() -> None:
        shop.done.append(1)

    with trial(desk, priya="support", lena="lead") as t:
        t.journal.people.change("priya", by="root", active=False)
        with pytest.raises(UnknownActor):
            t.run(cancel, by="priya", reason="asked")
    assert shop.done == []


def test_what_the_run_keeps_is_all_there(shop):
    desk = shop.desk
    desk.environment = "production"
    space = desk.namespace("subscription", who="support", tags=["billing"], owner="billing team")

    @space.action(tags="churn")
    def cancel(account: Account, at_period_end: bool = True, run: Run | None = None) -> str:
        run.say("Talking to the bank.")
        run.say("Done.")
        return "Ends on 3 May."

    with trial(desk, priya="support") as t:
        run = on_record(t, t.run(
            cancel, {"account": 1}, by="priya", requested_by="luis@example.com", ticket="4411",
            reason="asked", notes="Moves abroad", surface="terminal",
        ))  # fmt: skip
        assert run.as_dict() | {"digest": "", "key": ""} == {
            "id": 1, "outcome": "succeeded", "action": "subscription.cancel", "status": "succeeded",
            "at": "2026-01-01T09:00:00+00:00", "actor": "priya", "surface": "terminal", "environment": "production",
            "desk": "Acme", "requested_by": "luis@example.com", "asked_by": None, "ticket": "4411", "reason": "asked",
            "notes": "Moves abroad", "digest": "", "tags": ["billing", "churn"], "key": "",
            "subjects": [{"kind": "account", "id": "1", "label": "luis@example.com", "traits": {"plan": "basic"}}],
            "inputs": {"account": 1, "at_period_end": True}, "value": "Ends on 3 May.",
            "output": "Talking to the bank.\nDone.\n", "refusal": None, "error": None,
            "performing_at": "2026-01-01T09:00:00+00:00", "ended_at": "2026-01-01T09:00:00+00:00",
            "mode": "once", "due": None, "fence": 0, "batch": None, "schedule": None,
        }  # fmt: skip


def test_the_run_s_key_is_its_own_and_the_same_on_record(shop, desk):
    keys = []

    @desk.action("charge", who="support")
    def charge(run: Run) -> None:
        keys.append(run.key)

    with trial(desk, priya="support") as t:
        runs = [t.run(charge, by="priya", reason="asked") for _ in range(3)]
        assert keys == [on_record(t, run).key for run in runs]
        assert len(set(keys)) == 3


def test_progress_and_output_reach_whoever_listens_while_it_runs(desk):
    heard = []

    @desk.action("sweep", who="support")
    def sweep(run: Run) -> None:
        run.say("half")
        run.progress(1, 2)

    with trial(desk, priya="support") as t:
        run = t.run(sweep, by="priya", reason="asked", listener=lambda kind, said: heard.append((kind, said)))
    steps = [("recorded", run.id), ("performing", run.id)]
    assert heard == [*steps, ("say", "half"), ("progress", (1, 2))]


@pytest.mark.parametrize("how", ["sync", "async"])
@pytest.mark.parametrize("error", [BrokenPipeError(), OSError(5, "gone"), ValueError("closed file"), KeyError("bug")])
def test_a_listener_that_cannot_hear_is_told_no_more_and_changes_nothing(shop, desk, error, how):
    heard = []

    def listener(kind: str, said: object) -> None:
        heard.append(said)
        raise error

    @desk.action("sync", who="support")
    def sweep(run: Run) -> None:
        for done in (1, 2, 3):
            run.say(f"{done} done")
            run.progress(done, 3)
        shop.done.append("swept")

    @desk.action("async", who="support")
    async def sweep_later(run: Run) -> None:
        sweep(run)

    with trial(desk, priya="support") as t:
        run = on_record(t, t.run(how, by="priya", reason="asked", listener=listener))
        assert (run.outcome, run.output) == ("succeeded", "1 done\n2 done\n3 done\n")
        assert (heard, shop.done) == ([run.id], ["swept"])


@pytest.mark.parametrize("when", ["recorded", "performing", "say"])
def test_an_interrupt_while_somebody_listens_is_a_failed_run(shop, desk, when):
    def listener(kind: str, said: object) -> None:
        if kind == when:
            raise KeyboardInterrupt

    @desk.action("sweep", who="support")
    def sweep(run: Run) -> None:
        run.say("half")
        shop.done.append("swept")

    with trial(desk, priya="support") as t:
        run = t.run(sweep, by="priya", reason="asked", listener=listener)
        assert (run.outcome, run.error.type, shop.done) == ("failed", "KeyboardInterrupt", [])


# Outcomes


def test_refused_raised_by_the_action_is_a_refusal_without_a_value(desk):
    @desk.action("refund", who="support")
    def refund() -> str:
        raise Refused("Already refunded on 3 May.", fix="Look at run 812.")

    with trial(desk, priya="support") as t:
        run = t.run(refund, by="priya", reason="asked")
        assert kinds(t, run) == ["recorded", "performing", "refused"]
        assert (run.refusal.message, run.refusal.fix) == ("Already refunded on 3 May.", "Look at run 812.")
        assert run.refusal == on_record(t, run).refusal
        assert run.value is None


class Grumpy(Refused):
    def __init__(self) -> None:
        """Forgets its parent."""


def test_a_refusal_written_carelessly_is_still_a_refusal(desk):
    refusals = [Grumpy(), Refused(5, fix=None), Refused("x" * 9_999, code=object()), Refused("\udcff")]  # type: ignore

    @desk.action("refund", who="support")
    def refund(which: int) -> None:
        raise refusals[which]

    with trial(desk, priya="support") as t:
        for which in range(len(refusals)):
            run = t.run(refund, {"which": which}, by="priya", reason="asked")
            assert on_record(t, run).refusal == run.refusal
            assert run.outcome == "refused"
            assert len(run.refusal.message) <= 2_000


class BadText(Exception):
    def __str__(self) -> str:
        raise RuntimeError("not today")


class BadNotes(Exception):
    @property
    def __notes__(self):
        raise KeyError("notes")


def deep() -> None:
    deep()


def errors() -> list[BaseException]:
    return [
    ValueError("no"), SystemExit(0), SystemExit("bye"), KeyboardInterrupt(), GeneratorExit(), StopIteration(5),
    BadText(), BadNotes(), RecursionError("deep"), MemoryError(), UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"),
    ExceptionGroup("two", [ValueError("a"), TypeError("b")]), BaseExceptionGroup("x", [KeyboardInterrupt()]),
    ValueError("\udcff and \x00 and \u202e"), ValueError("x" * 3_000_000), AssertionError(), StopAsyncIteration(),
    SyntaxError("bad", ("file.py", 1, 1, "x = (", 1, 2)), JournalUnavailable("mine"), OSError(28, "No space"),
    ]  # fmt: skip


@pytest.mark.parametrize("how", ["sync", "async"])
@pytest.mark.parametrize("number", range(len(errors())), ids=lambda number: type(errors()[number]).__name__)
def test_whatever_the_author_s_function_raises_is_a_failed_run_with_its_traceback(desk, how, number):
    error = errors()[number]

    @desk.action("sync", who="support")
    def sync() -> None:
        raise error

    @desk.action("async", who="support")
    async def asynchronous() -> None:
        raise error

    with trial(desk, priya="support") as t:
        run = t.run(how, by="priya", reason="asked")
        assert run.outcome == "failed"
        assert run.error == on_record(t, run).error
        made = isinstance(error, StopIteration) and how == "async"  # Python's own PEP 479
        assert run.error.type == ("RuntimeError" if made else type(error).__name__)
        assert kinds(t, run) == ["recorded", "performing", "failed"]
        if not isinstance(error, BadNotes):
            assert "raise error" in run.error.traceback or len(run.error.traceback) > 200_000
            assert "calling.py" not in run.error.traceback
            assert "core/pipeline.py" not in run.error.traceback.replace("tests/core", "")
            assert "resources.py" not in run.error.traceback


def test_a_function_that_never_ends_calling_itself_is_a_failed_run(desk):
    @desk.action("deep", who="support")
    def action() -> None:
        deep()

    with trial(desk, priya="support") as t:
        run = t.run(action, by="priya", reason="asked")
        assert (run.outcome, run.error.type) == ("failed", "RecursionError")
        assert "deep()" in run.error.traceback


def test_the_traceback_tells_of_causes_too_and_shows_no_values(desk):
    def charge(card: str) -> None:
        raise ConnectionError("bank away")

    @desk.action("charge", who="support")
    def action(card: str) -> None:
        try:
            charge(card)
        except ConnectionError as error:
            raise RuntimeError("not charged") from error

    with trial(desk, priya="support") as t:
        run = t.run(action, {"card": "4711-0815"}, by="priya", reason="asked")
        assert run.error.message == "not charged"
        assert "ConnectionError: bank away" in run.error.traceback
        assert "direct cause" in run.error.traceback
        assert "4711-0815" not in run.error.traceback


class Odd:
    def __repr__(self) -> str:
        raise RuntimeError("no repr")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no eq")

    __hash__ = None  # type: ignore


class Row(BaseModel):
    total: Decimal
    when: str = "now"


def circular() -> list[object]:
    values: list[object] = []
    values.append(values)
    return values


def nested(depth: int) -> list[object]:
    values: list[object] = []
    for _ in range(depth):
        values = [values]
    return values


VALUES = [
    (None, None), ("Done.", "Done."), (Decimal("12.50"), "12.50"),
    (Row(total=Decimal(3)), {"total": "3", "when": "now"}),
    (Odd(), "<Odd>"), ({"a": Odd()}, {"a": "<Odd>"}), (circular(), "<list>"), (nested(200), "<list>"),
    (nested(9_000), "<list>"), (float("nan"), "NaN"), ([float("inf")], ["Infinity"]), (b"\xff", "_w=="),
    ({1: 2}, {"1": 2}), ("\udcff", "\\udcff"), (["\udcff"], ["\\udcff"]), ({"\udcff": 1}, "<dict>"),
    (10**5_000, "<int of 16,610 bits>"), (object, "<type>"), (lambda: 1, "<function>"), ({1, 2}, [1, 2]),
    ("a\x00\u202e\x1b[31m😀<b>", "a\x00\u202e\x1b[31m😀<b>"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "kept"), VALUES, ids=range(len(VALUES)))
def test_a_value_that_cannot_be_recorded_as_it_is_has_succeeded_all_the_same(desk, value, kept):
    @desk.action("give", who="support")
    def give() -> object:
        return value

    with trial(desk, priya="support") as t, warnings.catch_warnings():
        warnings.simplefilter("error")
        run = t.run(give, by="priya", reason="asked")
        assert run.outcome == "succeeded"
        assert run.value is value
        assert on_record(t, run).value == kept


def test_huge_values_and_output_are_cut(desk):
    @desk.action("give", who="support")
    def give(run: Run, many: bool) -> object:
        run.say("x" * 600_000)
        run.say("\udcff end")
        return ["y" * 600_000] if many else "y" * 600_000

    with trial(desk, priya="support") as t:
        text, listed = (on_record(t, t.run(give, {"many": many}, by="priya", reason="asked")) for many in (0, 1))
        assert len(text.value) == 256 * 1024
        assert listed.value == "<list of 600,001 bytes, too large for the record>"
        assert len(text.output) <= 256 * 1024
        assert text.output.endswith("\\udcff end\n")


def test_a_generator_given_back_is_named_rather_than_consumed_without_end(desk):
    @desk.action("give", who="support")
    def give() -> object:
        return (number for number in range(3))

    with trial(desk, priya="support") as t:
        run = t.run(give, by="priya", reason="asked")
        assert on_record(t, run).value == "<generator>"
        assert list(run.value) == [0, 1, 2]


@dataclass
class Page:
    rows: object
    count: int = 2


class Report(BaseModel):
    rows: Any


@pytest.mark.parametrize(("wrap", "kept"), [
    (lambda rows: rows, "<list_iterator>"), (lambda rows: [rows, 5], ["<list_iterator>", 5]),
    (lambda rows: {"rows": rows, "of": (rows, 2)}, {"rows": "<list_iterator>", "of": ["<list_iterator>", 2]}),
    (lambda rows: Page(rows), "<Page>"), (lambda rows: [Report(rows=[rows])], ["<Report>"]),
    (lambda rows: map(str, rows), "<map>"), (lambda rows: {"page": Page([3])}, {"page": {"rows": [3], "count": 2}}),
])  # fmt: skip
@pytest.mark.parametrize("secret", [False, True])
def test_what_can_be_read_but_once_is_left_for_the_caller_to_read(desk, wrap, kept, secret):
    rows = iter([1, 2])

    @desk.action("give", who="support")
    def give(password: SecretStr = SecretStr("hunter2" if secret else "")) -> object:
        return wrap(rows)

    with trial(desk, priya="support") as t:
        run = t.run(give, by="priya", reason="asked")
        assert (run.outcome, on_record(t, run).value) == ("succeeded", kept)
        assert list(rows) == [1, 2]


def test_a_file_given_back_is_not_read_into_the_record(desk):
    @desk.action("give", who="support")
    def give() -> object:
        return io.StringIO("a long letter")

    with trial(desk, priya="support") as t:
        run = t.run(give, by="priya", reason="asked")
        assert (on_record(t, run).value, run.value.read()) == ("<StringIO>", "a long letter")


# Rights


@pytest.mark.parametrize(("inputs", "subjects"), [
    ({"account": 2, "amount": 5}, ["account:2"]), ({"account": "2", "amount": "x", "more": 1}, ["account:2"]),
    ({"account": Account(2)}, ["account:2"]), ({"account": 1, "into": 2}, ["account:1", "account:2"]),
    ({"account": "two"}, []), ({}, []), ({"account": 2, "amount": "x" * 2_000_000}, []), ([2], []),
])  # fmt: skip
def test_a_refusal_for_lack_of_right_stands_in_the_subject_s_history_and_tells_nothing_of_the_inputs(
    shop, desk, inputs, subjects
):
    @desk.action("refund", who="lead")
    def refund(account: Account, amount: int, into: Account | None = None) -> None: ...

    shop.accounts.clear()
    with trial(desk, priya="support") as t:
        kept = on_record(t, t.run(refund, inputs, by="priya", reason="asked"))
        assert (kept.refusal.code, kept.inputs, kept.error) == ("no_right", None, None)
        assert [each.key for each in kept.subjects] == subjects
        assert all((each.label, each.traits) == ("", {}) for each in kept.subjects)
        assert "amount" not in kept.refusal.message


def test_a_hidden_action_names_no_subjects(desk):
    @desk.action("refund", who="lead", ask="nobody")
    def refund(account: Account) -> None: ...

    with trial(desk, priya="support") as t:
        run = t.run("refund", {"account": 2}, by="priya", reason="asked")
        assert (run.refusal.code, on_record(t, run).subjects) == ("unknown_action", ())


# Texts


class Speechless:
    def __str__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(("name", "given", "kept", "type_"), [
    ("notes", 5, "5", "int"), ("notes", 0, "0", "int"), ("reason", 5, "5", "int"), ("reason", ["no"], "['no']", "list"),
    ("ticket", b"x", "b'x'", "bytes"), ("requested_by", {"a": 1}, "{'a': 1}", "dict"),
    ("ticket", Speechless(), "<RuntimeError>", "Speechless"),
])  # fmt: skip
def test_what_is_no_text_is_refused_on_record(desk, name, given, kept, type_):
    @desk.action("act", who="support")
    def act() -> None: ...

    with trial(desk, priya="support") as t:
        for attempt in (t.run, t.ask):
            run = on_record(t, attempt(act, **{"by": "priya", "reason": "asked", name: given}))
            assert (run.outcome, run.refusal.code, run.refusal.fix) == ("refused", "text_invalid", "Give it as text.")
            assert run.refusal.message.startswith(f"The {name.replace('_', ' ')} ")
            assert run.refusal.message.endswith(f"no text, but of type {type_}.")
            assert getattr(run, name) == kept


@pytest.mark.parametrize("name", ["ticket", "requested_by"])
@pytest.mark.parametrize("given", [4411, 0, 44.5])
def test_a_number_may_be_a_ticket_or_a_customer(desk, name, given):
    @desk.action("act", who="support")
    def act() -> None: ...

    with trial(desk, priya="support") as t:
        run = on_record(t, t.run(act, **{"by": "priya", "reason": "asked", name: given}))
        assert (run.outcome, getattr(run, name)) == ("succeeded", str(given))


@SQLITE
@pytest.mark.parametrize("by", [None, 5, b"priya", ["priya"], Speechless()])
def test_whoever_is_no_text_is_turned_away_on_record_like_anybody_unknown(desk, by):
    @desk.action("act", who="support")
    def act() -> None: ...

    with trial(desk, priya="support") as t:
        ask = t.ask(act, by="priya", reason="asked")
        for attempt in (lambda: t.run(act, by=by), lambda: t.ask(act, by=by), lambda: t.take(ask.id, by=by)):
            with pytest.raises(UnknownActor, match="is not a known person"):
                attempt()
        with sqlite3.connect(t.journal.database.path) as journal:
            assert journal.execute("SELECT count(*) FROM events WHERE kind = 'sign_in_failed'").fetchone() == (3,)


@pytest.mark.parametrize("inputs", [[], ["account"], [("amount", 5)], 5, "amount", b"", {"amount"}])
def test_inputs_that_are_no_mapping_are_refused_on_record(desk, inputs):
    @desk.action("act", who="support")
    def act(amount: int = 1) -> None: ...

    with trial(desk, priya="support") as t:
        for attempt in (t.run, t.ask):
            run = on_record(t, attempt(act, inputs, by="priya", reason="asked"))
            assert (run.refusal.code, run.inputs) == ("input_invalid", None)
            said = f"The inputs are not names with values, but of type {type(inputs).__name__}."
            assert (run.refusal.message, run.refusal.fix) == (said, 'Give them as {"account": 42}.')


ANY_TEXT = st.text(st.characters(codec=None), max_size=60) | st.sampled_from(
    ["\x00", "\x1b[31m", "\u202e", "😀", "<script>", "\udcff", "a\udfff", "\ud800", "'; DROP TABLE runs", "\r\n"]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ANY_TEXT, ANY_TEXT, ANY_TEXT, ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_any_text_anywhere_is_a_run_kept_as_it_is_or_refused_in_words(action, reason, notes, customer, ticket, text):
    t = running()
    run = t.run(
        action or "write", {"text": text}, by="priya", reason=reason, notes=notes, requested_by=customer, ticket=ticket
    )
    assert on_record(t, run).outcome == "refused" or reason in ("asked", "our mistake", "other")
    run = t.run("write", {"text": text}, by="priya", reason="asked", notes=notes, requested_by=customer, ticket=ticket)
    kept = on_record(t, run)
    texts = (notes, customer, ticket, text)
    if any("\ud800" <= each <= "\udfff" for one in texts for each in one):
        assert run.refusal.code == "text_invalid"
    else:
        assert run.outcome == "succeeded"
        assert (kept.notes, kept.requested_by, kept.ticket, kept.inputs["text"]) == (notes, customer, ticket, text)
        assert kept.value == text


@pytest.fixture(autouse=True, scope="module")
def writing():
    desk = Desk("Acme", why=["asked"])

    @desk.action("write", who="support")
    def write(text: str) -> str:
        return text

    with trial(desk, priya="support") as t:
        TRIALS.append(t)
        yield
        TRIALS.pop()


TRIALS: list = []


def running():
    return TRIALS[-1]


@pytest.mark.parametrize("field", ["requested_by", "ticket", "notes", "reason"])
def test_a_text_over_its_limit_is_refused_and_recorded_cut(field):
    t = running()
    said = {"reason": "asked", field: "x" * 20_000}
    run = t.run("write", {"text": ""}, by="priya", **said)
    assert run.refusal.code == ("reason_unknown" if field == "reason" else "text_too_long")
    assert getattr(on_record(t, run), field).endswith("x…")


def test_notes_may_have_ten_thousand_characters_and_no_more():
    t = running()
    assert t.run("write", {"text": ""}, by="priya", reason="asked", notes="ü" * 10_000).outcome == "succeeded"
    run = t.run("write", {"text": ""}, by="priya", reason="asked", notes="ü" * 10_001)
    assert run.refusal.message == "The notes have 10,001 characters; 10,000 is the most."


@pytest.mark.parametrize("text", ["x" * (1024 * 1024 + 1), "ü" * (512 * 1024 + 1)])
def test_inputs_over_a_mebibyte_are_refused_and_not_recorded(text):
    t = running()
    run = t.run("write", {"text": text}, by="priya", reason="asked")
    assert run.refusal.code == "inputs_too_large"
    assert on_record(t, run).inputs is None
    spread = {f"input {number}": "x" * 1024 for number in range(1100)}
    assert t.run("write", spread, by="priya", reason="asked").refusal.code == "inputs_too_large"


@pytest.mark.parametrize("value", [circular(), nested(9_000), {"a": nested(200)}], ids=["circular", "deep", "deeper"])
def test_inputs_that_hold_themselves_or_go_too_deep_are_refused(value):
    run = running().run("write", {"text": value}, by="priya", reason="asked")
    assert run.refusal.code == "inputs_too_large"


@pytest.mark.parametrize("name", ["", "x" * 5_000, "a\x00b", "<b>", "\u202e", "subscription.cancel; rm", "😀"])
def test_an_unknown_name_of_any_shape_is_a_refused_run(name):
    t = running()
    run = t.run(name, {}, by="priya", reason="asked")
    assert run.refusal.code == "unknown_action"
    assert on_record(t, run).action == (name if len(name) <= 200 else name[:199] + "…")


# The journal fails


@SQLITE
def test_with_a_journal_that_cannot_be_written_nothing_is_performed(shop, desk):
    @desk.action("cancel", who="support")
    def cancel() -> None:
        shop.done.append(1)

    with trial(desk, priya="support") as t:
        t.run(cancel, by="priya", reason="asked")
        t.journal.database.writer.execute("PRAGMA query_only=ON")
        try:
            with pytest.raises(JournalUnavailable):
                t.run(cancel, by="priya", reason="asked")
        finally:
            t.journal.database.writer.execute("PRAGMA query_only=OFF")
    assert shop.done == [1]


# Looking before a run


def test_the_checklist_says_what_holds_and_what_is_still_needed_and_records_nothing(shop, desk):
    from firsthand.core.attempts import Request
    from firsthand.core.looking import Looking

    def is_active(account: Account) -> bool:
        """It is active."""
        return account.active

    def small(amount: int) -> bool:
        """It is small."""
        return amount < 5

    @desk.action("refund", who="support", when=[is_active, small])
    def refund(account: Account, amount: Annotated[int, Field(gt=0)]) -> None: ...

    with trial(desk, priya="support") as t:
        desk.start()
        before = t.journal.history.last_event()
        person = t.journal.person("priya")
        first = Looking(desk.pipeline).checklist(Request("refund", {"account": 3}, person.id, "console"))
        assert [(each.statement, each.holds, each.needed) for each in first] == [
            ("It is active.", False, ()), ("It is small.", None, ("amount",)),
        ]  # fmt: skip
        assert t.journal.history.last_event() == before


def test_looking_leaves_resources_through_an_exception_so_that_a_session_rolls_back(shop, desk):
    from firsthand.core.attempts import Request
    from firsthand.core.looking import Looking

    ends = []

    @desk.resource
    def session() -> Closing:
        return Closing(ends)

    def holds(session: Closing) -> bool:
        return True

    @desk.action("cancel", who="support", when=holds)
    def cancel(account: Account) -> None: ...

    with trial(desk, priya="support") as t:
        desk.start()
        Looking(desk.pipeline).checklist(Request("cancel", {"account": 1}, "priya", "console"))
        assert ends == [Refused]
        t.run(cancel, {"account": 1}, by="priya", reason="asked")
        assert ends == [Refused, None]


class Closing:
    def __init__(self, ends: list) -> None:
        self.ends = ends

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback) -> None:
        self.ends.append(kind)
