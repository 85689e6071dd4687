"""The Chinook music shop: its tables as SQLAlchemy models, those that `shop.prepare` adds included."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import JSON, Column, ForeignKey, Numeric, Table
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """What all models share: money has two decimal places."""

    type_annotation_map = {Decimal: Numeric(10, 2)}  # noqa: RUF012 - that is how SQLAlchemy wants it


class Employee(Base):
    """Somebody who works, or worked, for the shop."""

    __tablename__ = "Employee"

    id: Mapped[int] = mapped_column("EmployeeId", primary_key=True)
    first_name: Mapped[str] = mapped_column("FirstName")
    last_name: Mapped[str] = mapped_column("LastName")
    title: Mapped[str] = mapped_column("Title")
    email: Mapped[str] = mapped_column("Email")
    left_on: Mapped[date | None] = mapped_column("LeftOn")

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"


class Customer(Base):
    """Somebody who buys music; a closed account keeps its row, since its invoices must be kept."""

    __tablename__ = "Customer"

    id: Mapped[int] = mapped_column("CustomerId", primary_key=True)
    first_name: Mapped[str] = mapped_column("FirstName")
    last_name: Mapped[str] = mapped_column("LastName")
    company: Mapped[str | None] = mapped_column("Company")
    street: Mapped[str | None] = mapped_column("Address")
    city: Mapped[str | None] = mapped_column("City")
    postal_code: Mapped[str | None] = mapped_column("PostalCode")
    country: Mapped[str] = mapped_column("Country")
    email: Mapped[str] = mapped_column("Email")
    rep_id: Mapped[int | None] = mapped_column("SupportRepId", ForeignKey("Employee.EmployeeId"))
    closed_on: Mapped[date | None] = mapped_column("ClosedOn")

    rep: Mapped[Employee | None] = relationship()
    invoices: Mapped[list["Invoice"]] = relationship(back_populates="customer")

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"

    @property
    def owes(self) -> Decimal:
        """What is not paid yet."""
        return sum((invoice.total for invoice in self.invoices if invoice.paid_on is None), Decimal("0.00"))


class Track(Base):
    """One piece of music, or of video."""

    __tablename__ = "Track"

    id: Mapped[int] = mapped_column("TrackId", primary_key=True)
    name: Mapped[str] = mapped_column("Name")
    price: Mapped[Decimal] = mapped_column("UnitPrice")


class Invoice(Base):
    """What a customer bought at one time; the address is as it was then."""

    __tablename__ = "Invoice"

    id: Mapped[int] = mapped_column("InvoiceId", primary_key=True)
    customer_id: Mapped[int] = mapped_column("CustomerId", ForeignKey("Customer.CustomerId"))
    issued_at: Mapped[datetime] = mapped_column("InvoiceDate")
    street: Mapped[str | None] = mapped_column("BillingAddress")
    city: Mapped[str | None] = mapped_column("BillingCity")
    postal_code: Mapped[str | None] = mapped_column("BillingPostalCode")
    country: Mapped[str] = mapped_column("BillingCountry")
    total: Mapped[Decimal] = mapped_column("Total")
    paid_on: Mapped[date | None] = mapped_column("PaidOn")

    customer: Mapped[Customer] = relationship(back_populates="invoices")
    lines: Mapped[list["InvoiceLine"]] = relationship()
    refund: Mapped["Refund | None"] = relationship()

    @property
    def sum_of_lines(self) -> Decimal:
        """What the total should be: the lines that are not voided."""
        return sum((line.amount for line in self.lines if line.voided_on is None), Decimal("0.00"))


class InvoiceLine(Base):
    """One track on an invoice; a voided line stays, and does not count."""

    __tablename__ = "InvoiceLine"

    id: Mapped[int] = mapped_column("InvoiceLineId", primary_key=True)
    invoice_id: Mapped[int] = mapped_column("InvoiceId", ForeignKey("Invoice.InvoiceId"))
    track_id: Mapped[int] = mapped_column("TrackId", ForeignKey("Track.TrackId"))
    price: Mapped[Decimal] = mapped_column("UnitPrice")
    quantity: Mapped[int] = mapped_column("Quantity")
    voided_on: Mapped[date | None] = mapped_column("VoidedOn")

    track: Mapped[Track] = relationship()

    @property
    def amount(self) -> Decimal:
        """Price times quantity."""
        return self.price * self.quantity


class Refund(Base):
    """Money given back for an invoice: its key is the invoice's, so that there cannot be two."""

    __tablename__ = "Refund"

    invoice_id: Mapped[int] = mapped_column("InvoiceId", ForeignKey("Invoice.InvoiceId"), primary_key=True)
    amount: Mapped[Decimal] = mapped_column("Amount")
    refunded_on: Mapped[date] = mapped_column("RefundedOn")


class Mail(Base):
    """A message that waits to be sent."""

    __tablename__ = "Mail"

    id: Mapped[int] = mapped_column("MailId", primary_key=True)
    to: Mapped[str] = mapped_column("Recipient")
    title: Mapped[str] = mapped_column("Title")
    text: Mapped[str] = mapped_column("Text")


playlist_tracks = Table(
    "PlaylistTrack",
    Base.metadata,
    Column("PlaylistId", ForeignKey("Playlist.PlaylistId"), primary_key=True),
    Column("TrackId", ForeignKey("Track.TrackId"), primary_key=True),
)


class Playlist(Base):
    """Tracks under one name."""

    __tablename__ = "Playlist"

    id: Mapped[int] = mapped_column("PlaylistId", primary_key=True)
    name: Mapped[str] = mapped_column("Name")

    tracks: Mapped[list[Track]] = relationship(secondary=playlist_tracks, order_by=Track.id)


class DeletedPlaylist(Base):
    """A copy of a playlist from when it was deleted; a copy is never deleted itself."""

    __tablename__ = "DeletedPlaylist"

    id: Mapped[int] = mapped_column("DeletedPlaylistId", primary_key=True)
    playlist_id: Mapped[int] = mapped_column("PlaylistId")
    name: Mapped[str] = mapped_column("Name")
    track_ids: Mapped[list[int]] = mapped_column("TrackIds", JSON)
    deleted_on: Mapped[date] = mapped_column("DeletedOn")
    restored_on: Mapped[date | None] = mapped_column("RestoredOn")
