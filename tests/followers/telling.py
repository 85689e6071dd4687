"""A desk whose people are told of what happens, and what stands in its outbox."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pydantic import SecretStr

from firsthand import Desk, Refused
from firsthand.followers.notify import Notify
from firsthand.storage.journal import SqlJournal
from firsthand.storage.outbox import Outbox
from firsthand.testing import Trial, trial

PEOPLE = {
    "priya@acme.com": "support", "noor@acme.com": "support", "lee@acme.com": "lead", "sam@acme.com": "sales",
    "kim": "support",
}  # fmt: skip
"""Priya, Noor and Kim may perform; Kim has no address; Sam may only ask."""

SECRET = "hunter2-and-more"


@dataclass
class Account:
    id: int


def make_desk() -> Desk:
    desk = Desk("Acme", environment="production", why=["customer asked"])

    @desk.subject()
    def account(id: int) -> Account | None:
        """An account."""
        return Account(id)

    invoice = desk.namespace("invoice", who=["support", "lead"], tags=["billing"])

    @invoice.action()
    def refund(account: Account, amount: int = 1) -> str:
        """Give money back."""
        if amount > 10:
            raise Refused("Too much.")
        return "Refunded."

    @desk.action("token.set", who="support")
    def set_token(token: SecretStr) -> str:
        """Set a token, and tell it in all ways that there are."""
        raise RuntimeError(f"{token.get_secret_value()} is wrong")

    @desk.action("ledger.close", who="lead", ask="nobody", tags=["billing"])
    def close() -> str:
        """Close the books: nobody else may even know."""
        return "Closed."

    return desk


@contextmanager
def told(people: dict[str, str] = PEOPLE) -> Iterator[tuple[Trial, Notify]]:
    """Give a desk on trial and the follower of its journal."""
    with trial(make_desk(), people) as t:
        follower = Notify(t.journal, t.clock, mail=True)
        t.desk.start()
        follower.advance(5)
        yield t, follower


def waiting(journal: SqlJournal) -> dict[str, list[str]]:
    """Return what waits in the outbox: the kinds of notices by recipient."""
    found: dict[str, list[str]] = {}
    sql = "SELECT recipient, kind FROM notices WHERE message IS NULL ORDER BY id"
    for recipient, kind in journal.database.read(sql):
        found.setdefault(recipient.partition(":")[2], []).append(kind)
    return found


def emptied(journal: SqlJournal) -> None:
    """Take what waits out of the outbox."""
    outbox = Outbox(journal)
    for recipient, kind, at, _ in outbox.waiting():
        outbox.gather(recipient, [kind], at)
