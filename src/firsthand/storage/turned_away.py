"""How often somebody was turned away at the door: by day and kind, without content, written a second at a time."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable

from firsthand.core.errors import JournalError
from firsthand.storage.database import Connection
from firsthand.storage.journal import SqlJournal

DAY = 24 * 60 * 60 * 1_000_000
PAUSE = 1.0
"""Seconds that counts are gathered before they are written, so that a flood of refusals is not one of commits."""

ADD = """INSERT INTO turned_away (day, kind, count) VALUES (?, ?, ?)
    ON CONFLICT (day, kind) DO UPDATE SET count = turned_away.count + excluded.count"""


class TurnedAway:
    """Counts who was turned away."""

    def __init__(self, journal: SqlJournal, clock: Callable[[], int] = lambda: time.time_ns() // 1000) -> None:
        self.journal = journal
        self.clock = clock
        self.guard = threading.Lock()
        self.gathered: Counter[tuple[int, str]] = Counter()
        self.timer: threading.Timer | None = None

    def note(self, kind: str) -> None:
        """Count one; it is written within a second, with whatever came meanwhile."""
        with self.guard:
            self.gathered[self.clock() // DAY, kind] += 1
            self.plan()

    def plan(self) -> None:
        """See to it that what is gathered is written soon."""
        if self.timer is None:
            self.timer = threading.Timer(PAUSE, self.flush)
            self.timer.daemon = True
            self.timer.start()

    def flush(self) -> None:
        """Write what is gathered; where the journal cannot be written it stays gathered, for the next time."""
        with self.guard:
            gathered, self.gathered = self.gathered, Counter()
            if self.timer is not None:
                self.timer.cancel()
            self.timer = None
        rows = [(day, kind, count) for (day, kind), count in gathered.items()]
        if not rows:
            return

        def work(connection: Connection) -> None:
            connection.executemany(ADD, rows)

        try:
            _ = self.journal.process
            self.journal.database.write(work)
        except JournalError:
            with self.guard:
                self.gathered += gathered

    def counts(self, days: int = 30) -> dict[str, int]:
        """Return how often each kind was turned away in the last days, most first."""
        self.flush()
        return counted(self.journal, self.clock() // DAY - days)


def counted(journal: SqlJournal, since: int) -> dict[str, int]:
    """Return how often each kind was turned away after a day, most first."""
    sql = "SELECT kind, sum(count) FROM turned_away WHERE day > ? GROUP BY kind ORDER BY 2 DESC, kind"
    return {str(kind): int(count) for kind, count in journal.database.read(sql, (since,))}
