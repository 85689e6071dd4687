"""Mentions: who is named with an @ in notes, comments and hand-over notes.

Whom a name means is decided by the people that there were when it was written, as the events tell them: so a rebuild
gives the same, and nobody's mentions go away because somebody of the same name came later.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping

from firsthand.core.journal import Event
from firsthand.followers.following import EMPTYING, START, Follower, Position
from firsthand.storage.codec import event_of
from firsthand.storage.journal import SqlJournal

MENTION = re.compile(r"(?<![\w@.+-])@(\w[\w.+-]*(?:@\w[\w.-]*)?)")
"""A name with an @ before it, as it is written: an id, the part of one before its own @, or a first name."""

NEXT = """SELECT {place}, kind, CASE
        WHEN kind = 'recorded' THEN json_extract(data, '$.notes')
        WHEN kind IN ('commented', 'handed_over') THEN json_extract(data, '$.text')
        WHEN kind IN ('person_added', 'person_changed') THEN data END
    FROM events WHERE {after} {settled} ORDER BY {order} LIMIT :limit"""
"""The events after one: of each what it says, or, where it is about people, the whole of it."""

PEOPLE = """SELECT kind, data FROM events
    WHERE run IS NULL AND kind IN ('person_added', 'person_changed') AND {until} ORDER BY {order}"""
ADD = "INSERT INTO mentions (person, event) VALUES (?, ?) ON CONFLICT DO NOTHING"
TAKE_AWAY = "DELETE FROM mentions WHERE (person, event) IN (SELECT person, event FROM mentions LIMIT 500)"
NEWEST = """SELECT events.id, events.at, events.kind, events.actor, events.run, events.data
    FROM mentions JOIN events ON events.id = mentions.event LEFT JOIN runs ON runs.id = events.run
    WHERE mentions.person = ? AND (runs.id IS NULL OR runs.action NOT IN (SELECT value FROM json_each(?)))
    ORDER BY mentions.event DESC LIMIT ?"""

CHUNK = 2_000
MOST_ROWS = 250
"""So many rows at most are added at once, which takes about 1 ms under the write lock."""


class Colleagues:
    """Who was there at an event: those known by then, without those who had left."""

    def __init__(self) -> None:
        self.at = START
        self.names: dict[str, str] = {}
        self.left: set[str] = set()
        self.known: dict[str, str] | None = {}

    @property
    def handles(self) -> Mapping[str, str]:
        """Whom each name means."""
        if self.known is None:
            self.known = handles({id: name for id, name in self.names.items() if id not in self.left})
        return self.known

    def note(self, kind: str, told: str) -> None:
        """Note who came, was renamed, left or came back."""
        data, self.known = json.loads(told), None
        if kind == "person_added":
            self.names[data["person"]["id"]] = data["person"]["name"]
            return
        id, changes = data["person"], data["changes"]
        if "name" in changes:
            self.names[id] = changes["name"][1]
        if "active" in changes:
            self.left.discard(id) if changes["active"][1] else self.left.add(id)


class Mentions(Follower):
    """The follower that finds who is named. What it has found stands in ``mentions``."""

    name = "mentions"
    take_away = (TAKE_AWAY,)

    def __init__(self, journal: SqlJournal) -> None:
        super().__init__(journal.database)
        self.colleagues = Colleagues()

    def of(self, person: str, limit: int, without: Collection[str] = ()) -> list[Event]:
        """Return the newest events that name somebody, but for those of runs of some actions."""
        rows = self.database.read(NEWEST, (person, json.dumps(sorted(without)), limit))
        return [event_of(row) for row in rows]

    def fold(self) -> bool:
        """Read the next events, if there are any; say whether there were."""
        position = self.position()
        if position == EMPTYING:
            self.empty()
            return True
        rows = self.read(NEXT, **position._asdict(), limit=CHUNK)
        if not rows:
            return False
        colleagues = self.colleagues_at(position)
        found: list[tuple[str, int]] = []
        for xid, id, kind, told in rows:
            colleagues.at = Position(xid, id)
            if kind.startswith("person_"):
                colleagues.note(kind, told)
            elif told and "@" in told:
                found += [(person, id) for person in sorted(set(mentioned(told, colleagues.handles)))]
            if len(found) > MOST_ROWS:
                break
        self.moved(position, colleagues.at, lambda connection: connection.executemany(ADD, found))
        return True

    def colleagues_at(self, position: Position) -> Colleagues:
        """Return who was there at an event: read anew, unless this is where one has read to."""
        if self.colleagues.at != position:
            self.colleagues = Colleagues()
            for kind, told in self.read(PEOPLE, **position._asdict()):
                self.colleagues.note(kind, told)
            self.colleagues.at = position
        return self.colleagues


# Names in a text; what shows texts uses it too


def handles(people: Mapping[str, str]) -> dict[str, str]:
    """Return whom each name means, in lower case: ids, then the parts before their @, then first names.

    A name that two people share means nobody.
    """
    found: dict[str, str] = {}
    ids = {id.casefold(): id for id in people}
    locals = shared((id.partition("@")[0], id) for id in people)
    firsts = shared((name.split()[0], id) for id, name in people.items() if name.split())
    for each in (firsts, locals, ids):
        found |= each
    return found


def shared(pairs: Iterator[tuple[str, str]]) -> dict[str, str]:
    """Return the id of each name that one person alone has, in lower case."""
    found: dict[str, set[str]] = {}
    for name, id in pairs:
        found.setdefault(name.casefold(), set()).add(id)
    return {name: ids.pop() for name, ids in found.items() if len(ids) == 1}


def mentioned(text: str, known: Mapping[str, str]) -> list[str]:
    """Return the ids of those whom a text names, in its order."""
    return [person for _, _, person in named(text, known) if person]


def named(text: str, known: Mapping[str, str]) -> Iterator[tuple[int, int, str]]:
    """Yield where each name begins and ends, and whose it is, empty for nobody's; a full stop is none of it."""
    for match in MENTION.finditer(text):
        names = [match[1], match[1].rstrip(".-+_")]
        name = next((each for each in names if each.casefold() in known), names[1])
        yield match.start(), match.start() + 1 + len(name), known.get(name.casefold(), "")
