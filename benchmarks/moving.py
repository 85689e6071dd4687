"""A journal from SQLite to PostgreSQL: python benchmarks/moving.py URL [runs ...]

URL is of a server's database with nothing of Firsthand's in it; what is moved is taken away again. Each move is a
process of its own. A raw loop that only reads each row and writes it with COPY is beside it.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg
from filling import fill

from firsthand.storage import schema_postgresql
from firsthand.storage.journal import SqlJournal
from firsthand.storage.moving import move, tables_of
from firsthand.storage.postgresql import Postgresql


def moved(path: Path, url: str) -> str:
    """Move, and return seconds, rows and the largest memory of this process."""
    journal, began = SqlJournal(f"sqlite:///{path}"), time.perf_counter()
    done = move(journal, url, "system:benchmark", lambda *_: None)
    seconds = time.perf_counter() - began
    peak = int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) / 1024
    return f"{done.rows:,} rows in {seconds:.1f} s, {done.rows / seconds:,.0f} rows/s, peak {peak:.0f} MiB"


def raw(path: Path, url: str) -> str:
    """Copy the same rows with nothing but COPY, and return seconds and rows."""
    reading, target, count = sqlite3.connect(path), Postgresql(url), 0
    with target.session() as session, session.transaction():
        schema_postgresql.create(session)
        began = time.perf_counter()
        for table in tables_of(session, reading)[0]:
            with session.cursor().copy(f"COPY {table.name} ({table.listed}) FROM STDIN") as copy:
                for row in reading.execute(f"SELECT {table.listed} FROM {table.name}"):
                    copy.write_row(row)
                    count += 1
        seconds = time.perf_counter() - began
    return f"{count:,} rows in {seconds:.1f} s, {count / seconds:,.0f} rows/s"


def measure(url: str, numbers: list[int]) -> None:
    """Move journals with so many runs, and print how that went."""
    with tempfile.TemporaryDirectory() as folder:
        for number in numbers:
            path = Path(folder) / f"{number}.db"
            fill(path, number)
            for way in ("raw", "move"):
                command = [sys.executable, __file__, f"--{way}", str(path), url]
                said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
                print(f"{number:,} runs, {path.stat().st_size / 2**20:,.0f} MiB, {way}: {said}", flush=True)
                with psycopg.connect(url.partition("synchronous=")[0].rstrip("?&")) as connection:
                    connection.execute("DROP SCHEMA firsthand CASCADE")


if __name__ == "__main__":
    if sys.argv[1] in ("--raw", "--move"):
        print((raw if sys.argv[1] == "--raw" else moved)(Path(sys.argv[2]), sys.argv[3]))
    else:
        measure(sys.argv[1], [int(each) for each in sys.argv[2:]] or [20_000, 200_000])
