"""Whom an event concerns: who may do something about it, whose doing it was not, and who may know of it at all."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from firsthand.core.actors import Person
from firsthand.core.catalogue import by_all_names, hidden_from
from firsthand.core.runs import OUTCOMES
from firsthand.followers.mentions import handles, mentioned

ENDED = (*OUTCOMES, "settled")
"""Kinds of events by which a run ends, or it is found out how it did."""

SAID = {"recorded": "notes", "commented": "text", "handed_over": "text"}
"""Kinds of events in which somebody may be named, and where the words stand."""

UNWELL = ("refused", "failed", "unknown")
BATCHES = ("batch_ended", "batch_paused", "batch_cancelled")
SCHEDULES = ("schedule_stopped", "schedule_paused", "schedule_retired")
TOLD = frozenset({"asked", "taken", *ENDED, *SAID, *BATCHES, *SCHEDULES})
"""Kinds of events that somebody may be told of."""

TYPES = {
    **{each: f"run.{each}" for each in ("asked", "taken", *ENDED)},
    "commented": "run.commented", "batch_ended": "batch.ended", "batch_paused": "batch.paused",
    "schedule_stopped": "schedule.stopped", "waiting": "run.waiting",
}  # fmt: skip
"""Kinds of events, and of notices that are none, that a webhook may be told of, by the name that it knows."""

Found = tuple[str, str]
"""Kind of notice, and a person's id."""


@dataclass(frozen=True, slots=True)
class Fact:
    """An event with what is known of its run; ``by`` is who performed it."""

    id: int
    at: int
    kind: str
    actor: str | None
    run: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    action: str | None = None
    by: str | None = None
    asked_by: str | None = None
    tags: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    batch: int | None = None
    schedule: int | None = None

    @property
    def concerns(self) -> str | None:
        """The action that it is about, which may be hidden from somebody."""
        return self.action or self.data.get("action")

    def keys(self) -> dict[str, set[str]]:
        """Return by what it may be watched; of a batch's runs only what happens to a subject is."""
        if self.kind not in (*ENDED, "batch_ended") or not self.concerns:
            return {}
        subjects = {"subject": set(self.subjects)}
        if self.batch is not None:
            return subjects
        parts = self.concerns.split(".")
        spaces = {".".join(parts[:end]) for end in range(1, len(parts))}
        return {"action": {self.concerns}, "namespace": spaces, "tag": set(self.tags), **subjects}


class Known:
    """Who there is and what there is: the people who are active, and the catalogue's entries."""

    def __init__(
        self, people: Collection[Person], entries: Mapping[str, Mapping[str, Any]],
        gone: Mapping[str, Mapping[str, Any]],
    ) -> None:  # fmt: skip
        self.people = {person.id: person for person in people if person.active}
        self.entries = by_all_names(entries)
        self.gone = gone
        self.handles = handles({id: person.name for id, person in self.people.items()})
        self.hidden: dict[frozenset[str], frozenset[str]] = {}

    def may_know(self, roles: Collection[str], action: str | None) -> bool:
        """Say whether somebody of these roles may know of an action, as in the feed."""
        key = frozenset(roles)
        if key not in self.hidden:
            self.hidden[key] = hidden_from(roles, self.entries, self.gone)
        return action is None or action not in self.hidden[key]

    def with_former(self, keys: dict[str, set[str]]) -> dict[str, set[str]]:
        """Return by what something may be watched, with the former names of actions, too."""
        names = {name for each in keys.get("action", ()) for name in self.entries.get(each, {}).get("aliases", ())}
        return {**keys, "action": keys["action"] | names} if names else keys

    def performers(self, action: str | None) -> set[str]:
        """Return who may perform an action."""
        return {id for id, person in self.people.items() if self.may_perform(person.roles, action)}

    def may_perform(self, roles: Collection[str], action: str | None) -> bool:
        """Say whether somebody of these roles may perform an action."""
        return bool(set(self.entries.get(action or "", {}).get("roles", ())).intersection(roles))

    def told(self, id: str | None, action: str | None) -> bool:
        """Say whether somebody is there, and may know of an action."""
        return id in self.people and self.may_know(self.people[id].roles, action)


def concerned(fact: Fact, known: Known, watching: Collection[str] = (), owner: str | None = None) -> Iterator[Found]:
    """Yield who is to be told of an event, and as what; each person and kind once.

    ``watching`` are those who watch what it is about, ``owner`` is whose batch it is.
    """
    found = dict.fromkeys(each for each in every(fact, known, watching, owner) if known.told(each[1], fact.concerns))
    yield from found


def every(fact: Fact, known: Known, watching: Collection[str], owner: str | None) -> Iterator[Found]:
    """Yield the same, before it is looked at who may know of it."""
    own = {fact.actor, fact.by}
    if fact.kind == "asked":
        yield from of("asked", known.performers(fact.action) - {fact.actor, fact.asked_by})
    if fact.kind == "unknown":
        yield from of("unknown", known.performers(fact.action))
    if fact.asked_by and fact.kind in ("taken", *ENDED):
        yield from of("answered", {fact.asked_by} - own)
    if fact.kind in SAID:
        text = fact.data.get(SAID[fact.kind])
        yield from of("mentioned", set(mentioned(str(text or ""), known.handles)) - {fact.actor})
    if fact.kind in BATCHES and owner:
        yield from of("batch", {owner} - {fact.actor})
    yield from of_schedule(fact, known)
    yield from of("watched", set(watching) - own)


def of_schedule(fact: Fact, known: Known) -> Iterator[Found]:
    """Yield who is to be told that a schedule does not go on, or that a run of it did not succeed."""
    if fact.kind in SCHEDULES:
        owner = {fact.data.get("declaration", {}).get("by")}
        others = known.performers(fact.concerns) if fact.kind == "schedule_stopped" else set()
        yield from of("schedule", (owner | others) - {fact.actor})
    elif fact.schedule is not None and fact.kind in UNWELL and fact.by:
        yield "schedule", fact.by


def of(kind: str, people: Collection[str | None]) -> list[Found]:
    """Return people to be told of a kind of notice."""
    return [(kind, id) for id in sorted(each for each in people if each)]
