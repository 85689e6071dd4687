"""A year at the shop: its clock, its colleagues, its customers, and what they do, through the desk itself.

Nothing here writes into the journal behind the desk's back. A clock is moved on, and real actions are performed,
refused and asked for on the real shop; so all that is on record is what would be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from random import Random
from sqlite3 import Connection
from typing import Any

from firsthand.core.actors import Person
from firsthand.core.errors import Refused, UnknownActor
from firsthand.core.journal import Step
from firsthand.core.runs import Run, microseconds
from firsthand.demo.customers import KNOWN, LOCKED
from firsthand.demo.shop import Account, Invoice, Shop
from firsthand.desk import Desk
from firsthand.storage.journal import SqlJournal

DAYS = 365
OPENS, CLOSES = 8, 18
HEAVY = 12
"""How many families there are that never stop writing in."""

Story = Iterator[timedelta]
"""Something that happens: a generator that yields how long it takes until it goes on."""


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody of the team: when they came, and left, in days before now, and how much of the work they do."""

    id: str
    name: str
    role: str
    came: int = DAYS
    left: int = -1
    share: int = 1
    terminal: float = 0.0

    def is_there(self, ago: int) -> bool:
        """Say whether they work here on the day so many days before now."""
        return self.left < ago <= self.came


TEAM = (
    Colleague("sam@acme.com", "Sam", "lead", terminal=0.5),
    Colleague("noor@acme.com", "Noor", "billing"),
    Colleague("priya@acme.com", "Priya", "support", share=4, terminal=0.1),
    Colleague("aiko@acme.com", "Aiko", "support", share=3),
    Colleague("jonas@acme.com", "Jonas", "support", left=131, share=3),
    Colleague("mateo@acme.com", "Mateo", "support", came=214, share=3, terminal=0.6),
    Colleague("lena@acme.com", "Lena", "billing", came=96),
    Colleague("nightly@acme.com", "Nightly job", "support", came=300, share=0, terminal=1),
)
"""Sam administers; the last one is a program."""

SIGNING_IN = ("priya@acme.com", "sam@acme.com", "noor@acme.com")
"""Whom visitors of the demo may sign in as: support, lead, billing."""


@dataclass
class Year:
    """Everything that goes on, in the order of time. ``at`` is now, ``until`` is when the year is over."""

    desk: Desk
    journal: SqlJournal
    connection: Connection
    until: datetime
    random: Random = field(default_factory=lambda: Random(7))  # noqa: S311 - the same year every time, on purpose
    pace: float = 0.02
    ticket: int = 3_100
    due: list[tuple[datetime, int, Story]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.at = (self.until - timedelta(days=DAYS)).replace(hour=OPENS, minute=0, second=0, microsecond=0)
        self.numbers = count()
        self.weights = dict(self.weighed())
        self.journal.people.clock = self.clock
        self.desk.use(self.journal, self.clock)

    def clock(self) -> int:
        """Return the time, which goes on a little whenever somebody looks."""
        self.at += timedelta(seconds=self.random.expovariate(1 / self.pace))
        return microseconds(self.at)

    # Time

    @property
    def ago(self) -> int:
        """How many days before the year's last it is."""
        return (self.until.date() - self.at.date()).days

    def happens(self, at: datetime, story: Story) -> None:
        """Have a story begin, or go on, at a time."""
        heappush(self.due, (at, next(self.numbers), story))

    def goes_by(self) -> None:
        """Let everything happen that is due until the year is over; what is later never does."""
        while self.due and self.due[0][0] <= self.until:
            due, _, story = heappop(self.due)
            self.at = max(self.at, due)
            wait = next(story, None)
            if wait is not None:
                self.happens(self.at + wait, story)

    def minutes(self, mean: float) -> timedelta:
        """Return a wait of about so many minutes."""
        return timedelta(minutes=0.2 + self.random.expovariate(1 / mean))

    def hours(self, mean: float) -> timedelta:
        """Return a wait of about so many hours, the office's."""
        at = self.at + timedelta(hours=self.random.expovariate(1 / mean))
        while at.weekday() > 4 or not OPENS <= at.hour < CLOSES:
            opens = at.replace(hour=OPENS, minute=self.random.randrange(60))
            at = opens if at < opens else opens + timedelta(days=1)
        return at - self.at

    def in_time(self, wait: timedelta) -> timedelta:
        """Return a wait, shortened where the year would be over."""
        left = self.until - self.at
        return wait if wait < left else left * self.random.uniform(0.1, 0.9)

    def maybe(self, share: float) -> bool:
        """Say whether something happens that does so often."""
        return self.random.random() < share

    # The team

    def colleague(self, *roles: str) -> Colleague:
        """Return somebody of a role who works here now."""
        there = [each for each in TEAM if each.role in roles and each.is_there(self.ago) and each.share]
        return self.random.choices(there, [each.share for each in there])[0]

    def joins(self, colleague: Colleague) -> Story:
        """Have somebody come, and go."""
        person = Person(colleague.id, colleague.name, (colleague.role,))
        self.journal.people.add(person, by="sam")
        if colleague.left > 0:
            yield timedelta(days=colleague.came - colleague.left)
            self.journal.people.change(colleague.id, by="sam", active=False)

    # The customers

    @property
    def shop(self) -> Shop:
        """The shop, today."""
        return Shop(self.connection, self.at.date())

    def weighed(self) -> Iterator[tuple[int, float]]:
        """Yield how often each account needs support: families more than others, and a few of them all the time."""
        families = [row[0] for row in self.shop.rows("SELECT id FROM accounts WHERE plan = 'family' AND id > 51")]
        heavy = self.random.sample(families, HEAVY)
        for id, plan in self.shop.rows("SELECT id, plan FROM accounts WHERE id <> ?", LOCKED):
            yield id, 14 if id in heavy else 5 if id == KNOWN[0][0] else 2 if plan == "family" else 1

    def somebody(self, *, known: bool = False, renews: bool = False) -> Account:
        """Return a customer of today: one who needs support; or, ``renews``, any who has not cancelled.

        ``known``: one of those by whose numbers the docs go may be it.
        """
        least = 0 if known else KNOWN[-1][0]
        ids, weights = list(self.weights), list(self.weights.values())
        while True:
            id = self.random.choice(ids) if renews else self.random.choices(ids, weights)[0]
            account = self.shop.account(id) if id > least else None
            if (
                account
                and account.since < self.shop.today
                and not (renews and (account.ends or account.plan == "lifetime"))
            ):
                return account

    def invoice_of(self, account: Account) -> Invoice | None:
        """Return a customer's newest invoice of today, one that is not refunded if there is one of late."""
        found = [each for each in self.shop.invoices_of(account) if each.day <= self.shop.today]
        return next((each for each in found[:3] if each.left), next(iter(found), None))

    # What is done

    def said(self, account: Account | None, reason: str, notes: str | None, ticket: int | None) -> dict[str, Any]:
        """Return who wanted it and why, as a run keeps it."""
        requested_by = account.email if account and self.maybe(0.9) else None
        return {
            "requested_by": requested_by,
            "ticket": str(ticket) if ticket else None,
            "reason": reason,
            "notes": notes,
        }

    def new_ticket(self) -> int | None:
        """Return the number of a ticket; now and then there is none."""
        self.ticket += self.random.randint(1, 3)
        return self.ticket if self.maybe(0.85) else None

    def run(
        self, action: str, inputs: Mapping[str, object], reason: str, *, by: Colleague, of: Account | None = None,
        notes: str | None = None, ticket: int | None = None,
    ) -> Run[Any]:  # fmt: skip
        """Have an action performed."""
        said = self.said(of, reason, notes, ticket)
        return self.desk.run(action, inputs, by=by.id, surface=self.surface(by), **said)

    def ask(
        self, action: str, inputs: Mapping[str, object], reason: str, *, by: Colleague, of: Account | None = None,
        notes: str | None = None, ticket: int | None = None,
    ) -> Run[Any]:  # fmt: skip
        """Have somebody ask for an action."""
        said = self.said(of, reason, notes, ticket)
        return self.desk.ask(action, inputs, by=by.id, surface=self.surface(by), **said)

    def settled(
        self, ask: Run[Any], asker: Colleague, *roles: str, no: str, secrets: Mapping[str, object] | None = None
    ) -> Story:
        """Have an ask taken, mostly; or declined, or withdrawn."""
        if self.maybe(0.06):
            yield self.in_time(self.minutes(40))
            self.desk.withdraw(ask.id, "Found another way.", by=asker.id)
            return
        yield self.in_time(self.hours(2.5))
        by = self.colleague(*roles)
        if self.maybe(0.1):
            self.desk.decline(ask.id, no, by=by.id, surface=self.surface(by))
            return
        with suppress(Refused):
            self.desk.take(ask.id, by=by.id, secrets=secrets, surface=self.surface(by))

    def comment(self, run: Run[Any], words: str, by: Colleague) -> None:
        """Have somebody say something about a run."""
        self.journal.append("commented", actor=by.id, at=self.clock(), run=run.id, data={"text": words})

    def hand_over(self, words: str, by: Colleague) -> None:
        """Have somebody leave a note for the next shift."""
        self.journal.append("handed_over", actor=by.id, at=self.clock(), data={"text": words})

    def turned_away(self, who: str) -> None:
        """Have somebody try who is not of the team."""
        with suppress(UnknownActor):
            self.desk.run("account.export", {"account": 42}, by=who, surface="terminal")

    def interrupted(self, action: str, inputs: Mapping[str, object], reason: str, by: Colleague) -> Run[Any]:
        """Have a process die between performing and recording: whether it happened is unknown."""
        said = self.said(None, reason, None, self.new_ticket())
        pipeline = self.desk.pipeline
        attempt = pipeline.record(self.desk.request(action, inputs, by.id, "console", **said))
        with attempt.opened:
            pipeline.perform_attempt(attempt)
        self.journal.step(Step(attempt.run.id, "performing", "unknown", self.clock(), None))
        return attempt.run

    def surface(self, by: Colleague) -> str:
        """Return where somebody works: most in the console, some at a terminal, programs in Python."""
        return "python" if not by.share else "terminal" if self.maybe(by.terminal) else "console"


def begins(year: Year, at: datetime, story: Callable[..., Story], *about: object) -> None:
    """Have a story of a year begin at a time, when the shop is as it is then."""
    year.happens(at, told(year, story, *about))


def told(year: Year, story: Callable[..., Story], *about: object) -> Story:
    """Begin a story only when its time has come."""
    yield from story(year, *about)
