"""Step 1: putting on record what somebody intends, before anything is decided.

On PostgreSQL that is one statement, on condition that whoever intends it is still as this process saw them last. The
run's number is drawn before, so that the same statement can be sent again where its answer is lost.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

from firsthand.core.actors import Person
from firsthand.core.errors import JournalUnavailable
from firsthand.core.runs import Run, microseconds
from firsthand.storage.codec import RECORDED, encode, key_of, run_of
from firsthand.storage.database import Connection, Database
from firsthand.storage.delivery import Delivery
from firsthand.storage.doubts import AnswerLost, again
from firsthand.storage.history import RUNS, History
from firsthand.storage.mirror import Mirror
from firsthand.storage.people import SELECT_ACTIVE, active, person_of

FACTS = attrgetter(*RECORDED)
INSERT_RUN = f"""INSERT INTO runs (at, status, process, {", ".join(RECORDED)})
    VALUES (?, 'recorded', ?, {", ".join("?" * len(RECORDED))})"""
INSERT_EVENT = "INSERT INTO events (run, at, kind, actor, data) VALUES (?, ?, ?, ?, ?)"
INSERT_SENT = """INSERT INTO sent (person, kind, key, digest, event)
    VALUES (?, ?, ?, ?, last_insert_rowid()) ON CONFLICT DO NOTHING"""
SENT = (
    "SELECT events.run FROM sent JOIN events ON events.id = sent.event WHERE person = ? AND sent.kind = ? AND key = ?"
)
RECORDED_BY = "SELECT 1 FROM events WHERE xid = ? AND run = ? AND kind = 'recorded' AND at = ?"
AT_ONCE = f"""WITH who AS ({{who}}),
    made AS (INSERT INTO runs (id, at, status, process, {", ".join(RECORDED)})
        SELECT ?, ?, 'recorded', ?, {", ".join("?" * len(RECORDED))} FROM who ON CONFLICT (id) DO NOTHING RETURNING id),
    told AS (INSERT INTO events (run, at, kind, actor, data) SELECT id, ?, 'recorded', ?, ? FROM made)
    SELECT (SELECT 1 FROM made) FROM who"""
"""A row where somebody is as they were seen, NULL in it where the number was taken."""

STILL = AT_ONCE.format(
    who="SELECT 1 FROM people WHERE id = ? AND active = 1 AND name = ? AND roles = ? AND administers = ?"
)
ANYHOW = AT_ONCE.format(who="SELECT 1")

NEXT = "SELECT nextval(pg_get_serial_sequence('firsthand.runs', 'id')) FROM generate_series(1, ?)"

MOST = 32
"""Numbers of runs that a process draws at once, at most; it begins with one."""

Intent = Callable[[Person], Run[Any]]
Recorded = tuple[Person, Run[Any]] | None


class Recording:
    """Records runs with their first events."""

    def __init__(self, history: History, mirror: Mirror, delivery: Delivery) -> None:
        self.history = history
        self.database = history.database
        self.mirror = mirror
        self.delivery = delivery
        self.numbers = Numbers(self.database)
        self.seen: dict[str, tuple[Any, ...]] = {}

    def record(self, by: str, intent: Intent, process: int, once: str | None, digest: str | None) -> Recorded:
        """Insert the run that somebody intends, held by a process; None where nobody active has the id.

        Under a key that the person has sent a run with before, return that.
        """
        if self.database.pairs and not once:
            recorded = self.at_once(by, intent, process)
        else:
            recorded = self.within(by, intent, process, once, digest)
        if recorded:
            recorded[1].key = key_of(self.history.id, recorded[1].id)
        return recorded

    def within(self, by: str, intent: Intent, process: int, once: str | None, digest: str | None) -> Recorded:
        """Record a run in a transaction."""
        outside = self.mirror.directory is not None
        told = self.mirror.person(by) if outside else None

        def work(connection: Connection) -> Recorded:
            person = told if outside else active(connection, by)
            if person is None:
                return None
            if once and (sent := connection.execute(SENT, (by, "recorded", once)).fetchone()):
                return person, self.again(connection, sent[0])
            run = intent(person)
            self.insert(connection, run, process)
            if once:
                connection.execute(INSERT_SENT, (by, "recorded", once, digest))
            return person, run

        try:
            return (self.database.write if once else self.database.commit)(work, proof=is_recorded)
        except AnswerLost as lost:
            self.delivery.doubts.note(lost, self.delivery.disown)
            raise

    def insert(self, connection: Connection, run: Run[Any], process: int) -> None:
        """Insert a run with its first event, within a transaction."""
        run.process = process
        at = microseconds(run.at)
        facts = FACTS(run)
        run.id = int(connection.execute(INSERT_RUN, (at, process, *facts)).lastrowid or 0)
        connection.execute(INSERT_EVENT, (run.id, at, "recorded", run.actor or run.asked_by, told(facts)))

    def again(self, connection: Connection, id: int) -> Run[Any]:
        """Return a run that was sent before, as it stands in a transaction."""
        run = run_of(connection.execute(f"{RUNS} WHERE id = ?", (id,)).fetchone(), self.history.id)
        run.again = True
        return run

    # In one statement

    def at_once(self, by: str, intent: Intent, process: int) -> Recorded:
        """Record a run in one statement; where its person has changed meanwhile, look at them again."""
        while True:
            person, condition = self.known(by)
            if person is None:
                return None
            run = intent(person)
            run.process, run.id = process, self.numbers.draw()
            if self.inserted(person, run, condition):
                return person, run
            self.seen.pop(by, None)

    def known(self, by: str) -> tuple[Person | None, tuple[Any, ...]]:
        """Return somebody as they were seen last, and what must still be so."""
        if self.mirror.directory is not None:
            return self.mirror.person(by), ()
        row = self.seen.get(by)
        if row is None:
            found = self.database.read(SELECT_ACTIVE, (by,))
            if not found:
                return None, ()
            row = self.seen[by] = found[0]
        id, name, roles, _, administers, _ = row
        return person_of(row), (id, name, roles, administers)

    def inserted(self, person: Person, run: Run[Any], condition: tuple[Any, ...]) -> bool:
        """Insert a run; say no where its person has changed, or its number was taken by somebody else.

        Raises ``AnswerLost`` where it cannot be found out for a while whether it is on record.
        """
        at, facts = microseconds(run.at), FACTS(run)
        values = (*condition, run.id, at, run.process, *facts, at, run.actor or run.asked_by, told(facts))

        def work(connection: Any) -> tuple[bool, bool]:
            answer = connection.prepared(STILL if condition else ANYHOW, values)
            there = bool(answer.ntuples)
            return there and answer.get_value(0, 0) is not None, there

        try:
            return self.database.commit(work, single=True)[0]
        except AnswerLost as lost:
            try:
                return again(self.database, work)[1]  # its number is its own: what has it is this very run
            except JournalUnavailable as error:
                committed = lambda: self.history.run(run.id) is not None  # noqa: E731
                doubt = AnswerLost(lost.message, lost.fix, committed, (person, run))
                self.delivery.doubts.note(doubt, self.delivery.disown)
                raise doubt from error


class Numbers:
    """Numbers of runs to come, drawn from the database: more at a time, the more are needed."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.guard = threading.Lock()
        self.drawn: deque[int] = deque()
        self.more = 1
        self.process = os.getpid()

    def draw(self) -> int:
        """Return a number that nobody else has; a forked child draws its own."""
        with self.guard:
            if self.process != os.getpid():
                self.drawn.clear()
                self.process, self.more = os.getpid(), 1
            if not self.drawn:
                self.drawn.extend(int(id) for (id,) in self.database.read(NEXT, (self.more,)))
                self.more = min(self.more * 2, MOST)
            return self.drawn.popleft()


def told(facts: Sequence[object]) -> str:
    """Return the data of a run's first event."""
    return encode({name: fact for name, fact in zip(RECORDED, facts, strict=True) if fact is not None})


def is_recorded(connection: Connection, number: int, found: Recorded) -> bool:
    """Say whether a run is on record that a transaction of a number would have recorded."""
    if found is None or found[1].again:
        return True
    return connection.execute(RECORDED_BY, (number, found[1].id, microseconds(found[1].at))).fetchone() is not None
