"""What the shop's team does by hand."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from firsthand import Desk, Refused, Run, check
from firsthand.demo import shop
from firsthand.demo.shop import Account, Invoice, Shop

desk = Desk("Acme Music", environment="production", why=["customer asked", "our mistake", "fraud"])


@desk.resource
def session() -> Iterator[Shop]:
    """Open one transaction on the shop's database."""
    with shop.opened() as opened:
        yield opened


def find(text: str, session: Shop) -> list[Account]:
    """Find accounts by e-mail address or name."""
    return session.accounts(text)


@desk.subject(search=find, label=lambda account: account.email, traits=["plan", "country"])
def account(id: int, session: Shop) -> Account | None:
    """A customer's account."""
    return session.account(id)


@desk.subject(label=lambda invoice: f"{invoice.total} of {invoice.day}")
def invoice(id: int, session: Shop) -> Invoice | None:
    """An invoice."""
    return session.invoice(id)


subscription = desk.namespace("subscription", who="support", tags=["billing"], owner="billing team")


def is_renewing(account: Account) -> bool:
    """The account's subscription renews."""
    return account.ends is None


@subscription.action(when=is_renewing)
def cancel(account: Account, session: Shop) -> str:
    """Stop renewing a customer's subscription."""
    session.set_account(account, ends="2026-12-31")
    return "Ends on 31 December."


@subscription.action("change_plan", when=is_renewing)
def change_plan(account: Account, plan: Literal["single", "family", "student"], session: Shop) -> str:
    """Move a customer to another plan."""
    session.set_account(account, plan=plan)
    return f"From {account.plan} to {plan}."


def up_to_10(amount: Decimal) -> bool:
    """Up to 10."""
    return amount <= 10


def within_total(invoice: Invoice, amount: Decimal) -> bool:
    """The amount is at most what is left of the invoice."""
    left = invoice.total - invoice.refunded
    if not left:
        raise Refused("The invoice is refunded already.", fix="Look at its history.")
    if amount > left:
        raise Refused(f"Only {left} is left of the invoice.", fix="Refund at most that.")
    return True


@desk.action(
    "invoice.refund",
    who={"support": up_to_10, "lead": True},
    why=["double charge", "outage"],
    when=within_total,
    tags=["billing"],
)
def refund(invoice: Invoice, amount: Annotated[Decimal, Field(gt=0, decimal_places=2)], session: Shop) -> str:
    """Give money back for an invoice."""
    session.refund(invoice, amount)
    return f"{amount} given back."


accounts = desk.namespace("account", who=["support", "lead"], tags=["access"], owner="accounts team")


def is_locked(account: Account) -> bool:
    """The account is locked."""
    return account.locked


@accounts.action(when=is_locked, why=["forgot the password", "travelling"])
def unlock(account: Account, session: Shop) -> str:
    """Let a customer in again."""
    session.set_account(account, locked=0)
    return f"{account.email} may sign in again."


def are_two(keep: Account, duplicate: Account) -> bool:
    """The two accounts are not the same one."""
    return keep.id != duplicate.id


@accounts.action(who="lead", when=[are_two, check(is_renewing, account="keep")], title="Merge duplicate accounts")
def merge(keep: Account, duplicate: Account, session: Shop, run: Run[str]) -> str:
    """Move a duplicate's invoices to the account that stays, and remove the duplicate."""
    moved = session.merge(keep, duplicate)
    run.say(f"Moved {moved} invoices from {duplicate.email}.")
    return f"{duplicate.email} is now {keep.email}."
