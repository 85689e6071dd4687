"""The tally: how many runs there are for each action, person, customer, reason, outcome, tag and day.

A run is counted once, when it has ended for good and cannot change any more: its counts are only ever added, folding
them twice is prevented by the position alone, and a rebuild gives the same. The runs that may still change, open ones
and unknown ones, are few; whoever reads the tally adds them, and the tail since the last fold, as they are then.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from firsthand.core.errors import JournalUnavailable
from firsthand.core.runs import OUTCOMES, TRANSITIONS
from firsthand.storage.journal import SqlJournal
from firsthand.storage.sqlite import Connection

NARROW = ("action", "actor", "reason", "outcome", "tag", "day")
"""Dimensions of few keys, counted a day and in all."""

WIDE = ("requested_by", "asked_by", "subject")
"""Dimensions of very many keys, counted in all only."""

ALL_DAYS = -1
DAY = 24 * 60 * 60 * 1_000_000
EPOCH = date(1970, 1, 1)

FINAL = tuple(each for each in OUTCOMES if not any(before == each for before, _ in TRANSITIONS))
"""Statuses that nothing follows: every outcome but ``unknown``."""

RUN = ", ".join(f"runs.{name}" for name in ("at", "action", "actor", "reason", "status", "tags", *WIDE))

ENDED = f"""SELECT events.id, {RUN} FROM events LEFT JOIN runs ON runs.id = events.run
    AND events.kind IN ({", ".join(f"'{each}'" for each in (*FINAL, "settled", "imported"))})
    AND NOT (events.kind = 'imported' AND json_extract(events.data, '$.status') = 'unknown')
    WHERE events.id > ? ORDER BY events.id LIMIT ?"""
"""Events after one, each that ended a run for good with its run, the others with nothing."""

# The lists repeat those of the partial indexes, or SQLite does not use them.
CHANGING = f"""SELECT {RUN} FROM runs
    WHERE status <> 'succeeded' AND status IN ('recorded', 'asked', 'performing', 'unknown')"""
"""Runs that may still change."""

ADD = """INSERT INTO tally (dimension, day, key, runs) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET runs = runs + excluded.runs"""
MOVE = """INSERT INTO followers (name, position) VALUES ('tally', :to)
    ON CONFLICT DO UPDATE SET position = :to WHERE position = :expected"""
TAKE_AWAY = """DELETE FROM tally WHERE (dimension, day, key) IN (SELECT dimension, day, key FROM tally LIMIT 1000)"""

HELD = 0.003
"""Seconds that a fold's statements may take under the write lock; its commit comes on top."""
CHUNK = 500
LARGEST_CHUNK = 5_000
EMPTYING = -1

Counts = Counter[tuple[str, int, str]]
"""Runs a dimension, day and key."""


class Tally:
    """The follower that counts. What it has counted stands in ``tally``, how far it is in ``followers``."""

    def __init__(self, journal: SqlJournal) -> None:
        self.database = journal.database
        self.chunk = CHUNK

    def position(self) -> int:
        """Return the id of the last event counted; ``EMPTYING`` while a rebuild takes the old counts away."""
        rows = self.database.read("SELECT position FROM followers WHERE name = 'tally'")
        return int(rows[0][0]) if rows else 0

    def advance(self, seconds: float) -> bool:
        """Count what is new, for about so many seconds; say whether nothing is left.

        A journal that cannot be written now is left as it is.
        """
        if self.database.read_only:
            return False
        deadline = time.monotonic() + seconds
        try:
            while self.fold():
                if time.monotonic() > deadline:
                    return False
        except JournalUnavailable:
            return False
        return True

    def rebuild(self) -> None:
        """Count everything anew. Until that is done, readers count up to where it is."""
        while not self.move(self.position(), EMPTYING, {}):
            pass
        while self.fold():
            pass

    def fold(self) -> bool:
        """Count the next events, if there are any; say whether there were."""
        position = self.position()
        if position == EMPTYING:
            self.empty()
            return True
        rows = self.database.read(ENDED, (position, self.chunk))
        if rows:
            self.move(position, int(rows[-1][0]), counted(row[1:] for row in rows))
        return bool(rows)

    def move(self, expected: int, to: int, counts: Counts | dict[tuple[str, int, str], int]) -> bool:
        """Add counts and move the position; False, with nothing added, where another process has moved it."""
        rows = sorted((*place, runs) for place, runs in counts.items())

        def work(connection: Connection) -> tuple[bool, float]:
            start = time.perf_counter()
            moved = connection.execute(MOVE, {"to": to, "expected": expected}).rowcount == 1
            if moved:
                connection.executemany(ADD, rows)
            return moved, time.perf_counter() - start

        moved, held = self.database.write(work)
        self.adapt(held)
        return moved

    def adapt(self, held: float) -> None:
        """Count more or fewer events at once from now on, by how long the write lock was held."""
        if held > HELD:
            self.chunk = max(self.chunk // 2, 1)
        elif held < HELD / 2:
            self.chunk = min(self.chunk * 5 // 4 + 1, LARGEST_CHUNK)

    def empty(self) -> None:
        """Take away some of the counts, for a rebuild; with the last of them the position is 0."""

        def work(connection: Connection) -> None:
            if connection.execute(TAKE_AWAY).rowcount == 0:
                connection.execute(MOVE, {"to": 0, "expected": EMPTYING})

        self.database.write(work)

    # What is not in the table; to be read in one snapshot with it

    def tail(self, position: int) -> Counts:
        """Count the runs that ended after an event."""
        counts: Counts = Counter()
        while rows := self.database.read(ENDED, (position, LARGEST_CHUNK)):
            counts.update(counted(row[1:] for row in rows))
            position = rows[-1][0]
        return counts

    def changing(self) -> Counts:
        """Count the runs that may still change, as they are now."""
        return counted(self.database.read(CHANGING))


def counted(runs: Iterable[tuple[Any, ...]]) -> Counts:
    """Count runs, rows of ``RUN``, in every dimension; rows of nothing do not count."""
    counts: Counts = Counter()
    for at, action, actor, reason, status, tags, *wide in runs:
        if at is None:
            continue
        day = at // DAY
        narrow = (("action", action), ("actor", actor), ("reason", reason), ("outcome", status), ("day", written(day)))
        for dimension, key in narrow if tags is None else (*narrow, *(("tag", tag) for tag in set(json.loads(tags)))):
            if key is not None:
                counts[dimension, ALL_DAYS, key] += 1
                counts[dimension, day, key] += 1
        for dimension, key in zip(WIDE, wide, strict=True):
            if key is not None:
                counts[dimension, ALL_DAYS, key] += 1
    return counts


def written(day: int) -> str:
    """Return a day, in days since 1970, as ISO 8601 writes it."""
    return (EPOCH + timedelta(day)).isoformat()
