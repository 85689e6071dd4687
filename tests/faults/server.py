"""A PostgreSQL server of a test's own, with fsync, which can be stopped and started again."""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import socket
import tempfile
from itertools import count
from pathlib import Path

import psycopg
import pytest

from tests import postgres

NUMBERS = count(1)


class Server:
    """A server in a folder, listening on a port of this machine; ``within`` is where its data is to be."""

    def __init__(self, within: Path | None = None) -> None:
        found = postgres.found()
        if found is None:
            pytest.skip("There are no binaries of PostgreSQL to start a server with.")
        self.binaries = found
        self.folder = Path(tempfile.mkdtemp(prefix="firsthand-faults-", dir=within or postgres.in_memory()))
        self.data = self.folder / "data"
        if os.getuid() == 0:
            user = pwd.getpwnam(postgres.server_user() or "root")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.users = (self.folder / "users").open("a+")
        fcntl.flock(self.users, fcntl.LOCK_SH)
        postgres.watched(self.folder, found, self.folder)
        self.call("initdb", "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8", "--wal-segsize=1")
        self.start()

    def call(self, program: str, *more: object) -> None:
        """Run one of PostgreSQL's programs on the data."""
        postgres.call(self.binaries / program, "-D", self.data, *more)

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        options = (
            f"-k {self.folder} -p {self.port} -c listen_addresses=127.0.0.1 -c max_connections=100"
            " -c shared_buffers=16MB -c restart_after_crash=on -c max_wal_size=8MB -c min_wal_size=2MB"
        )
        self.call("pg_ctl", "-w", "-l", self.folder / "log", "-o", options, "start")

    def stop(self, mode: str) -> None:
        """Stop it: ``immediate`` as a crash does, ``fast`` by ending all connections."""
        self.call("pg_ctl", "-w", "-m", mode, "stop")

    def url(self, database: str, port: int | None = None) -> str:
        """Return the URL of a database, by way of another port, if that is given."""
        return f"postgresql://postgres@127.0.0.1:{port or self.port}/{database}"

    def fresh(self) -> str:
        """Make a database, and return its name."""
        name = f"f_{next(NUMBERS)}"
        self.execute(f"CREATE DATABASE {name}")
        return name

    def execute(self, sql: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Execute a statement as the administrator, and return its rows."""
        with psycopg.connect(self.url(database), autocommit=True) as admin:
            cursor = admin.execute(sql)  # type: ignore[call-overload]
            return cursor.fetchall() if cursor.description else []

    def remove(self) -> None:
        """Stop it for good."""
        if (self.data / "postmaster.pid").exists():
            self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)
