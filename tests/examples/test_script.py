"""The plain script: its README's commands do what they say, and a second night has nothing left to do."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "script"
COMMANDS = re.compile(r"^\$ (.+?)(?:  +#.*)?\n((?:(?!\$|```).*\n)*)", re.MULTILINE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "hall", ignore=shutil.ignore_patterns("__pycache__", "*.db*")))


def done(folder: Path, command: str) -> tuple[int, str]:
    """Run a command in the folder, and return its exit code and what it prints."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("FIRSTHAND")}
    environment = {**mine, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    ran = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return ran.returncode, ran.stdout + ran.stderr


def test_it_does_what_its_readme_says_each_as_a_run_on_record(folder: Path) -> None:
    said = {}
    for command, expected in COMMANDS.findall((EXAMPLE / "README.md").read_text()):
        code, printed = said[command] = done(folder, command)
        assert (code == 0) == (command != "firsthand run member.freeze --member 1 --reason injured"), printed
        assert not expected or printed == expected
    assert len(said) == 6
    assert (
        "It lasts until 14 January 2100."
        in said["firsthand run member.freeze --member 2 --days 14 --reason injured"][1]
    )
    assert "The membership has not ended" in said["firsthand run member.freeze --member 1 --reason injured"][1]
    with closing(sqlite3.connect(folder / "firsthand.db")) as journal:
        runs = journal.execute("SELECT action, actor, surface, status FROM runs ORDER BY id").fetchall()
    assert runs == [
        ("member.end", "nightly@hall.example", "python", "succeeded"),
        ("member.end", "nightly@hall.example", "python", "succeeded"),
        ("member.freeze", "office@hall.example", "terminal", "succeeded"),
        ("member.freeze", "office@hall.example", "terminal", "refused"),
    ]
    with closing(sqlite3.connect(folder / "members.db")) as members:
        assert members.execute("SELECT id FROM members WHERE ended").fetchall() == [(1,), (3,)]
        assert members.execute("SELECT count(*) FROM firsthand_effects").fetchone() == (3,)
    assert done(folder, "python members.py") == (0, "")
