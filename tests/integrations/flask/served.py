"""The shop in processes of its own: its commands, its servers, and people who visit it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..django.served import Visitor, free, until_it_listens

ROOT = Path(__file__).parents[3]
SERVERS = {
    "gunicorn": ["gunicorn", f"{__package__}.shop:create_app()", "--workers", "2", "--threads", "4", "--bind"],
    "flask run": ["flask", "--app", f"{__package__}.shop", "run", "--port"],
}


@dataclass
class Shop:
    """The shop in a folder, on a database of its own."""

    folder: Path
    database: str = ""

    @property
    def environment(self) -> dict[str, str]:
        """What its processes find in their environment."""
        mine = {name: value for name, value in os.environ.items() if not name.startswith(("FIRSTHAND_", "FLASK_"))}
        mine |= {"SHOP_DATABASE": self.database} if self.database else {}
        return {**mine, "SHOP_FOLDER": str(self.folder / "instance"), "PYTHONPATH": str(ROOT)}

    def flask(self, *arguments: str) -> tuple[int, str]:
        """Run ``flask`` in the folder, and return its exit code and what it prints."""
        command = [sys.executable, "-m", "flask", "--app", f"{__package__}.shop", *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr

    @contextmanager
    def started(self, command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
        """Start something; stop it as a service manager does, which must end it cleanly."""
        with log.open("w") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", *command], cwd=self.folder, env=self.environment, stdout=out, stderr=out
            )
            try:
                yield process
            finally:
                process.terminate()
                code = process.wait(40)
        said = log.read_text()
        assert code in (0, -15), said
        assert "Traceback" not in said, said

    @contextmanager
    def serving(self, server: str) -> Iterator[int]:
        """Serve the shop, and give the port."""
        port = free()
        at = f"127.0.0.1:{port}" if server == "gunicorn" else str(port)
        with self.started([*SERVERS[server], at], self.folder / "server.log") as process:
            until_it_listens(process, port)
            yield port


def visitor(port: int, name: str = "priya") -> Visitor:
    """Return somebody who has signed in at the shop."""
    visitor = Visitor(port)
    assert visitor.ask("POST", "/sign-in", {"name": name})[0] == 302
    return visitor
