"""Manual actions in the journal: their versions, the ticks of their runs, and the names that runs have without code."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence, Set
from typing import Any, NamedTuple

from firsthand.core.errors import JournalMissing
from firsthand.core.journal import Step
from firsthand.core.manual import Manual
from firsthand.core.runs import moment
from firsthand.core.steps import Steps
from firsthand.storage.codec import encode, event_of
from firsthand.storage.database import Connection, Database

SELECT = """SELECT manual.action, manual.version, events.actor, events.at, events.data
    FROM manual JOIN events ON events.id = manual.event"""
VERSIONS = f"{SELECT} WHERE manual.action = ? ORDER BY manual.version DESC LIMIT ?"
ALL = f"""{SELECT} WHERE (manual.action, manual.version) IN
    (SELECT action, max(version) FROM manual GROUP BY action) ORDER BY manual.action"""

LATEST = "SELECT coalesce(max(version), 0) FROM manual WHERE action = ?"
EVENT = "INSERT INTO events (run, at, kind, actor, data) VALUES (?, ?, ?, ?, ?)"
OPEN = "SELECT 1 FROM runs WHERE id = ? AND status = 'performing' AND process IS NULL"
STEPS = """SELECT id, at, kind, actor, run, data FROM events
    WHERE run = ? AND kind IN ('performing', 'ticked') ORDER BY id"""

# Each name is one look into the index of runs by action, however many runs it has.
NAMES = """WITH RECURSIVE names (action) AS (
        SELECT min(action) FROM runs
        UNION ALL
        SELECT (SELECT min(action) FROM runs WHERE runs.action > names.action) FROM names WHERE action IS NOT NULL
    )
    SELECT action FROM names WHERE action IS NOT NULL
        AND action NOT IN (SELECT action FROM catalogue)
        AND action NOT IN (SELECT json_each.value FROM catalogue, json_each(entry, '$.aliases'))
        AND action NOT IN (SELECT action FROM manual)
        AND EXISTS (SELECT 1 FROM runs WHERE runs.action = names.action AND status IN ('succeeded', 'failed'))"""
FIGURES = "SELECT count(*), max(at) FROM runs WHERE action = ?"


class Unwritten(NamedTuple):
    """A name that runs have, but no code and no declaration: how many runs, and when the last was."""

    name: str
    runs: int
    last: int


class Manuals:
    """The manual actions of a journal; see `core.journal.Manuals`.

    ``enter`` makes this process known before it first writes; ``stepping`` gives the work of a step of a run.
    """

    def __init__(
        self,
        database: Database,
        enter: Callable[[], object],
        stepping: Callable[[Step], Callable[[Connection], bool]],
    ) -> None:
        self.database = database
        self.enter = enter
        self.stepping = stepping

    # Declarations

    def get(self, name: str) -> Manual | None:
        """Return the current declaration of a name, a retired one too."""
        return next(iter(self.versions(name, 1)), None)

    def all(self) -> list[Manual]:
        """Return the current declaration of every name, retired ones too, by name."""
        try:
            return current(self.database)
        except JournalMissing:
            return []

    def versions(self, name: str, limit: int = 100) -> list[Manual]:
        """Return the versions of a name, newest first."""
        try:
            return [manual_of(row) for row in self.database.read(VERSIONS, (name, limit))]
        except JournalMissing:
            return []

    def save(self, manual: Manual, *, kind: str, actor: str, at: int, changes: Sequence[object]) -> bool:
        """Record a version, and the event of it; False where it is not the one after the current version."""
        self.enter()
        told = {"action": manual.name, "version": manual.version, "declaration": manual.declaration()}
        row = (None, at, kind, actor, encode({**told, "changes": changes} if changes else told))

        def work(connection: Connection) -> bool:
            if connection.execute(LATEST, (manual.name,)).fetchone()[0] != manual.version - 1:
                return False
            event = connection.execute(EVENT, row).lastrowid
            connection.execute("INSERT INTO manual VALUES (?, ?, ?)", (manual.name, manual.version, event))
            return True

        return self.database.write(work)

    # Their runs

    def tick(self, run: int, step: int, *, done: bool, actor: str, at: int) -> bool:
        """Record whether a step is done, unless that is on record; False where the run is not open."""
        self.enter()
        event = (run, at, "ticked", actor, encode({"step": step, "done": done}))

        def work(connection: Connection) -> bool:
            steps = open_steps(connection, run)
            if steps and (step in steps.ticks) != done:
                connection.execute(EVENT, event)
            return steps is not None

        return self.database.write(work)

    def steps(self, run: int) -> Steps | None:
        """Return the steps of a run, with their ticks; None where it is no run of a manual action."""
        return steps_of(self.database.read(STEPS, (run,)))

    def finish(self, run: int, ended: Callable[[Steps], Step]) -> bool:
        """Take the step that ``ended`` makes of the ticks as they are then; False where the run is not open."""
        self.enter()

        def work(connection: Connection) -> bool:
            steps = open_steps(connection, run)
            return steps is not None and self.stepping(ended(steps))(connection)

        return self.database.write(work)

    # What nobody has written down yet

    def unwritten(self, limit: int, hidden: Set[str] = frozenset()) -> list[Unwritten]:
        """Return the names that were performed but have neither code nor a declaration, most runs first.

        They came in through ``import``, or their code is gone. ``hidden`` ones are left out.
        """
        names = [name for (name,) in self.database.read(NAMES) if name not in hidden]
        found = (Unwritten(name, *self.database.read(FIGURES, (name,))[0]) for name in names)
        return sorted(found, key=lambda each: (-each.runs, each.name))[:limit]


def current(database: Database) -> list[Manual]:
    """Return the current declaration of every name, retired ones too, by name."""
    return [manual_of(row) for row in database.read(ALL)]


def manual_of(row: Sequence[Any]) -> Manual:
    """Return the declaration of a row."""
    name, version, by, at, data = row
    return Manual.of(json.loads(data)["declaration"], name=name, version=version, by=by, at=moment(at))


def open_steps(connection: Connection, run: int) -> Steps | None:
    """Return the steps of a run that a person is at; None for any other."""
    if connection.execute(OPEN, (run,)).fetchone() is None:
        return None
    return steps_of(connection.execute(STEPS, (run,)))


def steps_of(rows: Iterable[Sequence[Any]]) -> Steps | None:
    """Return the steps that rows of events tell of."""
    return Steps.of(event_of(row) for row in rows)
