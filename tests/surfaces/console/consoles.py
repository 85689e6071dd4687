"""A small desk and its console, for the tests of pages: everybody is signed in as whom the cookie ``who`` names."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, SecretStr
from starlette.testclient import TestClient

from firsthand import Choices, Desk, File, Refused
from firsthand import Run as RunOf
from firsthand.asgi import console
from firsthand.core.actors import Person
from firsthand.storage.journal import SqlJournal

from ... import databases

PEOPLE = (
    Person("sam@acme.com", "Sam", ("lead",), administers=True),
    Person("priya@acme.com", "Priya", ("support",)),
    Person("noor@acme.com", "Noor", ("billing",)),
)


@dataclass
class Account:
    id: int
    email: str
    plan: str = "single"
    active: bool = True


class Item(BaseModel):
    sku: str
    count: Annotated[int, Field(ge=1, le=9)] = 1


def plans_for(account: Account) -> list[tuple[str, str]]:
    return [(plan, f"The {plan} plan") for plan in ("single", "family", "student") if plan != account.plan]


@dataclass
class Shop:
    """The author's world: what there is, and what was done."""

    accounts: dict[int, Account] = field(
        default_factory=lambda: {
            42: Account(42, "luis@example.com"),
            43: Account(43, "leonie@example.com", "family", active=False),
        }
    )
    done: list[object] = field(default_factory=list)
    go_on: threading.Event = field(default_factory=threading.Event)


def make_desk(shop: Shop) -> Desk:  # noqa: C901 - a desk with many actions
    desk = Desk("Acme", environment="production", why=["customer asked", "our mistake"])

    def find(text: str) -> list[Account]:
        return [each for each in shop.accounts.values() if text.lower() in each.email]

    @desk.subject(search=find, label=lambda account: account.email, traits=["plan"])
    def account(id: int) -> Account | None:
        """A customer's account."""
        return shop.accounts.get(id)

    def is_active(account: Account) -> bool:
        """The account has an active subscription."""
        if not account.active:
            raise Refused("It ended on 3 May.", fix="Reactivate it first.")
        return True

    subscription = desk.namespace("subscription", who="support", tags=["billing"], owner="billing team")

    @subscription.action(when=is_active, aliases=["cancel_it"])
    def cancel(account: Account, at_period_end: bool = True) -> str:
        """Stop renewing a customer's subscription."""
        shop.done.append(("cancel", account.id, at_period_end))
        return "Ends on 3 December."

    @subscription.action()
    def change_plan(account: Account, plan: Annotated[str, Choices(plans_for)]) -> str:
        """Move a customer to another plan."""
        shop.done.append(("change_plan", account.id, plan))
        return f"Now on {plan}."

    def up_to_10(amount: int) -> bool:
        """Up to 10."""
        return amount <= 10

    @desk.action("invoice.refund", who={"support": up_to_10, "lead": True})
    def refund(account: Account, amount: int) -> int:
        """Give money back."""
        shop.done.append(("refund", account.id, amount))
        return amount

    @desk.action("gift.send", who="support")
    def send(account: Account, items: list[Item], code: SecretStr) -> str:
        """Send a few things."""
        shop.done.append(("send", account.id, [(each.sku, each.count) for each in items], code.get_secret_value()))
        return "Sent."

    @desk.action("statistics.rebuild", who=["support", "lead"])
    def rebuild(run: RunOf[str]) -> str:
        """Rebuild all statistics, which takes a while."""
        run.say("Started.")
        run.progress(1, 2)
        shop.go_on.wait(20)
        return "Rebuilt."

    @desk.action("letter.send", who="support")
    def send_letter(account: Account, letter: File) -> str:
        """Send a letter that somebody wrote."""
        shop.done.append(("letter", account.id, letter.name, letter.type, letter.content))
        return "Sent."

    @desk.action("ledger.close", who="billing", ask="nobody")
    def close() -> None:
        """Close the books: nobody else may even know."""

    return desk


@dataclass
class House:
    desk: Desk
    journal: SqlJournal
    shop: Shop
    client: TestClient

    def as_person(self, id: str) -> TestClient:
        """The browser of somebody else."""
        self.client.cookies.set("who", id)
        return self.client

    def get(self, path: str, **headers: str) -> str:
        answer = self.client.get(path, headers=headers)
        assert answer.status_code == 200, (answer.status_code, answer.text[:2000])
        return answer.text

    def post(self, path: str, data: dict[str, object] | None = None, form_at: str | None = None, **more: object):
        """Post a form of the page that holds it (its hidden fields are taken over), as a browser does."""
        hidden = hidden_fields(self.get(form_at or path), path)
        return self.client.post(path, data={**hidden, **(data or {})}, headers={"origin": "http://testserver"}, **more)


@contextmanager
def opened(folder: Path, *, who: str = "priya@acme.com", prefix: str = "") -> Iterator[House]:
    """Give a desk of its own with its console, and a browser in which somebody is signed in."""
    shop = Shop()
    desk = make_desk(shop)
    journal = SqlJournal(databases.url(folder))
    desk.use(journal)
    for person in PEOPLE:
        journal.people.add(person, "root")
    app = console(desk, identify=lambda request: request.cookies.get("who"))
    with TestClient(app, root_path=prefix, follow_redirects=False) as client:
        client.cookies.set("who", who)
        yield House(desk, journal, shop, client)
    journal.close()


class Forms(HTMLParser):
    """The hidden fields of every form of a page, by where it is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, dict[str, str]] = {}

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if tag == "form":
            self.action = given.get("action") or ""
        elif tag == "input" and given.get("type") == "hidden" and given.get("name"):
            self.fields.setdefault(self.action, {})[str(given["name"])] = given.get("value") or ""


def hidden_fields(html: str, action: str) -> dict[str, str]:
    forms = Forms()
    forms.feed(html)
    return forms.fields.get(action.split("?")[0], {})
