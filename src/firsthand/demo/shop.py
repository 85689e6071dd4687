"""The business: accounts with a subscription, invoices and devices, in a SQLite file of its own."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from sqlite3 import Connection
from typing import Any

from firsthand.demo.customers import fill

HELD: ContextVar[Connection | None] = ContextVar("held", default=None)


class PaymentsError(Exception):
    """The payment provider did not do what it should."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who pays for music. ``ends`` is the day on which a cancelled subscription ends."""

    id: int
    email: str
    name: str
    country: str
    plan: str
    since: date
    trial_ends: date
    ends: date | None
    locked: bool


@dataclass(frozen=True, slots=True)
class Invoice:
    """What somebody paid, and how much of it was given back."""

    id: int
    account: int
    day: date
    total: Decimal
    refunded: Decimal

    @property
    def left(self) -> Decimal:
        """What has not been given back."""
        return self.total - self.refunded


class Shop:
    """One transaction on the shop's database, on one day."""

    def __init__(self, connection: Connection, today: date) -> None:
        self.connection = connection
        self.today = today

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Return the rows of a statement."""
        return self.connection.execute(sql, values).fetchall()

    # Reading

    def account(self, id: int) -> Account | None:
        """Return an account."""
        rows = self.rows("SELECT * FROM accounts WHERE id = ?", id)
        return account_of(rows[0]) if rows else None

    def accounts(self, text: str) -> list[Account]:
        """Return the accounts whose e-mail address or name has a text in it."""
        sql = "SELECT * FROM accounts WHERE instr(lower(email || ' ' || name), lower(?)) ORDER BY id"
        return [account_of(row) for row in self.rows(sql, text)]

    def account_at(self, email: str) -> Account | None:
        """Return the account of an e-mail address."""
        rows = self.rows("SELECT * FROM accounts WHERE email = lower(?)", email)
        return account_of(rows[0]) if rows else None

    def invoice(self, id: int) -> Invoice | None:
        """Return an invoice."""
        rows = self.rows("SELECT * FROM invoices WHERE id = ?", id)
        return invoice_of(rows[0]) if rows else None

    def invoices(self, text: str) -> list[Invoice]:
        """Return the invoices of a number, or of the accounts whose address or name has a text in it, newest first."""
        sql = """SELECT invoices.* FROM invoices JOIN accounts ON accounts.id = account
            WHERE instr(lower(email || ' ' || name), lower(?)) OR invoices.id = ? ORDER BY day DESC, invoices.id DESC"""
        return [invoice_of(row) for row in self.rows(sql, text, text)]

    def invoices_of(self, account: Account) -> list[Invoice]:
        """Return an account's invoices, newest first."""
        sql = "SELECT * FROM invoices WHERE account = ? ORDER BY day DESC, id DESC"
        return [invoice_of(row) for row in self.rows(sql, account.id)]

    def devices_of(self, account: Account) -> dict[int, str]:
        """Return an account's devices by id, the one seen last first."""
        sql = "SELECT id, name, seen FROM devices WHERE account = ? ORDER BY seen DESC, id"
        return {
            id: f"{name}, last seen {date.fromisoformat(seen):%-d %B %Y}"
            for id, name, seen in self.rows(sql, account.id)
        }

    def periods_of(self, account: Account) -> list[dict[str, object]]:
        """Return from when to when an account had which plan."""
        sql = "SELECT plan, begins, ends FROM periods WHERE account = ? ORDER BY begins, rowid"
        return [{"plan": plan, "begins": begins, "ends": ends} for plan, begins, ends in self.rows(sql, account.id)]

    def entries_of(self, account: Account) -> list[dict[str, object]]:
        """Return what else there is about an account: letters, credit notes, parcels."""
        sql = "SELECT day, kind, words FROM entries WHERE account = ? ORDER BY day, rowid"
        return [{"day": day, "kind": kind, "words": words} for day, kind, words in self.rows(sql, account.id)]

    # Writing

    def change(self, sql: str, *values: object) -> int:
        """Change something and return how many rows; a transaction begins here, since most only read."""
        if not self.connection.in_transaction:
            self.connection.execute("BEGIN IMMEDIATE")
        return self.connection.execute(sql, values).rowcount

    def set_account(self, account: Account, **values: object) -> None:
        """Change columns of an account."""
        columns = ", ".join(f"{name} = ?" for name in values)
        stored = [str(value) if isinstance(value, date) else value for value in values.values()]
        self.change(f"UPDATE accounts SET {columns} WHERE id = ?", *stored, account.id)

    def cancel(self, account: Account) -> date:
        """Let a subscription run out at the end of the month that is paid for; return the day."""
        ends = self.today + timedelta(days=(account.since - self.today).days % 30)
        self.set_account(account, ends=ends)
        self.end_period(account, ends)
        return ends

    def begin(self, account: Account, plan: str) -> None:
        """Begin a plan today, in place of the one before."""
        self.end_period(account, self.today)
        self.set_account(account, plan=plan, ends=None)
        self.change("INSERT INTO periods VALUES (?, ?, ?, NULL)", account.id, plan, str(self.today))

    def end_period(self, account: Account, day: date) -> None:
        """Say when an account's present period ends."""
        sql = "UPDATE periods SET ends = ? WHERE account = ? AND (ends IS NULL OR ends > ?)"
        self.change(sql, str(day), account.id, str(day))

    def refund(self, invoice: Invoice, amount: Decimal) -> bool:
        """Give back some of what was paid, by way of the payment provider; say whether so much was left."""
        if not self.rows("SELECT 1 FROM services WHERE name = 'payments' AND up"):
            raise PaymentsError("payments.example.com did not answer in 30 seconds")
        cents = int(amount * 100)
        sql = "UPDATE invoices SET refunded = refunded + ? WHERE id = ? AND cents - refunded >= ?"
        return self.change(sql, cents, invoice.id, cents) == 1

    def sign_out(self, device: int) -> None:
        """Remove a device."""
        self.change("DELETE FROM devices WHERE id = ?", device)

    def enter(self, account: Account, kind: str, words: str) -> None:
        """Keep what else was done about an account: a letter, a credit note, a parcel."""
        self.change("INSERT INTO entries VALUES (?, ?, ?, ?)", account.id, str(self.today), kind, words)

    def merge(self, keep: Account, duplicate: Account) -> int:
        """Move a duplicate's invoices and devices, remove it, and return how many invoices were moved."""
        moved = 0
        for table in ("devices", "entries", "invoices"):
            sql = f"UPDATE {table} SET account = ? WHERE account = ?"
            moved = self.change(sql, keep.id, duplicate.id)
        self.change("DELETE FROM periods WHERE account = ?", duplicate.id)
        self.change("DELETE FROM accounts WHERE id = ?", duplicate.id)
        return moved


def account_of(row: tuple[Any, ...]) -> Account:
    """Return the account of a row."""
    id, email, name, country, plan, since, trial_ends, ends, locked = row
    days = date.fromisoformat(since), date.fromisoformat(trial_ends), date.fromisoformat(ends) if ends else None
    return Account(id, email, name, country, plan, *days, bool(locked))


def invoice_of(row: tuple[Any, ...]) -> Invoice:
    """Return the invoice of a row."""
    id, account, day, cents, refunded = row
    return Invoice(id, account, date.fromisoformat(day), money(cents), money(refunded))


def money(cents: int) -> Decimal:
    """Return cents as an amount."""
    return Decimal(cents).scaleb(-2)


def place() -> Path:
    """Return where the shop's database is: at ``FIRSTHAND_DEMO_SHOP``, else in ``shop.db``."""
    return Path(os.environ.get("FIRSTHAND_DEMO_SHOP", "shop.db"))


def connect(path: Path, today: date) -> Connection:
    """Open the shop's database; a new one is filled first, as it is on a day."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=30)
    if not connection.execute("PRAGMA user_version").fetchone()[0]:
        connection.execute("PRAGMA journal_mode=WAL")
        fill(connection, today)
    connection.execute("PRAGMA synchronous=NORMAL")
    return connection


@contextmanager
def opened(today: date | None = None) -> Iterator[Shop]:
    """Open the shop for one transaction: committed at the end, rolled back where something raises."""
    today = today or datetime.now(UTC).date()
    if (connection := HELD.get()) is not None:
        with within(connection):
            yield Shop(connection, today)
        return
    connection = connect(place(), today)
    try:
        with connection:
            yield Shop(connection, today)
    finally:
        connection.close()


@contextmanager
def held(path: Path, today: date) -> Iterator[Connection]:
    """Hold one transaction open, in which every ``opened`` is a part: a year goes by in seconds."""
    connection = connect(path, today)
    connection.execute("BEGIN")
    token = HELD.set(connection)
    try:
        with connection:
            yield connection
    finally:
        HELD.reset(token)
        connection.close()


@contextmanager
def within(connection: Connection) -> Iterator[None]:
    """Make a part of a transaction, undone alone where something raises."""
    connection.execute("SAVEPOINT part")
    done = False
    try:
        yield
        done = True
    finally:
        if not done:
            connection.execute("ROLLBACK TO part")
        connection.execute("RELEASE part")
