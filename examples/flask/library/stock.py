"""``flask stock``: a few books, members and loans, to try it with."""

from datetime import date
from decimal import Decimal

import click
from flask.cli import with_appcontext

from library.models import Book, Fee, Loan, Member, db


@click.command("stock")
@with_appcontext
def command() -> None:
    """Fill the library, unless it has books already."""
    db.create_all()
    if not db.session.scalar(db.select(Book)):
        db.session.add_all(stocked())
        db.session.commit()
    books = db.session.scalars(db.select(Book)).all()
    click.echo(f"There are {len(books)} books. Sign in as priya or noor, with correct-horse.")


def stocked() -> list[Member | Book | Loan | Fee]:
    """Return what the library has at first."""
    priya = Member(id="priya", name="Priya", email="priya@library.example", roles="librarian")
    noor = Member(id="noor", name="Noor", email="noor@library.example", roles="head")
    luis = Member(id="1042", name="Luis Gonçalves", email="luis@example.com")
    again = Member(id="1077", name="Luis Goncalves", email="luisg@example.com")
    for each in (priya, noor):
        each.set_password("correct-horse")
    sea = Book(title="The Old Man and the Sea", price=Decimal("14.00"))
    emma = Book(title="Emma", price=Decimal("9.50"), wanted_by="1077")
    walden = Book(title="Walden", price=Decimal("12.00"))
    return [
        priya, noor, luis, again, walden,
        Loan(book=sea, member=luis, due_on=date(2026, 12, 4)),
        Loan(book=emma, member=luis, due_on=date(2026, 11, 20)),
        Fee(member=luis, amount=Decimal("2.50"), what_for="Emma, late"),
        Fee(member=again, amount=Decimal("7.00"), what_for="Dune, damaged"),
    ]  # fmt: skip
