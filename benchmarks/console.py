"""The console: milliseconds inside the application for each page, requests a second, the time to its first page, and
all that beside Django's admin on the same rows.

    python benchmarks/console.py [--log LOG.csv] [--runs 10000 1000000] [--rounds 15] [--keep FOLDER]

The log is the help desk log, as in importing.py. --keep keeps what was filled for another time: a million runs take
minutes. The part beside Django is left out where Django is not installed (the dependency group `bench` has it).
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from browsing import HERE, SERVE, Answer, Browser, environment, served
from effects import ACTIONS
from filling import PEOPLE, fill, journal_at, signed_in

TIMED = (sys.executable, str(HERE / "timing.py"))
CONNECTIONS, SECONDS = 4, 1.0
IMPORT = ("--actor", "Resource", "--action", "Activity", "--subject", "customer:customer", "--at", "Complete Timestamp")
ADMIN = "/admin/runs/run/"
QUICK = "/admin/runs/quickrun/"

Once = Callable[[], Answer]


def load() -> str:
    """Return how busy the machine is, in words."""
    return f"load {os.getloadavg()[0]:.1f}"


def journals(folder: Path, log: Path | None, sizes: list[int]) -> dict[str, Path]:
    """Return the journals to measure on, each made where it is not there yet."""
    found: dict[str, Path] = {}
    if log:
        found["help desk"] = path = folder / "helpdesk.db"
        if not path.exists():
            journal_at(path).close()
            command = [sys.executable, "-m", "firsthand", "import", str(log), *IMPORT]
            subprocess.run(command, env=environment(path), check=True, stdout=subprocess.DEVNULL)
    for size in sizes:
        found[f"{size:,} runs"] = path = folder / f"{size}.db"
        if not path.exists():
            fill(path, size)
    return found


def session(path: Path) -> str:
    """Return the cookie of somebody who is signed in."""
    journal = journal_at(path)
    token = signed_in(journal)
    journal.close()
    return f"firsthand={token}"


# The first page


def first_page(path: Path) -> tuple[float, float]:
    """Return the seconds from starting `firsthand serve` to the form to sign in, and to the activity."""
    cookie, start = session(path), time.perf_counter()
    with served(SERVE, environment(path)) as port:
        assert Browser(port, "").get("/sign-in").status == 200
        sign_in = time.perf_counter() - start
        assert Browser(port, cookie).get("/").status == 200
        return sign_in, time.perf_counter() - start


def measure_first_pages(found: Mapping[str, Path], rounds: int) -> None:
    """Print how long it takes from starting to the first pages."""
    print("\n| journal | sign-in, s | activity, s | longest, s | load |\n|---|---|---|---|---|")
    for name, path in found.items():
        times = [first_page(path) for _ in range(rounds)]
        both = [statistics.median(each) for each in zip(*times, strict=True)]
        longest = max(each for _, each in times)
        print(f"| {name} | {both[0]:.2f} | {both[1]:.2f} | {longest:.2f} | {load()} |", flush=True)


# Pages


def deep(path: Path, runs: int = 99 * 50) -> str:
    """Return where page 100 begins, as the console's own links say it."""
    with sqlite3.connect(path) as connection:
        sql = "SELECT at, id FROM runs ORDER BY at DESC, id DESC LIMIT 1 OFFSET ?"
        found = connection.execute(sql, (runs - 1,)).fetchone()
    if found is None:
        raise SystemExit(f"{path.name} has no page 100: at least {runs + 1:,} runs are needed.")
    return f"before={found[0]}-{found[1]}"


def pages(path: Path) -> dict[str, str]:
    """Return the pages to measure, by what they are."""
    with sqlite3.connect(path) as connection:
        sql = "SELECT id, actor, subject FROM runs WHERE subject IS NOT NULL ORDER BY at DESC LIMIT 1"
        run, actor, subject = connection.execute(sql).fetchone()
    kind, _, id = subject.partition(":")
    actor, id = actor.replace(" ", "%20"), id.replace(" ", "%20")
    return {
        "activity, 50 runs": "/", "of one person": f"/?actor={actor}", "refused ones": "/?outcome=refused",
        "page 100": f"/?{deep(path)}", "actions": "/actions", "an action": f"/actions/{ACTIONS[0]}",
        "a run": f"/runs/{run}", "a subject": f"/subjects/{kind}/{id}", "a person": f"/people/{actor}",
        "inbox": "/inbox", "find": "/find?q=unlock", "dashboard, 30 days": "/dashboard",
        "dashboard, all time": "/dashboard?range=all",
    }  # fmt: skip


def measure_pages(found: Mapping[str, Path], rounds: int) -> None:
    """Print the milliseconds of each page on each journal."""
    rows: dict[str, list[str]] = {}
    for path in found.values():
        with served((*TIMED, "console"), environment(path)) as port:
            browser, wanted = Browser(port, session(path)), pages(path)
            there = {name: at for name, at in wanted.items() if browser.get(at).status == 200}
            times: dict[str, list[tuple[float, float]]] = {name: [] for name in there}
            for _ in range(rounds):
                for name, at in there.items():
                    times[name].append(browser.get(at).times)
            for name in wanted:
                cell = f"{told(times[name])} | {len(browser.get(there[name]).body) >> 10}" if name in there else "- | -"
                rows.setdefault(name, []).append(cell)
    heads = "".join(f" {name}: ms (95th) | CPU ms | KiB |" for name in found)
    print(f"\n| page |{heads}\n|---|{'---|' * 3 * len(found)}")
    for name, cells in rows.items():
        print(f"| {name} | {' | '.join(cells)} |")
    print(f"\n{load()}", flush=True)


def told(times: list[tuple[float, float]]) -> str:
    """Return the median and the 95th percentile of the times, and the median of the CPU's."""
    wall, cpu = sorted(each for each, _ in times), [each for _, each in times]
    return f"{statistics.median(wall):.1f} ({wall[len(wall) * 95 // 100]:.1f}) | {statistics.median(cpu):.1f}"


# Beside Django


def peer(folder: Path, path: Path) -> tuple[Path, str]:
    """Return a Django project's database with the same rows, and the cookie of somebody who is signed in."""
    database = folder / f"django-{path.stem}.db"
    kept = database.with_suffix(".session")
    if not kept.exists():
        project = ("--settings", "settings", "--pythonpath", str(HERE / "django_admin"))
        command = [sys.executable, "-m", "django", "prepare", str(path), *project]
        given = {**os.environ, "BENCHMARK_DATABASE": str(database)}
        kept.write_text(subprocess.run(command, env=given, check=True, capture_output=True, text=True).stdout.strip())
    return database, f"sessionid={kept.read_text()}"


def perform(browser: Browser) -> Once:
    """Return what performs an action: the form of a page, sent each time with a key of its own."""
    at = f"/actions/{ACTIONS[0]}"
    hidden, number = browser.get(at).hidden(at), iter(range(1_000_000))

    def once() -> Answer:
        token = f"{time.time_ns()}-{next(number)}"
        form = {"inputs.account": "42", "inputs.token": token, "reason": "outage", "do": "run"}
        answer = browser.post(at, {**hidden, "once": f"benchmark-{token}", **form})
        assert answer.status == 303, answer.text
        return answer

    return once


def act(browser: Browser, at: str, id: int) -> Once:
    """Return what performs the admin's action on a run."""
    hidden = browser.get(at).hidden()

    def once() -> Answer:
        answer = browser.post(at, {**hidden, "action": "note", "_selected_action": str(id), "index": "0"})
        assert answer.status == 302, answer.text
        return answer

    return once


def got(browser: Browser, at: str) -> Once:
    """Return what gets a page."""

    def once() -> Answer:
        answer = browser.get(at)
        assert answer.status == 200, answer.text
        return answer

    return once


def cases(path: Path, ours: Browser, theirs: Browser) -> dict[str, tuple[Once, Once, Once]]:
    """Return what is compared: ours, a changelist's, and the same without the full count."""
    both = Browser(theirs.port, "")
    both.cookies = theirs.cookies
    person = PEOPLE[3]

    def three(at: str, query: str) -> tuple[Once, Once, Once]:
        return got(ours, at), got(theirs, ADMIN + query), got(theirs, QUICK + query)

    return {
        "page 1": three("/", ""),
        "of one person": three(f"/?actor={person}", f"?actor={person}"),
        "refused ones": three("/?outcome=refused", "?status__exact=refused"),
        "page 100": three(f"/?{deep(path)}", "?p=100"),
        "an action": (perform(ours), act(theirs, ADMIN, 4_000), act(theirs, QUICK, 4_000)),
    }


def compare(folder: Path, name: str, path: Path, rounds: int) -> None:
    """Print the milliseconds of both, round by round in turn, and the requests a second."""
    database, cookie = peer(folder, path)
    with ExitStack() as stack:
        given = {**os.environ, "BENCHMARK_DATABASE": str(database)}
        ours = Browser(stack.enter_context(served((*TIMED, "console"), environment(path))), session(path))
        theirs = Browser(stack.enter_context(served((*TIMED, "django"), given)), cookie)
        held = stack.enter_context(sqlite3.connect(database))  # or each request's last close would make a checkpoint
        held.execute("SELECT * FROM django_session").fetchall()
        print(f"\n{name}, {load()}:\n")
        print("| | ours ms | CPU | Django ms | CPU | ratio | of CPU | Django without the full count ms | ratio |")
        print("|---|---|---|---|---|---|---|---|---|")
        for case, three in cases(path, ours, theirs).items():
            times: list[list[tuple[float, float]]] = [[], [], []]
            for _ in range(rounds + 1):
                for own, once in zip(times, three, strict=True):
                    own.append(once().times)
            (a, x), (b, y), (c, _) = ([statistics.median(each) for each in zip(*own[1:], strict=True)] for own in times)
            cells = f"{a:.1f} | {x:.1f} | {b:.1f} | {y:.1f} | {b / a:.1f} | {y / x:.1f} | {c:.1f} | {c / a:.1f}"
            print(f"| {case} | {cells} |", flush=True)
        rates(ours, theirs)


def rates(ours: Browser, theirs: Browser) -> None:
    """Print the requests a second for the first page, in turn."""
    found: tuple[list[float], list[float]] = [], []
    for _ in range(3):
        found[0].append(rate(ours, "/"))
        found[1].append(rate(theirs, ADMIN))
    a, b = statistics.median(found[0]), statistics.median(found[1])
    print(
        f"\nFirst pages a second, {CONNECTIONS} connections kept: {a:.0f}, Django {b:.0f}, ratio {a / b:.1f}; {load()}"
    )


def rate(known: Browser, at: str) -> float:
    """Return the pages a second over connections that are kept."""
    counts, end = [0] * CONNECTIONS, time.perf_counter() + SECONDS
    cookies = "; ".join(f"{name}={value}" for name, value in known.cookies.items())

    def loop(place: int) -> None:
        browser = Browser(known.port, cookies)
        while time.perf_counter() < end:
            assert browser.get(at).status == 200
            counts[place] += 1
        browser.close()

    threads = [threading.Thread(target=loop, args=(place,)) for place in range(CONNECTIONS)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - start)


def main() -> None:
    """Measure and print tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--log", type=Path, default=os.environ.get("HELPDESK_LOG"))
    parser.add_argument("--runs", type=int, nargs="*", default=[10_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="firsthand-benchmark-") as temporary:
        folder = given.keep or Path(temporary)
        folder.mkdir(exist_ok=True)
        found = journals(folder, given.log, given.runs)
        measure_first_pages(found, 5)
        measure_pages(found, given.rounds * 2)
        if importlib.util.find_spec("django") is None:
            print("\nDjango is not installed, so there is nothing to compare with: pip install django.")
            return
        for name, path in found.items():
            if name != "help desk":
                compare(folder, name, path, given.rounds)


if __name__ == "__main__":
    main()
