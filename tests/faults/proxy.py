"""A TCP proxy before a PostgreSQL server that cuts a connection, or swallows all that comes, when it is told to."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Literal

Cut = Literal["before", "while", "after"]


class Proxy:
    """Listens on a port of its own; ``cut`` says at which statement a connection is to be cut, once."""

    def __init__(self, host: str, port: int) -> None:
        self.server = (host, port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.needle: tuple[tuple[bytes, ...], Cut, int] | None = None
        self.guard = threading.Lock()
        self.open: list[socket.socket] = []
        self.swallows = self.refuses = self.refuses_after = False
        self.cuts = 0
        threading.Thread(target=self.accept, daemon=True).start()

    def cut(self, needle: str, when: Cut, *, nth: int = 1, then_refuse: bool = False) -> None:
        """Cut the connection whose nth statement from now on has a text in it, or, in quotes, a value.

        It is cut before the statement comes to the server, while that does it, or after it has answered, unheard.
        """
        self.needle, self.refuses_after = (spellings(needle), when, nth), then_refuse

    def heal(self) -> None:
        """Let everything through again."""
        self.needle, self.swallows, self.refuses = None, False, False

    def accept(self) -> None:
        """Take connections, each on threads of its own."""
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if self.refuses:
                client.close()
                continue
            try:
                server = socket.create_connection(self.server)
            except OSError:
                client.close()
                continue
            self.open += (client, server)
            unheard = threading.Event()
            threading.Thread(target=self.forth, args=(client, server, unheard), daemon=True).start()
            threading.Thread(target=self.back, args=(client, server, unheard), daemon=True).start()

    def is_it(self, data: bytes) -> Cut | None:
        """Say when a connection is to be cut that sends this, if it is."""
        with self.guard:
            if self.needle is None or not any(each in data for each in self.needle[0]):
                return None
            needle, when, nth = self.needle
            self.needle = (needle, when, nth - 1) if nth > 1 else None
            if nth > 1:
                return None
            self.cuts += 1
            self.refuses = self.refuses_after
            return when

    def forth(self, client: socket.socket, server: socket.socket, unheard: threading.Event) -> None:
        """Bring to the server what the client says."""
        with suppress(OSError):
            while data := client.recv(65536):
                if self.swallows:
                    continue
                when = self.is_it(data)
                if when == "before":
                    break
                if when == "after":
                    unheard.set()
                server.sendall(data)
                if when == "while":
                    break
        ended(client, server)

    def back(self, client: socket.socket, server: socket.socket, unheard: threading.Event) -> None:
        """Bring to the client what the server says; the first answer that is to be unheard cuts the connection."""
        with suppress(OSError):
            while data := server.recv(65536):
                if self.swallows:
                    continue
                if unheard.is_set():
                    break
                client.sendall(data)
        ended(client, server)

    def close(self) -> None:
        """Stop listening, and end all connections."""
        self.listener.close()
        ended(*self.open)


def spellings(needle: str) -> tuple[bytes, ...]:
    """Return how a text is sent: a value within the statement, or beside it, after its length."""
    value = needle.strip("'").encode()
    return (needle.encode(), len(value).to_bytes(4) + value) if needle[0] == "'" else (value,)


def ended(*sockets: socket.socket) -> None:
    """End connections, whoever still reads from them."""
    for each in sockets:
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()
