"""What the service keeps."""

from datetime import date
from decimal import Decimal

from sqlalchemy import ForeignKey, Numeric
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """All tables."""


class User(Base):
    """Somebody of the staff, who signs in."""

    __tablename__ = "users"
    email: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    password: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)
    roles: Mapped[list["UserRole"]] = relationship(lazy="selectin")


class UserRole(Base):
    """A role that somebody has: `support` or `lead`."""

    __tablename__ = "user_roles"
    email: Mapped[str] = mapped_column(ForeignKey(User.email), primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)


class Customer(Base):
    """Somebody who reads."""

    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str] = mapped_column(unique=True)
    country: Mapped[str]


class Subscription(Base):
    """A customer's paper: daily or at the weekend, until a day."""

    __tablename__ = "subscriptions"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey(Customer.id))
    plan: Mapped[str]
    ends: Mapped[date]
    cancelled: Mapped[bool] = mapped_column(default=False)
    customer: Mapped[Customer] = relationship()


class Invoice(Base):
    """What a customer paid, and how much of it was given back."""

    __tablename__ = "invoices"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey(Customer.id))
    total: Mapped[Decimal] = mapped_column(Numeric(8, 2))
    refunded: Mapped[Decimal] = mapped_column(Numeric(8, 2), default=Decimal(0))
    customer: Mapped[Customer] = relationship()


class Letter(Base):
    """A letter that was handed to the printers, once for each key."""

    __tablename__ = "letters"
    key: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey(Customer.id))
    text: Mapped[str]
