"""Outcomes that could not be written, kept in a file beside the journal until it can be written again."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from firsthand.core.journal import Step
from firsthand.storage.codec import encode


class Kept:
    """The file: one JSON object a line, each durable before ``keep`` returns."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.own = False

    def keep(self, step: Step) -> None:
        """Add an outcome; ``own`` says from then on that this process has kept some."""
        self.own = True
        with self.opened() as file:
            os.write(file, (encode(step._asdict()) + "\n").encode())
            os.fsync(file)

    def waiting(self) -> bool:
        """Say whether there is any."""
        try:
            return self.path.stat().st_size > 0
        except FileNotFoundError:
            return False

    def steps(self) -> list[Step]:
        """Return what is kept; a line that the power cut short is left out."""
        try:
            lines = self.path.read_text(encoding="utf-8").split("\n")[:-1]
        except FileNotFoundError:
            return []
        return [Step(**json.loads(line)) for line in lines]

    @contextmanager
    def opened(self) -> Iterator[int]:
        """Open the file with nobody else in it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
        finally:
            os.close(file)
