"""What the shop does by hand: reporting a payment fraud to the bank, step by step. No code does that yet."""

from __future__ import annotations

from datetime import timedelta

from firsthand.demo.year import Story, Year

NAME = "payment.report_fraud"
STEPS = """Somebody's card was used for a subscription that they know nothing of.
Ask for **nothing** that is not listed here.

1. Call the customer back on the number that *we* have, and let them name the last payment.
2. Write down day, amount and the last four digits of the card. Never the whole number.
3. Lock the account: in the shop's back office, *Customers → Lock*.
4. Fill in the bank's form at <https://bank.example.com/fraud> and keep its reference number.
5. Send the customer the letter *Payment fraud*, with the reference number.
"""
LATER = "6. Look again after 14 days whether the bank has paid back.\n"
"""A step that was added when once nobody had looked."""

SAID = (
    "Reference 77-{number}. The bank calls the customer within two days.",
    "Reference 77-{number}.",
    "Reference 77-{number}; the card was blocked already.",
)


def declared(year: Year) -> Story:
    """Have the lead declare it, and add a step half a year later."""
    declare(year, STEPS, version=0)
    yield timedelta(days=170, hours=3)
    declare(year, STEPS + LATER, version=1)


def declare(year: Year, steps: str, version: int) -> None:
    """Declare it, or change the version that there is."""
    year.desk.declare(
        NAME, by="sam@acme.com", who=["billing", "lead"], steps=steps, version=version, subject="account",
        why=["customer called", "the bank called", "the police wrote"], tags=["fraud"], owner="billing team",
        title="Report a payment fraud to the bank", surface="console",
        description="Tell the bank that a card was used by somebody whose it is not.",
    )  # fmt: skip


def fraud(year: Year, until_step: int = 9) -> Story:
    """Somebody reports that their card was used; ``until_step``: how far it is at the end of the year."""
    account, by, ticket = year.somebody(known=True), year.colleague("billing"), year.new_ticket()
    reason = year.random.choice(("customer called", "customer called", "the bank called", "the police wrote"))
    run = year.run(NAME, {"account": account.id}, reason, by=by, of=account, ticket=ticket)
    steps = 5 if year.ago > 190 else 6
    for step in range(1, min(steps, until_step) + 1):
        yield year.in_time(year.minutes(6))
        if step < 6 or year.maybe(0.7):
            year.desk.tick(run.id, step, by=by.id, surface="console")
    if until_step >= steps:
        yield year.in_time(year.minutes(2))
        words = year.random.choice(SAID).format(number=year.random.randrange(1_000, 9_999))
        mistaken = year.maybe(0.15)
        words = "It was her own card after all, her son had used it." if mistaken else words
        year.desk.finish(run.id, "refused" if mistaken else "succeeded", words, by=by.id, surface="console")
