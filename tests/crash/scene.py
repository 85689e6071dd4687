"""A journal, a desk on it whose one action tells an oracle of its effect, and children that are killed.

The oracle of what happened is a file outside of the journal, in which each effect writes the run and its key; lines are
appended in one call, so a kill leaves them whole or not at all. The effect of a transactional action is a row in the
author's own database, read over a connection of its own; the file then says that it was tried. What a caller has heard
of is in another file.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from firsthand import Desk, Person, Run
from firsthand.core.marking import POSTGRESQL, SQLITE
from firsthand.storage.journal import SqlJournal
from tests import postgres

from .looking import claim_all
from .mortal import Mortal, kill, send
from .points import ROWS, Kind, on_server

LONGEST = 60
"""Seconds that a child lives at most: one that hangs is found."""

ACTION, ACTOR, REASON = "account.touch", "priya", "customer asked"


@dataclass
class Account:
    """What the action is done to."""

    id: int


class Session:
    """What the action needs."""


class Scene:
    """A folder with a journal of a kind, the oracle's files, and where the next child is killed."""

    def __init__(self, folder: Path, kind: Kind) -> None:
        self.folder, self.kind = folder, kind
        self.point, self.hit, self.hits, self.armed = "", 1, 0, True
        self.made: list[str] = []
        self.children = 0
        self.url = self.server(postgres.fresh()) if kind.database == "postgresql" else f"sqlite:///{folder / 'j.db'}"
        journal = SqlJournal(self.url)
        journal.people.add(Person(ACTOR, "Priya", ("support",)), by="test")
        journal.close()
        self.books = self.open_books()
        self.desk = desk_of(self)
        _ = self.desk.actions

    def server(self, url: str) -> str:
        """Return the URL of a database on the server, noted so that it is dropped."""
        self.made.append(url)
        return url

    def open_books(self) -> str:
        """Make the table that a transactional effect is in, and the marks; return how to connect to it."""
        if self.kind.mode != "transactional":
            return ""
        tables = "CREATE TABLE paid (run BIGINT, key TEXT);"
        if on_server(self.kind):
            url = self.url if self.kind.books == "own" else self.server(postgres.empty())
            books = url.partition("synchronous")[0].rstrip("?&")
            with psycopg.connect(books) as connection:
                connection.execute(f"{tables}{POSTGRESQL}")  # type: ignore[arg-type]
            return books
        path = self.folder / ("j.db" if self.kind.shared else "books.db")
        with sqlite3.connect(path) as file:
            file.executescript(tables if self.kind.shared else f"{tables}{SQLITE}")
        file.close()
        return str(path)

    def close(self) -> None:
        """Drop the databases on the server."""
        for each in self.made:
            postgres.dropped(each)

    def __enter__(self) -> Scene:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Dying

    def reached(self, point: str) -> bool:
        """Say whether this is the moment to die, at this point."""
        if not self.armed or point != self.point:
            return False
        self.hits += 1
        return self.hits == self.hit

    def die(self, point: str) -> None:
        """Die here, if this is the point."""
        if self.reached(point):
            kill()

    @contextmanager
    def unarmed(self) -> Iterator[None]:
        """Do something that is survived."""
        self.armed = False
        yield
        self.armed = True

    def child(self, what: Callable[[], object]) -> int:
        """Fork a child that does something on the journal, and return its process id."""
        self.children += 1
        pid = os.fork()
        if pid:
            return pid
        signal.alarm(LONGEST)
        try:
            self.desk.use(Mortal(self))
            what()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)

    def killed_at(self, point: str, hit: int, what: Callable[[str], object]) -> bool:
        """Have a child do something, under the point's name, and be killed at it; say whether it was."""
        self.point, self.hit = point, hit
        _, status = os.waitpid(self.child(lambda: what(point)), 0)
        self.point = ""
        return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL

    # The oracle

    def tell(self, file: str, *words: object) -> None:
        """Append a line to one of the oracle's files, in one call."""
        out = os.open(self.folder / file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(out, ("\t".join(map(str, words)) + "\n").encode())
        os.close(out)

    def told(self, file: str) -> list[list[str]]:
        """Return the lines of one of the oracle's files."""
        path = self.folder / file
        return [line.split("\t") for line in path.read_text().splitlines()] if path.exists() else []

    def effects(self) -> Counter[tuple[int, str]]:
        """Return how often the effect of each run, by id and key, has happened."""
        if self.kind.mode != "transactional":
            return Counter((int(run), key) for run, key in self.told("called"))
        books: Any = self.connect()
        rows = books.execute("SELECT run, key FROM paid").fetchall()
        books.close()
        return Counter((int(run), str(key)) for run, key in rows)

    def connect(self) -> Any:
        """Connect to the author's database."""
        return psycopg.connect(self.books) if on_server(self.kind) else sqlite3.connect(self.books)

    # What children do

    def perform(self, ticket: str = "at random") -> Run[Any]:
        """Perform the action once, and tell that the caller has heard of it."""
        run = self.desk.run(ACTION, {"account": 42}, by=ACTOR, reason=REASON, ticket=ticket)
        self.tell("acknowledged", "run", run.id, run.status, ticket)
        return run

    def queue(self, ticket: str = "at random") -> Run[Any]:
        """Have it performed in the background."""
        run = self.desk.run(ACTION, {"account": 42}, by=ACTOR, reason=REASON, ticket=ticket, background=True)
        self.tell("acknowledged", "run", run.id, run.status, ticket)
        return run

    def work(self, ticket: str) -> None:
        """Begin as a worker does, queue a run, claim it, and perform it; killed from when it is queued on."""
        with self.unarmed():
            claim_all(self.desk)
        if "queueing" in self.point:
            self.queue(ticket)
            return
        with self.unarmed():
            self.queue(ticket)
        for run in self.desk.journal.claim(self.desk.name, self.desk.clock()):  # type: ignore[attr-defined]
            self.desk.pipeline.resume(run)

    def draft(self, ticket: str = "at random", rows: int = ROWS) -> int:
        """Confirm a batch, tell that somebody has heard of that, and return its id."""
        accounts = [{"account": number} for number in range(1, rows + 1)]
        batch = self.desk.draft_batch(ACTION, accounts, by=ACTOR, reason=REASON, ticket=ticket)
        self.desk.confirm_batch(batch.id, batch.digest, by=ACTOR)
        self.tell("acknowledged", "batch", batch.id, rows, ticket)
        return batch.id

    def perform_batch(self, ticket: str) -> None:
        """Confirm a batch and perform it; killed in the middle."""
        with self.unarmed():
            batch = self.draft(ticket)
        self.desk.perform_batch(batch)

    def settle(self, ticket: str) -> None:
        """Have another child killed before its effect, and see to what it left; killed at that."""
        point, hit = self.point, self.hit
        assert self.killed_at("before the effect", 1, lambda _: self.perform(ticket))
        self.point, self.hit = point, hit
        while True:
            claim_all(self.desk)
            time.sleep(0.005)

    @property
    def ways(self) -> dict[str, Callable[[str], object]]:
        """What a child does to be killed, for each way."""
        return {"now": self.perform, "background": self.work, "batch": self.perform_batch, "settling": self.settle}


def desk_of(scene: Scene) -> Desk:
    """Return a desk whose one action tells the oracle of its effect."""
    desk = Desk("Crash", environment="test", why=[REASON])
    resource = transaction_of(scene) if scene.kind.mode == "transactional" else session_of(scene)
    desk.resource(resource)
    needed: Any = resource.__annotations__["return"].__args__[0]

    @desk.subject()
    def account(id: int) -> Account | None:
        scene.die("loading the subject")
        return Account(id)

    def is_well(account: Account) -> bool:
        """The account is well."""
        scene.die("checking the circumstances")
        return True

    def is_there(run: Run[object]) -> bool:
        """Say whether it was touched."""
        return [str(run.id), run.key] in scene.told("called")

    def touch(account: Account, run: Run[object], needed: Any) -> str:
        """Touch an account."""
        scene.die("before the effect")
        if scene.books:
            needed.execute(f"INSERT INTO paid (run, key) VALUES ({run.id}, '{run.key}')")
        scene.tell("called", run.id, run.key)
        scene.die("after the effect")
        return f"touched {account.id}"

    touch.__annotations__ |= {"account": Account, "run": Run[object], "needed": needed, "return": str}
    mode = "once" if scene.kind.mode == "verified" else scene.kind.mode
    verify = is_there if scene.kind.mode == "verified" else None
    desk.action(ACTION, who="support", when=is_well, mode=mode, verify=verify)(touch)
    return desk


def session_of(scene: Scene) -> Callable[[], Iterator[Any]]:
    """Return a resource that has no transaction."""

    def session() -> Iterator[Session]:
        yield Session()
        scene.die("closing the resource")
        scene.die("after the resource is closed")

    session.__annotations__["return"] = Iterator[Session]
    return session


def transaction_of(scene: Scene) -> Callable[[], Iterator[Any]]:
    """Return a resource that is the author's own transaction."""

    def transaction() -> Iterator[Any]:
        opened = scene.connect()
        try:
            with opened:
                yield opened
                scene.die("closing the resource")
                if scene.reached("within the commit of the effect"):
                    send(opened, "COMMIT")
            scene.die("after the resource is closed")
        finally:
            opened.close()

    kind: Any = psycopg.Connection if on_server(scene.kind) else sqlite3.Connection
    transaction.__annotations__["return"] = Iterator[kind]
    return transaction
