import pytest

from firsthand import Desk, DeskError, Refused, Run, check
from firsthand.core.attempts import Request
from firsthand.core.looking import Looking
from firsthand.testing import trial

from .shop import Account, on_record


def is_active(account: Account) -> bool:
    """The account has an active subscription.

    More for those who read the code.
    """
    return account.active


def outcome(desk, when, inputs=None):
    @desk.action("act", who="support", when=when)
    def act(account: Account, amount: int = 1) -> None: ...

    with trial(desk, priya="support") as t:
        run = t.run(act, {"account": 1} | (inputs or {}), by="priya", reason="asked")
        assert on_record(t, run).refusal == run.refusal
        return run


def test_a_check_is_a_statement_that_holds_or_refuses(desk):
    run = outcome(desk, is_active, {"account": 3})
    assert run.refusal.message == "This does not hold: The account has an active subscription."
    assert (run.refusal.code, run.refusal.check) == ("check_failed", "is_active")


def test_a_check_without_a_docstring_is_told_by_its_name(desk):
    def is_never_right() -> bool:
        return False

    assert outcome(desk, is_never_right).refusal.message == "This does not hold: is never right."


@pytest.mark.parametrize(
    "when", [[is_active], (is_active, check(is_active)), check(is_active), is_active, iter([is_active])]
)
def test_when_is_one_check_or_several(desk, when):
    assert outcome(desk, when).outcome == "succeeded"


def test_checks_are_asked_in_order_until_one_does_not_hold(desk):
    asked = []

    def holds(name, answer):
        def holds() -> bool:
            asked.append(name)
            return answer

        return holds

    assert outcome(desk, [holds("a", True), holds("b", False), holds("c", True)]).outcome == "refused"
    assert asked == ["a", "b"]


@pytest.mark.parametrize("value", [True, 1, "yes", [0], object()])
def test_what_python_takes_for_true_holds(desk, value):
    assert outcome(desk, lambda: value).outcome == "succeeded"


@pytest.mark.parametrize("value", [False, None, 0, "", []])
def test_what_python_takes_for_false_does_not_nothing_included(desk, value):
    assert outcome(desk, lambda: value).outcome == "refused"


class Clause:
    """Like a comparison of SQLAlchemy's: neither true nor false."""

    def __bool__(self) -> bool:
        raise TypeError("Boolean value of this clause is not defined")


@pytest.mark.parametrize("how", [lambda: Clause(), lambda: 1 / 0, lambda: {}["a"]])
def test_a_check_that_raises_anything_else_does_not_hold_and_its_traceback_is_kept(desk, how):
    def odd() -> bool:
        """It is odd."""
        return how()

    run = outcome(desk, odd)
    assert (run.outcome, run.refusal.check) == ("refused", "odd")
    assert run.refusal.message == f"This could not be checked: It is odd. ({run.error.type})"
    assert "Traceback" in run.error.traceback


def test_a_check_may_refuse_in_its_own_words_however_often_it_raises_the_same(desk):
    said = Refused("Already refunded on 3 May.", fix="Look at run 812.")

    def first() -> bool:
        raise said

    run = outcome(desk, first)
    assert (run.refusal.message, run.refusal.fix) == ("Already refunded on 3 May.", "Look at run 812.")
    assert (run.refusal.check, run.refusal.code) == ("first", "check_failed")
    assert (said.check, said.code) == (None, "refused")


def test_an_async_check_is_waited_for(desk):
    async def later(amount: int) -> bool:
        """Later."""
        return amount > 5

    assert outcome(desk, later, {"amount": 5}).outcome == "refused"


def test_a_check_takes_inputs_by_name_the_run_by_type_and_may_have_defaults_of_its_own(desk):
    def odd(amount: int, run: Run, limit: int = 9) -> bool:
        """Below the limit."""
        return amount < limit and run.action == "act"

    assert outcome(desk, odd, {"amount": 8}).outcome == "succeeded"


def test_a_check_is_bound_to_another_input_than_its_namesake(desk, shop):
    @desk.action("merge", who="support", when=[check(is_active, account="keep"), check(is_active, account="drop")])
    def merge(keep: Account, drop: Account) -> None:
        shop.done.append((keep.id, drop.id))

    with trial(desk, priya="support") as t:
        for keep, drop in ((1, 3), (3, 1), (1, 2)):
            t.run(merge, {"keep": keep, "drop": drop}, by="priya", reason="asked")
    assert shop.done == [(1, 2)]


def test_a_check_whose_inputs_the_action_lacks_is_found_at_start(desk):
    @desk.action("a", who="support", when=is_active)
    def a(amount: int) -> None: ...

    @desk.action("b", who="support", when=check(is_active, account="keep"))
    def b(drop: Account) -> None: ...

    @desk.action("c", who="support", when=check(is_active, acount="account"))
    def c(account: Account) -> None: ...

    with pytest.raises(DeskError) as caught:
        desk.start()
    assert caught.value.problems == (
        "a: its check is_active takes account, which the action does not have; it has amount.",
        "b: its check is_active takes keep, which the action does not have; it has drop.",
        "c: its check is_active is told where acount comes from, but takes no acount.",
    )


def test_a_namespace_s_checks_come_first_and_the_action_s_are_added():
    desk, asked = Desk("Acme", why=["asked"]), []

    def one() -> bool:
        """One."""
        asked.append(1)
        return True

    def two() -> bool:
        """Two."""
        asked.append(2)
        return True

    space = desk.namespace("a", who="support", when=one)

    @space.action(when=[two])
    def b() -> None: ...

    with trial(desk, priya="support") as t:
        assert t.run(b, by="priya", reason="asked").outcome == "succeeded"
    assert asked == [1, 2]


def test_the_checklist_tells_of_checks_that_could_not_be_asked(desk):
    def broken() -> bool:
        """It is whole."""
        raise ZeroDivisionError

    @desk.action("act", who="support", when=[broken, is_active])
    def act(account: Account) -> None: ...

    with trial(desk, priya="support"):
        items = Looking(desk.pipeline).checklist(Request("act", {"account": "1"}, "priya", "console"))
        assert [each.holds for each in items] == [False, True]
        with pytest.raises(Refused, match="There is no account 77"):
            Looking(desk.pipeline).checklist(Request("act", {"account": 77}, "priya", "console"))
