"""What the shop's team does by hand."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, SecretStr

from firsthand import Choices, Desk, Refused, Run, check
from firsthand.core.runs import moment
from firsthand.demo import shop
from firsthand.demo.customers import PRICES
from firsthand.demo.shop import Account, Invoice, Shop

desk = Desk("Acme Music", environment="production", why=["customer asked", "our mistake", "fraud"])


@desk.resource
def session() -> Iterator[Shop]:
    """Open one transaction on the shop's database."""
    with shop.opened(moment(desk.clock()).date()) as opened:
        yield opened


def find_accounts(text: str, session: Shop) -> list[Account]:
    """Find accounts by e-mail address or name."""
    return session.accounts(text)


@desk.subject(search=find_accounts, label=lambda account: account.email, traits=["plan", "country"])
def account(id: int, session: Shop) -> Account | None:
    """A customer's account."""
    return session.account(id)


def find_invoices(text: str, session: Shop) -> list[Invoice]:
    """Find invoices by number, or by whose they are."""
    return session.invoices(text)


def invoice_label(invoice: Invoice) -> str:
    """Say how much an invoice was for, and when."""
    return f"{invoice.total} of {invoice.day:%-d %b %Y}"


@desk.subject(search=find_invoices, label=invoice_label)
def invoice(id: int, session: Shop) -> Invoice | None:
    """An invoice."""
    return session.invoice(id)


def an_address(text: str) -> str:
    """Return an e-mail address in small letters, or say that it is none."""
    before, at, after = text.strip().lower().partition("@")
    if not (before and at and "." in after.strip(".")) or " " in text.strip() or "@" in after:
        raise ValueError("this must be an e-mail address, such as luis@example.com")
    return f"{before}@{after}"


Money = Annotated[Decimal, Field(gt=0, le=1_000, decimal_places=2)]
Address = Annotated[str, AfterValidator(an_address), Field(max_length=200, json_schema_extra={"format": "email"})]


# Subscriptions

subscriptions = desk.namespace("subscription", who=["support", "lead"], tags=["billing"], owner="billing team")


def is_renewing(account: Account) -> bool:
    """The account's subscription renews."""
    return account.ends is None and account.plan != "lifetime"


def is_cancelled(account: Account) -> bool:
    """The account's subscription is cancelled."""
    return account.ends is not None


def is_on_trial(account: Account, session: Shop) -> bool:
    """The account is in its trial."""
    if account.trial_ends < session.today:
        raise Refused(
            f"The trial ended on {account.trial_ends:%-d %B %Y}.",
            fix="Send a goodwill package with a free month instead.",
        )
    return True


@subscriptions.action(when=is_renewing)
def cancel(account: Account, session: Shop, at_once: bool = False) -> str:
    """Stop renewing a customer's subscription: at the end of the month that is paid for, or at once."""
    if at_once:
        session.set_account(account, ends=session.today)
        return "Ended today."
    return f"Ends on {session.cancel(account):%-d %B %Y}."


@subscriptions.action(when=is_cancelled, aliases=["subscription.resume"], why=["customer asked", "our mistake"])
def reactivate(account: Account, session: Shop) -> str:
    """Let a cancelled subscription go on with the plan that it had."""
    session.begin(account, account.plan)
    return f"Renews again, {PRICES.get(account.plan, 0)} a month."


def other_plans(account: Account) -> list[tuple[str, str]]:
    """Offer the plans that the account does not have."""
    return [(plan, f"{plan}, {price} a month") for plan, price in PRICES.items() if plan != account.plan]


@subscriptions.action(when=is_renewing, why=["customer asked", "family grew", "no longer a student", "our mistake"])
def change_plan(account: Account, plan: Annotated[str, Choices(other_plans)], session: Shop) -> str:
    """Move a customer to another plan, from today."""
    session.begin(account, plan)
    return f"From {account.plan} to {plan}."


def is_near(account: Account, until: date) -> bool:
    """The new end is at most 30 days after the present one."""
    latest = account.trial_ends + timedelta(days=30)
    if not account.trial_ends < until <= latest:
        raise Refused(
            f"The trial ends on {account.trial_ends:%-d %B}; it can be extended until {latest:%-d %B}.",
            fix=f"Choose a day up to {latest}, or send a goodwill package.",
        )
    return True


@subscriptions.action(when=[is_on_trial, is_near], why=["customer asked", "could not sign in", "our mistake"])
def extend_trial(account: Account, until: date, session: Shop) -> str:
    """Give a customer more time to try the service."""
    session.set_account(account, trial_ends=until)
    return f"Free until {until:%-d %B %Y}."


@subscriptions.action(
    who="lead", ask="billing", why=["competition", "press", "staff"], title="Grant lifetime subscription"
)
def grant_lifetime(account: Account, session: Shop) -> str:
    """Let somebody listen for good, without paying. Only leads know of it; the billing team may ask."""
    session.begin(account, "lifetime")
    return f"{account.email} never pays again."


# Invoices

invoices = desk.namespace("invoice", who=["support", "billing", "lead"], tags=["billing"], owner="billing team")


def up_to_10(amount: Decimal) -> bool:
    """Up to 10."""
    return amount <= 10


def up_to_50(amount: Decimal) -> bool:
    """Up to 50."""
    return amount <= 50


def within_total(invoice: Invoice, amount: Decimal) -> bool:
    """The amount is at most what is left of the invoice."""
    if not invoice.left:
        raise Refused("The invoice is refunded already.", fix="Look at its history.")
    if amount > invoice.left:
        raise Refused(f"Only {invoice.left} is left of the invoice.", fix="Refund at most that.")
    return True


@invoices.action(
    who={"support": up_to_10, "lead": True, "billing": up_to_50},
    why=["never used it", "cancelled too late", "double charge", "outage"],
    when=within_total,
)
def refund(invoice: Invoice, amount: Money, session: Shop) -> str:
    """Give money back for an invoice."""
    if not session.refund(invoice, amount):
        raise Refused("Somebody has refunded it meanwhile.", fix="Look at the invoice's history.")
    return f"{amount} given back."


@invoices.action(
    "credit_note",
    title="Write credit note",
    who={"billing": True, "lead": True},
    why=["our mistake", "outage", "contract"],
)
def credit_note(account: Account, amount: Money, currency: Literal["EUR", "USD", "GBP", "BRL"], session: Shop) -> str:
    """Set an amount off against a customer's next invoices."""
    session.enter(account, "credit note", f"{amount} {currency}")
    return f"{amount} {currency} off the next invoices."


@invoices.action("resend_receipt", tags=["letters"], why=["customer asked", "new address", "went to spam"])
def resend_receipt(invoice: Invoice, session: Shop, to: Address | None = None) -> str:
    """Send the receipt of an invoice again, to the customer or to another address."""
    whose = session.account(invoice.account)
    if whose is None:
        raise Refused("The invoice is nobody's any more.", fix="Export the invoice from the books instead.")
    session.enter(whose, "receipt", f"of invoice {invoice.id}")
    return f"Sent to {to or whose.email}."


# Accounts and devices

accounts = desk.namespace("account", who=["support", "lead"], tags=["access"], owner="accounts team")


def is_locked(account: Account) -> bool:
    """The account is locked."""
    return account.locked


@accounts.action(when=is_locked, why=["forgot the password", "travelling"])
def unlock(account: Account, session: Shop) -> str:
    """Let a customer in again."""
    session.set_account(account, locked=0)
    return f"{account.email} may sign in again."


def is_free(address: str, session: Shop) -> bool:
    """No other account has the new address."""
    if other := session.account_at(address):
        raise Refused(
            f"{address} is the address of account {other.id}.",
            fix="Use another, or ask for Merge duplicate accounts if both are the customer's.",
        )
    return True


@accounts.action(
    when=is_free, aliases=["account.email"], why=["customer asked", "mistyped at sign-up", "lost the mailbox"]
)
def change_email(account: Account, address: Address, session: Shop) -> str:
    """Give an account another e-mail address."""
    session.set_account(account, email=address)
    return f"{account.email} is now {address}."


def are_two(keep: Account, duplicate: Account) -> bool:
    """The two accounts are not the same one."""
    return keep.id != duplicate.id


@accounts.action(who="lead", when=[are_two, check(is_renewing, account="keep")], title="Merge duplicate accounts")
def merge(keep: Account, duplicate: Account, session: Shop, run: Run[str]) -> str:
    """Move a duplicate's invoices to the account that stays, and remove the duplicate."""
    moved = session.merge(keep, duplicate)
    run.say(f"Moved {moved} invoices from {duplicate.email}.")
    return f"{duplicate.email} is now {keep.email}."


@accounts.action(
    who=["lead", "billing"],
    why=["customer asked", "authority asked"],
    tags=["privacy"],
    title="Export a customer's data",
)
def export(account: Account, session: Shop) -> dict[str, Any]:
    """Return everything that the shop keeps about a customer."""
    bills = session.invoices_of(account)
    return {
        "account": {"id": account.id, "name": account.name, "email": account.email, "country": account.country},
        "periods": session.periods_of(account),
        "invoices": [
            {"id": each.id, "day": each.day, "total": each.total, "refunded": each.refunded} for each in bills
        ],
        "devices": list(session.devices_of(account).values()),
        "entries": session.entries_of(account),
    }


devices = desk.namespace("device", who=["support", "lead"], tags=["access"], owner="apps team")


def its_devices(account: Account, session: Shop) -> dict[int, str]:
    """Offer the account's devices."""
    return session.devices_of(account)


@devices.action("sign_out", title="Sign out device", why=["too many devices", "lost or stolen", "customer asked"])
def sign_out(account: Account, device: Annotated[int, Choices(its_devices)], session: Shop) -> str:
    """Sign a customer out on one of their devices, which makes room for another."""
    name = session.devices_of(account)[device]
    session.sign_out(device)
    return f"Signed out: {name}."


# Gifts

gifts = desk.namespace("gift", who=["support", "lead"], tags=["goodwill"], owner="customer care")


class Item(BaseModel):
    """One thing in a package."""

    item: Literal["free month", "headphones", "concert ticket", "sticker set"]
    count: Annotated[int, Field(ge=1, le=10)] = 1


class Card(BaseModel):
    """A card that goes with a package."""

    text: Annotated[str, Field(min_length=1, max_length=300)]
    signed_by: str = "your friends at Acme Music"


def up_to_3_things(items: list[Item]) -> bool:
    """Up to 3 things."""
    return sum(each.count for each in items) <= 3


Items = Annotated[list[Item], Field(min_length=1, max_length=5)]


@gifts.action(
    "package", who={"support": up_to_3_things, "lead": True}, why=["outage", "our mistake", "long-time customer"],
    title="Send goodwill package",
)  # fmt: skip
def package(account: Account, items: Items, session: Shop, card: Card | None = None) -> list[dict[str, object]]:
    """Send a customer something nice, with a card if you like."""
    for each in items:
        session.enter(account, "parcel", f"{each.count} × {each.item}")
    return [{"item": each.item, "count": each.count, "with a card": card is not None} for each in items]


Code = Annotated[SecretStr, Field(min_length=8, max_length=40)]


@gifts.action("reset_code", title="Reset gift code", who="lead", why=["lost", "used by somebody else"])
def reset_code(account: Account, code: Code, session: Shop) -> str:
    """Replace the code of a gift card that the customer bought. The code is never on record."""
    session.enter(account, "gift code", f"{len(code.get_secret_value())} characters")
    return f"The old code is void; send the new one to {account.email}."


# Listening statistics

listening = desk.namespace("listening", who=["support", "lead"], tags=["statistics"], owner="data team")


@listening.action(
    "rebuild", title="Rebuild listening statistics", why=["numbers look wrong", "nightly", "customer asked"]
)
def rebuild(
    account: Account, session: Shop, run: Run[Any], seconds: Annotated[float, Field(ge=0, le=120)] = 24
) -> list[dict[str, object]]:
    """Count again what a customer has listened to, month by month. That takes a while; `seconds` is how long."""
    table: list[dict[str, object]] = []
    for month in range(12):
        first = (session.today.replace(day=1) - timedelta(days=30 * (11 - month))).replace(day=1)
        plays = account.id * (month + 7) * 37 % 900
        if seconds:
            time.sleep(seconds / 12)
        table.append({"month": f"{first:%B %Y}", "plays": plays, "hours": round(plays * 3.4 / 60, 1)})
        run.say(f"{first:%B %Y}: {plays} plays.")
        run.progress(month + 1, 12)
    return table
