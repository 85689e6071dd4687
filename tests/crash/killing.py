"""Children that perform and are killed, forked from a warmed process, and the oracle that tells what happened.

The oracle is a file outside of the journal: each effect writes the key of its run there, and each run that was
acknowledged writes its id into another. Lines are appended in one call, so a kill leaves them whole or not at all.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from firsthand import Desk, Person, Run
from firsthand.core.journal import Step
from firsthand.storage.journal import SqlJournal

POINTS = (
    "before the intent is committed", "within the commit of the intent", "after the intent is committed",
    "loading the subject", "checking the circumstances",
    "before performing is committed", "within the commit of performing", "after performing is committed",
    "before the effect", "after the effect", "closing the resource",
    "before the outcome is committed", "within the commit of the outcome", "after the outcome is committed",
)  # fmt: skip
"""Where a child is killed, between the steps and inside of them."""

NOTHING = ("before the intent is committed", "within the commit of the intent")
"""Points before which there is no run."""

AFTER_EFFECT = POINTS[POINTS.index("after the effect") :]
"""Points at which the effect has happened."""


@dataclass
class Scene:
    """A folder with a journal, the oracle's files, and where the next child is killed."""

    folder: Path
    url: str
    mode: str = "once"
    point: str = ""
    desk: Desk = field(init=False)

    def __post_init__(self) -> None:
        self.desk = desk_of(self)

    def die(self, point: str) -> None:
        """Be killed here, if this is the point."""
        if point == self.point:
            os.kill(os.getpid(), signal.SIGKILL)

    def tell(self, file: str, line: object) -> None:
        """Append a line to one of the oracle's files, in one call."""
        out = os.open(self.folder / file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(out, f"{line}\n".encode())
        os.close(out)

    def told(self, file: str) -> list[str]:
        """Return the lines of one of the oracle's files."""
        path = self.folder / file
        return path.read_text().splitlines() if path.exists() else []

    def set_up(self) -> None:
        """Make the journal, and the one person in it; nothing of it stays open, so that children can be forked."""
        journal = SqlJournal(self.url)
        journal.people.add(Person("priya", "Priya", ("support",)), by="test")
        journal.close()

    def perform(self) -> Run[Any]:
        """Perform the action once, and acknowledge it as a caller hears of it."""
        run = self.desk.run("account.touch", {"account": 42}, by="priya", reason="customer asked")
        self.tell("acknowledged", f"{run.id} {run.status}")
        return run

    def child(self, what: Callable[[], object]) -> int:
        """Fork a child that does something on the journal, and return its process id."""
        pid = os.fork()
        if pid:
            return pid
        try:
            self.desk.use(Mortal(self))
            what()
        finally:
            os._exit(0)

    def killed_at(self, point: str) -> bool:
        """Have a child perform and be killed at a point; say whether it was."""
        self.point = point
        _, status = os.waitpid(self.child(self.perform), 0)
        self.point = ""
        return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL

    def killed_under_load(self, chance: random.Random, threads: int = 4) -> None:
        """Have a child perform on several threads, and kill it at a random moment."""
        ready, says = os.pipe()

        def load() -> None:
            self.perform()
            os.write(says, b".")
            workers = [threading.Thread(target=self.endlessly, daemon=True) for _ in range(threads)]
            for each in workers:
                each.start()
            for each in workers:
                each.join()

        pid = self.child(load)
        os.close(says)
        os.read(ready, 1)
        os.close(ready)
        time.sleep(chance.expovariate(1 / 0.02))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)

    def endlessly(self) -> None:
        """Perform until somebody ends the process."""
        while True:
            self.perform()


class Mortal(SqlJournal):
    """The real journal, in a process that dies before, within or after one of its commits."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene.url)
        self.scene = scene

    def record(self, *given: Any, **named: Any) -> Any:
        self.scene.die("before the intent is committed")
        recorded = super().record(*given, **named)
        self.scene.die("after the intent is committed")
        return recorded

    def insert(self, *given: Any, **named: Any) -> None:
        super().insert(*given, **named)
        self.scene.die("within the commit of the intent")

    def step(self, step: Step) -> bool:
        name = named(step)
        self.scene.die(f"before {name} is committed")
        done = super().step(step)
        self.scene.die(f"after {name} is committed")
        return done

    def stepping(self, step: Step) -> Callable[[Any], bool]:
        name, work = named(step), super().stepping(step)

        def mortal(connection: Any) -> bool:
            done = work(connection)
            self.scene.die(f"within the commit of {name}")
            return done

        return mortal


def named(step: Step) -> str:
    """Return what a step is called in the points; what settles the runs of the dead is told apart."""
    if step.actor is None:
        return "the fate of another's run"
    return "performing" if step.status == "performing" else "the outcome"


@dataclass
class Account:
    """What the action is done to."""

    id: int


class Session:
    """What the action needs."""


def desk_of(scene: Scene) -> Desk:
    """Return a desk whose one action tells the oracle of its effect."""
    desk = Desk("Crash", environment="test", why=["customer asked"])

    @desk.resource
    def session() -> Iterator[Session]:
        yield Session()
        scene.die("closing the resource")

    @desk.subject()
    def account(id: int, session: Session) -> Account | None:
        scene.die("loading the subject")
        return Account(id)

    def is_well(account: Account) -> bool:
        """The account is well."""
        scene.die("checking the circumstances")
        return True

    @desk.action("account.touch", who="support", when=is_well, mode=scene.mode)
    def touch(account: Account, run: Run[object]) -> str:
        """Touch an account."""
        scene.die("before the effect")
        scene.tell("effects", run.key)
        scene.die("after the effect")
        return "touched"

    return desk


@dataclass
class Found:
    """What a look at the journal and the oracle found: runs by status, and what must not be."""

    statuses: Counter[str]
    effects: int
    unnecessary: int
    wrong: list[str]


def look(scene: Scene) -> Found:
    """See to what the dead left, perform what waits, and compare the journal with the oracle."""
    journal = SqlJournal(scene.url)
    try:
        _ = journal.process
        journal.settle()
        scene.desk.use(journal)
        again(scene, journal)
        runs = {run.id: run for run in every(journal)}
        effects = Counter(scene.told("effects"))
        keys = {run.key: run for run in runs.values()}
        wrong = [f"effect {key} belongs to no run" for key in effects.keys() - keys.keys()]
        for key, times in effects.items():
            run = keys.get(key)
            if run and run.status not in ("succeeded", "unknown"):
                wrong.append(f"run {run.id} is {run.status}, and its effect happened")
            if times > 1 and scene.mode == "once":
                wrong.append(f"run {key} had its effect {times} times")
        wrong += [f"run {run.id} succeeded without its effect" for run in runs.values() if missing(run, effects)]
        wrong += [f"run {run.id} stays {run.status}" for run in journal.history.open()]
        for line in scene.told("acknowledged"):
            id, status = line.split()
            if runs.get(int(id)) is None or runs[int(id)].status != status:
                wrong.append(f"run {id} was acknowledged as {status}")
        wrong += [each for run in runs.values() if (each := rebuilt_otherwise(journal, run))]
        unnecessary = sum(run.status == "unknown" and run.key not in effects for run in runs.values())
        return Found(Counter(run.status for run in runs.values()), sum(effects.values()), unnecessary, wrong)
    finally:
        scene.desk.use(None)
        journal.close()


def again(scene: Scene, journal: SqlJournal) -> None:
    """Perform what waits to be performed again under the same key, as a worker would."""
    waiting = [run for run in journal.history.open() if run.status == "queued"]
    for run in waiting:
        scene.desk.start()
        scene.desk.pipeline.resume(run)


def every(journal: SqlJournal) -> Iterator[Run[Any]]:
    """Yield every run."""
    for id in range(1, journal.history.last_run() + 1):
        run = journal.run(id)
        assert run is not None, f"there is no run {id}"
        yield run


def missing(run: Run[Any], effects: Counter[str]) -> bool:
    """Say whether a run is said to have succeeded, and the oracle does not know of it."""
    return run.status == "succeeded" and run.key not in effects


def rebuilt_otherwise(journal: SqlJournal, run: Run[Any]) -> str | None:
    """Say so where a run's state is another than its events rebuild."""
    status, known = "", {}
    for event in journal.history.events(run.id):
        if event.kind in ("said", "progress", "late", "commented", "refused_try"):
            continue
        status = str(event.data.get("status", event.kind))
        known.update(event.data)
    for name, value in (("status", status), ("value", known.get("value")), ("reason", known.get("reason"))):
        if getattr(run, name) != value:
            return f"run {run.id} has {name} {getattr(run, name)!r}, and its events say {value!r}"
    return None
