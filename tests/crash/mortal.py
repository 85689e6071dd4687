"""The real journal, in a process that dies before, within or after one of its commits."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Protocol

from firsthand.core.journal import Step
from firsthand.core.runs import Run
from firsthand.storage.journal import SqlJournal
from firsthand.storage.queue import Queue


class Fatal(Protocol):
    """What says where a process dies."""

    url: str
    children: int

    def reached(self, point: str) -> bool:
        """Say whether this is the moment to die, at this point."""


def kill() -> None:
    """Kill this process."""
    os.kill(os.getpid(), signal.SIGKILL)


class Sent:
    """A connection to a server over which a statement is sent by a process that does not live to read the answer."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def execute(self, query: str, values: Sequence[object] = ()) -> None:
        """Send a statement, and die."""
        from firsthand.storage.dialect import translated

        send(self.connection, self.connection.cursor().mogrify(translated(query), values))

    prepared = execute


def send(connection: Any, statement: str) -> None:
    """Send a statement to PostgreSQL, and die."""
    connection.pgconn.send_query(statement.encode())
    while connection.pgconn.flush():
        pass
    kill()


class Mortal(SqlJournal):
    """A journal that changes nothing but that its process dies where the scene says."""

    def __init__(self, scene: Fatal) -> None:
        super().__init__(scene.url)
        self.scene = scene
        self.now = threading.local()
        database: Any = self.database
        database.commit, database.write = partial(self.work, database.commit), partial(self.work, database.write)
        batches: Any = self.batches
        batches.take = partial(self.around, "taking rows", batches.take)

    def die(self, point: str) -> None:
        """Die here, if this is the point."""
        if self.scene.reached(point):
            kill()

    @contextmanager
    def committing(self, name: str) -> Iterator[None]:
        """Die before, within or after what is committed here."""
        _ = self.process
        self.die(f"before {name} is committed")
        self.now.name = name
        try:
            yield
        finally:
            self.now.name = ""
        self.die(f"after {name} is committed")

    def around(self, name: str, commit: Callable[..., Any], *given: Any, **named: Any) -> Any:
        """Commit something under a name."""
        with self.committing(name):
            return commit(*given, **named)

    def work(self, commit: Callable[..., Any], work: Callable[[Any], Any], **how: Any) -> Any:
        """Commit some work, unless this is the point to die at: then it is not known to be."""
        name = getattr(self.now, "name", "")

        def mortal(connection: Any) -> Any:
            if not name or not self.scene.reached(f"within the commit of {name}"):
                return work(connection)
            done = work(Sent(connection) if self.database.pairs and how.get("single") else connection)
            if self.database.pairs and self.scene.children % 2:
                send(connection, "COMMIT")
            kill()
            return done

        return commit(mortal, **how)

    def record(self, *given: Any, **named: Any) -> Any:
        with self.committing("the intent"):
            return super().record(*given, **named)

    def step(self, step: Step) -> bool:
        with self.committing(named(step)):
            return super().step(step)

    def steps(self, steps: Sequence[Step]) -> list[bool]:
        with self.committing(named(steps[-1])):
            return super().steps(steps)

    def step_within(self, connection: Any, step: Step) -> bool:
        done = super().step_within(connection, step)
        self.die(f"within the commit of {named(step)}")
        return done

    def claim(self, desk: str, now: int) -> list[Run[Any]]:
        """Claim the run that has waited the longest, as a worker does."""
        with self.committing("claiming"):
            return Queue(self).claim(self.process, 1, now=now, desk=desk)


def named(step: Step) -> str:
    """Return what a step is called in the points; one that nobody takes is the fate of a run of the dead."""
    if step.actor is None:
        return "settling" if step.kind == "settled" else "its fate"
    return {"performing": "performing", "queued": "queueing"}.get(step.status, "the outcome")
