"""The journal in a database: runs and events in one transaction, people, the catalogue, and who holds what."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from firsthand.core.actors import Person
from firsthand.core.catalogue import by_all_names, changes_between
from firsthand.core.errors import JournalError, JournalMissing
from firsthand.core.fates import fate
from firsthand.core.journal import Event, Step, output_of
from firsthand.core.refusals import unfit_key
from firsthand.core.runs import OUTCOMES, TRANSITIONS, Run
from firsthand.core.version import __version__
from firsthand.storage import at_once
from firsthand.storage.batches import Batches
from firsthand.storage.beside import Beside, telling
from firsthand.storage.codec import columns_of, encode, subject_keys
from firsthand.storage.database import Connection
from firsthand.storage.delivery import Delivery
from firsthand.storage.doubts import AnswerLost, taken_again
from firsthand.storage.history import History
from firsthand.storage.manual import Manuals
from firsthand.storage.mirror import Mirror
from firsthand.storage.opening import opened, schema_known, set_up
from firsthand.storage.people import People
from firsthand.storage.recording import INSERT_EVENT, INSERT_SENT, SENT, Recording
from firsthand.storage.schedules import Schedules

INSERT_SAID = """INSERT INTO events (run, at, kind, actor, data)
    SELECT ?, ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM runs WHERE id = ? AND status = 'performing')"""
DIGEST = "SELECT digest FROM sent WHERE person = ? AND kind = ? AND key = ?"
INSERT_SUBJECT = "INSERT INTO run_subjects SELECT ?, at, id FROM runs WHERE id = ? ON CONFLICT DO NOTHING"
HOLDER = "SELECT other.id FROM runs AS other WHERE other.holds = ? AND other.status = 'performing'"
SAVE_GONE = """INSERT INTO gone (name, rights) VALUES (?, ?)
    ON CONFLICT (name) DO UPDATE SET rights = excluded.rights"""
LET_GO = "UPDATE runs SET process = NULL WHERE id = ? AND status = 'queued' AND process = ?"


class SqlJournal:
    """A journal in a database of SQLite or PostgreSQL; see `core.journal.Journal` for what the pipeline needs of it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.database = opened(url)
        self.history = History(self.database)
        self.people = People(self.database, lambda: self.process)
        self.mirror = Mirror(self.people)
        self.manuals = Manuals(self.database, lambda: self.process, self.stepping)
        self.batches = Batches(self.database, self.history, lambda: self.process)
        self.delivery = Delivery(self)
        self.kept, self.doubts = self.delivery.kept, self.delivery.doubts
        self.recording = Recording(self.history, self.mirror, self.delivery)
        self.schedules = Schedules(self.history, lambda: self.process, self.recording.insert, self.stepping)
        self.beside: Beside | None = None
        self.entering = threading.Lock()
        self.entered: tuple[int, int] | None = None

    def require(self) -> None:
        """Raise ``JournalMissing`` or ``JournalOutdated`` where there is nothing to read."""
        self.database.require()

    # Writing

    @property
    def id(self) -> str:
        """The journal's own random id."""
        _ = self.process
        return self.history.id

    @property
    def process(self) -> int:
        """The id under which this process writes; entering first, if it has not."""
        if self.entered is None or self.entered[0] != os.getpid():
            with self.entering:
                if self.entered is None or self.entered[0] != os.getpid():
                    self.enter()
        assert self.entered is not None, "enter sets it"  # noqa: S101
        return self.entered[1]

    def enter(self) -> None:
        """Make this process known: set up a new database, take a presence, and see to what dead processes left."""
        set_up(self.database)
        presence = self.database.presence()
        known = schema_known(self.database)
        who = (os.uname().nodename, os.getpid(), time.time_ns() // 1000, known, __version__)

        def work(connection: Connection) -> int:
            self.database.verify(connection)
            sql = "INSERT INTO processes (host, pid, started_at, schema, version) VALUES (?, ?, ?, ?, ?)"
            process = int(connection.execute(sql, who).lastrowid or 0)
            presence.hold(process)
            return process

        self.entered = (os.getpid(), self.database.write(work))
        self.settle()

    def record(
        self, by: str, intent: Callable[[Person], Run[Any]], once: str | None = None, digest: str | None = None
    ) -> tuple[Person, Run[Any]] | None:
        """Insert the run that somebody intends, with its first event; None where nobody active has the id.

        Under a key that the person has sent a run with before, return that.
        """
        return self.recording.record(by, intent, self.process, once, digest)

    def sent(self, person: str, kind: str, once: str) -> int | None:
        """Return the run of what a person sent under a key."""
        rows = self.database.read(SENT, (person, kind, once))
        return rows[0][0] if rows else None

    def digest_of(self, person: str, kind: str, once: str) -> str | None:
        """Return the digest of what a person sent under a key; None for one recorded without."""
        rows = self.database.read(DIGEST, (person, kind, once))
        return rows[0][0] if rows else None

    def step(self, step: Step) -> bool:
        """Change a run and append the event; False where the run was not in the expected status."""
        beside = self.beside if step.status == "queued" else None
        work = telling(self.stepping(step), step, beside) if beside else self.stepping(step)
        if step.once or "holds" in step.changes:
            return self.database.write(work)
        try:
            return self.database.commit(work, single=not beside)
        except AnswerLost:
            return taken_again(self.database, lambda connection: [work(connection)], [self.change(step)])[0]

    def step_within(self, connection: Any, step: Step) -> bool:
        """Take a step on somebody else's connection to the same database, in their transaction."""
        return self.stepping(step)(connection)

    def steps(self, steps: Sequence[Step]) -> list[bool]:
        """Take several steps in one commit; say of each whether the run was as expected."""
        free = {step.run for step in steps if not (step.once or "holds" in step.changes)}
        if self.database.pairs and steps and len(free) == len(steps):
            changes = [self.change(step) for step in steps]
            taken = at_once.steps(changes)
            try:
                return self.database.commit(taken, single=True)
            except AnswerLost:
                return taken_again(self.database, taken, changes)
        works = [self.stepping(step) for step in steps]
        return self.database.write(lambda connection: [work(connection) for work in works])

    def change(self, step: Step) -> at_once.Change:
        """Return what a step writes."""
        if (step.expected, step.status) not in TRANSITIONS:
            raise JournalError(f"A run cannot go from {step.expected} to {step.status}.")
        columns = columns_of(step.changes)
        if step.kind == "taken":
            columns["process"] = self.process
        if step.status == "performing" or step.status in OUTCOMES:
            columns["performing_at" if step.status == "performing" else "ended_at"] = step.at
        told = {**step.changes, **step.noted} if step.noted else step.changes
        data = encode({**told, "status": step.status} if step.kind else told)
        return at_once.Change(step, columns, data, subject_keys(step.changes))

    def stepping(self, step: Step) -> Callable[[Connection], bool]:
        """Return the work of a step within a transaction; it says whether the run was in the expected status."""
        _, columns, data, subjects = self.change(step)
        holds = columns.get("holds") if step.status == "performing" else None
        update = updating(tuple(columns), fenced=step.fence is not None, holds=bool(holds))
        values: tuple[Any, ...] = (step.status, *columns.values(), step.run, step.expected)
        values += () if step.fence is None else (step.fence,)
        values += (holds,) if holds else ()

        def work(connection: Connection) -> bool:
            if connection.execute(update, values).rowcount == 0:
                return False
            connection.execute(INSERT_EVENT, (step.run, step.at, step.kind or step.status, step.actor, data))
            if step.once:
                connection.execute(INSERT_SENT, (step.actor, step.kind or step.status, step.once, step.digest))
            for subject in subjects:
                connection.execute(INSERT_SUBJECT, (subject, step.run))
            return True

        event = (step.at, step.kind or step.status, step.actor, data)
        return at_once.step(update, (*values, *event), subjects) if self.database.pairs and not step.once else work

    def finish(self, step: Step) -> None:
        """Record an outcome whatever happens: tried again for a while, then kept in a file beside the journal."""
        self.delivery.finish(step)

    def keep(self, step: Step) -> None:
        """Keep an outcome in the file beside the journal."""
        self.kept.keep(step)

    def append(
        self,
        kind: str,
        *,
        actor: str | None,
        at: int,
        run: int | None = None,
        data: Mapping[str, object] | None = None,
        once: str | None = None,
        digest: str | None = None,
    ) -> bool:
        """Append an event that changes no run, once under a key."""
        if once and (fault := unfit_key(once)):
            raise fault
        _ = self.process
        row, key = (run, at, kind, actor, encode(dict(data or {}))), (actor or "", kind, once)

        def work(connection: Connection) -> bool:
            if once and connection.execute(SENT, key).fetchone():
                return False
            connection.execute(INSERT_EVENT, row)
            if once:
                connection.execute(INSERT_SENT, (*key, digest))
            return True

        return self.database.write(work) if once else self.database.commit(work)

    def tell(self, run: int, *, actor: str, at: int, events: Sequence[tuple[str, Mapping[str, object]]]) -> None:
        """Append what a run says while it is performed; what comes too late is in its outcome."""
        rows = [(run, at, kind, actor, encode(data), run) for kind, data in events]
        self.database.commit(lambda connection: connection.executemany(INSERT_SAID, rows).rowcount)

    def settle(self) -> None:
        """See to what dead processes left: kept outcomes are recorded, open runs end as far as is known.

        What that is, ``core.fates`` says.
        """
        held = [] if self.database.read_only else self.history.held()
        if self.kept.waiting() and not self.database.read_only:
            self.delivery.replay()
        self.doubts.settle()
        if not held:
            return
        presence = self.database.presence()
        alive: dict[int, bool] = {}
        for id, status, process in held:
            if process not in alive:
                alive[process] = presence.alive(process)
            if alive[process]:
                continue
            if status == "queued":
                self.let_go(id, process)
            elif (run := self.run(id)) and run.status == status and run.process == process:
                said, _ = output_of(self.history.events(id))
                self.step(fate(run, time.time_ns() // 1000, said))

    def let_go(self, run: int, process: int) -> None:
        """Free a run that waits of the process that claimed it, and died before it began."""
        self.database.commit(lambda connection: connection.execute(LET_GO, (run, process)).rowcount)

    # People, the catalogue, reading

    def person(self, id: str) -> Person | None:
        """Return the known and active person of an id; as the host's directory says, where there is one."""
        return self.mirror.person(id)

    def roles(self) -> set[str]:
        """Return the roles that somebody has."""
        return {role for person in self.people.all() if person.active for role in person.roles}

    def run(self, id: int) -> Run[Any] | None:
        """Return a run."""
        return self.history.run(id)

    def unknown(self) -> list[Run[Any]]:
        """Return the runs of which it is not known whether they happened, oldest first, a thousand at most."""
        return self.history.unknown(1_000)

    def holder(self, held: str) -> int | None:
        """Return the run that is performed on what only one at a time is, if there is one."""
        rows = self.database.read(HOLDER, (held,))
        return int(rows[0][0]) if rows else None

    def event(self, id: int) -> Event | None:
        """Return an event."""
        return self.history.event(id)

    def enter_catalogue(self, desk: str, entries: Mapping[str, Mapping[str, Any]], at: int) -> Sequence[object]:
        """Record what a desk offers, and an event of what changed."""
        try:
            before = {name: entry for name, entry in self.history.recorded(desk)}
        except JournalMissing:
            before = {}
        after = json.loads(encode(entries))
        if before == after:
            return ()
        changes = changes_between(before, after)
        _ = self.process
        data = encode({"desk": desk, "changes": changes})
        now = by_all_names(after)
        lost = {name: entry for name, entry in by_all_names(before).items() if name not in now}
        gone = [(name, encode({"roles": each["roles"], "ask": each["ask"]})) for name, each in lost.items()]

        def work(connection: Connection) -> None:
            connection.execute("DELETE FROM catalogue WHERE desk = ?", (desk,))
            rows = [(desk, name, encode(dict(sorted(entry.items())))) for name, entry in after.items()]
            connection.executemany("INSERT INTO catalogue (desk, action, entry) VALUES (?, ?, ?)", rows)
            connection.executemany(SAVE_GONE, gone)
            if changes:
                connection.execute(INSERT_EVENT, (None, at, "catalogue", None, data))

        self.database.write(work)
        return changes

    def gone(self) -> Mapping[str, Mapping[str, Any]]:
        """Return what is known of each name that no action has any more; see `History.gone`."""
        return self.history.gone()

    def close(self) -> None:
        """Leave: close the connections, and let the presence go."""
        if self.entered and self.entered[0] == os.getpid():
            self.database.presence().leave(self.entered[1])
            self.entered = None
        self.database.close()


@lru_cache
def updating(columns: Sequence[str], *, fenced: bool, holds: bool) -> str:
    """Return the statement by which a run changes its status and some columns, if it is as expected."""
    sql = f"UPDATE runs SET status = ?{''.join(f', {name} = ?' for name in columns)} WHERE id = ? AND status = ?"
    return sql + " AND fence = ?" * fenced + f" AND NOT EXISTS ({HOLDER})" * holds
