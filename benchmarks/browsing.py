"""Servers in processes of their own, and browsers of no more than a socket: what console.py and load.py look with."""

from __future__ import annotations

import os
import re
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

HERE = Path(__file__).parent
SERVE = (sys.executable, "-m", "firsthand", "serve", "effects:desk", "--port", "0")
HIDDEN = re.compile(r'<input type="hidden" name="(csrf|once|csrfmiddlewaretoken)" value="([^"]+)"')


def environment(journal: Path) -> dict[str, str]:
    """Return the environment of a process that has the benchmark's desk on a journal."""
    effects = journal.with_suffix(".effects")
    modules = os.pathsep.join(filter(None, (str(HERE), os.environ.get("PYTHONPATH"))))
    own = {"FIRSTHAND_DATABASE": f"sqlite:///{journal}", "FIRSTHAND_EFFECTS": str(effects), "PYTHONPATH": modules}
    return {**os.environ, **own}


@contextmanager
def served(command: tuple[str, ...], given: Mapping[str, str], log: Path | None = None) -> Iterator[int]:
    """Start a server, which says in its first line where it is; yield its port, and stop it in the end."""
    errors = log.open("ab") if log else None
    process = subprocess.Popen(command, env=dict(given), stdout=subprocess.PIPE, stderr=errors, cwd=HERE, text=True)
    try:
        assert process.stdout is not None
        found = re.search(r":(\d+)\s*$", process.stdout.readline())
        if found is None:
            raise SystemExit(f"{' '.join(command)} did not start.")
        yield int(found[1])
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        if errors:
            errors.close()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The page."""
        return self.body.decode()

    @property
    def times(self) -> tuple[float, float]:
        """Milliseconds in the application, and those of its process's CPU, as ``timing.py`` says them."""
        found = re.findall(r"dur=([0-9.]+)", self.headers["server-timing"])
        return float(found[0]), float(found[1])

    def hidden(self, form: str = "") -> dict[str, str]:
        """Return the hidden fields of a form, known by where it is sent; of the page, where none is given."""
        return dict(HIDDEN.findall(self.text[self.text.index(f'action="{form}"') if form else 0 :][:4_000]))


class Browser:
    """A connection that is kept, with its cookies."""

    def __init__(self, port: int, cookies: str) -> None:
        self.port = port
        self.cookies = dict(each.split("=", 1) for each in cookies.split("; ") if each)
        self.socket: socket.socket | None = None
        self.rest = b""

    def get(self, path: str, *headers: str) -> Answer:
        """Get a page."""
        return self.send("GET", path, b"", headers)

    def post(self, path: str, fields: Mapping[str, str], *headers: str) -> Answer:
        """Send a form."""
        own = f"origin: http://127.0.0.1:{self.port}", "content-type: application/x-www-form-urlencoded"
        return self.send("POST", path, urlencode(fields).encode(), (*own, *headers))

    def send(self, method: str, path: str, body: bytes, headers: tuple[str, ...]) -> Answer:
        """Send a request and return the answer."""
        if self.is_over():
            self.close()
        if self.socket is None:
            self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=60)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        lines = f"{method} {path} HTTP/1.1", f"host: 127.0.0.1:{self.port}", f"cookie: {cookies}", *headers
        length = f"content-length: {len(body)}\r\n" if method == "POST" else ""
        self.socket.sendall("\r\n".join(lines).encode() + f"\r\n{length}\r\n".encode() + body)
        return self.receive()

    def is_over(self) -> bool:
        """Say whether the server has closed the connection meanwhile, as it does after 30 idle seconds."""
        return self.socket is not None and bool(select.select([self.socket], [], [], 0)[0])

    def receive(self) -> Answer:
        """Read an answer."""
        head, _, self.rest = self.until(lambda got: b"\r\n\r\n" in got).partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers: dict[str, str] = {}
        for line in lines:
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
            if name.lower() == "set-cookie":
                known, _, kept = value.partition(";")[0].partition("=")
                self.cookies[known] = kept
        length = int(headers.get("content-length", "0"))
        got = self.until(lambda got: len(got) >= length)
        body, self.rest = got[:length], got[length:]
        if headers.get("connection") == "close":
            self.close()
        return Answer(int(first.split()[1]), headers, body)

    def until(self, enough):  # type: ignore[no-untyped-def]
        """Read until there is enough, and return it."""
        assert self.socket is not None
        while not enough(self.rest):
            more = self.socket.recv(1 << 18)
            if not more:
                raise ConnectionError("The server has closed the connection.")
            self.rest += more
        return self.rest

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self.socket is not None:
            self.socket.close()
        self.socket, self.rest = None, b""
