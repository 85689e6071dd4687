"""The desk that console.py and load.py serve: its actions have one small effect each, a row in another SQLite file.

The file is named by the environment's FIRSTHAND_EFFECTS; `effects.token` is what each form gave, so that whoever counts
knows what was performed, and how often.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from firsthand import Desk

REASONS = ("customer asked", "our mistake", "outage", "fraud", "follow-up")
NAMESPACES = ("account", "invoice", "subscription", "device", "shipment")
VERBS = ("unlock", "correct", "cancel", "resend", "transfer", "close")
ACTIONS = tuple(f"{namespace}.{verb}" for namespace in NAMESPACES for verb in VERBS)

desk = Desk("Benchmark", environment="development", why=list(REASONS))


@dataclass(frozen=True)
class Account:
    """An account of the benchmark's: any number is one."""

    id: int

    @property
    def email(self) -> str:
        """Its address."""
        return f"customer{self.id}@example.com"


class Effects:
    """The author's database: one connection, one durable commit an effect."""

    opening = threading.Lock()
    opened: Effects | None = None

    def __init__(self, path: str) -> None:
        self.guard = threading.Lock()
        self.connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
        self.connection.execute("PRAGMA journal_mode=WAL")
        self.connection.execute("PRAGMA synchronous=FULL")
        self.connection.execute("CREATE TABLE IF NOT EXISTS effects (account INTEGER, token TEXT)")

    def add(self, account: int, token: str) -> None:
        """Have one effect."""
        with self.guard:
            self.connection.execute("INSERT INTO effects VALUES (?, ?)", (account, token))


@desk.resource
def effects() -> Iterator[Effects]:
    """The database, opened once."""
    with Effects.opening:
        opened = Effects.opened = Effects.opened or Effects(os.environ["FIRSTHAND_EFFECTS"])
    yield opened


@desk.subject(label=lambda account: account.email)
def account(id: int) -> Account | None:
    """A customer's account."""
    return Account(id) if id > 0 else None


def add_action(name: str) -> None:
    """Put an action on the desk that has an effect and nothing else."""

    def perform(account: Account, token: str, effects: Effects) -> str:
        """Note something about a customer's account."""
        effects.add(account.id, token)
        return f"Noted {token}."

    desk.action(name, who="support")(perform)


for each in ACTIONS:
    add_action(each)
