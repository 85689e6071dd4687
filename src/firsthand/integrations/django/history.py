"""History that a project has already: the admin's log, and that of django-auditlog, as runs of the past.

An entry is known by its log and its number. So an import may be stopped and run again: nothing is doubled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

from django.apps import apps
from django.utils import timezone

from firsthand.core.errors import FirsthandError
from firsthand.core.runs import microseconds
from firsthand.core.text import LIMITS, recordable
from firsthand.storage.codec import columns_of, encode
from firsthand.storage.imports import BATCH, Imported, Row, Taking

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from firsthand.integrations.django.desks import Desk
    from firsthand.storage.journal import SqlJournal

ADMIN_VERBS = {1: "add", 2: "change", 3: "delete"}
AUDIT_VERBS = {0: "create", 1: "update", 2: "delete", 3: "access"}

NOBODY = "unknown"
"""Who did what no user is named for."""


class Entry(NamedTuple):
    """An entry of a log: who did what to which object, when, and what it says of that."""

    verb: str
    at: datetime
    actor: Any
    model: Any
    id: str
    label: str
    notes: str


def of_admin(entry: Any) -> Entry:
    """Return an entry of the admin's log."""
    return Entry(
        ADMIN_VERBS.get(entry.action_flag, "change"), entry.action_time, entry.user, entry.content_type,
        str(entry.object_id or ""), entry.object_repr, entry.get_change_message(),
    )  # fmt: skip


def of_audit(entry: Any) -> Entry:
    """Return an entry of django-auditlog's."""
    return Entry(
        AUDIT_VERBS.get(entry.action, "change"), entry.timestamp, entry.actor, entry.content_type,
        str(entry.object_pk), entry.object_repr, "; ".join(changes_of(entry.changes)),
    )  # fmt: skip


def changes_of(changes: object) -> Iterator[str]:
    """Yield what django-auditlog says was changed, a field each."""
    for name, change in changes.items() if isinstance(changes, Mapping) else ():
        known = isinstance(change, (list, tuple)) and len(change) == 2
        yield f"{name}: {change[0]} → {change[1]}" if known else str(name)


class Log(NamedTuple):
    """A log that can be taken in: the app that has it, its model, and how its entries are read."""

    app: str
    related: tuple[str, ...]
    read: Callable[[Any], Entry]


LOGS = {
    "admin-log": Log("admin", ("user", "content_type"), of_admin),
    "auditlog": Log("auditlog", ("actor", "content_type"), of_audit),
}
"""What ``manage.py firsthand import --from`` knows."""


def import_log(desk: Desk, journal: SqlJournal, name: str, *, by: str) -> Imported:
    """Take in a log of the project's as runs; ``by`` is the system's user who does it.

    Raises ``FirsthandError`` for a log that there is not.
    """
    if name not in LOGS:
        raise FirsthandError(f"There is no log {name}.", f"There are {', '.join(LOGS)}.")
    log, taking = LOGS[name], Taking(journal, by)
    if not apps.is_installed(model := f"django.contrib.{log.app}" if log.app == "admin" else log.app):
        raise FirsthandError(f"The project has no {name}: {model} is not installed.", "Import another log.")
    kinds = {kind.type: kind.name for kind in desk.work_out().kinds.values()}
    entries: QuerySet = apps.get_model(log.app, "LogEntry")._default_manager.order_by("pk").select_related(*log.related)
    left = entries
    while batch := list(left[:BATCH]):  # no cursor stays open, which would keep others from writing to SQLite
        taking.take([row_of(name, each.pk, log.read(each), kinds) for each in batch])
        left = entries.filter(pk__gt=batch[-1].pk)
    return Imported(taking.taken, taking.there, 0, None)


def row_of(log: str, number: object, entry: Entry, kinds: Mapping[Any, str]) -> Row:
    """Return an entry as a run: called ``admin.order.change``, by the log, the object's kind and what was done."""
    model = entry.model.model_class() if entry.model else None
    kind = kinds.get(model) or (entry.model.model if entry.model else "object")
    at = microseconds(entry.at if timezone.is_aware(entry.at) else timezone.make_aware(entry.at))
    actor = entry.actor.get_username() if entry.actor else NOBODY
    subject: dict[str, object] = {
        "kind": kind,
        "id": recordable(entry.id, 200),
        "label": recordable(entry.label, 500),
        "traits": {},
    }
    run: dict[str, object] = {
        "action": f"{log.removesuffix('-log')}.{kind}.{entry.verb}", "actor": recordable(actor, 200),
        "notes": recordable(entry.notes.strip(), LIMITS["notes"]) or None, "at": at, "ended_at": at,
        "status": "succeeded", "subjects": [subject], "surface": "import", "environment": "", "desk": "",
    }  # fmt: skip
    digest = blake2b(f"django {log} {number}".encode(), digest_size=16).digest()
    return Row(digest, at, columns_of(run), encode({name: value for name, value in run.items() if value is not None}))
