"""The library's tables."""

from datetime import date
from decimal import Decimal

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import ForeignKey, Numeric
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from werkzeug.security import check_password_hash, generate_password_hash


class Base(DeclarativeBase):
    """What all models have in common."""


db = SQLAlchemy(model_class=Base)


class Member(db.Model):
    """Somebody who borrows books, or works here, or both; a member who was merged into another has left."""

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str]
    roles: Mapped[str] = mapped_column(default="")
    password_hash: Mapped[str] = mapped_column(default="")
    active: Mapped[bool] = mapped_column(default=True)
    loans: Mapped[list["Loan"]] = relationship(back_populates="member")
    fees: Mapped[list["Fee"]] = relationship(back_populates="member")

    def set_password(self, password: str) -> None:
        """Let them sign in by another password."""
        self.password_hash = generate_password_hash(password)

    def may_sign_in(self, password: str) -> bool:
        """Say whether that is their password, and they have not left."""
        return self.active and bool(self.password_hash) and check_password_hash(self.password_hash, password)


class Book(db.Model):
    """A book that the library has, or had."""

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    price: Mapped[Decimal] = mapped_column(Numeric(8, 2))
    lost: Mapped[bool] = mapped_column(default=False)
    wanted_by: Mapped[str | None] = mapped_column(ForeignKey("member.id"))
    loans: Mapped[list["Loan"]] = relationship(back_populates="book")

    @property
    def is_there(self) -> bool:
        """Whether it stands on its shelf."""
        return not self.lost and all(loan.ended_on for loan in self.loans)


class Loan(db.Model):
    """A book that somebody has, until it ends."""

    id: Mapped[int] = mapped_column(primary_key=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("book.id"))
    member_id: Mapped[str] = mapped_column(ForeignKey("member.id"))
    due_on: Mapped[date]
    ended_on: Mapped[date | None]
    book: Mapped[Book] = relationship(back_populates="loans")
    member: Mapped[Member] = relationship(back_populates="loans")


class Fee(db.Model):
    """What somebody owes the library, until it is settled."""

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[str] = mapped_column(ForeignKey("member.id"))
    amount: Mapped[Decimal] = mapped_column(Numeric(8, 2))
    what_for: Mapped[str]
    settled_on: Mapped[date | None]
    member: Mapped[Member] = relationship(back_populates="fees")
