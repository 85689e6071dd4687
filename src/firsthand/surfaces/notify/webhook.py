"""Webhooks: one POST, signed as standardwebhooks.com has it, to the very address that was looked at.

What signs is some ten lines of the standard library. Redirects are not followed, of an answer nothing but its first
lines is read, and the whole has a time limit.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from firsthand import __version__
from firsthand.storage.webhooks import Webhook
from firsthand.surfaces.notify.addresses import Forbidden, Network, Unreachable, resolved

LIMIT = 10.0
"""Seconds that a webhook has for taking what it is sent, from the first packet to its answer."""

GONE = 410
"""The answer of a webhook that is not to be told anything any more."""


class Refusing(Unreachable):
    """A webhook answered, but not that it took what it was sent."""

    def __init__(self, message: str, *, gone: bool = False) -> None:
        super().__init__(message)
        self.gone = gone


def signatures(secrets: str, id: str, timestamp: int, body: bytes) -> str:
    """Return a signature by each of the secrets, which stand apart by spaces; so do these."""
    return " ".join(signature(each, id, timestamp, body) for each in secrets.split())


def signature(secret: str, id: str, timestamp: int, body: bytes) -> str:
    """Return what proves that a message is ours: ``v1,`` and an HMAC-SHA-256 of id, time and body."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{id}.{timestamp}.".encode() + body
    return f"v1,{base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()}"


def headers_of(secret: str, id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers of a message."""
    return {
        "content-type": "application/json",
        "user-agent": f"Firsthand/{__version__}",
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signatures(secret, id, timestamp, body),
        "connection": "close",
    }


def post(
    webhook: Webhook, id: str, said: Mapping[str, Any], timestamp: int, allowed: Sequence[Network], limit: float = LIMIT
) -> None:
    """Send a webhook what happened; raises ``Unreachable`` with why it did not take it."""
    body = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
    parts = urlsplit(webhook.url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    addresses = resolved(host, port, allowed)
    if not secure and not all(listed for _, listed in addresses):
        raise Forbidden(f"{host} is told over https:// only; over http:// only what webhooks_to names.")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection = Pinned(host, port, [each for each, _ in addresses], limit, secure=secure)
    try:
        status = connection.post(target, body, headers_of(webhook.secret, id, timestamp, body))
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(why(error, connection.late, limit)) from error
    finally:
        connection.close()
    if not 200 <= status < 300:
        more = ", and redirects are not followed" if 300 <= status < 400 else ""
        raise Refusing(
            f"It answered {status} {http.client.responses.get(status, '')}".rstrip() + f"{more}.", gone=status == GONE
        )


def why(error: Exception, late: bool, limit: float) -> str:
    """Return in words why a webhook could not be told."""
    if late or isinstance(error, TimeoutError):
        return f"It did not answer within {limit:g} seconds."
    if isinstance(error, http.client.HTTPException):
        return f"Its answer is not HTTP ({type(error).__name__})."
    return f"It cannot be reached: {error}."


class Pinned(http.client.HTTPConnection):
    """A connection to addresses that were looked at, whatever the name means by now; it ends at its time limit."""

    def __init__(self, host: str, port: int, addresses: Sequence[str], limit: float, *, secure: bool) -> None:
        super().__init__(host, port, timeout=limit)
        self.addresses = addresses
        self.limit = limit
        self.secure = secure
        self.late = False

    def connect(self) -> None:
        """Connect to the first address that answers."""
        for address in self.addresses:
            try:
                self.sock = socket.create_connection((address, self.port), self.limit / len(self.addresses))
                break
            except OSError:
                if address == self.addresses[-1]:
                    raise
        self.sock.settimeout(self.limit)
        if self.secure:
            self.sock = secured = ssl.create_default_context().wrap_socket(
                self.sock, server_hostname=self.host, do_handshake_on_connect=False
            )
            secured.do_handshake()  # by now the one that is given up

    def post(self, target: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Send what there is to be sent, and return the status of the answer."""
        watch = threading.Timer(self.limit, self.give_up)
        watch.daemon = True
        watch.start()
        try:
            self.request("POST", target, body, dict(headers))
            with self.getresponse() as answer:
                status = answer.status
        finally:
            watch.cancel()
        if self.late:
            raise TimeoutError  # what was cut off may look whole
        return status

    def give_up(self) -> None:
        """End the connection: whoever sends one byte now and then would hold it for ever."""
        self.late = True
        held = self.sock
        if held is not None:
            with suppress(OSError):  # it may have ended by itself
                socket.socket.shutdown(held, socket.SHUT_RDWR)
