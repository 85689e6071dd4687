"""What customers write in about, and what the team does then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from firsthand.demo.customers import PRICES
from firsthand.demo.shop import Account
from firsthand.demo.year import Story, Year

PRICE_RISE = (
    "Price increase", "Cancels because of the price increase", "Too expensive since the new prices",
    "Saw the mail about the new prices and wants out", "Price went up, moves to another service",
    "New price is too much for her", "Price increase announced for next month", "Says the price increase is unfair",
)  # fmt: skip
"""What stands in notes of late, and is not among the reasons yet."""

LEAVING = (
    "Moves abroad",
    "Does not listen any more",
    "Has two subscriptions by mistake",
    "Passed away, his daughter wrote",
)
PASSWORDS = (
    "Called from a new phone",
    "Typed it wrong five times",
    None,
    None,
    None,
    "Confirmed by the last four digits",
)
THANKS = (
    "Customer says thank you.",
    "Answered within the hour 🎉",
    "Called back, all well.",
    "Sent them the how-to as well.",
)
MENTIONS = (
    "@sam should this not be something that customers do themselves?",
    "@noor please look at the books, there may be more of these.",
    "@priya you had the same one last week, how did you solve it?",
    "@sam third time for this family. A bug?",
    "@mateo fyi, you asked about this one",
)
HAND_OVERS = (
    "Quiet day. Two customers wait for a callback, tickets are on my name.",
    "Refunds of the week are done but one: bank says 2 days. @noor knows.",
    "Many locked accounts since noon, all from the same app version. Told the apps team.",
    "Please take the open merge asks first, both customers have written twice.",
    "Nothing special. The phone system was down 11:00–11:40.",
    "Device limit again and again: families. I have started a list, see the wiki.",
    "If the price mail goes out tomorrow, expect cancellations. The text for answers is pinned.",
)


def forgotten(year: Year) -> Story:
    """Somebody has locked themselves out; now and then two colleagues help at once."""
    account, by, ticket = year.somebody(known=True), year.colleague("support"), year.new_ticket()
    year.shop.set_account(account, locked=1)
    reason = "travelling" if year.maybe(0.25) else "forgot the password"
    run = year.run(
        "account.unlock", {"account": account.id}, reason,
        by=by, of=account, notes=year.random.choice(PASSWORDS), ticket=ticket,
    )  # fmt: skip
    if year.maybe(0.06):
        yield year.minutes(3)
        year.run(
            "account.unlock", {"account": account.id}, reason, by=year.colleague("support"), of=account, ticket=ticket
        )
    elif year.maybe(0.05):
        yield year.minutes(30)
        year.comment(run, year.random.choice(THANKS), by)


def receipt(year: Year) -> Story:
    """Somebody cannot find a receipt."""
    account = year.somebody(known=True)
    invoice = year.invoice_of(account)
    if invoice is None:
        return
    inputs: dict[str, object] = {"invoice": invoice.id}
    if year.maybe(0.2):
        inputs["to"] = f"books@{account.email.partition('@')[0].replace('.', '-')}.example.org"
    reason = year.random.choice(("customer asked", "customer asked", "went to spam", "new address"))
    ticket = year.new_ticket()
    year.run(
        "invoice.resend_receipt", inputs, reason, by=year.colleague("support", "billing"), of=account, ticket=ticket
    )
    yield from ()


def too_many_devices(year: Year) -> Story:
    """Somebody has signed in on one device too many: mostly families."""
    account, ticket, by = year.somebody(known=True), year.new_ticket(), year.colleague("support")
    if account.plan != "family" and year.maybe(0.6):
        account = year.somebody(known=True)
    new = (
        account.id,
        year.random.choice(("New phone", "Hotel TV", "Borrowed laptop", "Smart fridge")),
        str(year.shop.today),
    )
    year.connection.execute("INSERT INTO devices (account, name, seen) VALUES (?, ?, ?)", new)
    if year.maybe(0.05):
        wrong = {"account": account.id, "device": 4711}
        year.run("device.sign_out", wrong, "too many devices", by=by, of=account, ticket=ticket)
        yield year.minutes(2)
    device = year.random.choice(list(year.shop.devices_of(account)))
    reason = year.random.choices(("too many devices", "lost or stolen", "customer asked"), (8, 2, 1))[0]
    inputs = {"account": account.id, "device": device}
    run = year.run("device.sign_out", inputs, reason, by=by, of=account, ticket=ticket)
    if account.plan == "family" and year.maybe(0.05):
        yield year.minutes(20)
        year.comment(run, year.random.choice(MENTIONS), by)


def refund(year: Year, reason: str = "") -> Story:
    """Somebody wants money back: support gives up to 10, and asks for more."""
    account, by, ticket = year.somebody(), year.colleague("support"), year.new_ticket()
    invoice = year.invoice_of(account)
    if invoice is None:
        return
    reason = reason or year.random.choices(("never used it", "cancelled too late", "double charge"), (3, 2, 4))[0]
    amount = Decimal(5) if year.maybe(0.25) else invoice.left or invoice.total
    inputs: dict[str, object] = {"invoice": invoice.id, "amount": str(amount)}
    if amount <= 10 or year.maybe(0.3):
        run = year.run("invoice.refund", inputs, reason, by=by, of=account, ticket=ticket)
        if run.status != "refused" or run.refusal is None or run.refusal.code != "clause_failed":
            yield from failed_refund(year, inputs, reason, run.status, ticket)
            return
        yield year.minutes(2)
    ask = year.ask("invoice.refund", inputs, reason, by=by, of=account, ticket=ticket, notes="Above my 10, please look")
    if ask.status == "asked":
        yield from year.settled(ask, by, "lead", "billing", "billing", no="Charged once only, see the bank statement.")


def failed_refund(year: Year, inputs: dict[str, object], reason: str, status: str, ticket: int | None) -> Story:
    """Try a refund again where the payment provider was down."""
    while status == "failed":
        yield year.hours(2)
        status = year.run(
            "invoice.refund", inputs, reason, by=year.colleague("billing"), ticket=ticket, notes="Again"
        ).status


def outage_refund(year: Year) -> Story:
    """Somebody wants money back since there was no music."""
    yield from refund(year, "outage")


def leaves(year: Year) -> Story:
    """Somebody cancels; of late, many because of the prices. Some come back."""
    account, by, ticket = year.somebody(renews=True), year.colleague("support"), year.new_ticket()
    reason, notes = "customer asked", None
    if year.ago < 45 and year.maybe(0.65):
        reason, notes = "other", year.random.choice(PRICE_RISE)
    elif year.maybe(0.15):
        reason, notes = "other", year.random.choice(LEAVING)
    inputs = {"account": account.id}
    if reason == "other" and year.maybe(0.15):
        year.run("subscription.cancel", inputs, "other", by=by, of=account, notes=".", ticket=ticket)
        yield year.minutes(1)
    year.run("subscription.cancel", inputs, reason, by=by, of=account, notes=notes, ticket=ticket)
    if year.maybe(0.1):
        yield year.hours(3)
        year.run(
            "subscription.cancel", inputs, "customer asked", by=year.colleague("support"), of=account, ticket=ticket
        )
    if year.maybe(0.85):
        yield year.hours(24 * 12)
        yield from comes_back(year, account)


def comes_back(year: Year, account: Account) -> Story:
    """Somebody wants to go on: by way of the website, or by writing in."""
    now = year.shop.account(account.id)
    if now and now.ends and year.maybe(0.5):
        year.shop.begin(now, now.plan)
    elif now and now.ends:
        ticket, by = year.new_ticket(), year.colleague("support")
        name = "subscription.resume" if by.terminal and year.maybe(0.3) else "subscription.reactivate"
        year.run(name, {"account": account.id}, "customer asked", by=by, of=now, ticket=ticket)
    yield from ()


def moves(year: Year) -> Story:
    """Somebody wants another plan."""
    account = year.somebody(renews=True)
    if account.plan == "family" and year.maybe(0.8):
        return
    plan = {"student": "single", "single": "family", "family": "single"}[account.plan]
    reason = {"student": "no longer a student", "single": "family grew", "family": "customer asked"}[account.plan]
    inputs, ticket = {"account": account.id, "plan": plan}, year.new_ticket()
    year.run("subscription.change_plan", inputs, reason, by=year.colleague("support"), of=account, ticket=ticket)
    if account.plan == "student" and year.maybe(0.3):
        yield year.hours(30)
        back = {"account": account.id, "plan": "student"}
        year.run("subscription.change_plan", back, "our mistake", by=year.colleague("support"), of=account)
    elif plan == "family":  # most find out that they are not one
        yield year.hours(24 * 10)
        if now := year.shop.account(account.id):
            year.shop.begin(now, account.plan)


def new_address(year: Year) -> Story:
    """Somebody has another e-mail address; now and then another account has it, and the two are one customer."""
    account, by, ticket = year.somebody(), year.colleague("support"), year.new_ticket()
    handle = account.email.partition("@")[0].rstrip("0123456789")
    reason = year.random.choice(("customer asked", "mistyped at sign-up", "lost the mailbox"))
    if year.maybe(0.12):
        yield from two_accounts(year, account, duplicate(year, account), reason)
        return
    inputs = {"account": account.id, "address": f"{handle}{year.random.randrange(1_000, 9_999)}@example.org"}
    year.run("account.change_email", inputs, reason, by=by, of=account, ticket=ticket)
    if year.maybe(0.4):
        year.shop.set_account(account, email=account.email)


def duplicate(year: Year, account: Account) -> Account:
    """Have a customer sign up once more."""
    ((id,),) = year.shop.rows("SELECT max(id) + 1 FROM accounts")
    email, day = account.email.replace("@", f".{id}@"), str(year.shop.today)
    row = (id, email, account.name, account.country, "single", day, day, None, 0)
    year.connection.execute("INSERT INTO accounts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    made = year.shop.account(id)
    return made or account


def two_accounts(year: Year, account: Account, other: Account, reason: str) -> Story:
    """Somebody has two accounts: one is to go, which only leads do."""
    by, ticket = year.colleague("support"), year.new_ticket()
    wanted = {"account": account.id, "address": other.email}
    year.run("account.change_email", wanted, reason, by=by, of=account, ticket=ticket)
    yield year.minutes(3)
    inputs = {"keep": account.id, "duplicate": other.id}
    if year.maybe(0.3):
        year.run("account.merge", inputs, "customer asked", by=by, of=account, ticket=ticket)
        yield year.minutes(1)
    ask = year.ask("account.merge", inputs, "customer asked", by=by, of=account, ticket=ticket, notes="Both are theirs")
    no = "These are two people: father and son. Ask them both first."
    yield from year.settled(ask, by, "lead", no=no)


def on_trial(year: Year) -> Story:
    """Somebody wants to try a little longer."""
    today = year.shop.today
    sql = "SELECT id FROM accounts WHERE trial_ends BETWEEN ? AND ? AND since < ? AND id > 51"
    found = year.shop.rows(sql, str(today), str(today + timedelta(days=14)), str(today))
    if not found:
        return
    account = year.shop.account(year.random.choice(found)[0])
    if account is None or account.trial_ends > account.since + timedelta(days=30):
        return
    by, ticket = year.colleague("support"), year.new_ticket()
    reason = year.random.choice(("customer asked", "could not sign in"))
    for days in (60, 14) if year.maybe(0.2) else (7,):
        until = account.trial_ends + timedelta(days=days)
        inputs = {"account": account.id, "until": str(until)}
        year.run("subscription.extend_trial", inputs, reason, by=by, of=account, ticket=ticket)
        yield year.minutes(1)


def goodwill(year: Year, reason: str = "") -> Story:
    """Somebody gets something nice; more than three things are a lead's."""
    account, by, ticket = year.somebody(known=True), year.colleague("support"), year.new_ticket()
    items: list[dict[str, object]] = [{"item": year.random.choice(("free month", "sticker set")), "count": 1}]
    if year.maybe(0.3):
        items.append({"item": "headphones", "count": 1})
    if large := year.maybe(0.12):
        items.append({"item": "concert ticket", "count": 4})
    inputs: dict[str, object] = {"account": account.id, "items": items}
    if year.maybe(0.4):
        inputs["card"] = {"text": f"Dear {account.name}, sorry for the trouble!"}
    reason = reason or year.random.choice(("our mistake", "long-time customer"))
    run = year.run("gift.package", inputs, reason, by=by, of=account, ticket=ticket)
    if large:
        yield year.minutes(2)
        ask = year.ask("gift.package", inputs, reason, by=by, of=account, ticket=ticket)
        yield from year.settled(ask, by, "lead", no="That is a lot. Two things are enough.")
    elif year.maybe(0.1):
        yield year.hours(20)
        year.comment(run, year.random.choice(THANKS), by)


def outage_goodwill(year: Year) -> Story:
    """Somebody had no music and gets something nice."""
    yield from goodwill(year, "outage")


def credit(year: Year) -> Story:
    """Somebody gets an amount off the next invoice: billing writes it, support asks."""
    account, ticket = year.somebody(known=True), year.new_ticket()
    inputs = {
        "account": account.id,
        "amount": str(PRICES.get(account.plan, 5)),
        "currency": year.random.choice(("EUR", "USD")),
    }
    reason = "outage" if 100 < year.ago < 140 else year.random.choice(("our mistake", "our mistake", "contract"))
    if year.maybe(0.6):
        year.run("invoice.credit_note", inputs, reason, by=year.colleague("billing"), of=account, ticket=ticket)
        return
    by = year.colleague("support")
    ask = year.ask("invoice.credit_note", inputs, reason, by=by, of=account, ticket=ticket)
    yield from year.settled(ask, by, "billing", no="Has a credit note of last week already.")


def wants_data(year: Year) -> Story:
    """Somebody wants to know what the shop knows of them."""
    account, ticket, by = year.somebody(known=True), year.new_ticket(), year.colleague("support", "billing")
    inputs = {"account": account.id}
    run = year.run("account.export", inputs, "customer asked", by=by, of=account, ticket=ticket)
    if run.status == "refused":
        yield year.minutes(2)
        ask = year.ask("account.export", inputs, "customer asked", by=by, of=account, ticket=ticket)
        yield from year.settled(ask, by, "lead", "billing", no="Please have them sign the form first.")


def lost_code(year: Year) -> Story:
    """Somebody has lost the code of a gift card: a lead gives a new one, which an ask cannot keep."""
    account, by, ticket = year.somebody(known=True), year.colleague("support"), year.new_ticket()
    reason = year.random.choice(("lost", "lost", "used by somebody else"))
    ask = year.ask("gift.reset_code", {"account": account.id}, reason, by=by, of=account, ticket=ticket)
    secrets = {"code": f"GIFT-{year.random.randrange(10**8):08}"}
    yield from year.settled(ask, by, "lead", no="Used on the day it was bought.", secrets=secrets)


def wrong_numbers(year: Year) -> Story:
    """Somebody has not listened to that, they say."""
    account, ticket = year.somebody(known=True), year.new_ticket()
    inputs = {"account": account.id, "seconds": 0}
    year.pace = 8
    by = year.colleague("support")
    year.run("listening.rebuild", inputs, "numbers look wrong", by=by, of=account, ticket=ticket)
    year.pace = 0.02
    yield from ()


def for_good(year: Year) -> Story:
    """Somebody has won a lifetime of music: billing asks, the lead decides."""
    account, by = year.somebody(renews=True), year.colleague("billing")
    reason = year.random.choice(("competition", "press", "staff"))
    ask = year.ask("subscription.grant_lifetime", {"account": account.id}, reason, by=by, of=account)
    yield from year.settled(ask, by, "lead", no="Not without a word from the board.")


def typos(year: Year) -> Story:
    """Somebody at a terminal types too quickly."""
    by = year.colleague("support")
    wrong = year.random.choice(
        (("subscription.cancle", 42), ("subscription.grant_lifetime", 45), ("account.unlock", 7))
    )
    year.run(wrong[0], {"account": wrong[1]}, "forgot the password", by=by)
    yield from ()


STORIES: dict[Callable[[Year], Story], float] = {
    forgotten: 17, receipt: 13, too_many_devices: 15, refund: 16, leaves: 6, moves: 7, new_address: 6, on_trial: 9,
    goodwill: 5, credit: 5, wants_data: 2, lost_code: 2, wrong_numbers: 3, for_good: 0.2, typos: 0.4,
}  # fmt: skip
"""What happens, and how often."""
