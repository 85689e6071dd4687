"""Journals with many runs, filled quickly, and people who are signed in: what console.py and load.py start from."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from effects import ACTIONS, REASONS

from firsthand.followers.mentions import Mentions
from firsthand.followers.tally import Tally
from firsthand.storage.accounts import Accounts
from firsthand.storage.codec import columns_of, encode
from firsthand.storage.journal import SqlJournal
from firsthand.storage.recording import INSERT_EVENT

PEOPLE = tuple(f"agent{number}@example.com" for number in range(40))
YEAR = 365 * 86_400 * 1_000_000
COLUMNS = (
    "at", "action", "actor", "status", "surface", "environment", "desk", "requested_by", "reason", "notes", "digest",
    "subject", "subjects", "inputs", "value", "refusal", "performing_at", "ended_at",
)  # fmt: skip
INSERT_RUN = f"INSERT INTO runs (id, {', '.join(COLUMNS)}) VALUES (:id, :{', :'.join(COLUMNS)})"
INSERT_SUBJECT = "INSERT INTO run_subjects (subject, at, run) VALUES (?, ?, ?)"
REFUSAL = {"code": "check", "message": "The account is closed.", "fix": "Reopen it first.", "check": "is_open"}
NOTES = ("Ticket 4411, wrote on Monday", "Moves abroad", "Called twice", None)
BATCH = 20_000


def runs(number: int, now: int) -> Iterator[dict[str, object]]:
    """Yield so many runs of a year, oldest first, one in twenty refused, as columns."""
    chance, step = random.Random(20_261), YEAR // (number + 1)
    for id in range(1, number + 1):
        at, account = now - YEAR + id * step, int(chance.paretovariate(0.7)) % 50_000 + 1
        refused = chance.random() < 0.05
        run: dict[str, object] = dict.fromkeys(COLUMNS)
        customer = f"customer{account}@example.com"
        run |= columns_of({
            "subjects": [{"kind": "account", "id": str(account), "label": customer, "traits": {}}],
            "inputs": {"account": str(account), "token": f"token-{id}"},
            "value": None if refused else f"Noted token-{id}.",
            "refusal": REFUSAL if refused else None,
        })  # fmt: skip
        run |= {
            "id": id, "at": at, "action": chance.choice(ACTIONS), "actor": chance.choice(PEOPLE),
            "status": "refused" if refused else "succeeded", "surface": "console", "environment": "development",
            "desk": "Benchmark", "requested_by": customer, "reason": chance.choice(REASONS),
            "notes": chance.choice(NOTES), "digest": "0123456789abcdef",
            "performing_at": None if refused else at + 1_000, "ended_at": at + 2_000,
        }  # fmt: skip
        yield run


def events(run: dict[str, object]) -> Iterator[tuple[object, ...]]:
    """Yield the events that a run would have left."""
    facts = ("action", "actor", "surface", "environment", "desk", "requested_by", "reason", "notes")
    intent = encode({name: run[name] for name in facts if run[name] is not None})
    inputs = f'"inputs":{run["inputs"]},"subjects":{run["subjects"]}'
    yield run["id"], run["at"], "recorded", run["actor"], intent
    if run["status"] == "succeeded":
        yield run["id"], run["performing_at"], "performing", run["actor"], f'{{"digest":"{run["digest"]}",{inputs}}}'
        yield run["id"], run["ended_at"], "succeeded", run["actor"], f'{{"value":{run["value"]}}}'
    else:
        yield run["id"], run["ended_at"], "refused", run["actor"], f'{{{inputs},"refusal":{run["refusal"]}}}'


def fill(path: Path, number: int) -> None:
    """Make a journal with so many runs, counted by the followers, as they would be after a year."""
    journal = journal_at(path, "?synchronous=off")
    every = runs(number, time.time_ns() // 1000)
    while some := list(islice(every, BATCH)):
        told = [event for run in some for event in events(run)]
        concerned = [(run["subject"], run["at"], run["id"]) for run in some]

        def work(connection, some=some, told=told, concerned=concerned):  # type: ignore[no-untyped-def]
            connection.executemany(INSERT_RUN, some)
            connection.executemany(INSERT_EVENT, told)
            connection.executemany(INSERT_SUBJECT, concerned)

        journal.database.write(work)
        journal.database.checkpoint()
    while not (Tally(journal).advance(60) and Mentions(journal).advance(60)):
        pass
    journal.close()


def journal_at(path: Path, options: str = "") -> SqlJournal:
    """Return a journal whose people are known, as if for long; they have the role that all actions need."""
    journal = SqlJournal(f"sqlite:///{path}{options}")
    _ = journal.process
    rows = [(id, id.partition("@")[0].title(), encode(["support"])) for id in PEOPLE]
    add = "INSERT OR IGNORE INTO people (id, name, roles) VALUES (?, ?, ?)"
    journal.database.write(lambda connection: connection.executemany(add, rows).rowcount)
    return journal


def signed_in(journal: SqlJournal, person: str = PEOPLE[0]) -> str:
    """Return the token of a session of somebody, as signing in leaves it."""
    return Accounts(journal).enter_as(person, "127.0.0.1")
