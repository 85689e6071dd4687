"""What is turned away by a request's head alone: its method, host, address and origin, and what it says it sends."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from firsthand.core.errors import FirsthandError

LARGEST = 1024 * 1024
"""Bytes that may be sent."""

FIELDS = 2_000
"""Fields that may be sent."""

LONGEST_QUERY = 16 * 1024

HOST = re.compile(r"(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\])(?::\d{1,5})?", re.IGNORECASE)
PLAIN = (b"host", b"origin", b"content-type", b"content-length", b"sec-fetch-site", b"referer")
"""Headers that are there once at most, and are ASCII."""

URLENCODED, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"


class TurnAway(FirsthandError):
    """A request goes no further: ``kind`` is what is counted, ``status`` what HTTP calls it."""

    def __init__(self, kind: str, status: int, message: str, fix: str = "Go back and try again.") -> None:
        super().__init__(message, fix)
        self.kind = kind
        self.status = status


def look_at_head(scope: Mapping[str, Any], url: str = "") -> dict[str, str]:
    """Return the headers that matter; raises ``TurnAway`` where something about the head is not right.

    ``url`` is where people reach the console, if that is known: a request for another host is none of theirs, whatever
    name led to this machine.
    """
    headers = plain_headers(scope["headers"])
    if scope["method"] not in ("GET", "HEAD", "POST"):
        raise TurnAway("method", 405, "This cannot be done here.")
    look_at_host(headers.get("host", ""), url)
    raw_path = scope.get("raw_path") or scope["path"].encode("utf-8", "surrogateescape")
    if not is_text(raw_path) or not is_text(scope["query_string"].replace(b"+", b" ")):
        raise TurnAway("text", 400, "The address is not text: it is not UTF-8.")
    if len(scope["query_string"]) > LONGEST_QUERY or len(raw_path) > LONGEST_QUERY:
        raise TurnAway("size", 414, "The address is too long.", "Leave some filters away.")
    if scope["query_string"].count(b"&") >= FIELDS:
        raise TurnAway("fields", 414, "The address has too many fields.", "Leave some filters away.")
    if scope["method"] != "POST" and sends(scope["headers"], headers):
        raise TurnAway("kind", 400, "Nothing can be sent with this.")
    return headers


def look_at_host(host: str, url: str) -> None:
    """Raise ``TurnAway`` for a host that is none, or not the one of ``url``."""
    if not HOST.fullmatch(host) or not origin_of(f"http://{host}"):
        raise TurnAway("host", 400, "The request does not say in earnest which host it is for.")
    if url and origin_of(f"{urlsplit(url).scheme}://{host}") != origin_of(url):
        raise TurnAway(
            "host", 400, f"This console is not at {host}.",
            f"Open {url}; a proxy before it has to pass on the host that the browser says.",
        )  # fmt: skip


def plain_headers(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return the headers that matter."""
    found: dict[str, str] = {}
    for name, value in headers:
        if name not in PLAIN:
            continue
        if not value.isascii() or name.decode() in found:
            raise TurnAway("text", 400, f"The header {name.decode()} is not right.")
        found[name.decode()] = value.decode()
    return found


def is_text(quoted: bytes) -> bool:
    """Say whether a part of an address is UTF-8 without NUL once its percent signs are resolved."""
    plain = unquote_to_bytes(quoted)
    try:
        return "\0" not in plain.decode("utf-8")
    except UnicodeDecodeError:
        return False


def sends(headers: Iterable[tuple[bytes, bytes]], known: Mapping[str, str]) -> bool:
    """Say whether something is sent with the head."""
    return known.get("content-length", "0") != "0" or any(name == b"transfer-encoding" for name, _ in headers)


def kind_of_body(headers: Mapping[str, str]) -> str:
    """Return the content type of what is posted, having looked at its size; raises ``TurnAway``."""
    length = headers.get("content-length", "")
    if length and not (length.isdigit() and len(length) < 16):
        raise TurnAway("size", 400, "The request does not say how long it is.")
    if length and int(length) > LARGEST:
        raise too_large()
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in (URLENCODED, MULTIPART) and not (kind == "" and length in ("", "0")):
        raise TurnAway("kind", 415, "Only forms can be sent here.")
    return kind


def too_large() -> TurnAway:
    """Return that too much is sent."""
    return TurnAway(
        "size", 413, "That is too much at once: at most 1 MiB can be sent.", "Send less, or a smaller file."
    )


def look_at_origin(headers: Mapping[str, str], scheme: str, url: str) -> None:
    """Raise ``TurnAway`` unless a form was sent from the console's own pages.

    The browser says where from, and no page of another site can make it say otherwise. ``url`` is where people reach
    the console, where a proxy before it makes that another address than the request's own.
    """
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    own = {origin_of(f"{scheme}://{headers['host']}"), origin_of(url) if url else ""}
    if origin is None and site is None:
        raise TurnAway("origin", 403, "Your browser does not say which page this comes from.", "Use a newer browser.")
    if (origin is not None and origin_of(origin) not in own - {""}) or site not in (None, "same-origin", "none"):
        raise TurnAway(
            "origin", 403, "This comes from another site, so nothing was done.",
            "Open the console itself and do it there. Whoever runs it behind a proxy sets its url: see FIRSTHAND_URL.",
        )  # fmt: skip


def origin_of(url: str) -> str:
    """Return an address's origin in one spelling: ``https://support.acme.com``; empty where it has none."""
    try:
        parts = urlsplit(url.strip().lower())
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    usual = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, usual) else "")
