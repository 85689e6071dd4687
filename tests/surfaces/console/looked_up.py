"""A desk with a shop behind it, a journal and the console over them, as one person sees it; and what is on a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

from starlette.testclient import TestClient

from firsthand import Desk, Refused
from firsthand.core.actors import Person
from firsthand.storage.journal import SqlJournal
from firsthand.surfaces.console.app import application

LIVE = {"hx-request": "true"}

PEOPLE = (
    Person("ada@acme.com", "Ada", ("lead",), administers=True),
    Person("priya@acme.com", "Priya", ("support",)),
    Person("bo@acme.com", "Bo", ("press",)),
)


@dataclass
class Account:
    """An account of the shop."""

    id: int
    email: str
    plan: str = "pro"
    active: bool = True


def shop_desk(accounts: Mapping[int, Account]) -> Desk:
    """Return a desk over some accounts."""
    desk = Desk("Acme", environment="test", why=["customer asked"])

    def search(text: str) -> list[Account]:
        if text == "break":
            raise RuntimeError("the index is gone")
        return [each for each in accounts.values() if text.casefold() in each.email]

    @desk.subject(search=search, label=lambda account: account.email, traits=["plan"])
    def account(id: int) -> Account | None:
        """A customer's account."""
        return accounts.get(id)

    add_actions(desk)
    return desk


def add_actions(desk: Desk) -> None:
    """Register what may be done: two actions for support, one to ask leads for, one that only these know of."""

    def is_active(account: Account) -> bool:
        """The account has an active subscription."""
        if not account.active:
            raise Refused("It ended on 3 May.", fix="Look at run 1.")
        return True

    def is_small(amount: int) -> bool:
        """The amount is small."""
        return amount < 50

    @desk.action("subscription.cancel", who=["support", "lead"], tags=["billing"], owner="billing team", when=is_active)
    def cancel(account: Account) -> str:
        """Stop renewing a customer's subscription."""
        return "Ends on 3 May."

    @desk.action("account.unlock", who=["support", "lead"], tags=["access"], aliases=["account.unblock"])
    def unlock(account: Account) -> None:
        """Let a customer in again who typed a wrong password too often."""

    @desk.action("account.refund", who="lead", when=is_small, tags=["billing", "money"])
    def refund(account: Account, amount: int) -> None:
        """Give money back."""

    @desk.action("account.secret_pardon", who="lead", ask="nobody", title="Pardon in secret")
    def pardon(account: Account) -> None:
        """Known to leads alone."""


@contextmanager
def opened(folder: Path, desk: Desk, *people: Person) -> Iterator[Desk]:
    """Use a journal in a folder, with some people, those of the shop unless others are given."""
    journal = SqlJournal(f"sqlite:///{folder / 'journal.db'}?synchronous=off")
    desk.use(journal)
    for person in people or PEOPLE:
        journal.people.add(person, "test")
    try:
        yield desk
    finally:
        journal.close()


@contextmanager
def seen_by(desk: Desk, person: str) -> Iterator[TestClient]:
    """Give the console as one person sees it."""
    with TestClient(application(desk, identify=lambda request: person), follow_redirects=False) as client:
        yield client


class Read(HTMLParser):
    """What is on a page: its words, and the addresses of its links with their words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words = ""
        self.links: dict[str, str] = {}
        self.tags: set[str] = set()
        self.at: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag, and where a link goes."""
        self.tags.add(tag)
        if tag == "a":
            self.at = dict(attrs).get("href") or ""
            self.links.setdefault(self.at, "")

    def handle_endtag(self, tag: str) -> None:
        """Note the end of a link."""
        if tag == "a":
            self.at = None

    def handle_data(self, data: str) -> None:
        """Note words."""
        self.words += f" {' '.join(data.split())} " if data.strip() else ""
        if self.at is not None:
            self.links[self.at] += data
        self.words = " ".join(self.words.split())


def read(client: TestClient, path: str, status: int = 200, **headers: str) -> Read:
    """Return a page, which must answer so."""
    answer = client.get(path, headers=headers)
    assert answer.status_code == status, answer.text
    return Read(answer.text)
