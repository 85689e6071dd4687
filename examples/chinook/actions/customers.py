"""What support does to customers' accounts."""

import unicodedata
from typing import Annotated

from desk import desk
from models import Customer, Employee
from pydantic import AfterValidator, Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from firsthand import Refused, Run, check


def is_open(customer: Customer) -> bool:
    """The account is open."""
    if customer.closed_on:
        raise Refused(f"The account was closed on {customer.closed_on}.", fix="Reopen it first: customer.reopen.")
    return True


accounts = desk.namespace(
    "customer",
    who=["sales support agent", "sales manager"],
    when=is_open,
    tags=["accounts"],
    owner="sales support",
)


def address(text: str) -> str:
    """Return an e-mail address, or raise."""
    text = unicodedata.normalize("NFC", text.strip())
    before, at, domain = text.partition("@")
    if not (before and at and "." in domain.strip(".")) or "@" in domain or not text.isprintable() or " " in text:
        raise ValueError("this must be an e-mail address, such as luis@example.com")
    return text


Email = Annotated[str, Field(max_length=60), AfterValidator(address)]


def is_free(customer: Customer, email: str, session: Session) -> bool:
    """Nobody else has that e-mail address."""
    same = func.casefold(Customer.email) == email.casefold()
    if other := session.scalar(select(Customer).where(same, Customer.id != customer.id)):
        raise Refused(f"{other.name} (customer {other.id}) has it.", fix="Merge the two: customer.merge.")
    return True


@accounts.action(when=is_free, why=["customer asked", "mail came back"], title="Change customer's e-mail")
def change_email(customer: Customer, email: Email) -> str:
    """Change the address that a customer signs in with and gets mail at."""
    before, customer.email = customer.email, email
    return f"{before} became {email}."


def is_another_name(customer: Customer, company: str | None) -> bool:
    """The company is not called that already."""
    return company != customer.company


Company = Annotated[str, Field(min_length=2, max_length=80)]


@accounts.action(when=is_another_name, why=["company was renamed", "typing error"], title="Correct company's name")
def correct_company(customer: Customer, company: Company | None = None) -> str:
    """Correct the name of a customer's company, or take it away."""
    customer.company = company
    return f"Now {company or 'without a company'}."


def is_agent(rep: Employee) -> bool:
    """Whoever takes over is a sales support agent and still works here."""
    if rep.left_on:
        raise Refused(f"{rep.name} left on {rep.left_on}.", fix="Choose somebody who works here.")
    return rep.title == "Sales Support Agent"


def is_another(customer: Customer, rep: Employee) -> bool:
    """Whoever takes over is not the customer's rep already."""
    return customer.rep is not rep


@accounts.action(who="sales manager", when=[is_agent, is_another], why=["agent left", "language", "balance of work"])
def reassign(customer: Customer, rep: Employee) -> str:
    """Give a customer another support rep."""
    before, customer.rep = customer.rep, rep
    return f"From {before.name if before else 'nobody'} to {rep.name}."


def owes_nothing(customer: Customer) -> bool:
    """Nothing is owed."""
    if customer.owes:
        unpaid = ", ".join(str(invoice.id) for invoice in customer.invoices if invoice.paid_on is None)
        raise Refused(f"{customer.owes} is still owed (invoice {unpaid}).", fix="Close it once that is paid.")
    return True


@accounts.action(
    when=owes_nothing, why=["customer asked", "customer died", "fraud"], tags=["leaving"], title="Close account"
)
def close(customer: Customer, run: Run[str]) -> str:
    """Close an account for good; its invoices are kept."""
    customer.closed_on = run.at.date()
    return f"{customer.name}'s account is closed."


def is_closed(customer: Customer) -> bool:
    """The account is closed."""
    return customer.closed_on is not None


@desk.action("customer.reopen", who="sales manager", when=is_closed, title="Reopen account", tags=["leaving"])
def reopen(customer: Customer) -> str:
    """Open an account again that was closed."""
    customer.closed_on = None
    return f"{customer.name}'s account is open again."


def are_two(keep: Customer, duplicate: Customer) -> bool:
    """These are two accounts."""
    return keep is not duplicate


def are_in_one_country(keep: Customer, duplicate: Customer) -> bool:
    """Both are in one country: invoices are not moved between tax authorities."""
    return keep.country == duplicate.country


@desk.action(
    "customer.merge",
    who="sales manager",
    when=[are_two, are_in_one_country, check(is_open, customer="keep")],
    why=["signed up twice", "company took over"],
    title="Merge customers",
    tags=["accounts"],
    owner="sales support",
)
def merge(keep: Customer, duplicate: Customer, session: Session) -> str:
    """Move a duplicate's invoices to the account to keep, and delete the duplicate."""
    moved = list(duplicate.invoices)
    keep.invoices.extend(moved)
    session.flush()
    session.delete(duplicate)
    return f"{len(moved)} invoices moved to {keep.name}; the account of {duplicate.email} is gone."
