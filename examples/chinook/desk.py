"""The desk: what every action shares, and what actions are done to."""

from collections.abc import Iterator, Sequence

import shop
from models import Customer, DeletedPlaylist, Employee, Invoice, Playlist, Track
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from firsthand import Desk

desk = Desk("Chinook", environment="production", why=["customer asked", "our mistake"])


@desk.resource
def session() -> Iterator[Session]:
    """A session on the shop's database: committed where the run succeeds, rolled back where it does not."""
    with Session(shop.engine()) as opened, opened.begin():
        yield opened


def find_customers(text: str, session: Session) -> Sequence[Customer]:
    """Customers by name, e-mail or company."""
    places = (Customer.first_name + " " + Customer.last_name, Customer.email, Customer.company)
    fits = or_(*(place.icontains(text, autoescape=True) for place in places))
    return session.scalars(select(Customer).where(fits)).all()


@desk.subject(search=find_customers, label=lambda customer: customer.name, traits=["country", "company"])
def customer(id: int, session: Session) -> Customer | None:
    """Somebody who buys music."""
    return session.get(Customer, id)


def find_invoices(text: str, session: Session) -> Sequence[Invoice]:
    """Invoices by their customer, newest first."""
    ids = [customer.id for customer in find_customers(text, session)]
    return session.scalars(select(Invoice).where(Invoice.customer_id.in_(ids)).order_by(Invoice.issued_at.desc())).all()


def total_and_name(invoice: Invoice) -> str:
    """What an invoice goes by: 3.98, Luís Gonçalves."""
    return f"{invoice.total}, {invoice.customer.name}"


@desk.subject(search=find_invoices, label=total_and_name, traits=["country"])
def invoice(id: int, session: Session) -> Invoice | None:
    """What a customer bought at one time."""
    return session.get(Invoice, id)


def find_employees(text: str, session: Session) -> Sequence[Employee]:
    """Employees by last name."""
    return session.scalars(select(Employee).where(Employee.last_name.icontains(text, autoescape=True))).all()


@desk.subject(search=find_employees, label=lambda employee: employee.name, traits=["title"])
def employee(id: int, session: Session) -> Employee | None:
    """Somebody who works for the shop."""
    return session.get(Employee, id)


def find_tracks(text: str, session: Session) -> Sequence[Track]:
    """Tracks by name."""
    return session.scalars(select(Track).where(Track.name.icontains(text, autoescape=True)).limit(50)).all()


@desk.subject(search=find_tracks, label=lambda track: track.name, traits=["price"])
def track(id: int, session: Session) -> Track | None:
    """One piece of music."""
    return session.get(Track, id)


def find_playlists(text: str, session: Session) -> Sequence[Playlist]:
    """Playlists by name."""
    return session.scalars(select(Playlist).where(Playlist.name.icontains(text, autoescape=True))).all()


@desk.subject(search=find_playlists, label=lambda playlist: playlist.name)
def playlist(id: int, session: Session) -> Playlist | None:
    """Tracks under one name."""
    return session.get(Playlist, id)


def find_copies(text: str, session: Session) -> Sequence[DeletedPlaylist]:
    """Deleted playlists by name, last deleted first."""
    named = select(DeletedPlaylist).where(DeletedPlaylist.name.icontains(text, autoescape=True))
    return session.scalars(named.order_by(DeletedPlaylist.id.desc())).all()


@desk.subject(search=find_copies, label=lambda copy: f"{copy.name}, deleted on {copy.deleted_on}")
def deleted_playlist(id: int, session: Session) -> DeletedPlaylist | None:
    """A copy of a playlist from when it was deleted."""
    return session.get(DeletedPlaylist, id)
