"""Notify: the follower that fills the outbox, in the transaction that moves its position.

What it has read it does not read again: a rebuild tells nobody anything twice. What happened some days ago is not news,
so whoever begins to have people told, or was down for long, sends nobody a year of it.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from firsthand.core.notices import Preferences
from firsthand.core.runs import Run
from firsthand.followers.concerned import TOLD, TYPES, Fact, Known, concerned
from firsthand.followers.following import START, Follower, Position
from firsthand.storage import outbox
from firsthand.storage.codec import run_of
from firsthand.storage.database import Connection
from firsthand.storage.history import NOT_SUCCEEDED, RUNS
from firsthand.storage.journal import SqlJournal
from firsthand.storage.preferences import chosen
from firsthand.storage.queue import Queue
from firsthand.storage.watches import Watches
from firsthand.storage.webhooks import Webhook, Webhooks

LOG = logging.getLogger("firsthand")

NEWS = 3 * 86_400 * 1_000_000
"""Microseconds after which what happened is told to nobody any more."""

ASK_WAITS = 4 * 3_600 * 1_000_000
"""Microseconds after which an ask that nobody took is told to those who may take it, once more."""

OVERDUE = 10 * 60 * 1_000_000
"""Microseconds after which whoever wants a run that is due is told that no worker has begun it."""

ODD = (ValueError, LookupError, TypeError, AttributeError)
"""What odd data on record may raise."""

WHILE = 30.0
"""Seconds after which a host's people are listed anew."""

CHUNK = 2_000
MOST_ROWS = 250
"""So many rows at most are added at once, which takes about 1 ms under the write lock."""
MOST_LATE = 500

KINDS = ", ".join(f"'{each}'" for each in sorted(TOLD))
NEXT = f"""SELECT {{place}}, events.id, events.at, events.kind, events.actor, events.run,
        CASE WHEN events.kind IN ({KINDS}) THEN events.data END,
        runs.action, runs.actor, runs.asked_by, runs.tags, runs.subjects, runs.batch, runs.schedule
    FROM events LEFT JOIN runs ON runs.id = events.run AND events.kind IN ({KINDS})
    WHERE {{after}} {{settled}} ORDER BY {{order}} LIMIT :limit"""
LATE_ASKS = f"{RUNS} WHERE {NOT_SUCCEEDED} AND status = 'asked' AND at <= ? ORDER BY at, id LIMIT ?"
SINCE_WHEN = "SELECT max(id) FROM events WHERE run = ? AND kind IN ('asked', 'queued')"
THERE = """SELECT event FROM notices WHERE kind IN ('waiting', 'run.waiting')
    AND event IN (SELECT CAST(value AS bigint) FROM json_each(?))"""

ONLY_NAMED = ("recorded", "handed_over")
"""Kinds of events that concern nobody but those whom they name."""

DEFAULTS = Preferences()
NOBODY = Known((), {}, {})


class Around(NamedTuple):
    """What there is to know for telling some facts: ``watching`` are the people by kind and name of what they watch."""

    known: Known
    watching: Mapping[tuple[str, str], set[str]]
    preferences: Mapping[str, Preferences]
    webhooks: Sequence[Webhook]


Row = tuple[str, str, int, int | None, int]
"""Recipient, kind, event, run and time of a notice."""


class Notify(Follower):
    """The follower that decides who is told what. ``mail`` says whether people can be reached at all."""

    name = "notify"
    take_away = ()

    def __init__(self, journal: SqlJournal, clock: Callable[[], int], *, mail: bool) -> None:
        super().__init__(journal.database)
        self.journal = journal
        self.clock = clock
        self.mail = mail
        self.watches = Watches(journal)
        self.webhooks = Webhooks(journal)
        self.known_at: tuple[int, float, Known] | None = None

    def fold(self) -> bool:
        """Read the next events, if there are any; say whether there may be more: what comes meanwhile has time."""
        position = self.position()
        rows = self.read(NEXT, **position._asdict(), limit=CHUNK)
        if not rows:
            return False
        facts = self.facts(rows)
        around = self.around(facts)
        found: list[Row] = []
        to = Position(*rows[-1][:2])
        for place, fact in facts:
            if len(found) > MOST_ROWS:
                break
            found += self.notices(fact, around)
            to = place if len(found) > MOST_ROWS else to
        self.moved(position, to, lambda connection: connection.executemany(outbox.ADD, found))
        return len(rows) == CHUNK or to != Position(*rows[-1][:2])

    def facts(self, rows: Sequence[Sequence[Any]]) -> list[tuple[Position, Fact]]:
        """Return what of some events somebody may be told, with their places; what is odd is told to nobody."""
        since, found = self.clock() - NEWS, []
        for xid, place, *row in rows:
            if row[2] not in TOLD or row[1] < since or (row[2] in ONLY_NAMED and "@" not in row[5]):
                continue
            try:
                found.append((Position(xid, place), fact_of(row)))
            except ODD as error:
                LOG.warning("Event %s cannot be told to anybody: %r", row[0], error)
        return found

    def around(self, facts: Sequence[tuple[Position, Fact]]) -> Around:
        """Return what there is to know for telling some facts, read once for all of them."""
        known = self.known() if facts else NOBODY
        keys: dict[str, set[str]] = {}
        for _, fact in facts:
            for kind, names in known.with_former(fact.keys()).items():
                keys.setdefault(kind, set()).update(names)
        watching: dict[tuple[str, str], set[str]] = {}
        for person, watch in self.watches.of_keys(keys) if self.mail else ():
            watching.setdefault((watch.kind, watch.key), set()).add(person)
        preferences = chosen(self.database) if facts and self.mail else {}
        return Around(known, watching, preferences, self.webhooks.active() if facts else [])

    def notices(self, fact: Fact, around: Around) -> Iterator[Row]:
        """Yield the rows of what an event has to be told."""
        watching: set[str] = set()
        if around.watching:
            keys = around.known.with_former(fact.keys())
            every = ((kind, name) for kind, names in keys.items() for name in names)
            watching = watching.union(*(around.watching.get(each, ()) for each in every))
        people = concerned(fact, around.known, watching, self.owner(fact))
        yield from self.rows(fact, people, around)

    def rows(self, fact: Fact, people: Iterable[tuple[str, str]], around: Around) -> Iterator[Row]:
        """Yield the rows of those people who want to hear of it and can be reached, and of webhooks."""
        for kind, person in people if self.mail else ():
            wanted = around.preferences.get(person, DEFAULTS)
            if wanted.wants(kind) and wanted.reached_at(around.known.people[person]):
                yield outbox.to_person(person), kind, fact.id, fact.run, fact.at
        type = TYPES.get(fact.kind, "")
        for webhook in around.webhooks:
            if is_for(webhook, type, fact, around.known):
                yield outbox.to_webhook(webhook.id), type, fact.id, fact.run, fact.at

    def known(self) -> Known:
        """Return people and catalogue, read anew where something has changed about them, or after a while."""
        history, now = self.journal.history, time.monotonic()
        event = history.last_event_of_no_run()
        if self.known_at is None or self.known_at[0] != event or now > self.known_at[1]:
            known = Known(self.journal.mirror.everybody(), dict(history.catalogue()), history.gone())
            self.known_at = (event, now + WHILE, known)
        return self.known_at[2]

    def owner(self, fact: Fact) -> str | None:
        """Return whose batch an event is about."""
        if not fact.kind.startswith("batch_"):
            return None
        rows = self.database.read("SELECT actor FROM batches WHERE id = ?", (fact.data.get("batch"),))
        return str(rows[0][0]) if rows else None

    # What no event tells of: that nothing happens

    def look(self) -> None:
        """Tell of asks that nobody takes, and of runs that are due and that no worker has begun; each once."""
        now = self.clock()
        asks = [run_of(row, "") for row in self.database.read(LATE_ASKS, (now - ASK_WAITS, MOST_LATE))]
        late = [*asks, *Queue(self.journal).overdue(now - OVERDUE, MOST_LATE)]
        since = {self.since_when(run): run for run in late}
        there = {int(event) for (event,) in self.database.read(THERE, (json.dumps(sorted(since)),))}
        around = self.around([(START, Fact(0, now, "waiting", None))] if since.keys() - there else ())
        found: list[Row] = []
        for event, run in since.items():
            if event and event not in there and len(found) < MOST_ROWS:
                found += self.waiting(run, event, now, around)
        if found:

            def work(connection: Connection) -> None:
                connection.executemany(outbox.ADD, found)

            self.database.write(work)

    def since_when(self, run: Run[Any]) -> int:
        """Return the event since which a run waits."""
        rows = self.database.read(SINCE_WHEN, (run.id,))
        return int(rows[0][0] or 0)

    def waiting(self, run: Run[Any], event: int, now: int, around: Around) -> Iterator[Row]:
        """Yield the rows of a run that waits for too long: for who may take it, or for whoever wanted it."""
        known, fact = around.known, Fact(event, now, "waiting", None, run.id, action=run.action)
        people = known.performers(run.action) - {run.asked_by} if run.status == "asked" else {run.actor}
        told = [("waiting", person) for person in sorted(each for each in people if each)]
        yield from self.rows(fact, [each for each in told if known.told(each[1], run.action)], around)


def is_for(webhook: Webhook, type: str, fact: Fact, known: Known) -> bool:
    """Say whether a webhook wants to be told of a fact, and may be."""
    return type in webhook.kinds and known.may_know(webhook.roles, fact.concerns)


def fact_of(row: Sequence[Any]) -> Fact:
    """Return the fact of a row of ``NEXT``, behind its place."""
    id, at, kind, actor, run, data, action, by, asked_by, tags, subjects, batch, schedule = row
    told = [f"{each['kind']}:{each['id']}" for each in json.loads(subjects or "[]")]
    return Fact(
        id, at, kind, actor, run, json.loads(data), action, by, asked_by, tuple(json.loads(tags or "[]")),
        tuple(told), batch, schedule,
    )  # fmt: skip
