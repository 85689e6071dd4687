"""Webhooks: addresses of other programs that are told what happens. Whoever administers sets them up, on record."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from firsthand.core.errors import FirsthandError
from firsthand.storage import outbox
from firsthand.storage.codec import encode
from firsthand.storage.database import Connection
from firsthand.storage.journal import SqlJournal
from firsthand.storage.people import By, is_name, note

KINDS: Mapping[str, str] = {
    "run.asked": "somebody asked for a run",
    "run.taken": "an ask was taken",
    "run.declined": "an ask was declined",
    "run.withdrawn": "an ask, or a run that waited, was withdrawn",
    "run.succeeded": "a run succeeded",
    "run.refused": "a run was refused",
    "run.failed": "a run failed",
    "run.unknown": "a run ended unknown",
    "run.settled": "it was found out what became of an unknown run",
    "run.waiting": "an ask, or a run, waits for too long",
    "run.commented": "somebody said something about a run",
    "batch.ended": "a batch ended",
    "batch.paused": "a batch was paused",
    "schedule.stopped": "a schedule was paused by itself",
}
"""What a webhook may be told of: the ``type`` of what it is sent."""

MOST_FAILURES = 20
"""So many tries in a row that failed switch a webhook off."""

LONGEST = 2_000
SELECT = "SELECT id, name, url, secret, kinds, roles, state, failures, said FROM webhooks"
INSERT = """INSERT INTO webhooks (name, url, secret, kinds, roles, state) VALUES (?, ?, ?, ?, ?, 'active')
    RETURNING id"""
UPDATE = "UPDATE webhooks SET name = ?, url = ?, kinds = ?, roles = ?, state = ?, failures = ?, said = ? WHERE id = ?"
SUCCEEDED = "UPDATE webhooks SET failures = 0, said = '' WHERE id = ? AND failures > 0"
FAILED = "UPDATE webhooks SET failures = failures + 1, said = ? WHERE id = ? AND state = 'active' RETURNING failures"


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where to, what of, and seen through whose eyes: it is told of what somebody with these ``roles`` may know of.

    ``state`` is active, off or removed; ``failures`` counts tries in a row that failed, ``said`` why the last did.
    ``secret`` signs what is sent, and the one before it, behind a space, if it was renewed; it is shown once.
    """

    id: int
    name: str
    url: str
    secret: str
    kinds: tuple[str, ...]
    roles: tuple[str, ...] = ()
    state: str = "active"
    failures: int = 0
    said: str = ""

    @property
    def host(self) -> str:
        """The host that it goes to; the rest of an address may be a secret."""
        return urlsplit(self.url).netloc

    def __repr__(self) -> str:
        return f"Webhook({self.id}, {self.name!r}, {self.host!r})"


class Webhooks:
    """The webhooks of a journal."""

    def __init__(self, journal: SqlJournal) -> None:
        self.journal = journal
        self.database = journal.database

    def all(self) -> list[Webhook]:
        """Return those that were not removed, oldest first."""
        return [webhook_of(row) for row in self.database.read(f"{SELECT} WHERE state <> 'removed' ORDER BY id")]

    def active(self) -> list[Webhook]:
        """Return those that are told of what happens."""
        return [each for each in self.all() if each.state == "active"]

    def get(self, id: int) -> Webhook | None:
        """Return one that was not removed."""
        return next((each for each in self.all() if each.id == id), None)

    def one(self, id: int) -> Webhook:
        """Return one; raises ``FirsthandError``."""
        found = self.get(id)
        if found is None:
            raise FirsthandError(f"There is no webhook {id}.", "firsthand webhook lists them.")
        return found

    def add(self, name: str, url: str, kinds: Collection[str], by: By, at: int, roles: Collection[str] = ()) -> Webhook:
        """Set one up, and return it with its secret. Raises ``FirsthandError``."""
        secret = new_secret()
        made = Webhook(0, name.strip(), url.strip(), secret, tuple(sorted(kinds)), tuple(sorted(roles)))
        check(made)

        def work(connection: Connection) -> int:
            self.journal.people.allow(connection, by)
            values = (made.name, made.url, secret, encode(list(made.kinds)), encode(list(made.roles)))
            id = int(connection.execute(INSERT, values).fetchone()[0])
            note(connection, at, "webhook_added", by, {"webhook": id, **told(made)})
            return id

        return replace(made, id=self.journal.people.committed(work))

    def change(self, id: int, by: By, at: int, **changes: Any) -> Webhook:
        """Change one's name, url, kinds, roles or state; switched on, it begins anew. Raises ``FirsthandError``."""
        before = self.one(id)
        after = replace(before, **changes)
        if after.state != before.state:
            after = replace(after, failures=0, said="")
        check(after)
        changed = [name for name in changes if getattr(after, name) != getattr(before, name)]

        def work(connection: Connection) -> None:
            self.journal.people.allow(connection, by)
            connection.execute(UPDATE, row_of(after))
            kind = "webhook_removed" if after.state == "removed" else "webhook_changed"
            if after.state == "removed":
                for sql in outbox.DROP:
                    connection.execute(sql, (outbox.to_webhook(id),))
            note(connection, at, kind, by, {"webhook": id, **told(after), "changed": changed})

        if changed:
            self.journal.people.committed(work)
        return after

    def renew(self, id: int, by: By, at: int) -> Webhook:
        """Give one another secret, and return it with that; what is sent is signed with the one before as well.

        So whoever receives it may change over when they like. One before that counts no more. Raises
        ``FirsthandError``.
        """
        before = self.one(id)
        after = replace(before, secret=new_secret())

        def work(connection: Connection) -> None:
            self.journal.people.allow(connection, by)
            both = f"{after.secret} {before.secret.split()[0]}"
            connection.execute("UPDATE webhooks SET secret = ? WHERE id = ?", (both, id))
            note(connection, at, "webhook_changed", by, {"webhook": id, **told(after), "changed": ["secret"]})

        self.journal.people.committed(work)
        return after

    # What became of telling them

    def succeeded(self, id: int) -> None:
        """Note that one took what it was sent."""
        self.database.write(lambda connection: connection.execute(SUCCEEDED, (id,)).rowcount)

    def failed(self, id: int, said: str, at: int, *, gone: bool) -> None:
        """Note that one did not; after many times in a row, or where it says that it is gone, it is switched off."""

        def work(connection: Connection) -> None:
            row = connection.execute(FAILED, (said, id)).fetchone()
            if row and (gone or int(row[0]) >= MOST_FAILURES):
                connection.execute("UPDATE webhooks SET state = 'off' WHERE id = ?", (id,))
                off = webhook_of(connection.execute(f"{SELECT} WHERE id = ?", (id,)).fetchone())
                data = {"webhook": id, **told(off), "failures": off.failures, "said": said}
                note(connection, at, "webhook_stopped", "firsthand", data)

        self.database.write(work)


def new_secret() -> str:
    """Return a secret as the standard has them."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


def told(webhook: Webhook) -> dict[str, object]:
    """Return what an event says of a webhook: neither its secret nor the path of its address, which may be one."""
    return {
        "name": webhook.name, "host": webhook.host, "kinds": list(webhook.kinds), "roles": list(webhook.roles),
        "state": webhook.state,
    }  # fmt: skip


def check(webhook: Webhook) -> None:
    """Raise ``FirsthandError`` where a webhook cannot be one."""
    if not is_name(webhook.name):
        raise FirsthandError("A webhook needs a name.", "Say whom it tells, such as “Chat”.")
    if fault := url_fault(webhook.url):
        raise FirsthandError(fault, "Write it as https://hooks.acme.com/support.")
    if not webhook.kinds:
        raise FirsthandError("A webhook that is told of nothing is none.", f"There are {', '.join(KINDS)}.")
    if unknown := sorted(set(webhook.kinds) - KINDS.keys()):
        raise FirsthandError(f"A webhook cannot be told of {unknown[0]}.", f"There are {', '.join(KINDS)}.")
    if wrong := next((role for role in webhook.roles if not is_name(role)), None):
        raise FirsthandError(f"{wrong!r} cannot be a role.", "Use letters.")


def url_fault(url: str) -> str:
    """Return what is wrong with an address; empty where nothing is. Where it leads is looked at when it is used."""
    if not url.isascii() or not url.isprintable() or " " in url or len(url) > LONGEST:
        return "The address of a webhook is ASCII, without spaces."
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "The address of a webhook cannot be read."
    if parts.scheme not in ("https", "http") or not host:
        return "The address of a webhook begins with https://."
    if "@" in parts.netloc:
        return "The address of a webhook holds no password: it is signed instead."
    return ""


def webhook_of(row: Sequence[Any]) -> Webhook:
    """Return the webhook of a row."""
    id, name, url, secret, kinds, roles, state, failures, said = row
    return Webhook(id, name, url, secret, tuple(json.loads(kinds)), tuple(json.loads(roles)), state, failures, said)


def row_of(webhook: Webhook) -> tuple[Any, ...]:
    """Return the values of ``UPDATE``."""
    kinds, roles = encode(list(webhook.kinds)), encode(list(webhook.roles))
    return webhook.name, webhook.url, kinds, roles, webhook.state, webhook.failures, webhook.said, webhook.id
