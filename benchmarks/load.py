"""The console under load: people perform, ask, take, comment, read and poll; afterwards nothing may be lost.

    python benchmarks/load.py [--seconds 60] [--clients 32] [--pause 0]

Each client is somebody of their own, signed in by the form, on a connection of their own; without a pause each sends
the next request as soon as the last one is answered. What was performed is known by a token that each form has, which
the action writes into a SQLite file of its own. Ends with 1 where anything was lost, doubled, locked or broken.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import secrets
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path

from argon2 import PasswordHasher
from browsing import SERVE, Answer, Browser, environment, served
from effects import ACTIONS, REASONS
from filling import PEOPLE, journal_at

from firsthand.storage.accounts import Accounts
from firsthand.storage.passwords import Passwords

PASSWORD = "correct horse battery"
FINE = (200, 303, 304)
TAKEN_ALREADY = 409
LOCKED = re.compile(r"database (table )?is locked|is held by another program", re.IGNORECASE)
POLL = re.compile(r'hx-get="([^"]*after=[^"]*)"')

KINDS = {
    "perform": 24, "perform, sent twice": 4, "ask": 6, "take": 6, "comment": 8, "activity": 14, "of one person": 8,
    "a run": 10, "dashboard": 4, "poll": 16,
}  # fmt: skip
"""What clients do, and how often of a hundred times."""


@dataclass
class Told:
    """What clients sent and were told, which the journal must bear out."""

    guard: threading.Lock = field(default_factory=threading.Lock)
    times: dict[str, list[float]] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    runs: dict[str, int] = field(default_factory=dict)
    asks: list[tuple[int, str]] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    taken: set[int] = field(default_factory=set)
    comments: dict[str, int] = field(default_factory=dict)
    twice: int = 0
    faults: list[str] = field(default_factory=list)

    def some_run(self) -> int | None:
        """Return some run that is known to be there."""
        with self.guard:
            return random.choice(list(self.runs.values())[-500:]) if self.runs else None

    def fault(self, words: str) -> None:
        """Note what may not be."""
        with self.guard:
            self.faults.append(words[:500])


class Client:
    """Somebody at their browser; ``other`` is a second connection, for what is sent twice at once."""

    def __init__(self, port: int, person: str, told: Told) -> None:
        self.person = person
        self.told = told
        self.browser = Browser(port, "")
        hidden = self.browser.get("/sign-in").hidden()
        answer = self.browser.post("/sign-in", {**hidden, "person": person, "password": PASSWORD})
        assert answer.status == 303, answer.text
        self.other = Browser(port, "")
        self.other.cookies = self.browser.cookies
        page = self.browser.get(f"/actions/{ACTIONS[0]}")
        self.csrf = page.hidden(f"/actions/{ACTIONS[0]}")["csrf"]
        self.polls: list[str] = []

    def timed(self, kind: str, ask: Callable[[], Answer]) -> Answer:
        """Send a request, and note how long the answer took and what it was."""
        start = time.perf_counter()
        answer = ask()
        took = time.perf_counter() - start
        with self.told.guard:
            self.told.times.setdefault(kind, []).append(took)
            self.told.statuses[answer.status] += 1
        if answer.status not in FINE and not (kind == "take" and answer.status == TAKEN_ALREADY):
            self.told.fault(f"{kind}: {answer.status} {answer.text}")
        if LOCKED.search(answer.text):
            self.told.fault(f"{kind}: {answer.text}")
        return answer

    def do(self, kind: str) -> None:
        """Do something."""
        if kind in ("perform", "ask"):
            self.send(kind)
        elif kind == "perform, sent twice":
            self.send_twice()
        elif kind == "take":
            self.take()
        elif kind == "comment":
            self.comment()
        elif kind == "poll":
            self.poll()
        elif path := self.page(kind):
            self.polls = POLL.findall(self.timed(kind, lambda: self.browser.get(path)).text) or self.polls

    def page(self, kind: str) -> str | None:
        """Return the address of a page to read."""
        run = self.told.some_run()
        at = {"activity": "/", "of one person": f"/?actor={random.choice(PEOPLE)}", "dashboard": "/dashboard"}
        return at.get(kind) or (f"/runs/{run}" if run else None)

    def form(self, kind: str) -> tuple[str, str, dict[str, str]]:
        """Return where a form is sent, its token, and what is in it."""
        token = secrets.token_hex(8)
        own = {"csrf": self.csrf, "once": secrets.token_urlsafe(16), "do": "ask" if kind == "ask" else "run"}
        given = {"inputs.account": str(random.randint(1, 500)), "inputs.token": token, "reason": random.choice(REASONS)}
        return f"/actions/{random.choice(ACTIONS)}", token, {**own, **given}

    def send(self, kind: str) -> None:
        """Perform an action, or ask for it."""
        at, token, form = self.form(kind)
        run = run_of(self.timed(kind, lambda: self.browser.post(at, form)))
        with self.told.guard:
            if run:
                self.told.runs[token] = run
                if kind == "ask":
                    self.told.asks.append((run, token))
                    self.told.asked.add(token)

    def send_twice(self) -> None:
        """Send a form twice at once, as a double click does."""
        at, token, form = self.form("perform")
        found: list[int | None] = []

        def again() -> None:
            found.append(run_of(self.timed("perform, sent twice", lambda: self.other.post(at, form))))

        second = threading.Thread(target=again)
        second.start()
        found.append(run_of(self.timed("perform, sent twice", lambda: self.browser.post(at, form))))
        second.join()
        if len(set(found)) != 1 or found[0] is None:
            self.told.fault(f"sent twice, told {found}")
            return
        with self.told.guard:
            self.told.twice += 1
            self.told.runs[token] = found[0]

    def take(self) -> None:
        """Take what somebody asked for; one time in four what somebody else takes too."""
        with self.told.guard:
            if not self.told.asks:
                return
            run, _ = self.told.asks[0] if random.random() < 0.25 else self.told.asks.pop(0)
        form = {"csrf": self.csrf, "once": secrets.token_urlsafe(16)}
        if self.timed("take", lambda: self.browser.post(f"/runs/{run}/take", form)).status == 303:
            with self.told.guard:
                self.told.taken.add(run)

    def comment(self) -> None:
        """Say something about a run, under a key."""
        if run := self.told.some_run():
            words = f"Said {secrets.token_hex(8)}."
            form = {"csrf": self.csrf, "once": secrets.token_urlsafe(16), "words": words}
            if self.timed("comment", lambda: self.browser.post(f"/runs/{run}/comments", form)).status == 303:
                with self.told.guard:
                    self.told.comments[words] = run

    def poll(self) -> None:
        """Ask what is new, as a page that is open does."""
        for at in self.polls[:2]:
            self.timed("poll", lambda at=at: self.browser.get(unescape(at), "hx-request: true"))  # type: ignore[misc]


def run_of(answer: Answer) -> int | None:
    """Return the run that a form became."""
    found = re.fullmatch(r"/runs/(\d+)(\?.*)?", answer.headers.get("location", ""))
    return int(found[1]) if answer.status == 303 and found else None


# What must hold afterwards


def faults_in(journal: Path, told: Told, log: str) -> list[str]:
    """Return what was lost, doubled, locked or broken; nothing, if all is well."""
    found = list(told.faults)
    with sqlite3.connect(journal) as connection:
        rows = connection.execute("SELECT id, status, inputs FROM runs").fetchall()
        comments = connection.execute("SELECT data, run FROM events WHERE kind = 'commented'").fetchall()
        found += [f"the journal: {each}" for (each,) in connection.execute("PRAGMA integrity_check") if each != "ok"]
    with sqlite3.connect(journal.with_suffix(".effects")) as connection:
        effects = Counter(token for (token,) in connection.execute("SELECT token FROM effects"))
    runs = [(id, status, json.loads(inputs or "{}").get("token", "")) for id, status, inputs in rows]
    tokens, known = Counter(token for *_, token in runs), {id: (status, token) for id, status, token in runs}
    for token, id in told.runs.items():
        status, there = known.get(id, ("none", ""))
        wanted = "succeeded" if token not in told.asked or id in told.taken else "asked"
        if there != token or status != wanted:
            found.append(f"run {id} was acknowledged, and is {status}; it should be {wanted}")
    said = Counter((json.loads(data)["text"], run) for data, run in comments)
    found += [f"comment {each} is there {said[each]} times" for each in told.comments.items() if said[each] != 1]
    found += [f"{token} became {number} runs" for token, number in tokens.items() if number != 1]
    found += [f"{token} had {number} effects" for token, number in effects.items() if number != 1]
    if set(effects) != {token for _, status, token in runs if status == "succeeded"}:
        found.append("effects are not those of the runs that succeeded")
    found += [f"run {id} is {status}" for id, status, _ in runs if status not in ("succeeded", "asked")]
    found += [f"the log: {line}" for line in log.splitlines() if LOCKED.search(line) or "Error" in line][:5]
    return found


# The load


def known_people(path: Path, number: int) -> list[str]:
    """Set up a journal with people who have a password, and return their ids."""
    journal = journal_at(path)
    quick = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    accounts = Accounts(journal, passwords=quick)
    for person in PEOPLE[:number]:
        accounts.accept(accounts.invite(person, "root"), PASSWORD, "benchmark")
    journal.close()
    return list(PEOPLE[:number])


def loop(client: Client, kinds: dict[str, int], until: float, pause: float) -> None:
    """Do one thing after the other, until the time is over."""
    while time.perf_counter() < until:
        kind = random.choices(list(kinds), list(kinds.values()))[0]
        try:
            client.do(kind)
        except (OSError, ValueError, KeyError) as error:
            client.told.fault(f"{client.person}, {kind}: {error!r}")
            return
        if pause:
            time.sleep(random.expovariate(1 / pause))


def under_load(path: Path, number: int, seconds: float, pause: float) -> tuple[Told, list[str], float]:
    """Put a console under load; return what clients were told, what was wrong, and the seconds that it took."""
    told, log, people = Told(), path.with_suffix(".log"), known_people(path, number)
    with served(SERVE, environment(path), log) as port:
        clients = [Client(port, person, told) for person in people]
        there = clients[0].browser.get("/dashboard").status == 200
        kinds = KINDS if there else {name: share for name, share in KINDS.items() if name != "dashboard"}
        start = time.perf_counter()
        given = kinds, start + seconds, pause
        threads = [threading.Thread(target=loop, args=(client, *given)) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took = time.perf_counter() - start
        for client in clients:
            client.browser.close()
            client.other.close()
    return told, faults_in(path, told, log.read_text()), took


def show(told: Told, faults: list[str], took: float) -> None:
    """Print what was measured and whether all held."""
    print("| what | how many | a second | p50 ms | p99 ms | longest ms |\n|---|---|---|---|---|---|")
    every = [each for times in told.times.values() for each in times]
    for kind, times in (*sorted(told.times.items()), ("all", every)):
        cells = statistics.quantiles(times, n=100, method="inclusive") if len(times) > 1 else [times[0]] * 99
        rate = f"{len(times):,} | {len(times) / took:.0f}"
        print(f"| {kind} | {rate} | {cells[49] * 1e3:.0f} | {cells[98] * 1e3:.0f} | {max(times) * 1e3:.0f} |")
    statuses = ", ".join(f"{status}: {number:,}" for status, number in sorted(told.statuses.items()))
    print(
        f"\n{len(told.runs):,} runs acknowledged, {told.twice:,} of them sent twice at once, {len(told.asked):,} asked"
    )
    print(f"for and {len(told.taken):,} of these taken; {len(told.comments):,} comments. Answers: {statuses}.")
    print(f"Load at the end {os.getloadavg()[0]:.1f}.")
    for each in faults[:20]:
        print(f"FAULT: {each}", file=sys.stderr)
    print(f"{len(faults)} faults." if faults else "Nothing was lost, doubled, locked or broken.")


def main() -> int:
    """Measure, print, and say whether all held."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--pause", type=float, default=0, help="seconds between two requests of a client, on average")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="firsthand-benchmark-") as folder:
        told, faults, took = under_load(Path(folder) / "journal.db", given.clients, given.seconds, given.pause)
    show(told, faults, took)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
