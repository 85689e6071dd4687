"""A desk whose effect is a line in a file outside of the database, and what must hold of it and the journal."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from firsthand import Desk, JournalUnavailable, Person, Run
from firsthand.storage.journal import SqlJournal


@dataclass
class Account:
    """What the actions are done to."""

    id: int


@dataclass
class Scene:
    """A folder for the oracle, the URL of a journal as the desk reaches it, and what was told to who performed."""

    folder: Path
    url: str
    does: Callable[[Run[Any]], object] = lambda run: None
    told: list[tuple[int, str]] = field(default_factory=list)
    unavailable: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.journal = SqlJournal(self.url)
        _ = self.journal.process
        if self.journal.person("sam") is None:
            self.journal.people.add(Person("sam", "Sam", ("support",)), by="test")
        self.desk = desk_of(self)
        self.desk.use(self.journal)
        self.desk.start()

    def perform(self, action: str = "account.touch", **more: Any) -> Run[Any] | None:
        """Perform once; None where the journal cannot be had."""
        try:
            run: Run[Any] = self.desk.run(action, {"account": 42}, by="sam", reason="asked", **more)
        except JournalUnavailable as error:
            self.unavailable.append(str(error))
            return None
        self.told.append((run.id, run.status))
        return run

    def effects(self) -> list[str]:
        """Return the keys of the runs that had their effect, as often as they had it."""
        path = self.folder / "effects"
        return path.read_text().splitlines() if path.exists() else []

    def wrong(self, journal: SqlJournal) -> Iterator[str]:
        """Yield what must not be: the journal is looked at by another way than the desk's."""
        runs = {int(id): str(status) for id, status in journal.database.read("SELECT id, status FROM runs")}
        keys = {found.key: id for id in runs if (found := journal.run(id))}
        effects = Counter(self.effects())
        for key, times in effects.items():
            if key not in keys:
                yield f"the effect {key} belongs to no run"
            elif times > 1 or runs[keys[key]] not in ("succeeded", "unknown"):
                yield f"run {keys[key]} is {runs[keys[key]]}, and its effect happened {times} times"
        for key, id in keys.items():
            if runs[id] == "succeeded" and key not in effects:
                yield f"run {id} succeeded without its effect"
            if runs[id] in ("recorded", "queued", "performing"):
                yield f"run {id} stays {runs[id]}"
            kinds = [event.kind for event in journal.history.events(id)]
            if len(kinds) != len(set(kinds)):
                yield f"run {id} has {kinds}"
        for id, status in self.told:
            if runs.get(id) != status:
                yield f"run {id} was told as {status}, and is {runs.get(id)}"

    def settled(self, seconds: float = 10) -> None:
        """Have the desk's own process see to what is left, as its console or worker does, until it can."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                return self.journal.settle()
            except JournalUnavailable:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)


def desk_of(scene: Scene) -> Desk:
    """Return a desk whose actions tell the oracle of their effect."""
    desk = Desk("Faults", environment="test", why=["asked"])

    @desk.subject()
    def account(id: int) -> Account | None:
        return Account(id)

    def effect(run: Run[Any]) -> None:
        scene.does(run)
        out = os.open(scene.folder / "effects", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(out, f"{run.key}\n".encode())
        os.close(out)

    @desk.action("account.touch", who="support")
    def touch(account: Account, run: Run[object]) -> str:
        """Touch an account."""
        effect(run)
        return "touched"

    @desk.action("account.alone", who="support", one_at_a_time=True)
    def alone(account: Account, run: Run[object]) -> str:
        """Touch an account that nobody else touches."""
        effect(run)
        return "touched"

    @desk.action("account.again", who="support", mode="idempotent")
    def again(account: Account, run: Run[object]) -> str:
        """Touch an account, however often."""
        effect(run)
        return "touched"

    return desk
