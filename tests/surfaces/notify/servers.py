"""A real mail server and a real server of webhooks on this machine: they take, refuse, hang, and talk rubbish."""

from __future__ import annotations

import base64
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

CERTIFICATE = Path(__file__).parent / "localhost.pem"
"""A certificate for this machine, with its key: for these tests alone."""


class Server(socketserver.ThreadingTCPServer):
    """A server on a free port of this machine, for as long as the block."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self, handler: type[socketserver.BaseRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.stopped = threading.Event()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def __enter__(self) -> Any:
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self.shutdown()
        self.server_close()


class Mailbox(Server):
    """A mail server. ``says`` may answer a command otherwise: it takes the line, and returns an answer or None."""

    def __init__(self, *, tls: bool = False) -> None:
        super().__init__(Letter)
        self.taken: list[EmailMessage] = []
        self.envelopes: list[tuple[str, str]] = []
        self.users: list[str] = []
        self.plain: list[str] = []
        self.says: Callable[[str], str | None] = lambda _: None
        self.tls = tls
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(CERTIFICATE)

    @property
    def settings(self) -> dict[str, str]:
        return {"smtp_host": "localhost", "smtp_port": str(self.port), "smtp_security": "none"}


class Letter(socketserver.StreamRequestHandler):
    """One connection to the mail server."""

    def handle(self) -> None:
        box = cast(Mailbox, self.server)
        self.encrypted = False
        if box.tls:
            self.encrypt()
        self.answer("220 localhost")
        sender = recipient = ""
        while line := self.rfile.readline().decode("latin-1").strip():
            first, _, rest = line.partition(" ")
            verb = line.upper()
            line = f"{first.upper()} {rest}".strip()
            if not self.encrypted:
                box.plain.append(line)
            if (said := box.says(line)) is not None:
                self.answer(said)
            elif verb.startswith("EHLO"):
                self.answer("250-localhost\r\n250-AUTH PLAIN\r\n250 STARTTLS")
            elif verb == "STARTTLS":
                self.answer("220 go on")
                self.encrypt()
            elif verb.startswith("AUTH PLAIN"):
                box.users.append(base64.b64decode(line.split()[2]).decode())
                self.answer("235 ok")
            elif verb == "DATA":
                self.answer("354 go on")
                self.take(box, sender, recipient)
            elif verb == "QUIT":
                self.answer("221 bye")
                return
            else:
                sender, recipient = (
                    (line if verb.startswith("MAIL") else sender),
                    (line if "RCPT" in verb else recipient),
                )
                self.answer("250 ok")

    def take(self, box: Mailbox, sender: str, recipient: str) -> None:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        said = box.says("END")
        if said is None or said.startswith("250"):
            box.envelopes.append((sender, recipient))
            box.taken.append(cast(EmailMessage, message_from_bytes(b"".join(lines), policy=policy.default)))
        if said != "killed":
            self.answer(said or "250 taken")

    def encrypt(self) -> None:
        secured = cast(Mailbox, self.server).context.wrap_socket(self.request, server_side=True)
        self.rfile, self.wfile = secured.makefile("rb"), secured.makefile("wb", buffering=0)  # type: ignore[assignment]
        self.encrypted = True

    def answer(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class Hooks(Server):
    """A server of webhooks. ``says`` is what it answers: bytes, or a function that has the connection to itself."""

    def __init__(self) -> None:
        super().__init__(Call)
        self.calls: list[tuple[str, dict[str, str], bytes]] = []
        self.says: bytes | Callable[[Call], None] = answered(204)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?team=support"


class Call(socketserver.StreamRequestHandler):
    """One call of a webhook."""

    def handle(self) -> None:
        hooks = cast(Hooks, self.server)
        first, headers = self.rfile.readline().decode().strip(), dict[str, str]()
        while line := self.rfile.readline().decode().strip():
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
        hooks.calls.append((first, headers, self.rfile.read(int(headers.get("content-length", 0)))))
        try:
            if callable(hooks.says):
                hooks.says(self)
            else:
                self.wfile.write(hooks.says)
        except OSError:
            pass  # whoever called has gone


def answered(status: int, more: str = "") -> bytes:
    """An answer."""
    return f"HTTP/1.1 {status} Said\r\ncontent-length: 0\r\n{more}\r\n".encode()


def hang(call: Call) -> None:
    """Say nothing."""
    cast(Server, call.server).stopped.wait(20)


def trickle(call: Call) -> None:
    """Say a byte now and then, for ever."""
    call.wfile.write(b"HTTP/1.1 200 OK\r\nx: ")
    while not cast(Server, call.server).stopped.wait(0.05):
        call.wfile.write(b"x")


def flood(call: Call) -> None:
    """Say no end of headers."""
    call.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for _ in range(100_000):
        call.wfile.write(b"x: " + b"x" * 1_000 + b"\r\n")


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def until(what: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.02)
