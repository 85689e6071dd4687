"""Who the shop's customers are: made up, the same for the same day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from sqlite3 import Connection
from typing import Any

from firsthand.demo.names import COUNTRIES, somebody

PRICES = {"student": Decimal("4.95"), "single": Decimal("8.91"), "family": Decimal("13.86")}
"""What each plan costs a month."""

SCHEMA = """
CREATE TABLE accounts (
    id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL, country TEXT NOT NULL, plan TEXT NOT NULL,
    since TEXT NOT NULL, trial_ends TEXT NOT NULL, ends TEXT, locked INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE periods (account INTEGER NOT NULL, plan TEXT NOT NULL, begins TEXT NOT NULL, ends TEXT);
CREATE INDEX periods_account ON periods (account);
CREATE TABLE invoices (
    id INTEGER PRIMARY KEY, account INTEGER NOT NULL, day TEXT NOT NULL,
    cents INTEGER NOT NULL, refunded INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX invoices_account ON invoices (account, day);
CREATE TABLE devices (id INTEGER PRIMARY KEY, account INTEGER NOT NULL, name TEXT NOT NULL, seen TEXT NOT NULL);
CREATE INDEX devices_account ON devices (account);
CREATE TABLE entries (account INTEGER NOT NULL, day TEXT NOT NULL, kind TEXT NOT NULL, words TEXT NOT NULL);
CREATE INDEX entries_account ON entries (account);
CREATE TABLE services (name TEXT PRIMARY KEY, up INTEGER NOT NULL);
"""

HOW_MANY = 300
INVOICES_SINCE = 400
"""Days that invoices are kept."""

KNOWN = [
    (42, "luis@example.com", "Luís Gonçalves", "Brazil", "family"),
    (43, "leonie@example.com", "Leonie Köhler", "Germany", "single"),
    (44, "francois@example.com", "François Tremblay", "Canada", "single"),
    (45, "bjorn@example.com", "Bjørn Hansen", "Norway", "family"),
    (46, "luis.g@example.com", "Luís Gonçalves", "Brazil", "single"),
    (47, "maria.angeles@example.org", "María de los Ángeles Fernández de Córdoba y Álvarez de Toledo-Figueroa, "
     "viuda de Montesinos", "Spain", "family"),
    (48, "zoe@example.com", "Zoë 🎧 Lindqvist 🐈‍⬛", "Sweden", "student"),
    (49, "siobhan@example.org", "Siobhán O’Neill-D'Arcy", "Ireland", "family"),
    (50, "layla@example.com", "ليلى عبد الرحمن الخطيب", "Egypt", "single"),
    (51, "hubert@example.org", "Hubert Wolfeschlegelsteinhausenbergerdorff", "United States", "single"),
]  # fmt: skip
"""The customers by whose numbers docs and tests go: Leonie is locked out, François has cancelled."""

LOCKED, CANCELLED = 43, 44

KNOWN_INVOICES = [
    (98, 42, 41, 1386, 0),
    (99, 42, 11, 1386, 0),
    (100, 43, 9, 891, 0),
    (101, 45, 7, 1386, 1386),
    (102, 46, 5, 891, 0),
]
"""Invoices by whose numbers docs and tests go, with how many days ago: 101 is refunded."""

DEVICES = ("Pixel 9", "iPhone 17", "Galaxy Tab", "Kitchen speaker", "Living room TV", "Work laptop", "Car", "Old phone")


def fill(connection: Connection, today: date) -> None:
    """Set up the shop as it is on a day, unless somebody did meanwhile."""
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        if connection.execute("PRAGMA user_version").fetchone()[0]:
            return
        for statement in SCHEMA.split(";"):
            connection.execute(statement)
        random = Random(42)  # noqa: S311 - the same customers every time, on purpose
        accounts = list(accounts_on(today, random))
        insert(connection, "accounts", accounts)
        insert(connection, "periods", [(each[0], each[4], each[5], each[7]) for each in accounts])
        insert(connection, "invoices", invoices_of(accounts, today))
        insert(connection, "devices", devices_of(accounts, today, random))
        insert(connection, "services", [("payments", 1)])
        connection.execute("PRAGMA user_version=1")


def insert(connection: Connection, table: str, rows: Any) -> None:
    """Insert rows into a table."""
    rows = list(rows)
    connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)


def accounts_on(today: date, random: Random) -> Iterator[tuple[Any, ...]]:
    """Yield the accounts' rows."""
    taken = set()
    for id, email, name, country, plan in KNOWN:
        since = today - timedelta(days=900 - id)
        ends = str(today + timedelta(days=24)) if id == CANCELLED else None
        yield id, email, name, country, plan, str(since), str(since + timedelta(days=30)), ends, int(id == LOCKED)
    for id in range(KNOWN[-1][0] + 1, KNOWN[0][0] + HOW_MANY):
        country = random.choice(list(COUNTRIES))
        name, handle = somebody(random, country)
        handle = f"{handle}{id}" if handle in taken else handle
        taken.add(handle)
        email = f"{handle}@example.{random.choice(('com', 'com', 'org'))}"
        plan = random.choices(list(PRICES), (20, 55, 25))[0]
        since = today - timedelta(days=int(random.triangular(3, 1_400, 150)))
        ends = str(today + timedelta(days=random.randrange(-90, 30))) if random.random() < 0.06 else None
        ends = ends if ends and ends > str(since + timedelta(days=30)) else None
        yield (
            id,
            email,
            name,
            country,
            plan,
            str(since),
            str(since + timedelta(days=30)),
            ends,
            int(random.random() < 0.02),
        )


def invoices_of(accounts: list[tuple[Any, ...]], today: date) -> Iterator[tuple[int, int, str, int, int]]:
    """Yield the invoices' rows: one a month after the trial, by day."""
    for id, account, ago, cents, refunded in KNOWN_INVOICES:
        yield id, account, str(today - timedelta(days=ago)), cents, refunded
    due = []
    for account, *_, plan, since, _, ends, _ in accounts:
        day = date.fromisoformat(since) + timedelta(days=30)
        while day <= today and (ends is None or str(day) <= ends):
            if (today - day).days <= INVOICES_SINCE and account > KNOWN[4][0]:
                due.append((str(day), account, int(PRICES[plan] * 100)))
            day += timedelta(days=30)
    for id, (day_due, account, cents) in enumerate(sorted(due), 1_001):
        yield id, account, day_due, cents, 0


def devices_of(accounts: list[tuple[Any, ...]], today: date, random: Random) -> Iterator[tuple[int, int, str, str]]:
    """Yield the devices' rows."""
    id = 0
    for account, *_, plan, _, _, _, _ in accounts:
        for name in random.sample(DEVICES, random.randint(3, 6) if plan == "family" else random.randint(1, 3)):
            id += 1
            yield id, account, name, str(today - timedelta(days=int(random.expovariate(0.05))))
