"""``notify``, ``watch`` and ``webhook``: who is told of what, how, and what could not be delivered."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from firsthand.core.errors import FirsthandError
from firsthand.core.notices import DIGESTS, KINDS, Preferences
from firsthand.core.runs import moment
from firsthand.settings import Settings
from firsthand.storage import webhooks as hooks
from firsthand.storage.outbox import SECOND, Outbox, Standing
from firsthand.storage.preferences import prefer, preferences_of
from firsthand.storage.watches import KINDS as WATCHED
from firsthand.storage.watches import Watch, Watches
from firsthand.storage.webhooks import Webhook, Webhooks
from firsthand.surfaces.terminal import printing
from firsthand.surfaces.terminal.context import actor_of, login, open_journal
from firsthand.surfaces.terminal.main import FAILED
from firsthand.surfaces.terminal.options import parse_id
from firsthand.surfaces.words import line

if TYPE_CHECKING:
    from firsthand.core.actors import Person

JSON = click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
DAY = 86_400 * SECOND
MOST = 50


def now() -> int:
    """Return the time in microseconds since 1970."""
    return time.time_ns() // 1000


def by_mail(settings: Settings) -> str:
    """Return how mail goes out, in words; of its password nothing."""
    if not settings.smtp_host:
        return "Nobody gets mail: no mail server is set (FIRSTHAND_SMTP_HOST)."
    return f"Mail goes out through {settings.smtp_host} ({settings.smtp_security})."


@click.group(invoke_without_command=True)
@JSON
@click.pass_context
def notify_command(ctx: click.Context, as_json: bool) -> None:
    """Say how people are told, and what could not be delivered. `serve` and `worker` deliver it."""
    if ctx.invoked_subcommand:
        return
    journal, settings = open_journal(), Settings.load()
    outbox, found = Outbox(journal), Webhooks(journal).all()
    counts, undelivered = outbox.counts(now() - DAY), outbox.undelivered(MOST)
    if as_json:
        told = [each._asdict() for each in undelivered]
        mail = bool(settings.smtp_host)
        printing.say_json({"mail": mail, "webhooks": len(found), **counts, "undelivered": told})
        return
    off = sum(each.state != "active" for each in found)
    printing.say(by_mail(settings))
    printing.say(f"Webhooks: {len(found)}{f', {off} of them off' if off else ''}.")
    waiting, sent, failed = counts["waiting"], counts["sent"], counts["failed"]
    printing.say(f"Messages: {waiting:,} wait, {sent:,} sent in the last day, {failed:,} could not be delivered.")
    if undelivered:
        rows = [told_row(each) for each in undelivered]
        printing.table(["id", "to", "since", "tries", "next", "why"], rows, right=(0, 3))
        printing.say("Try again at once: firsthand notify retry.")


def told_row(each: Standing) -> tuple[str, ...]:
    """Return the row of a message that was not delivered."""
    after = f"{moment(each.due):%Y-%m-%d %H:%M}" if each.state == "waiting" else "given up"
    since = f"{moment(each.at):%Y-%m-%d %H:%M}"
    return str(each.id), line(each.recipient, 60), since, str(each.tries), after, line(each.said, 120)


@notify_command.command()
@click.argument("address", required=False)
def test(address: str | None) -> None:
    """Send a mail to ADDRESS, or to your own, now, by the settings."""
    from firsthand.surfaces.notify import mail
    from firsthand.surfaces.notify.messages import trial_message

    settings, journal = Settings.load(), open_journal()
    if address is None:
        person = actor_of(journal)
        address = preferences_of(journal.database, person.id).reached_at(person)
    Preferences(address=address).check()
    if not address:
        raise FirsthandError("You have no address.", "Give one: firsthand notify test you@example.com.")
    written = trial_message("Firsthand", settings.desk or "no desk", settings.url)
    composed = mail.composed(settings, address, f"test-{now()}", written, now())
    mail.send(settings, composed)
    printing.say(f"The mail server took a mail to {line(address)}.")


@notify_command.command()
@click.argument("message", required=False)
def retry(message: str | None) -> None:
    """Have a MESSAGE that could not be delivered tried again at once, or all of them."""
    number = Outbox(open_journal()).retry(now(), parse_id(message) if message else None)
    printing.say(f"To be tried again: {number:,}. serve or worker does so.")


@notify_command.command()
@click.option("--address", help="Where your mail goes; '' for the address that is known of you.")
@click.option("--mail/--no-mail", default=None, help="Whether you get mail at all.")
@click.option("--without", multiple=True, metavar="KIND", help=f"What you do not want: {', '.join(KINDS)}; '' for all.")
@click.option("--digest", type=click.Choice(DIGESTS), help="One mail of all that does not wait for you.")
@click.option("--hour", type=click.IntRange(0, 23), help="At which hour a daily digest comes.")
@click.option("--quiet", metavar="22:00-07:00", help="When nothing may come; '' for never.")
@click.option("--zone", help="The time zone of these: Europe/Berlin.")
@JSON
def me(as_json: bool, without: tuple[str, ...], quiet: str | None, **changes: Any) -> None:
    """Show how you are told, and change it."""
    journal = open_journal()
    person = actor_of(journal)
    wanted = {name: value for name, value in changes.items() if value is not None}
    if without:
        wanted["without"] = tuple(sorted({each for each in without if each}))
    if quiet is not None:
        wanted["quiet_from"], _, wanted["quiet_to"] = (each.strip() for each in quiet.partition("-"))
    chosen = replace(preferences_of(journal.database, person.id), **wanted)
    if wanted:
        prefer(journal, person.id, chosen, person, now())
    if as_json:
        printing.say_json({**chosen.as_dict(), "reached_at": chosen.reached_at(person)})
        return
    for said in in_words(chosen, person):
        printing.say(said)


def in_words(chosen: Preferences, person: Person) -> list[str]:
    """Return how somebody is told, in sentences."""
    address = chosen.reached_at(person)
    digests = {"none": "as it comes", "hourly": "once an hour", "daily": f"once a day, at {chosen.hour}:00"}
    quiet = f"from {chosen.quiet_from} to {chosen.quiet_to}" if chosen.quiet_from else "never"
    return [
        f"Mail to {person.name} goes to {line(address)}." if address else f"{person.name} gets no mail.",
        f"What waits for you comes at once, the rest {digests[chosen.digest]}.",
        f"Quiet hours: {quiet} ({chosen.zone}).",
        f"Not wanted: {', '.join(chosen.without) or 'nothing'}.",
    ]


# Watching


@click.command()
@click.argument("kind", required=False, type=click.Choice(WATCHED))
@click.argument("name", required=False)
@click.option("--stop", is_flag=True, help="Do not watch it any more.")
@JSON
def watch_command(kind: str | None, name: str | None, stop: bool, as_json: bool) -> None:
    """Be told of what happens to an action, a namespace, a tag, or a subject such as account:42.

    Without arguments list what you watch.
    """
    journal = open_journal()
    person, watches = actor_of(journal), Watches(journal)
    if kind is None or name is None:
        if kind:
            raise click.UsageError(f"Which {kind}?")
        found = watches.of(person.id)
        if as_json:
            printing.say_json([each._asdict() for each in found])
        else:
            printing.table(["kind", "name"], [tuple(each) for each in found])
        return
    watch = Watch(kind, name)
    if stop:
        watches.remove(person.id, watch)
    else:
        watches.add(person, watch)
    printing.say(f"You {'do not watch' if stop else 'watch'} the {kind} {line(name)}{' any more' if stop else ''}.")


# Webhooks


@click.group(invoke_without_command=True)
@JSON
@click.pass_context
def webhook_command(ctx: click.Context, as_json: bool) -> None:
    """Tell other programs what happens: list webhooks, add, change, test and remove them."""
    if ctx.invoked_subcommand:
        return
    found = Webhooks(open_journal()).all()
    if as_json:
        printing.say_json([described(each) for each in found])
        return
    rows = [
        (str(each.id), line(each.name, 40), each.host, each.state, ", ".join(each.kinds), line(each.said, 80))
        for each in found
    ]
    printing.table(["id", "name", "host", "", "told of", "last failure"], rows, right=(0,))


def described(webhook: Webhook) -> dict[str, object]:
    """Return a webhook as JSON shows it: without its secret."""
    return {
        "id": webhook.id, "name": webhook.name, "url": webhook.url, "kinds": list(webhook.kinds),
        "roles": list(webhook.roles), "state": webhook.state, "failures": webhook.failures, "said": webhook.said,
    }  # fmt: skip


ON = click.option(
    "--on", "kinds", multiple=True, metavar="EVENT", help=f"What it is told of: {', '.join(hooks.KINDS)}."
)
ROLES = click.option(
    "--role", "roles", multiple=True, help="It sees what this role may know of; none: what everybody may."
)


@webhook_command.command()
@click.argument("name")
@click.argument("url")
@ON
@ROLES
def add(name: str, url: str, kinds: tuple[str, ...], roles: tuple[str, ...]) -> None:
    """Have a program at URL told what happens; its secret is shown now, and never again."""
    made = Webhooks(open_journal()).add(name, url, kinds or tuple(hooks.KINDS), login(), now(), roles)
    printing.say(f"Added webhook {made.id}, {line(made.name)}. Its secret, shown only now:")
    printing.say(made.secret)


@webhook_command.command()
@click.argument("webhook")
@click.option("--name", help="Its name.")
@click.option("--url", help="Where it is.")
@ON
@ROLES
@click.option("--no-role", is_flag=True, help="It sees what everybody may know of.")
@click.option("--active/--off", default=None, help="Whether it is told anything.")
def change(webhook: str, kinds: tuple[str, ...], roles: tuple[str, ...], no_role: bool, active: bool | None,
           **said: str | None) -> None:  # fmt: skip
    """Change a WEBHOOK: where it is, what it is told of, and whether it is on."""
    changes: dict[str, Any] = {name: value for name, value in said.items() if value is not None}
    if kinds:
        changes["kinds"] = tuple(sorted(set(kinds)))
    if roles or no_role:
        changes["roles"] = tuple(sorted(set(roles)))
    if active is not None:
        changes["state"] = "active" if active else "off"
    if not changes:
        raise click.UsageError("Say what to change: see --help.")
    after = Webhooks(open_journal()).change(parse_id(webhook), login(), now(), **changes)
    printing.say(f"Changed webhook {after.id}, {line(after.name)}: it is {after.state}.")


@webhook_command.command()
@click.argument("webhook")
def secret(webhook: str) -> None:
    """Give a WEBHOOK another secret, shown now; until the next one, what it is sent is signed with both."""
    made = Webhooks(open_journal()).renew(parse_id(webhook), login(), now())
    printing.say(f"Another secret of webhook {made.id}, {line(made.name)}, shown only now:")
    printing.say(made.secret)


@webhook_command.command()
@click.argument("webhook")
def remove(webhook: str) -> None:
    """Tell a WEBHOOK nothing any more; what waits for it is dropped."""
    gone = Webhooks(open_journal()).change(parse_id(webhook), login(), now(), state="removed")
    printing.say(f"Removed webhook {gone.id}, {line(gone.name)}.")


@webhook_command.command("test")
@click.argument("webhook")
def try_out(webhook: str) -> int:
    """Send a WEBHOOK a message of the type test, now."""
    from firsthand.surfaces.notify.addresses import Unreachable, networks
    from firsthand.surfaces.notify.webhook import post

    found = Webhooks(open_journal()).one(parse_id(webhook))
    at = now()
    said = {"type": "test", "timestamp": moment(at).isoformat(), "data": {"words": "A test."}}
    try:
        post(found, f"msg_test_{at}", said, at // SECOND, networks(Settings.load().webhooks_to))
    except Unreachable as error:
        printing.say(f"{line(found.name)} did not take it: {error.message}", error=True)
        return FAILED
    printing.say(f"{line(found.name)} took it.")
    return 0
