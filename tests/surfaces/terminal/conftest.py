"""The terminal as a real process, on the demo's desk, as Priya."""

import json
import os
import pwd
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

LOGIN = pwd.getpwuid(os.getuid()).pw_name


@dataclass
class Said:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Terminal:
    """Runs commands in a folder of its own."""

    folder: Path
    environment: dict[str, str]

    def __call__(self, *arguments: str | bytes, stdin: str = "", **more: str) -> Said:
        done = subprocess.run(
            [sys.executable, "-m", "firsthand", *arguments],
            cwd=self.folder, env={**self.environment, **more}, input=stdin.encode(), capture_output=True, check=False,
        )  # fmt: skip
        return Said(done.returncode, done.stdout.decode(), done.stderr.decode())

    @property
    def journal(self) -> bytes:
        """All bytes of all files of the journal."""
        return b"".join(path.read_bytes() for path in self.folder.glob("firsthand.db*"))


@pytest.fixture
def bare(tmp_path: Path) -> Terminal:
    """A terminal without a journal and without a desk."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FIRSTHAND", "NO_COLOR"))}
    return Terminal(tmp_path, {**kept, "FIRSTHAND_DATABASE": "sqlite:///firsthand.db"})


@pytest.fixture
def terminal(bare: Terminal) -> Terminal:
    """A terminal at which Priya sits, who has the role support; Sam is a lead."""
    bare.environment["FIRSTHAND_DESK"] = "firsthand.demo.support:desk"
    assert bare("people", "add", "priya@acme.com", "--name", "Priya", "--role", "support", "--login", LOGIN).code == 0
    assert bare("people", "add", "sam@acme.com", "--name", "Sam", "--role", "lead").code == 0
    return bare


@pytest.fixture
def as_sam(terminal: Terminal) -> Callable[[], None]:
    """Have Sam sit down at the terminal."""

    def change() -> None:
        assert terminal("people", "change", "priya@acme.com", "--no-login").code == 0
        assert terminal("people", "change", "sam@acme.com", "--login", LOGIN).code == 0

    return change
