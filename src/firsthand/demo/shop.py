"""The business: accounts with a subscription and invoices, in a SQLite file of its own."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE accounts (
    id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL, country TEXT NOT NULL,
    plan TEXT NOT NULL, ends TEXT, locked INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE invoices (
    id INTEGER PRIMARY KEY, account INTEGER NOT NULL REFERENCES accounts (id), day TEXT NOT NULL,
    total TEXT NOT NULL, refunded TEXT NOT NULL DEFAULT '0'
);
"""

ACCOUNTS = [
    (42, "luis@example.com", "Luís Gonçalves", "Brazil", "family", None, 0),
    (43, "leonie@example.com", "Leonie Köhler", "Germany", "single", None, 1),
    (44, "francois@example.com", "François Tremblay", "Canada", "single", "2026-12-31", 0),
    (45, "bjorn@example.com", "Bjørn Hansen", "Norway", "family", None, 0),
    (46, "luis.g@example.com", "Luís Gonçalves", "Brazil", "single", None, 0),
]

INVOICES = [
    (98, 42, "2026-09-03", "13.86", "0"),
    (99, 42, "2026-10-03", "13.86", "0"),
    (100, 43, "2026-10-05", "8.91", "0"),
    (101, 45, "2026-10-07", "13.86", "13.86"),
    (102, 46, "2026-10-09", "8.91", "0"),
]


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who pays for music. ``ends`` is the day on which a cancelled subscription ends."""

    id: int
    email: str
    name: str
    country: str
    plan: str
    ends: str | None
    locked: bool


@dataclass(frozen=True, slots=True)
class Invoice:
    """What somebody paid, and how much of it was given back."""

    id: int
    account: int
    day: str
    total: Decimal
    refunded: Decimal


class Shop:
    """One transaction on the shop's database."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def account(self, id: int) -> Account | None:
        """Return an account."""
        row = self.connection.execute("SELECT * FROM accounts WHERE id = ?", (id,)).fetchone()
        return account_of(row) if row else None

    def accounts(self, text: str) -> list[Account]:
        """Return the accounts whose e-mail address or name has a text in it."""
        rows = self.connection.execute(
            "SELECT * FROM accounts WHERE instr(lower(email || ' ' || name), lower(?)) ORDER BY id", (text,)
        )
        return [account_of(row) for row in rows]

    def invoice(self, id: int) -> Invoice | None:
        """Return an invoice."""
        row = self.connection.execute("SELECT * FROM invoices WHERE id = ?", (id,)).fetchone()
        return invoice_of(row) if row else None

    def set_account(self, account: Account, **values: object) -> None:
        """Change columns of an account."""
        columns = ", ".join(f"{name} = ?" for name in values)
        self.connection.execute(f"UPDATE accounts SET {columns} WHERE id = ?", (*values.values(), account.id))

    def refund(self, invoice: Invoice, amount: Decimal) -> None:
        """Give back some of what was paid."""
        row = (str(invoice.refunded + amount), invoice.id)
        self.connection.execute("UPDATE invoices SET refunded = ? WHERE id = ?", row)

    def merge(self, keep: Account, duplicate: Account) -> int:
        """Move a duplicate's invoices, remove it, and return how many were moved."""
        row = (keep.id, duplicate.id)
        moved = self.connection.execute("UPDATE invoices SET account = ? WHERE account = ?", row).rowcount
        self.connection.execute("DELETE FROM accounts WHERE id = ?", (duplicate.id,))
        return moved


def account_of(row: tuple[Any, ...]) -> Account:
    """Return the account of a row."""
    id, email, name, country, plan, ends, locked = row
    return Account(id, email, name, country, plan, ends, bool(locked))


def invoice_of(row: tuple[Any, ...]) -> Invoice:
    """Return the invoice of a row."""
    id, account, day, total, refunded = row
    return Invoice(id, account, day, Decimal(total), Decimal(refunded))


@contextmanager
def opened() -> Iterator[Shop]:
    """Open the shop for one transaction: committed at the end, rolled back where something raises."""
    path = Path(os.environ.get("FIRSTHAND_DEMO_SHOP", "shop.db"))
    fresh = not path.exists()
    connection = sqlite3.connect(path)
    try:
        if fresh:
            connection.executescript(SCHEMA)
            connection.executemany("INSERT INTO accounts VALUES (?, ?, ?, ?, ?, ?, ?)", ACCOUNTS)
            connection.executemany("INSERT INTO invoices VALUES (?, ?, ?, ?, ?)", INVOICES)
            connection.commit()
        with connection:
            yield Shop(connection)
    finally:
        connection.close()
