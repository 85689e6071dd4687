"""Following a tutorial word for word: its commands, the lines that it has one write, a real server, by the clock."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..integrations.django.served import free, until_it_listens
from .pages import environment

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^```(sh|diff|python)(?: file=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MOST = 12
"""Lines that may be written until the first action is performed."""


class Tutorial:
    """A tutorial of the docs. ``serves`` is its command that starts the server, which is the last that is followed."""

    def __init__(self, page: str, serves: str) -> None:
        self.text = (DOCS / page).read_text(encoding="utf-8")
        self.serves = serves

    def written(self) -> int:
        """Return how many lines it has one write, blank ones left out."""
        lines = [
            line
            for language, file, text in BLOCK.findall(self.text)
            for line in text.splitlines()
            if file and (language == "python" or line.startswith("+")) and line.strip("+ ")
        ]
        return len(lines)

    def followed(self, folder: Path) -> list[str]:
        """Do all that is to be done before the server is started, and return what each command printed."""
        printed = []
        for language, file, text in BLOCK.findall(self.text):
            if language == "diff":
                edited(folder / file, text)
            elif file:
                (folder / file).write_text(text)
            for command in text.splitlines() if language == "sh" else ():
                if command == self.serves:
                    return printed
                if not command.startswith("pip install"):  # it is what this interpreter has
                    printed.append(run(command, folder))
        raise AssertionError("it starts no server")

    @contextmanager
    def served(self, folder: Path, port_option: str) -> Iterator[int]:
        """Start its server, on a port that is free, and give that."""
        port = free()
        with subprocess.Popen(
            ["bash", "-c", f"exec {self.serves} {port_option.format(port)}"], cwd=folder, env=environment(),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ) as server:  # fmt: skip
            try:
                until_it_listens(server, port)
                yield port
            finally:
                server.kill()

    def says(self, *words: str) -> tuple[str, ...]:
        """Return words that it says, as it says them."""
        for each in words:
            assert f"**{each}**" in self.text or f"`{each}`" in self.text, each
        return words

    def address(self, path: str, port: int) -> str:
        """Return an address that it says, whose path fits a pattern, at the port of this server."""
        found = re.search(rf"`http://127\.0\.0\.1:\d+({path})`", self.text)
        assert found is not None, path
        return f"http://127.0.0.1:{port}{found[1]}"


def run(command: str, folder: Path) -> str:
    """Run a command, which must do what it is to do, and return what it prints."""
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"$ {command}\n{done.stdout}{done.stderr}"
    return done.stdout


def edited(path: Path, diff: str) -> None:
    """Change a file as a diff says, which must fit it exactly once."""
    lines = diff.splitlines()
    before = "\n".join(line[1:] for line in lines if line[:1] in " -")
    after = "\n".join(line[1:] for line in lines if line[:1] in " +")
    text = path.read_text()
    assert text.count(before) == 1, before
    path.write_text(text.replace(before, after))
