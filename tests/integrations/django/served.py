"""The project under a real server, and a browser's part of talking to it."""

from __future__ import annotations

import http.client
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

from .sites import Site

SERVERS = {
    "gunicorn": ["-m", "gunicorn", "shop.wsgi:application", "--workers", "2", "--threads", "4", "--bind"],
    "uvicorn": ["-m", "uvicorn", "shop.asgi:application", "--log-level", "warning", "--port"],
}
HIDDEN = re.compile(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"')


def free() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


@contextmanager
def serving(site: Site, server: str) -> Iterator[int]:
    """Serve the project, and give the port; stop it as a service manager does, which must end it cleanly."""
    port = free()
    at = f"127.0.0.1:{port}" if server == "gunicorn" else str(port)
    with (site.folder / "server.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, *SERVERS[server], at], cwd=site.folder, env=site.environment, stdout=log, stderr=log
        )
        try:
            until_it_listens(process, port)
            yield port
        finally:
            process.terminate()
            code = process.wait(40)
    told = (site.folder / "server.log").read_text()
    assert code in (0, -15), told
    assert "Traceback" not in told, told


def until_it_listens(process: subprocess.Popen[bytes], port: int) -> None:
    """Wait until somebody listens."""
    for _ in range(600):
        assert process.poll() is None, "it has ended"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("nobody listens")


class Visitor:
    """A browser as far as it matters: cookies, forms, and where they come from. ``headers`` are sent along."""

    def __init__(self, port: int, session: str = "", **headers: str) -> None:
        self.port = port
        self.headers = headers
        self.cookies = {"sessionid": session} if session else {}
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(self, method: str, path: str, fields: dict[str, object] | None = None) -> tuple[int, str, str]:
        """Return status, where it leads, and the page."""
        body = urlencode(fields) if fields is not None else None
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), **self.headers}
        if body is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded"}
            headers |= {"Origin": f"http://127.0.0.1:{self.port}"}
        try:
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionError):  # a server may close one that was idle
            assert method == "GET"
            self.connection.close()
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
        page = answer.read().decode()
        for each in answer.headers.get_all("Set-Cookie", []):
            name, _, value = each.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer.status, answer.headers.get("Location", ""), page

    def perform(self, action: str, **given: object) -> tuple[int, str]:
        """Open an action's form and send it; return status and where it leads."""
        status, _, page = self.ask("GET", f"/support/actions/{action}")
        assert status == 200, (status, page[:500])
        inputs = {f"inputs.{name}": value for name, value in given.items()}
        said = {"reason": "customer asked", "do": "run"}
        status, there, page = self.ask(
            "POST", f"/support/actions/{action}", {**dict(HIDDEN.findall(page)), **inputs, **said}
        )
        return status, there
