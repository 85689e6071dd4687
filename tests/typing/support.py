"""What a team writes, as design section 2 shows it; this must pass mypy --strict, and its types are what they seem."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Annotated, TypeVar, assert_type
from unittest import TestCase

from pydantic import Field, SecretStr

from firsthand import Choices, Desk, Person, Refused, Run, check
from firsthand.testing import Conformance, Example, conforms, trial

T = TypeVar("T")


@dataclass
class Subscription:
    active: bool = True
    ends: date = date(2026, 5, 3)

    def cancel(self, at_period_end: bool) -> None:
        self.active = at_period_end


@dataclass
class Account:
    id: int
    email: str = "luis@example.com"
    plan: str = "basic"
    country: str = "NL"
    subscription: Subscription = field(default_factory=Subscription)


@dataclass
class Invoice:
    id: int
    total: Decimal = Decimal(100)


class Session:
    """Stands in for SQLAlchemy's."""

    def get(self, type_: Callable[[int], T], id: int) -> T | None:
        return type_(id) if id < 100 else None


def find_accounts(text: str, session: Session) -> list[Account]:
    return [Account(1)]


def refund_invoice(session: Session, invoice: Invoice, amount: Decimal) -> str:
    return f"Refunded {amount}."


desk = Desk("Acme", environment="production", why=["customer asked", "our mistake"])


@desk.resource
def session() -> Iterator[Session]:
    yield Session()


@desk.people
async def person(id: str, session: Session) -> Person | None:
    """Somebody of the staff."""
    return Person(id, "Priya", roles=["support"])


@desk.subject(search=find_accounts, label=lambda a: a.email, traits=["plan", "country"])
def account(id: int, session: Session) -> Account | None:
    """A customer's account."""
    return session.get(Account, id)  # None: "There is no account 42."


@desk.subject()
def invoice(id: int, session: Session) -> Invoice | None:
    return session.get(Invoice, id)


subscription = desk.namespace("subscription", who="support", tags=["billing"], owner="billing team")


def is_active(account: Account) -> bool:
    """The account has an active subscription."""
    return account.subscription.active


@subscription.action(when=is_active)  # subscription.cancel
def cancel(account: Account, at_period_end: bool = True) -> str:
    """Stop renewing a customer's subscription."""
    account.subscription.cancel(at_period_end)
    return f"Ends on {account.subscription.ends:%d %B}."


def up_to_50(amount: Decimal) -> bool:
    """Up to 50."""
    return amount <= 50


def within_total(invoice: Invoice, amount: Decimal) -> bool:
    """The amount is at most what the invoice was for."""
    if amount > invoice.total:
        raise Refused(f"The invoice was only {invoice.total}.", fix="Refund at most that.")
    return True


@desk.action(
    "invoice.refund",
    who={"support": up_to_50, "lead": True},
    why=["double charge", "outage"],
    when=within_total,
)
def refund(invoice: Invoice, amount: Decimal, session: Session) -> str:
    """Give money back for an invoice."""
    return refund_invoice(session, invoice, amount)


def plans_for(account: Account) -> list[str]:
    return ["basic", "gold"]


@subscription.action(when=[check(is_active, account="keep"), is_active], ask="nobody")
async def move(
    account: Account,
    keep: Annotated[Account, desk.subject_of("account")],
    plan: Annotated[str, Choices(plans_for)],
    pin: SecretStr,
    run: Run[int],
    percent: Annotated[int, Field(ge=0, le=100)] = 0,
) -> int:
    run.say("Moving.")
    run.progress(1, 2)
    return percent


def some_account() -> dict[str, object]:
    return {"account": 42}


test_desk = conforms(
    desk,
    examples={
        cancel: some_account,
        refund: Example({"invoice": 98, "amount": 3}, refused={"within_total": {"amount": 101}}),
    },
    effect=lambda: 1,
    skip={move: "not here"},
)


def nothing() -> None:
    assert_type(Conformance(desk, {cancel: {"account": 42}}).faults(), list[str])
    Conformance(desk).case(TestCase)
    assert_type(cancel(Account(1), at_period_end=False), str)
    assert_type(desk.run(cancel, {"account": 42}, by="priya", reason="customer asked"), Run[str])
    assert_type(desk.run(move, {}, by="priya"), Run[int])
    assert_type(desk.run("subscription.cancel", by="priya"), Run[object])
    assert_type(desk.run(cancel, by="priya").value, str | None)
    assert_type(desk.run(cancel, by="priya").raise_for_outcome(), Run[str])
    with trial(desk, priya="support") as t:
        assert_type(t.run(refund, {"invoice": 1}, by="priya"), Run[str])
        assert_type(t.person("lena", ["lead"]), Person)


async def later() -> None:
    assert_type(await desk.arun(cancel, {"account": 42}, by="priya"), Run[str])
    assert_type(await desk.arun(move, {"account": 42}, by="priya"), Run[int])
    assert_type(await desk.arun("move", by="priya"), Run[object])


def test_an_ended_subscription_is_not_cancelled() -> None:
    ended = Account(7, subscription=Subscription(active=False))
    with trial(desk, priya="support") as t:  # the same desk, a journal of its own, a fixed clock
        run = t.run(cancel, {"account": ended}, by="priya", reason="customer asked")
    assert run.refusal is not None and run.refusal.check == "is_active"  # noqa: PT018 - as the design has it
