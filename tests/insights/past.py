"""A journal with a past: runs of every kind, made quickly, some folded, some not, some open."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from firsthand.core.actors import Person
from firsthand.core.journal import Step
from firsthand.core.runs import TRANSITIONS, Run, microseconds
from firsthand.followers.following import EMPTYING
from firsthand.followers.tally import Tally
from firsthand.storage.history import Filter
from firsthand.storage.journal import SqlJournal

from ..databases import url

START = datetime(2025, 11, 20, 9, tzinfo=UTC)
CATALOGUE: dict[str, dict[str, object]] = {
    "invoice.refund": {
        "aliases": ["give_back", "old.refund"],
        "roles": ["lead"],
        "ask": ["everybody"],
        "title": "Refund",
    },
    "invoice.send": {"aliases": [], "roles": ["support"], "ask": ["everybody"], "title": "Send"},
    "account.unlock": {"aliases": [], "roles": ["support", "lead"], "ask": [], "title": "Unlock"},
    "secret.thing": {"aliases": ["old_secret"], "roles": ["boss"], "ask": [], "title": "Secret"},
}
NAMES = [
    "invoice.refund",
    "give_back",
    "old.refund",
    "invoice.send",
    "account.unlock",
    "secret.thing",
    "old_secret",
    "x",
]
PEOPLE = {"priya": ("support",), "sam": ("lead",), "luis": ("support",)}


def opened(folder: Path) -> SqlJournal:
    """Return a new journal with its people and its catalogue."""
    journal = SqlJournal(url(folder))
    for id, roles in PEOPLE.items():
        journal.people.add(Person(id, id.title(), roles, None, False, True), "root")
    journal.enter_catalogue("desk", CATALOGUE, 0)
    return journal


def run_of(journal: SqlJournal, statuses: Iterable[str], **given: Any) -> Run[Any]:
    """Add a run that goes through some statuses; tags, reason and subjects come with the first of them."""
    changes = {name: given.pop(name) for name in ("tags", "subjects") if name in given}
    known = {"action": "x", "actor": "priya", "at": START, "surface": "python", "environment": "test"} | given
    run: Run[Any] = Run(id=0, status="recorded", **known)
    process = journal.process
    journal.database.write(lambda connection: journal.recording.insert(connection, run, process))
    for status in statuses:
        kind = "settled" if run.status == "unknown" and status != "queued" else ""
        assert journal.step(Step(run.id, run.status, status, microseconds(run.at), run.actor, changes, kind))
        run.status, changes = status, {}
    return run


def fill(journal: SqlJournal, seed: int, number: int, days: int) -> None:
    """Add runs at random, folding now and then; some are left open, and some unfolded."""
    chance = random.Random(seed)
    tally = Tally(journal)
    for _ in range(number):
        statuses, status = [], "recorded"
        while moves := sorted(to for before, to in TRANSITIONS if before == status and to != "recorded"):
            if chance.random() < 0.05:
                break
            status = chance.choice(moves)
            statuses.append(status)
        asked = "asked" in statuses
        id = min(int(chance.expovariate(0.5)), 9)
        subject = {
            "kind": chance.choice(["account", "account", "invoice"]), "id": str(id), "label": f"Number {id}",
            "traits": {"plan": "pro" if id < 2 else "free"} if chance.random() < 0.8 else {},
        }  # fmt: skip
        run_of(
            journal, statuses, action=chance.choice(NAMES),
            actor=None if asked else chance.choice(["priya", "sam", "ann"]),
            at=START + timedelta(days=chance.randrange(days), hours=chance.randrange(24)),
            requested_by=chance.choice([None, "luis", "customer 1", "customer 2", "=1+1"]),
            asked_by=chance.choice(["luis", "priya"]) if asked else None,
            reason=chance.choice([None, "fraud", "outage", "other"]), notes=chance.choice([None, "It was so"]),
            tags=chance.sample(["billing", "access", "a,b"], chance.randrange(3)),
            subjects=[] if chance.random() < 0.1 else [subject, {**subject, "id": "99"}],
        )  # fmt: skip
        if chance.random() < 0.02:
            tally.fold()
    if chance.random() < 0.3:
        tally.move(tally.position(), EMPTYING, {})


def found(journal: SqlJournal, wanted: Filter) -> list[Run[Any]]:
    """Return every run that a filter finds."""
    return journal.history.feed(wanted, 1_000_000)
