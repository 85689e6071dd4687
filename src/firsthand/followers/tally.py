"""The tally: how many runs there are for each action, person, customer, reason, outcome, tag and trait, by scope.

A run is counted once, when it has ended for good and cannot change any more: its counts are only ever added, folding
them twice is prevented by the position alone, and a rebuild gives the same. The runs that may still change, open ones
and unknown ones, are few; whoever reads the tally adds them, and the tail since the last fold, as they are then.
What a run counts for says ``counting``.
"""

from __future__ import annotations

import time
from typing import Any

from firsthand.core.runs import OUTCOMES, TRANSITIONS
from firsthand.followers.counting import RUN, WIDE, Counts, Place, counted
from firsthand.followers.following import EMPTYING, Follower, Position
from firsthand.storage.database import Connection
from firsthand.storage.journal import SqlJournal

FINAL = tuple(each for each in OUTCOMES if not any(before == each for before, _ in TRANSITIONS))
"""Statuses that nothing follows: every outcome but ``unknown``."""

ENDED = f"""SELECT {{place}}, {RUN} FROM events LEFT JOIN runs ON runs.id = events.run
    AND events.kind IN ({", ".join(f"'{each}'" for each in (*FINAL, "settled", "imported"))})
    AND NOT (events.kind = 'imported' AND json_extract(events.data, '$.status') = 'unknown')
    WHERE {{after}} %s ORDER BY {{order}} LIMIT :limit"""
"""Events after one, each that ended a run for good with its run, the others with nothing."""

TAIL, NEXT = ENDED % "", ENDED % "{settled}"

# The lists repeat those of the partial indexes, or SQLite does not use them.
CHANGING = f"""SELECT {RUN} FROM runs
    WHERE status <> 'succeeded' AND status IN ('recorded', 'asked', 'queued', 'performing', 'unknown')"""
"""Runs that may still change."""

ADD = """INSERT INTO tally (list, period, key, part, runs) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (list, period, key, part) DO UPDATE SET runs = tally.runs + excluded.runs"""
ADD_WIDE = """INSERT INTO tally_wide (list, period, key, runs) VALUES (?, ?, ?, ?)
    ON CONFLICT (list, period, key) DO UPDATE SET runs = tally_wide.runs + excluded.runs"""
NEW_LIST = "INSERT INTO tally_lists (scope, dimension) VALUES (?, ?) ON CONFLICT DO NOTHING"
TAKE_AWAY = (
    """DELETE FROM tally WHERE (list, period, key, part) IN (SELECT list, period, key, part FROM tally LIMIT 1000)""",
    """DELETE FROM tally_wide WHERE (list, period, key) IN (SELECT list, period, key FROM tally_wide LIMIT 500)""",
)

HELD = 0.005
"""Seconds that a fold's statements may take under the write lock; its commit comes on top."""
CHUNK = 500
LARGEST_CHUNK = 5_000

Row = tuple[Any, ...]


class Tally(Follower):
    """The follower that counts. What it has counted stands in ``tally``, how far it is in ``followers``."""

    name = "tally"
    take_away = TAKE_AWAY

    def __init__(self, journal: SqlJournal) -> None:
        super().__init__(journal.database)
        self.chunk = CHUNK
        self.lists: dict[tuple[str, str], int] = {}
        self.newest = 0

    def fold(self) -> bool:
        """Count the next events, if there are any; say whether there were."""
        position = self.position()
        if position == EMPTYING:
            self.empty()
            return True
        rows = self.read(NEXT, **position._asdict(), limit=self.chunk)
        if rows:
            self.move(position, Position(*rows[-1][:2]), counted(row[2:] for row in rows))
        return bool(rows)

    def move(self, expected: Position, to: Position, counts: Counts | dict[Place, int]) -> bool:
        """Add counts and move the position; False, with nothing added, where another process has moved it."""
        narrow, wide = self.rows_of(counts)
        held: list[float] = []

        def add(connection: Connection) -> None:
            start = time.perf_counter()
            connection.executemany(ADD, narrow)
            connection.executemany(ADD_WIDE, wide)
            held.append(time.perf_counter() - start)

        moved = self.moved(expected, to, add)
        self.adapt(held[-1] if held else 0)
        return moved

    def rows_of(self, counts: Counts | dict[Place, int]) -> tuple[list[Row], list[Row]]:
        """Return the rows that counts are in the two tables, in the order in which they stand there."""
        self.know({place[:2] for place in counts})
        narrow, wide = [], []
        for place, runs in counts.items():
            scope, dimension, period, key, part = place
            list_ = self.lists[scope, dimension]
            if dimension in WIDE:
                wide.append((list_, period, key, runs))
            else:
                narrow.append((list_, period, key, part, runs))
        return sorted(narrow), sorted(wide)

    def know(self, lists: set[tuple[str, str]]) -> None:
        """Know the ids of lists; those that nobody had before are made first, and stay even if nothing follows."""
        if not lists <= self.lists.keys():
            self.learn()
        if new := sorted(lists - self.lists.keys()):
            self.database.write(lambda connection: connection.executemany(NEW_LIST, new).rowcount)
            self.learn()

    def learn(self) -> None:
        """Learn the ids of lists that are new; ids only grow, in the order of commits."""
        sql = "SELECT id, scope, dimension FROM tally_lists WHERE id > ? ORDER BY id"
        for id, scope, dimension in self.database.read(sql, (self.newest,)):
            self.lists[scope, dimension] = self.newest = id

    def adapt(self, held: float) -> None:
        """Count more or fewer events at once from now on, by how long the write lock was held."""
        if held > HELD:
            self.chunk = max(self.chunk // 2, 1)
        elif held < HELD / 2:
            self.chunk = min(self.chunk * 5 // 4 + 1, LARGEST_CHUNK)

    # What is not in the tables; to be read in one snapshot with them

    def tail(self, position: Position) -> list[tuple[Any, ...]]:
        """Return the runs that ended after an event, rows of ``RUN``."""
        runs: list[tuple[Any, ...]] = []
        while rows := self.read(TAIL, **position._asdict(), limit=LARGEST_CHUNK):
            runs += [row[2:] for row in rows if row[2] is not None]
            position = Position(*rows[-1][:2])
        return runs

    def changing(self) -> list[tuple[Any, ...]]:
        """Return the runs that may still change, as they are now, rows of ``RUN``."""
        return self.database.read(CHANGING)
