"""Notifications: how whoever looks is told, what they watch, and, for those who administer, webhooks and the outbox."""

from __future__ import annotations

from urllib.parse import quote

from starlette.responses import Response

from firsthand.core.errors import FirsthandError
from firsthand.core.notices import DIGESTS, KINDS, WAITS_FOR_YOU, Preferences
from firsthand.core.runs import moment
from firsthand.storage import webhooks as hooks
from firsthand.storage.outbox import Outbox, to_person
from firsthand.storage.preferences import prefer, preferences_of
from firsthand.storage.watches import Watch, Watches
from firsthand.storage.webhooks import Webhook, Webhooks
from firsthand.surfaces.console.people import administering, known_roles
from firsthand.surfaces.console.sessions import UNSEEN, text_of
from firsthand.surfaces.console.visit import NotFound, Visit

MOST = 50
NEWEST = 10
DAY = 86_400 * 1_000_000


# One's own


def own(visit: Visit) -> Response:
    """Show how one is told, and what one watches."""
    return shown(visit, preferences_of(visit.journal.database, visit.person.id))


def shown(visit: Visit, chosen: Preferences, status: int = 200, problem: FirsthandError | None = None) -> Response:
    """Return that page, with what was wrong."""
    outbox = Outbox(visit.journal)
    return visit.render(
        "notices.html", status, chosen=chosen, kinds=KINDS, waits=WAITS_FOR_YOU, digests=DIGESTS, problem=problem,
        reached=preferences_of(visit.journal.database, visit.person.id).reached_at(visit.person),
        own=Preferences().reached_at(visit.person), mail=bool(visit.desk.settings().smtp_host),
        watches=watched(visit), moment=moment,
        newest=outbox.newest(to_person(visit.person.id), NEWEST), done=visit.asked("done"),
    )  # fmt: skip


def watched(visit: Visit) -> list[tuple[Watch, str]]:
    """Return what one watches, as far as one may know of it, each with the address of its page."""
    found = Watches(visit.journal).of(visit.person.id)
    return [(each, page_of(each)) for each in found if each.kind != "action" or each.key in visit.entries]


def page_of(watch: Watch) -> str:
    """Return where something that is watched is shown."""
    if watch.kind == "subject":
        kind, _, id = watch.key.partition(":")
        return f"/subjects/{quote(kind, safe='')}/{quote(id, safe='')}"
    if watch.kind == "action":
        return f"/actions/{quote(watch.key, safe='')}"
    return f"/actions?{watch.kind}={quote(watch.key, safe='')}"


def choose(visit: Visit) -> Response:
    """Keep how one wants to be told."""
    hour = visit.said("hour")
    wanted = Preferences(
        visit.said("address"), visit.said("mail") == "on",
        tuple(each for each in KINDS if visit.said(f"kind-{each}") != "on"), visit.said("digest"),
        int(hour) if hour.isdecimal() and len(hour) < 3 else 8, visit.said("quiet_from"), visit.said("quiet_to"),
        visit.said("zone") or "UTC",
    )  # fmt: skip
    try:
        prefer(visit.journal, visit.person.id, wanted, visit.person, visit.desk.clock())
    except FirsthandError as error:
        return shown(visit, wanted, 422, error)
    return visit.redirect("/account/notifications", done="saved")


def watch(visit: Visit) -> Response:
    """Watch something, or stop it, and go back to its page."""
    wanted = Watch(visit.said("kind"), visit.said("key"))
    watches = Watches(visit.journal)
    if visit.said("stop"):
        watches.remove(visit.person.id, wanted)
    else:
        watches.add(visit.person, wanted)
    return visit.redirect("/account/notifications" if visit.said("list") else page_of(wanted))


# For those who administer


def administered(visit: Visit, status: int = 200, problem: FirsthandError | None = None) -> Response:
    """Show the webhooks, and what could not be delivered."""
    outbox = Outbox(visit.journal)
    settings = visit.desk.settings()
    return visit.render(
        "settings_notices.html", status, webhooks=Webhooks(visit.journal).all(), kinds=hooks.KINDS, moment=moment,
        counts=outbox.counts(visit.desk.clock() - DAY), undelivered=outbox.undelivered(MOST), problem=problem,
        given=visit.form, roles=known_roles(visit), mail=settings.smtp_host, names=visit.names,
        done=visit.asked("done"),
    )  # fmt: skip


def settings_page(visit: Visit) -> Response:
    """Show that page."""
    return administered(visit)


def add(visit: Visit) -> Response:
    """Set up a webhook; its secret is shown once."""
    try:
        made = Webhooks(visit.journal).add(
            visit.said("name"), visit.said("url"), kinds_of(visit), visit.person, visit.desk.clock(), roles_of(visit)
        )
    except FirsthandError as error:
        return administered(visit, 422, error)
    return edited(visit, made, secret=made.secret)


def webhook_of(visit: Visit, id: str) -> Webhook:
    """Return a webhook; raises ``NotFound``."""
    found = Webhooks(visit.journal).get(int(id)) if id.isdecimal() and len(id) < 19 else None
    if found is None:
        raise NotFound("There is no such webhook.", "Look at the list.")
    return found


def edit_page(visit: Visit) -> Response:
    """Show one webhook."""
    return edited(visit, webhook_of(visit, visit.asked("webhook")))


def edited(
    visit: Visit, webhook: Webhook, status: int = 200, problem: FirsthandError | None = None, secret: str = "",
    done: str = "",
) -> Response:  # fmt: skip
    """Return one webhook's page, with what was wrong, or with its secret."""
    return visit.render(
        "settings_webhook.html", status, UNSEEN, each=webhook, kinds=hooks.KINDS, problem=problem, secret=secret,
        roles=sorted({*known_roles(visit), *webhook.roles}), done=done,
    )  # fmt: skip


def change(visit: Visit) -> Response:
    """Change a webhook."""
    before = webhook_of(visit, visit.said("webhook"))
    changes = {
        "name": visit.said("name"), "url": visit.said("url"), "kinds": kinds_of(visit), "roles": roles_of(visit),
        "state": "active" if visit.said("active") == "on" else "off",
    }  # fmt: skip
    try:
        after = Webhooks(visit.journal).change(before.id, visit.person, visit.desk.clock(), **changes)
    except FirsthandError as error:
        return edited(visit, before, 422, problem=error)
    return edited(visit, after, done="Changed." if after != before else "Nothing was different.")


def renew(visit: Visit) -> Response:
    """Give a webhook another secret, which is shown once."""
    made = Webhooks(visit.journal).renew(webhook_of(visit, visit.said("webhook")).id, visit.person, visit.desk.clock())
    return edited(visit, made, secret=made.secret)


def remove(visit: Visit) -> Response:
    """Remove a webhook."""
    before = webhook_of(visit, visit.said("webhook"))
    Webhooks(visit.journal).change(before.id, visit.person, visit.desk.clock(), state="removed")
    return visit.redirect("/settings/notifications", done="removed")


def kinds_of(visit: Visit) -> tuple[str, ...]:
    """Return which kinds of events a form names."""
    return tuple(each for each in hooks.KINDS if text_of(visit.form, f"kind-{each}") == "on")


def roles_of(visit: Visit) -> tuple[str, ...]:
    """Return which roles a form names."""
    return tuple(sorted({str(each) for each in visit.form.getlist("role") if isinstance(each, str)}))


def retry(visit: Visit) -> Response:
    """Have what could not be delivered tried again at once."""
    Outbox(visit.journal).retry(visit.desk.clock())
    return visit.redirect("/settings/notifications", done="retry")


PAGES = (
    ("GET", "/account/notifications", own),
    ("POST", "/account/notifications", choose),
    ("POST", "/watch", watch),
    ("GET", "/settings/notifications", administering(settings_page)),
    ("POST", "/settings/notifications", administering(add)),
    ("POST", "/settings/notifications/retry", administering(retry)),
    ("GET", "/settings/webhook", administering(edit_page)),
    ("POST", "/settings/webhook", administering(change)),
    ("POST", "/settings/webhook/secret", administering(renew)),
    ("POST", "/settings/webhook/remove", administering(remove)),
)
