"""What the library's staff does by hand."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

from pydantic import Field, SecretStr
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from firsthand import Desk, Person, Refused, Run
from firsthand.integrations.flask import session_of
from library.models import Fee, Loan, Member, db

desk = Desk("Library", why=["member asked", "our mistake"])
desk.resource(session_of(db))


@desk.people
def person(id: str, session: Session) -> Person | None:
    """Whoever works here, as they are now."""
    member = session.get(Member, id)
    if member is None or not member.active or not member.roles:
        return None
    return Person(member.id, member.name, roles=member.roles.split())


def find_members(text: str, session: Session) -> Sequence[Member]:
    """Members by card, name or e-mail."""
    places = (Member.id, Member.name, Member.email)
    fits = or_(*(place.icontains(text, autoescape=True) for place in places))
    return session.scalars(select(Member).where(fits, Member.active)).all()


@desk.subject(search=find_members, label=lambda member: member.name, traits=["email"])
def member(id: str, session: Session) -> Member | None:
    """Somebody who borrows books."""
    return session.get(Member, id)


def find_loans(text: str, session: Session) -> Sequence[Loan]:
    """What a member has, by the member."""
    ids = [member.id for member in find_members(text, session)]
    return session.scalars(select(Loan).where(Loan.member_id.in_(ids), Loan.ended_on.is_(None))).all()


@desk.subject(search=find_loans, label=lambda loan: f"{loan.book.title}, {loan.member.name}")
def loan(id: int, session: Session) -> Loan | None:
    """A book that somebody has."""
    return session.get(Loan, id)


def find_fees(text: str, session: Session) -> Sequence[Fee]:
    """What a member owes, by the member."""
    ids = [member.id for member in find_members(text, session)]
    return session.scalars(select(Fee).where(Fee.member_id.in_(ids), Fee.settled_on.is_(None))).all()


@desk.subject(search=find_fees, label=lambda fee: f"{fee.amount}, {fee.member.name}: {fee.what_for}")
def fee(id: int, session: Session) -> Fee | None:
    """What somebody owes."""
    return session.get(Fee, id)


def is_out(loan: Loan) -> bool:
    """The book is still out."""
    return loan.ended_on is None


loans = desk.namespace("loan", who=["librarian", "head"], when=is_out, tags=["books"])


def is_not_wanted(loan: Loan) -> bool:
    """Nobody else waits for the book."""
    return loan.book.wanted_by in (None, loan.member_id)


@loans.action(when=is_not_wanted)
def renew(loan: Loan, weeks: Annotated[int, Field(ge=1, le=4)] = 2) -> str:
    """Let a member keep a book for longer."""
    loan.due_on += timedelta(weeks=weeks)
    return f"Due on {loan.due_on:%d %B}."


@loans.action(mode="transactional", why=["member lost it", "damaged"])
def write_off(loan: Loan, session: Session, run: Run[str]) -> str:
    """Give a book up that does not come back: end its loan, take it from the shelf, charge its price."""
    loan.ended_on, loan.book.lost = run.at.date(), True
    session.add(Fee(member=loan.member, amount=loan.book.price, what_for=f"{loan.book.title}, lost"))
    return f"{loan.member.name} owes {loan.book.price}."


def is_owed(fee: Fee) -> bool:
    """The fee is still owed."""
    return fee.settled_on is None


def up_to_5(fee: Fee) -> bool:
    """Up to 5."""
    return fee.amount <= 5


@desk.action("fee.waive", who={"librarian": up_to_5, "head": True}, when=is_owed, tags=["money"])
def waive(fee: Fee, run: Run[str]) -> str:
    """Forgive a fee."""
    fee.settled_on = run.at.date()
    return f"{fee.member.name} does not owe {fee.amount} any more."


people = desk.namespace("member", who=["librarian", "head"], tags=["members"])


@people.action()
def set_password(member: Member, password: Annotated[SecretStr, Field(min_length=10)]) -> str:
    """Give a member who has forgotten their password another one."""
    if member.roles:
        raise Refused("Who works here changes their own password.", "Ask them to.")
    member.set_password(password.get_secret_value())
    return f"{member.name} can sign in with it now."


@people.action(who="head", mode="transactional")
def merge(member: Member, other: Member, session: Session) -> str:
    """Make one member of two who are the same person: what the other has and owes becomes this one's."""
    if other.id == member.id or other.roles or not other.active:
        raise Refused("These are not two cards of one member.", "Choose two members who do not work here.")
    loans, fees = list(other.loans), list(other.fees)
    member.loans += loans
    member.fees += fees
    other.active = False
    return f"{len(loans)} loans and {len(fees)} fees are {member.name}'s now."
