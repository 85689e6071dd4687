"""Running a page of the docs: files are written, commands are run and their output compared, Python is executed."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

BLOCK = re.compile(r"^```(\w+)(?: file=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SERVES = re.compile(r"^.* is at http://127\.0\.0\.1:(\d+)\n", re.MULTILINE)


def run_page(page: Path, folder: Path) -> None:
    """Run every block of a page, in order, in a folder."""
    names: dict[str, object] = {"__name__": "page"}
    for language, file, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        if file:
            path = folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        elif language == "console":
            run_console(text, folder)
        elif language == "python":
            exec(compile(text, str(page), "exec"), names)


def run_console(text: str, folder: Path) -> None:
    """Run the commands of a console block, each starting with a dollar, and compare what they print."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        printed = serve(command, folder) if command.startswith("firsthand serve") else run(command, folder)
        assert matches(expected, printed), f"$ {command}\nexpected:\n{expected}\nprinted:\n{printed}"


def run(command: str, folder: Path) -> str:
    """Run a command and return what it prints."""
    said = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )
    return said.stdout + said.stderr


def serve(command: str, folder: Path) -> str:
    """Start a server, look at its first page, stop it, and return what it says, as if at port 8000."""
    with served(command, folder) as (said, port):
        with urlopen(f"http://127.0.0.1:{port}/", timeout=60) as page:
            assert page.status == 200
        return said.replace(f":{port}\n", ":8000\n")


@contextmanager
def served(command: str, folder: Path, **more: str) -> Iterator[tuple[str, int]]:
    """Start a server on any free port; yield what it says and the port, and stop it in the end."""
    with subprocess.Popen(
        ["bash", "-c", f"exec {command} --port 0"], cwd=folder, env={**environment(), **more}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            said = ""
            while not (found := SERVES.search(said)) and (line := process.stdout.readline()):
                said += line
            assert found, said
            yield said, int(found[1])
        finally:
            process.kill()


def matches(expected: str, printed: str) -> bool:
    """Say whether a text is what was expected, where … stands for anything within a line."""
    pattern = ".*".join(re.escape(part) for part in expected.rstrip("\n").split("…"))
    return re.fullmatch(pattern, printed.rstrip("\n")) is not None


def environment() -> dict[str, str]:
    """Return an environment with this interpreter's commands first and no settings."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("FIRSTHAND", "PYTEST"))}
    return {**bare, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONPATH": "."}
