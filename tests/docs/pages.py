"""Running a page of the docs: files are written, commands are run and their output compared, Python is executed."""

import os
import re
import subprocess
import sys
from pathlib import Path

BLOCK = re.compile(r"^```(\w+)(?: file=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def run_page(page: Path, folder: Path) -> int:
    """Run every block of a page, in order, in a folder; return how many were."""
    done = 0
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
        else:
            continue
        done += 1
    return done


def run_console(text: str, folder: Path) -> None:
    """Run the commands of a console block, each starting with a dollar, and compare what they print."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        said = subprocess.run(
            ["bash", "-c", command], cwd=folder, env=environment(), capture_output=True, text=True, check=False
        )
        printed = said.stdout + said.stderr
        assert matches(expected, printed), f"$ {command}\nexpected:\n{expected}\nprinted:\n{printed}"


def matches(expected: str, printed: str) -> bool:
    """Say whether a text is what was expected, where … stands for anything within a line."""
    pattern = ".*".join(re.escape(part) for part in expected.rstrip("\n").split("…"))
    return re.fullmatch(pattern, printed.rstrip("\n")) is not None


def environment() -> dict[str, str]:
    """Return an environment with this interpreter's commands first and no settings."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("FIRSTHAND", "PYTEST"))}
    return {**bare, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONPATH": "."}
