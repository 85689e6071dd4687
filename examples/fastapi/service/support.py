"""What support does by hand."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import Field
from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from firsthand import Choices, Desk, Person, Refused, Run
from service.database import get_session
from service.models import Customer, Invoice, Letter, Subscription, User

desk = Desk("Morning", environment="production", why=["customer asked", "our mistake", "not delivered"])
desk.resource(get_session)


@desk.people
def person(id: str, session: Session) -> Person | None:
    """Whoever is an active user, with the roles that they have now."""
    user = session.get(User, id)
    if user is None or not user.active:
        return None
    return Person(user.email, user.name, roles=[each.role for each in user.roles])


# What actions are done to


def find_customers(text: str, session: Session) -> Sequence[Customer]:
    """Customers by name or e-mail."""
    fits = or_(*(each.icontains(text, autoescape=True) for each in (Customer.name, Customer.email)))
    return session.scalars(select(Customer).where(fits).order_by(Customer.name)).all()


@desk.subject(search=find_customers, label=lambda customer: customer.name, traits=["country"])
def customer(id: int, session: Session) -> Customer | None:
    """Somebody who reads."""
    return session.get(Customer, id)


def find_subscriptions(text: str, session: Session) -> Sequence[Subscription]:
    """Subscriptions by their customer."""
    ids = [each.id for each in find_customers(text, session)]
    return session.scalars(select(Subscription).where(Subscription.customer_id.in_(ids))).all()


@desk.subject(search=find_subscriptions, label=lambda each: f"{each.plan}, {each.customer.name}", traits=["plan"])
def subscription(id: int, session: Session) -> Subscription | None:
    """A customer's paper, locked until the run has ended."""
    return session.get(Subscription, id, with_for_update=True)


def find_invoices(text: str, session: Session) -> Sequence[Invoice]:
    """Invoices by their customer, newest first."""
    ids = [each.id for each in find_customers(text, session)]
    return session.scalars(select(Invoice).where(Invoice.customer_id.in_(ids)).order_by(Invoice.id.desc())).all()


@desk.subject(search=find_invoices, label=lambda each: f"{each.total}, {each.customer.name}")
def invoice(id: int, session: Session) -> Invoice | None:
    """What a customer paid, locked until the run has ended."""
    return session.get(Invoice, id, with_for_update=True)


# Subscriptions

subscriptions = desk.namespace("subscription", who="support", tags=["subscriptions"], owner="readers' desk")


def runs_on(subscription: Subscription) -> bool:
    """The subscription was not cancelled."""
    return not subscription.cancelled


@subscriptions.action(when=runs_on, mode="transactional")
def cancel(subscription: Subscription) -> str:
    """Stop a subscription at its end."""
    subscription.cancelled = True
    return f"The last paper comes on {subscription.ends:%d %B %Y}."


@subscriptions.action(when=runs_on, mode="transactional")
def extend(subscription: Subscription, days: Annotated[int, Field(ge=1, le=60)]) -> date:
    """Deliver the paper for some days longer, for papers that did not come."""
    subscription.ends += timedelta(days=days)
    return subscription.ends


def other_plans(subscription: Subscription) -> list[str]:
    """The plans that it does not have."""
    return [plan for plan in ("daily", "weekend") if plan != subscription.plan]


@subscriptions.action(when=runs_on, mode="transactional")
def change_plan(subscription: Subscription, plan: Annotated[str, Choices(other_plans)]) -> str:
    """Deliver the paper on other days from tomorrow on."""
    subscription.plan = plan
    return f"From tomorrow on it comes {'every day' if plan == 'daily' else 'at the weekend'}."


# Money


def up_to_20(amount: Decimal) -> bool:
    """Up to 20."""
    return amount <= 20


def is_left(invoice: Invoice, amount: Decimal) -> bool:
    """So much of the invoice was not given back yet."""
    if amount > invoice.total - invoice.refunded:
        raise Refused(f"Only {invoice.total - invoice.refunded} is left of it.", fix="Give back at most that.")
    return True


@desk.action(
    "invoice.refund", who={"support": up_to_20, "lead": True}, when=is_left, mode="transactional", tags=["money"]
)
def refund(invoice: Invoice, amount: Annotated[Decimal, Field(gt=0, decimal_places=2)]) -> Decimal:
    """Give money back for an invoice."""
    invoice.refunded += amount
    return invoice.refunded


# Customers

Email = Annotated[str, Field(pattern=r"^\S+@\S+$", max_length=200)]


def is_free(email: Email, session: Session) -> bool:
    """Nobody else has this address."""
    return session.scalar(select(Customer).where(Customer.email == email)) is None


@desk.action("customer.change_email", who="support", when=is_free, mode="transactional")
def change_email(customer: Customer, email: Email) -> None:
    """Have a customer's mail go to another address."""
    customer.email = email


@desk.action("customer.send_letter", who="support", mode="idempotent", background=True)
def send_letter(customer: Customer, text: Annotated[str, Field(min_length=10)], session: Session, run: Run[str]) -> str:
    """Have the printers send a letter: by the run's key, so that they print it once however often they are told."""
    letter = {"key": run.key, "customer_id": customer.id, "text": text}
    session.execute(insert(Letter).values(letter).on_conflict_do_nothing())
    return f"It is printed tonight for {customer.name}."
