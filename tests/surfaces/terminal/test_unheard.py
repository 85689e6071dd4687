"""Whoever hears of it: a run's outcome and the exit code are the same with nobody reading, and with ^C."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from .terminals import LOGIN, Terminal

SUPPORT = """
import os, time
from pathlib import Path
from firsthand import Desk, Run
desk = Desk("Acme", why=["fraud"])

@desk.action("text.say", who="support")
def say(run: Run[str], times: int = 1) -> str:
    for n in range(times):
        run.say("hello " * 100)
        run.progress(n, times)
    print("printed by the author")
    Path("effect").touch()
    return "said"

@desk.action("text.wait", who="support")
def wait() -> str:
    Path("begun").touch()
    while not Path("go").exists():
        time.sleep(0.02)
    Path("effect").touch()
    return "waited"

@desk.action("it.hides", who="lead", ask="nobody", title="Crack the safe")
def hides(secret_name: str) -> None: ...
"""
SAY = ("run", "text.say", "--reason", "fraud")


@pytest.fixture
def small(bare: Terminal) -> Terminal:
    (bare.folder / "support.py").write_text(SUPPORT)
    bare.environment["FIRSTHAND_DESK"] = "support:desk"
    bare("people", "add", "priya", "--role", "support", "--login", LOGIN)
    return bare


def shell(terminal: Terminal, line: str) -> int:
    """Run a line in bash, where firsthand is this interpreter's, and return its exit code."""
    line = line.replace("firsthand", f"{sys.executable} -m firsthand", 1)
    return subprocess.run(
        ["bash", "-c", line], cwd=terminal.folder, env=terminal.environment, stderr=subprocess.PIPE, check=False
    ).returncode


@pytest.mark.parametrize("sink", ["| true; exit ${PIPESTATUS[0]}", "> /dev/full", ">&-"])
def test_a_reader_that_goes_away_changes_neither_the_outcome_nor_the_exit_code(small: Terminal, sink: str) -> None:
    assert shell(small, f"firsthand run text.say --times 300 --reason fraud {sink}") == 0
    assert shell(small, f"firsthand run text.say --reason nonsense {sink}") == 3
    assert shell(small, f"firsthand ask text.say --reason fraud {sink}") == 4
    assert [run["outcome"] for run in small("feed", "--json").json] == [None, "refused", "succeeded"]


def test_reading_into_a_pipe_that_closes_is_no_failure(small: Terminal) -> None:
    for _ in range(3):
        small(*SAY)
    for command in ("feed --json", "export", "stats", "people", "show 1"):
        assert shell(small, f"firsthand {command} | true; exit ${{PIPESTATUS[0]}}") == 0, command


def test_json_is_json_though_the_author_prints(small: Terminal) -> None:
    said = small(*SAY, "--json")
    assert said.json["outcome"] == "succeeded"
    assert "printed by the author" in said.err


def test_a_run_stopped_while_its_outcome_is_tried_again_is_not_lost(small: Terminal) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "firsthand", "run", "text.wait", "--reason", "fraud"],
        cwd=small.folder, env=small.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    until(lambda: (small.folder / "begun").exists())
    foreign = sqlite3.connect(small.folder / "firsthand.db", isolation_level=None)
    foreign.execute("BEGIN IMMEDIATE")
    (small.folder / "go").touch()
    until(lambda: (small.folder / "effect").exists())
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "Nothing was performed" not in error
    foreign.execute("ROLLBACK")
    assert [run["outcome"] for run in small("feed", "--json").json] == ["succeeded"]


def until(holds) -> None:  # type: ignore[no-untyped-def]
    """Wait until something holds, ten seconds at most."""
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_reading_goes_on_while_a_kept_outcome_cannot_be_recorded_and_doctor_names_who_holds_it(small: Terminal) -> None:
    small(*SAY)
    kept = {
        "run": 1,
        "expected": "performing",
        "status": "succeeded",
        "at": 1,
        "actor": "priya",
        "changes": {},
        "kind": "",
    }
    (small.folder / "firsthand.db-outcomes").write_text(json.dumps(kept) + "\n")
    foreign = sqlite3.connect(small.folder / "firsthand.db", isolation_level=None)
    foreign.execute("BEGIN EXCLUSIVE")
    said = small("feed", "--json")
    assert (said.code, len(said.json)) == (0, 1)
    assert "may be out of date" in said.err
    assert f"{os.getpid()} (" in small("doctor").out
    foreign.execute("ROLLBACK")


def test_an_input_given_twice_is_wrong_usage(small: Terminal) -> None:
    assert small(*SAY, "--times", "1", "--times", "2").code == 2
    assert small(*SAY, "--times", "1", "--input", "times=2").code == 2
    assert small("feed", "--json").json == []


def test_what_is_typed_amiss_is_not_repeated_since_it_may_be_a_secret(small: Terminal) -> None:
    for arguments in ((*SAY, "--input", "hunter22"), (*SAY, "hunter22")):
        said = small(*arguments)
        assert said.code == 2
        assert "hunter22" not in said.err + said.out


def test_a_stranger_sees_no_more_than_whoever_is_known(small: Terminal) -> None:
    small(*SAY)
    small("people", "change", "priya", "--no-login")
    for command in (("actions",), ("run", "--help"), ("who", "it.hides")):
        said = small(*command)
        assert "it.hides" not in said.out.replace("“it.hides”", ""), command


BASH = """
eval "$(_FIRSTHAND_COMPLETE=bash_source firsthand)"
COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); COMPREPLY=()
_firsthand_completion firsthand
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def test_bash_completes_a_reason_with_its_space_kept(terminal: Terminal) -> None:
    terminal("run", "subscription.cancel", "--account", "42", "--reason", "fraud")
    path = f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"

    def complete(words: str) -> str:
        return subprocess.run(
            ["bash", "-c", BASH.format(words=words)], cwd=terminal.folder, capture_output=True, text=True, check=True,
            env={**terminal.environment, "PATH": path},
        ).stdout.strip()  # fmt: skip

    assert complete("firsthand run subscription.cancel --reason cust") == "customer\\ asked"
    assert complete("firsthand run subscription.can") == "subscription.cancel"
    assert complete("firsthand feed --action invoice.refu") == "invoice.refund"


def test_reading_onto_a_full_disk_says_so(small: Terminal) -> None:
    small(*SAY)
    for command in ("feed --json", "stats --json", "show 1", "--help"):
        assert shell(small, f"firsthand {command} > /dev/full") == 1, command


def test_following_ends_when_its_reader_is_gone(small: Terminal) -> None:
    following = subprocess.Popen(
        [sys.executable, "-m", "firsthand", "feed", "--follow", "--json"],
        cwd=small.folder, env=small.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert following.stdout is not None
    time.sleep(0.6)
    following.stdout.close()
    small(*SAY)
    assert following.wait(timeout=10) == 0


def test_a_hidden_title_is_not_told(small: Terminal) -> None:
    small("run", "text.say", "--reason", "fraud")
    assert "Crack" not in small("run", "it.hides").out + small("feed").out
