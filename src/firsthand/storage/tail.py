"""New events as they become visible: one that is committed late may have a lower id than others before it."""

from __future__ import annotations

import json

from firsthand.core.journal import Event
from firsthand.storage.codec import event_of
from firsthand.storage.history import EVENTS, LATE, History

AFTER = "SELECT id FROM events WHERE id > ? ORDER BY id LIMIT ?"
THESE = f"{EVENTS} WHERE id IN (SELECT CAST(value AS bigint) FROM json_each(?)) ORDER BY id"


class Tail:
    """The events from now on, each once. One that is committed after ``LATE`` later ones is not seen."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.last = history.last_event()
        self.seen = set(self.ids(LATE))

    def ids(self, most: int) -> list[int]:
        """Return the ids of the last events and of those after them."""
        return [int(id) for (id,) in self.history.database.read(AFTER, (self.last - LATE, most))]

    def read(self, limit: int) -> list[Event]:
        """Return the events that have become visible since, at most so many, those with lower ids first."""
        new = [id for id in self.ids(LATE + limit) if id not in self.seen][:limit]
        if not new:
            return []
        self.last = max(self.last, *new)
        self.seen = {id for id in self.seen | {*new} if id > self.last - LATE}
        return [event_of(row) for row in self.history.database.read(THESE, (json.dumps(new),))]
