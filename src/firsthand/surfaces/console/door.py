"""The door: what every request passes before anything is parsed, and every answer on its way out.

Pure ASGI, in two layers: requests are looked at within the one that answers for what breaks, answers are completed
around it. Whatever is turned away gets an answer in words, is counted by its kind without content, and is slowed.
"""

from __future__ import annotations

import asyncio

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from firsthand.core.calling import host_loop
from firsthand.core.errors import FirsthandError
from firsthand.surfaces.console.bodies import parsed, read_body, token_of
from firsthand.surfaces.console.console import Console
from firsthand.surfaces.console.limits import TurnAway, kind_of_body, look_at_head, look_at_origin
from firsthand.surfaces.console.sessions import plain
from firsthand.surfaces.console.slowing import Slowing, address_of
from firsthand.surfaces.console.visitors import AWAY, FORM, leave, look_at_token

HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cache-control": "private, no-cache",
}
"""What every answer carries, where its page does not say otherwise.

Pages are not ``no-store``: the back button must show the same form again, with the key that makes it one run.
"""


UNSLOWED = "firsthand.unslowed"
"""Says, in a request's scope, that a host has a thread wait for the answer: it is not to wait longer than needed."""


class Door:
    """What looks at every request of a console."""

    def __init__(self, app: ASGIApp, console: Console) -> None:
        self.app = app
        self.console = console

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or turn it away."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
        else:
            host_loop.set(asyncio.get_running_loop())  # the author's async functions run where the host's do
            await self.answer(scope, receive, send)

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request: by its page, or by what is not right about it."""
        try:
            headers = look_at_head(scope, self.console.url)
            if scope["method"] == "POST":
                look_at_origin(headers, scope["scheme"], self.console.url)
                kind = kind_of_body(headers)
                form = await parsed(await read_body(receive), kind, headers.get("content-type", ""))
                receive = after_body(receive)
                request = Request(scope, receive)
                await run_in_threadpool(look_at_token, self.console, request, token_of(form, request.headers))
                scope[FORM] = form
        except FirsthandError as error:
            await self.show_out(error, scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def show_out(self, error: FirsthandError, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that goes no further, in words."""
        status = 503
        if isinstance(error, TurnAway):
            status, scope[AWAY] = error.status, error.kind
        answer = await run_in_threadpool(plain, self.console, Request(scope), status, error.message, error.fix)
        if status == 405:
            answer.headers["allow"] = "GET, HEAD, POST"
        answer.headers["connection"] = "close"  # what else was being sent is not read
        await answer(scope, receive, send)


class Outward:
    """What completes every answer of a console, whatever layer it comes from."""

    def __init__(self, app: ASGIApp, console: Console) -> None:
        self.app = app
        self.console = console
        self.slowing = Slowing()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have a request answered, with what its answer is to carry."""
        await self.app(scope, receive, self.outward(scope, send) if scope["type"] == "http" else send)

    def outward(self, scope: Scope, send: Send) -> Send:
        """Return what sends an answer on, with the headers and cookies that it is to carry; a refusal later."""

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                if kind := scope.get(AWAY):
                    self.console.turned_away.note(kind)
                    if not scope.get(UNSLOWED):
                        await self.slowing.wait(address_of(scope))
                headers = MutableHeaders(raw=message.setdefault("headers", []))
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                message["headers"] = [*headers.raw, *((b"set-cookie", each) for each in leave(scope).values())]
            await send(message)

        return sent


def after_body(receive: Receive) -> Receive:
    """Return what the page receives once its form was read: nothing more, then whatever comes, such as a disconnect."""
    ended = False

    async def received() -> Message:
        nonlocal ended
        if not ended:
            ended = True
            return {"type": "http.request", "body": b"", "more_body": False}
        return await receive()

    return received
