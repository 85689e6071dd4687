"""The console for a host that serves by WSGI: its request becomes ASGI's, and the answer is gathered for it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, MutableMapping
from typing import Any, NamedTuple

from starlette.applications import Starlette

from firsthand.core.calling import kept_loop
from firsthand.surfaces.console.door import UNSLOWED

WHO = "firsthand.who"
"""Where the console finds, in a request's scope, whom the host has signed in: an id, or None."""


class Answer(NamedTuple):
    """What the console answers; ``headers`` are pairs of a name in small letters and a value."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


def scope_of(environ: Mapping[str, Any], path: str, page: str, host: str, scheme: str) -> dict[str, Any]:
    """Return the head of a request as ASGI has it.

    ``path`` is whole, what the host is mounted under included; it ends with ``page``, which is the console's part of
    it. ``host`` and ``scheme`` are what the host makes of them, proxies considered.
    """
    headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    headers |= {"host": host, "content-length": str(environ.get("CONTENT_LENGTH") or 0)}
    headers["content-type"] = str(environ.get("CONTENT_TYPE") or "")
    headers.pop("transfer-encoding", None)
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": environ["REQUEST_METHOD"],
        "scheme": scheme,
        "path": path,
        "root_path": path.removesuffix(page).rstrip("/"),
        "query_string": str(environ.get("QUERY_STRING", "")).encode("latin-1", "replace"),
        "headers": [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers.items()],
        "client": (str(environ.get("REMOTE_ADDR") or "local"), 0),
        "server": (host, None),
    }


def answered_elsewhere(app: Starlette, scope: dict[str, Any], body: bytes) -> Answer:
    """Return what the console answers on this process's kept loop, while a thread of the host's waits."""
    scope[UNSLOWED] = True
    return asyncio.run_coroutine_threadsafe(answered(app, scope, body), kept_loop()).result()


async def answered(app: Starlette, scope: dict[str, Any], body: bytes) -> Answer:
    """Return what the console answers, whole; raises what broke in it, for the host to log."""
    told: list[MutableMapping[str, Any]] = []
    given = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        return given.pop() if given else {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        told.append(message)

    await app(scope, receive, send)
    start, *rest = told
    headers = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in start["headers"]]
    own = [each for each in headers if each[0] != "connection"]  # the connection is the server's, not an application's
    return Answer(start["status"], own, b"".join(each.get("body", b"") for each in rest))
