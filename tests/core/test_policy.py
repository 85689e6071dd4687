import pytest

from firsthand import Desk, DeskError, Refused
from firsthand.core.policy import Clause, Policy
from firsthand.testing import trial

from .shop import Account


def up_to_50(amount: int) -> bool:
    """Up to 50."""
    return amount <= 50


def outcomes(who, *tries, **people):
    """Return outcome or code of an action's refusal for each (person, amount)."""
    desk = Desk("Acme", why=["asked"])

    @desk.action("refund", who=who)
    def refund(amount: int) -> None: ...

    with trial(desk, people) as t:
        runs = [t.run(refund, {"amount": amount}, by=by, reason="asked") for by, amount in tries]
        return [run.refusal.code if run.refusal else run.outcome for run in runs]


@pytest.mark.parametrize("who", ["support", ["support"], ("lead", "support"), {"support": True}, {"support": up_to_50}])
def test_who_is_a_role_several_or_roles_with_a_statement(who):
    assert outcomes(who, ("priya", 5), ("ivan", 5), priya="support", ivan="intern") == ["succeeded", "no_right"]


def test_a_statement_holds_for_its_role_alone():
    who = {"support": up_to_50, "lead": True}
    tries = [("priya", 50), ("priya", 51), ("lena", 51), ("both", 51), ("none", 1)]
    assert outcomes(who, *tries, priya="support", lena="lead", both=["support", "lead"], none=[]) == [
        "succeeded", "clause_failed", "succeeded", "succeeded", "no_right",
    ]  # fmt: skip


def test_of_several_statements_one_has_to_hold():
    def odd(amount: int) -> bool:
        """Odd."""
        return amount % 2 == 1

    who = {"support": up_to_50, "night": odd}
    tries = [("n", 50), ("n", 51), ("n", 52)]
    assert outcomes(who, *tries, n=["support", "night"]) == ["succeeded", "succeeded", "clause_failed"]


def test_roles_are_exact():
    assert outcomes("support", ("a", 1), ("b", 1), ("c", 1), a="Support", b="support ", c="supp") == ["no_right"] * 3


def test_a_statement_that_raises_does_not_hold_and_its_error_is_kept():
    desk = Desk("Acme", why=["asked"])

    def broken(amount: int) -> bool:
        """Broken."""
        raise ZeroDivisionError

    class Undecided:
        def __bool__(self) -> bool:
            raise TypeError("undecided")

    async def undecided(amount: int) -> object:
        """Undecided."""
        return Undecided()

    @desk.action("a", who={"support": broken, "lead": undecided})
    def a(amount: int) -> None: ...

    with trial(desk, priya="support", lena="lead") as t:
        for who, error in (("priya", "ZeroDivisionError"), ("lena", "TypeError")):
            run = t.run(a, {"amount": 1}, by=who, reason="asked")
            assert (run.outcome, run.refusal.code, run.error.type) == ("refused", "clause_failed", error)


def test_an_interrupted_statement_lets_nobody_through():
    desk, done = Desk("Acme", why=["asked"]), []

    def interrupted() -> bool:
        """Interrupted."""
        raise KeyboardInterrupt

    @desk.action("a", who={"support": interrupted, "lead": True})
    def a() -> None:
        done.append(1)

    with trial(desk, priya=["support", "lead"]) as t:
        assert t.run(a, by="priya", reason="asked").outcome == "failed"
    assert done == []


def test_a_statement_may_refuse_in_its_own_words():
    desk = Desk("Acme", why=["asked"])
    said = Refused("The night shift refunds nothing.", fix="Wait until eight.")

    def by_day() -> bool:
        """By day."""
        raise said

    @desk.action("a", who={"support": by_day})
    def a() -> None: ...

    with trial(desk, priya="support") as t:
        run = t.run(a, by="priya", reason="asked")
        assert (run.refusal.message, run.refusal.fix) == ("The night shift refunds nothing.", "Wait until eight.")
        assert run.refusal.code == "clause_failed"
    assert said.code == "refused"


def test_a_policy_is_said_in_words():
    lead, limited = Clause("lead"), Clause("support", "Up to 50.")
    assert Policy((lead,)).words() == "Lead."
    assert Policy((lead, Clause("support"), Clause("night shift"))).words() == "Lead, Support and Night shift."
    assert Policy((limited, lead)).words() == "Support: up to 50. Lead: always."


@pytest.mark.parametrize("who", [None, "", [], (), {}])
def test_no_who_anywhere_is_an_error_at_start(who):
    desk = Desk("Acme")

    @desk.action("cancel", who=who)
    def cancel() -> None: ...

    with pytest.raises(DeskError, match="cancel: it does not say who may perform it; add who="):
        desk.start()


def test_a_namespace_s_who_is_replaced_not_added_to():
    desk = Desk("Acme", why=["asked"])
    space = desk.namespace("account", who="support")

    @space.action()
    def unlock(account: Account) -> None: ...

    @space.action(who="lead")
    def close(account: Account) -> None: ...

    @desk.subject()
    def account(id: int) -> Account | None:
        return Account(id)

    with trial(desk, priya="support") as t:
        assert t.run(unlock, {"account": 1}, by="priya", reason="asked").outcome == "succeeded"
        assert t.run(close, {"account": 1}, by="priya", reason="asked").refusal.code == "no_right"
