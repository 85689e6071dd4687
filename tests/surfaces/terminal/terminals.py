"""The terminal as a real process."""

import json
import os
import pwd
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
