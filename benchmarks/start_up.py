"""How long a terminal's quick commands take, whole processes, beside a bare Python.

python benchmarks/start_up.py [--rounds 15]
"""

from __future__ import annotations

import argparse
import os
import pty
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from firsthand import Person
from firsthand.storage.journal import SqlJournal

BIN = Path(sys.executable).parent / "firsthand"


def piped(command: list[str], environment: dict[str, str]) -> float:
    """Return the seconds of a command whose output goes into a pipe."""
    start = time.perf_counter()
    subprocess.run(command, env=environment, capture_output=True, check=True)
    return time.perf_counter() - start


def on_terminal(command: list[str], environment: dict[str, str]) -> float:
    """Return the seconds of a command in a pseudo-terminal, with colour."""
    start = time.perf_counter()
    child, terminal = pty.fork()
    if child == 0:
        os.execvpe(command[0], command, {**environment, "TERM": "xterm-256color"})
    try:
        while os.read(terminal, 65536):
            pass
    except OSError:
        os.waitpid(child, 0)
    return time.perf_counter() - start


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory(prefix="firsthand-benchmark-") as folder:
        url = f"sqlite:///{Path(folder) / 'journal.db'}"
        SqlJournal(url).people.add(Person("priya", "Priya"), by="benchmark")
        environment = {**os.environ, "FIRSTHAND_DATABASE": url}
        cases = [
            ("python -c pass", piped, [sys.executable, "-c", "pass"]),
            ("firsthand --help, piped", piped, [str(BIN), "--help"]),
            ("firsthand feed, piped", piped, [str(BIN), "feed"]),
            ("firsthand feed, on a terminal with colour", on_terminal, [str(BIN), "feed"]),
        ]
        times: dict[str, list[float]] = {name: [] for name, _, _ in cases}
        for _ in range(rounds + 1):
            for name, run, command in cases:
                times[name].append(run(command, environment) * 1000)
    print("| command | median ms | shortest | longest |\n|---|---|---|---|")
    for name, each in times.items():
        counted = each[1:]
        print(f"| {name} | {statistics.median(counted):.0f} | {min(counted):.0f} | {max(counted):.0f} |")


if __name__ == "__main__":
    main()
