"""A small shop for the core's tests: accounts, what was done to them, and what the journal says."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from firsthand import Desk, Run
from firsthand.testing import Trial


@dataclass
class Account:
    id: int
    email: str = "luis@example.com"
    plan: str = "basic"
    active: bool = True
    country: str | None = None


@dataclass
class Shop:
    """Accounts 1 to 3, of which 3 is not active; ``done`` is what the actions did."""

    accounts: dict[int, Account] = field(default_factory=lambda: {n: Account(n, active=n != 3) for n in (1, 2, 3)})
    done: list[Any] = field(default_factory=list)
    desk: Desk = field(default_factory=lambda: Desk("Acme", why=["asked", "our mistake"]))

    def __post_init__(self) -> None:
        @self.desk.subject(label=lambda a: a.email, traits=["plan", "country"])
        def account(id: int) -> Account | None:
            """A customer's account."""
            return self.accounts.get(id)

        self.account = account


def kinds(t: Trial, run: Run[Any]) -> list[str]:
    """Return what happened to a run, by its events."""
    return [event.kind for event in t.journal.history.events(run.id)]


def on_record(t: Trial, run: Run[Any]) -> Run[Any]:
    """Return the run as the journal has it."""
    found = t.journal.run(run.id)
    assert found is not None
    return found


def bytes_of(t: Trial) -> bytes:
    """Return every byte of every file of the journal, or, where it is on a server, of every row of every table."""
    database = t.journal.database
    if not database.pairs:
        return b"".join(path.read_bytes() for path in sorted(folder(t).iterdir()) if path.is_file())
    tables = database.read("SELECT tablename FROM pg_tables WHERE schemaname = 'firsthand'")
    rows = (database.read(f"SELECT CAST(each AS text) FROM {name} AS each") for (name,) in tables)
    return "\n".join(str(row) for found in rows for (row,) in found).encode()


def folder(t: Trial) -> Path:
    """Return the folder of the journal."""
    return t.journal.database.path.parent
