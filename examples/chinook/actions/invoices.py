"""What support does to invoices."""

from datetime import date
from decimal import Decimal
from typing import Annotated

import mail
from desk import desk
from models import Invoice, InvoiceLine, Refund
from pydantic import Field
from sqlalchemy.orm import Session

from actions.customers import Email
from firsthand import Choices, Refused, Run


def is_not_refunded(invoice: Invoice) -> bool:
    """It has not been refunded."""
    if done := invoice.refund:
        raise Refused(f"{done.amount} was given back on {done.refunded_on}.", fix="An invoice is refunded once.")
    return True


billing = desk.namespace(
    "invoice",
    who=["sales support agent", "sales manager"],
    when=is_not_refunded,
    tags=["billing"],
    owner="sales support",
)


def is_paid(invoice: Invoice) -> bool:
    """It has been paid."""
    return invoice.paid_on is not None


def is_within_total(invoice: Invoice, amount: Decimal) -> bool:
    """The amount is at most what the invoice was for."""
    if amount > invoice.total:
        raise Refused(f"The invoice was for {invoice.total}.", fix="Refund at most that.")
    return True


def up_to_10(amount: Decimal) -> bool:
    """Up to 10."""
    return amount <= 10


@billing.action(
    who={"sales support agent": up_to_10, "sales manager": True},
    why=["double charge", "wrong track", "track does not play"],
    when=[is_paid, is_within_total],
    aliases=["billing.refund"],
)
def refund(
    invoice: Invoice, amount: Annotated[Decimal, Field(gt=0, decimal_places=2)], session: Session, run: Run[str]
) -> str:
    """Give money back for an invoice, once."""
    session.add(Refund(invoice_id=invoice.id, amount=amount, refunded_on=run.at.date()))
    return f"{amount} goes back to {invoice.customer.name}."


def is_unpaid(invoice: Invoice) -> bool:
    """It has not been paid: what is paid can be refunded, not voided."""
    return invoice.paid_on is None


def lines_of(invoice: Invoice) -> list[tuple[int, str]]:
    """The invoice's lines that still count."""
    return [(line.id, f"{line.track.name}, {line.amount}") for line in invoice.lines if line.voided_on is None]


@billing.action(when=is_unpaid, why=["ordered by mistake", "double charge"], title="Void invoice line")
def void_line(invoice: Invoice, line: Annotated[int, Choices(lines_of)], session: Session, run: Run[str]) -> str:
    """Take one line off an invoice that is not paid yet; the total follows."""
    session.get_one(InvoiceLine, line).voided_on = run.at.date()
    before, invoice.total = invoice.total, invoice.sum_of_lines
    return f"The total was {before} and is {invoice.total}."


def is_off(invoice: Invoice) -> bool:
    """The total is not what its lines add up to."""
    return invoice.total != invoice.sum_of_lines


@billing.action(when=is_off, why=["our mistake"], title="Recompute invoice total")
def recompute_total(invoice: Invoice) -> str:
    """Make the total of an invoice what its lines add up to."""
    before, invoice.total = invoice.total, invoice.sum_of_lines
    return f"The total was {before} and is {invoice.total}."


Line = Annotated[str, Field(min_length=1, max_length=70)]


@billing.action(why=["customer moved", "typing error"], title="Correct billing address")
def correct_address(
    invoice: Invoice, street: Line, city: Line, postal_code: Annotated[str, Field(max_length=10)], future: bool = False
) -> str:
    """Correct the billing address of an invoice, in the same country; with future, of later invoices too."""
    for each in (invoice, invoice.customer) if future else (invoice,):
        each.street, each.city, each.postal_code = street, city, postal_code
    return f"{street}, {postal_code} {city}, {invoice.country}."


def is_after_invoice(invoice: Invoice, paid_on: date, run: Run[str]) -> bool:
    """It was paid no earlier than invoiced, and no later than today."""
    return invoice.issued_at.date() <= paid_on <= run.at.date()


@billing.action(
    who=["sales manager", "general manager"],
    when=[is_unpaid, is_after_invoice],
    why=["paid by transfer"],
    title="Record payment",
)
def record_payment(invoice: Invoice, paid_on: date) -> str:
    """Enter a payment that came outside the shop."""
    invoice.paid_on = paid_on
    return f"{invoice.customer.name} still owes {invoice.customer.owes}."


def adds_up(invoice: Invoice) -> bool:
    """The total is what its lines add up to."""
    if is_off(invoice):
        raise Refused(f"It says {invoice.total}, not {invoice.sum_of_lines}.", fix="Run invoice.recompute_total.")
    return True


@desk.action("invoice.resend", who=["sales support agent", "sales manager"], when=adds_up, tags=["billing"])
async def resend(invoice: Invoice, session: Session, to: Email | None = None) -> str:
    """Send an invoice once more, to the customer or to another address."""
    to = to or invoice.customer.email
    await mail.send(session, to, f"Your invoice {invoice.id}", f"{invoice.issued_at:%d %B %Y}: {invoice.total}")
    return f"Sent to {to}."
