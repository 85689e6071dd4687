"""The shop's last year: when what happens, from a quiet start to a minute ago."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from firsthand.demo.fraud import declared, fraud
from firsthand.demo.stories import (
    HAND_OVERS,
    STORIES,
    forgotten,
    leaves,
    outage_goodwill,
    outage_refund,
    receipt,
    too_many_devices,
)
from firsthand.demo.year import CLOSES, DAYS, OPENS, TEAM, Colleague, Story, Year, begins

PRICE_RISE_AGO = 45
"""For how many days customers have known of the new prices."""

A_DAY = 15
"""Stories on an ordinary working day."""

SEASON = (1.3, 1.1, 1.0, 0.95, 0.95, 0.9, 0.75, 0.75, 1.0, 1.05, 1.15, 1.3)
"""How much more or less there is in each month."""

HOURS = (2, 5, 6, 5, 3, 4, 5, 5, 4, 2)
"""How much of the day's work comes in which of the office's hours."""

OUTAGE = 131
"""How many days ago there was no music, and payments were down."""

SHORT = (forgotten, receipt, too_many_devices)
"""What happens at any hour, and is done at once."""

ASKS: tuple[tuple[timedelta, str, str, dict[str, object], str, str | None], ...] = (
    (timedelta(days=6, hours=2), "Mateo", "gift.package",
     {"account": 49, "items": [{"item": "concert ticket", "count": 4}, {"item": "headphones", "count": 2}]},
     "long-time customer", "With us since the first day. Four tickets, two headphones?"),
    (timedelta(days=3, hours=5), "Noor", "subscription.grant_lifetime", {"account": 47}, "competition",
     "Won the summer competition. @sam please, she has asked twice"),
    (timedelta(hours=26), "Priya", "gift.reset_code", {"account": 48}, "lost", None),
    (timedelta(hours=3, minutes=10), "Mateo", "invoice.credit_note",
     {"account": 50, "amount": "8.91", "currency": "USD"}, "our mistake", "We charged her for a month without music"),
    (timedelta(minutes=38), "Aiko", "account.merge", {"keep": 42, "duplicate": 46}, "customer asked",
     "Signed up twice, both are his. He confirmed by phone"),
    (timedelta(minutes=4), "Priya", "invoice.refund", {"invoice": 98, "amount": "13.86"}, "double charge",
     "Charged twice in one month, above my 10"),
)  # fmt: skip
"""What is open at the end: for how long, who asks, for what, why."""


def begin(year: Year) -> None:
    """Lay the whole year out; it happens when ``goes_by`` is called."""
    start = year.at
    for colleague in TEAM:
        begins(year, start + timedelta(days=DAYS - colleague.came), Year.joins, colleague)
    for number in range(DAYS + 1):
        day = (start + timedelta(days=number)).replace(hour=0, minute=0, second=0)
        for at, story in day_of(year, day):
            if start < at < year.until:
                begins(year, at, story)
    begins(year, start + timedelta(hours=1), declared)
    begins(year, outage_day(year), outage)
    open_asks(year)


def day_of(year: Year, day: datetime) -> Iterator[tuple[datetime, Callable[[Year], Story]]]:
    """Yield what happens on a day, and when."""
    ago = (year.until - day) / timedelta(days=1)
    growth = 1.15 - 0.35 * ago / DAYS
    works = day.weekday() < 5
    share = (1.2, 1.05, 1.0, 1.0, 0.85, 0.12, 0.08)[day.weekday()] * SEASON[day.month - 1] * growth
    for _ in range(round(A_DAY * share * year.random.uniform(0.7, 1.3))):
        yield moment(year, day), year.random.choices(list(STORIES), list(STORIES.values()))[0]
    if 0 < OUTAGE - ago < 24 and works:
        for _ in range(int(14 - (OUTAGE - ago) / 2)):
            yield moment(year, day), outage_goodwill if year.maybe(0.25) else outage_refund
    if ago < PRICE_RISE_AGO and works:
        yield moment(year, day), leaves
    if day.weekday() in (0, 2, 4) and ago < 299:
        yield day + timedelta(hours=2), nightly
    if works and year.maybe(0.5):
        yield day + timedelta(hours=CLOSES, minutes=year.random.randrange(20)), goes_home
    if day.day in (4, 13, 22) and 1 < ago < DAYS - 1:
        yield moment(year, day), fraud
    if day.day == 17 and day.month % 2:
        yield moment(year, day), somebody_else


def moment(year: Year, day: datetime) -> datetime:
    """Return a moment within the office's hours of a day."""
    hour = year.random.choices(range(OPENS, CLOSES), HOURS)[0]
    return day + timedelta(hours=hour, minutes=year.random.randrange(60), seconds=year.random.randrange(60))


def outage_day(year: Year) -> datetime:
    """Return when the outage began: on a working day."""
    at = (year.until - timedelta(days=OUTAGE)).replace(hour=9, minute=40)
    return at + timedelta(days=7 - at.weekday() if at.weekday() > 4 else 0)


def outage(year: Year) -> Story:
    """The payment provider is down for some hours, and with it half the service."""
    by = named("Sam")
    year.connection.execute("UPDATE services SET up = 0")
    year.hand_over("No music for half of Europe since 9:40, and payments are down too. Refund with reason outage.", by)
    for _ in range(16):
        begins(year, year.at + year.minutes(90), outage_refund)
    yield timedelta(hours=4)
    year.connection.execute("UPDATE services SET up = 1")
    year.hand_over("Payments are back. Try the failed refunds again, please. @noor has the list.", by)


def nightly(year: Year) -> Story:
    """A program counts again what somebody has listened to."""
    account, year.pace = year.somebody(known=True), 8
    program = named("Nightly job")
    year.run("listening.rebuild", {"account": account.id, "seconds": 0}, "nightly", by=program)
    year.pace = 0.02
    yield from ()


def goes_home(year: Year) -> Story:
    """Somebody leaves a note for whoever comes next, who mostly takes over in the morning."""
    year.hand_over(year.random.choice(HAND_OVERS), year.colleague("support"))
    note = year.journal.history.last_event()
    if year.ago > 2:
        yield year.hours(1)
        by = year.colleague("support")
        year.journal.append("taken_over", actor=by.id, at=year.clock(), data={"note": note})


def somebody_else(year: Year) -> Story:
    """Somebody tries who is not of the team, or not any more."""
    year.turned_away("jonas@acme.com" if year.ago < OUTAGE else "intern")
    yield from ()


def open_asks(year: Year) -> None:
    """Leave something to do: asks of all ages, and a run of which nobody knows whether it happened."""
    for age, who, action, inputs, reason, notes in ASKS:
        begins(year, year.until - age, asks, who, action, inputs, reason, notes)
    begins(year, year.until - timedelta(hours=20), lost_in_between)
    begins(year, year.until - timedelta(minutes=65), fraud, 3)
    begins(year, year.until - timedelta(minutes=80), goes_home)
    for minutes in (2, 9, 17, 31, 55):
        story = year.random.choices(SHORT)[0]
        begins(year, year.until - timedelta(minutes=minutes), story)


def asks(year: Year, who: str, action: str, inputs: dict[str, object], reason: str, notes: str | None) -> Story:
    """Somebody asks, and nobody has answered yet."""
    account = year.shop.account(42 if "account" not in inputs else int(str(inputs["account"])))
    year.ask(action, inputs, reason, by=named(who), of=account, notes=notes, ticket=year.new_ticket())
    yield from ()


def lost_in_between(year: Year) -> Story:
    """A process dies while a refund is on its way."""
    account = year.somebody()
    while (invoice := year.invoice_of(account)) is None or not 5 <= invoice.left <= 10:
        account = year.somebody()
    inputs = {"invoice": invoice.id, "amount": str(invoice.left)}
    run = year.interrupted("invoice.refund", inputs, "double charge", named("Priya"))
    yield year.minutes(5)
    words = "My page hung and I do not know whether the money went out. @noor can you see it at the bank? @sam fyi"
    year.comment(run, words, named("Priya"))
    yield year.minutes(40)
    year.comment(
        run, "@priya the bank says they know in the morning. Please do not try again until then.", named("Noor")
    )


def named(name: str) -> Colleague:
    """Return a colleague by name."""
    return next(each for each in TEAM if each.name == name)
