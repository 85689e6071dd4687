"""The outbox: what is still to be told to whom, and what became of telling it.

A notice is one thing that one recipient is to be told of; a message is made of those that wait for the same recipient.
Whoever delivers claims a message for a while: under its fence, so that one who was taken for dead changes nothing. If
they die, it is sent again, as the same message. Times are microseconds since 1970.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from firsthand.core.journal import Event
from firsthand.storage.codec import event_of
from firsthand.storage.database import Connection
from firsthand.storage.journal import SqlJournal

SECOND = 1_000_000
LEASE = 120 * SECOND
"""How long whoever claims a message has for sending it; sending has a shorter limit of its own."""

PAUSES = tuple(each * SECOND for each in (30, 120, 600, 1_800, 3_600, 10_800, 21_600))
"""After how long a message that failed is tried again: the longer, the more often it has failed."""

TRIED_FOR = 3 * 86_400 * SECOND
"""How long after it was made a message is given up."""

KEPT = 30 * 86_400 * SECOND
"""How long it is remembered what was sent."""

AT_ONCE = 100
"""Notices that become messages in one transaction, or lines of one message, at most."""

ADD = "INSERT INTO notices (recipient, kind, event, run, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
WAITING = "SELECT recipient, kind, min(at), count(*) FROM notices WHERE message IS NULL GROUP BY recipient, kind"
NEXT = """SELECT id FROM notices WHERE message IS NULL AND recipient = ?
    AND kind IN (SELECT value FROM json_each(?)) ORDER BY id LIMIT ?"""
MAKE = "INSERT INTO messages (recipient, state, at, due) VALUES (?, 'waiting', ?, ?) RETURNING id"
PUT = """UPDATE notices SET message = ? WHERE message IS NULL
    AND id IN (SELECT CAST(value AS bigint) FROM json_each(?))"""
OPEN = "state = 'waiting' AND due <= ?"
FIRST = f"""SELECT id FROM messages WHERE {OPEN} AND substr(recipient, 1, ?) = ?
    AND recipient NOT IN (SELECT 'webhook:' || id FROM webhooks WHERE state <> 'active')
    ORDER BY due, id LIMIT 1"""
CLAIM = f"""UPDATE messages SET fence = fence + 1, tries = tries + 1, due = ?
    WHERE {OPEN} AND id = ({FIRST}) RETURNING id, recipient, at, tries, fence"""
END = "UPDATE messages SET state = ?, ended_at = ?, said = ? WHERE id = ? AND fence = ? AND state = 'waiting'"
AGAIN = "UPDATE messages SET due = ?, said = ? WHERE id = ? AND fence = ? AND state = 'waiting'"
MOST_TRIED = "SELECT max(tries) FROM messages WHERE recipient = ? AND state = 'waiting'"
HOLD_BACK = "UPDATE messages SET due = ? WHERE recipient = ? AND state = 'waiting' AND due < ?"
RETRY = """UPDATE messages SET state = 'waiting', at = ?, due = ?, tries = 0, ended_at = NULL
    WHERE state IN ('failed', 'waiting') AND (CAST(? AS bigint) IS NULL OR id = ?)
    AND (state = 'failed' OR tries > 0)"""
DROP = (
    "UPDATE messages SET state = 'void' WHERE recipient = ? AND state IN ('waiting', 'failed')",
    "DELETE FROM notices WHERE recipient = ? AND message IS NULL",
)
FORGET = (
    """DELETE FROM notices WHERE message IN
        (SELECT id FROM messages WHERE ended_at < ? AND state <> 'failed' LIMIT 500)""",
    """DELETE FROM messages WHERE ended_at < ? AND state <> 'failed'
        AND NOT EXISTS (SELECT 1 FROM notices WHERE notices.message = messages.id)""",
)
OF_MESSAGE = """SELECT notices.kind, events.id, events.at, events.kind, events.actor, events.run, events.data
    FROM notices JOIN events ON events.id = notices.event WHERE notices.message = ? ORDER BY notices.id"""
STANDING = """SELECT id, recipient, state, at, due, tries, said,
        (SELECT count(*) FROM notices WHERE notices.message = messages.id) FROM messages"""


class Notice(NamedTuple):
    """One thing that a recipient is told of: its kind, and the event that it is about."""

    kind: str
    event: Event


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this process has claimed, at the ``fence`` of that claim."""

    id: int
    recipient: str
    at: int
    tries: int
    fence: int


class Standing(NamedTuple):
    """How a message stands: ``due`` is when it is tried next, ``said`` why it was not delivered."""

    id: int
    recipient: str
    state: str
    at: int
    due: int
    tries: int
    said: str
    notices: int


class Outbox:
    """The outbox of a journal."""

    def __init__(self, journal: SqlJournal) -> None:
        self.journal = journal
        self.database = journal.database

    # Making messages

    def waiting(self) -> list[tuple[str, str, int, int]]:
        """Return recipient and kind of the notices that are in no message yet, when the oldest was, and how many."""
        return [(str(to), str(kind), int(at), int(number)) for to, kind, at, number in self.database.read(WAITING)]

    def gather(self, recipient: str, kinds: Collection[str], now: int, *, apart: bool = False) -> int:
        """Make a message of what waits for a recipient, or, ``apart``, one of each notice; return of how many."""

        def work(connection: Connection) -> int:
            values = (recipient, json.dumps(sorted(kinds)), AT_ONCE)
            found = [int(id) for (id,) in connection.execute(NEXT, values)]
            for ids in [[each] for each in found] if apart else [found] if found else []:
                message = connection.execute(MAKE, (recipient, now, now)).fetchone()[0]
                connection.execute(PUT, (message, json.dumps(ids)))
            return len(found)

        return self.database.write(work)

    # Delivering

    def claim(self, channel: str, now: int) -> Claimed | None:
        """Claim the message that has waited the longest, of recipients whose names begin so, for a while."""
        values = (now + LEASE, now, now, len(channel), channel)
        if not self.database.read(FIRST, values[2:]):
            return None
        row = self.database.write(lambda connection: connection.execute(CLAIM, values).fetchone())
        return Claimed(*row) if row else None

    def notices(self, message: int) -> list[Notice]:
        """Return what a message is about, in the order in which it happened."""
        return [Notice(kind, event_of(row)) for kind, *row in self.database.read(OF_MESSAGE, (message,))]

    def end(self, claimed: Claimed, state: str, now: int, said: str = "") -> bool:
        """Note that a message was ``sent``, has ``failed`` for good, or is ``void``: nobody is to be told any more.

        False where somebody else has claimed it since.
        """
        values = (state, now, said, claimed.id, claimed.fence)
        return self.database.write(lambda connection: connection.execute(END, values).rowcount) == 1

    def fail(self, claimed: Claimed, said: str, now: int) -> None:
        """Note that a message could not be delivered: it is tried again later, and what waits for the same recipient
        waits with it; after some days it is given up.
        """
        if now - claimed.at > TRIED_FOR:
            self.end(claimed, "failed", now, said)
            return

        def work(connection: Connection) -> None:
            tried = int(connection.execute(MOST_TRIED, (claimed.recipient,)).fetchone()[0] or 1)
            due = now + PAUSES[min(tried, len(PAUSES)) - 1]
            if connection.execute(AGAIN, (due, said, claimed.id, claimed.fence)).rowcount:
                connection.execute(HOLD_BACK, (due, claimed.recipient, due))

        self.database.write(work)

    def postpone(self, claimed: Claimed, due: int) -> None:
        """Let a claimed message wait until a time; it was not tried."""
        values = (due, claimed.id, claimed.fence)
        sql = "UPDATE messages SET due = ?, tries = tries - 1 WHERE id = ? AND fence = ? AND state = 'waiting'"
        self.database.write(lambda connection: connection.execute(sql, values).rowcount)

    def retry(self, now: int, message: int | None = None) -> int:
        """Have one message, or all that could not be delivered, tried again at once; return how many."""
        values = (now, now, message, message)
        return self.database.write(lambda connection: connection.execute(RETRY, values).rowcount)

    def forget(self, before: int) -> None:
        """Forget what was sent before a time."""

        def work(connection: Connection) -> None:
            for sql in FORGET:
                connection.execute(sql, (before,))

        if self.database.read("SELECT 1 FROM messages WHERE ended_at < ? AND state <> 'failed' LIMIT 1", (before,)):
            self.database.write(work)

    # How it stands

    def undelivered(self, limit: int) -> list[Standing]:
        """Return the messages that failed, once or for good, the newest first."""
        tried = "(state = 'failed' OR state = 'waiting' AND tries > 0 AND said <> '')"
        sql = f"{STANDING} WHERE {tried} ORDER BY id DESC LIMIT ?"
        return standings(self.database.read(sql, (limit,)))

    def newest(self, recipient: str, limit: int) -> list[Standing]:
        """Return the newest messages to somebody."""
        sql = f"{STANDING} WHERE recipient = ? AND state <> 'void' ORDER BY id DESC LIMIT ?"
        return standings(self.database.read(sql, (recipient, limit)))

    def late(self, before: int) -> int:
        """Return how many messages were due before a time, and nobody has tried to deliver them."""
        sql = "SELECT count(*) FROM messages WHERE state = 'waiting' AND tries = 0 AND due < ?"
        return int(self.database.read(sql, (before,))[0][0])

    def counts(self, since: int) -> dict[str, int]:
        """Return how many messages wait, were sent since a time, and could not be delivered."""
        sql = """SELECT coalesce(sum(CASE WHEN state = 'waiting' THEN 1 ELSE 0 END), 0),
            coalesce(sum(CASE WHEN state = 'sent' AND ended_at >= ? THEN 1 ELSE 0 END), 0),
            coalesce(sum(CASE WHEN state = 'failed' THEN 1 ELSE 0 END), 0) FROM messages"""
        waiting, sent, failed = self.database.read(sql, (since,))[0]
        return {"waiting": int(waiting), "sent": int(sent), "failed": int(failed)}


def standings(rows: Sequence[Sequence[Any]]) -> list[Standing]:
    """Return how messages stand, of rows of ``STANDING``."""
    return [Standing(*row) for row in rows]


def to_person(id: str) -> str:
    """Return how the outbox names a person."""
    return f"person:{id}"


def to_webhook(id: int) -> str:
    """Return how the outbox names a webhook."""
    return f"webhook:{id}"


def named(recipient: str) -> str:
    """Return the id of whoever the outbox names."""
    return recipient.partition(":")[2]
