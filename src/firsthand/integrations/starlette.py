"""A desk's console within a Starlette application: ``mount(app, desk, "/support", identify=...)``."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from firsthand.asgi import console
from firsthand.core.actors import Person
from firsthand.core.errors import Refused
from firsthand.desk import Desk
from firsthand.integrations.attending import attended

__all__ = ["mount"]

WHO = "firsthand.who"
"""Where the console finds, in a request's scope, what the host said of who is there."""

Ask = Callable[[Request], Awaitable[Any]]
"""Asks the host: gives a user, None for nobody, a ``Refused``, or an answer of the host's own."""


def mount(
    app: Starlette, desk: Desk, path: str, *, identify: Callable[[Request], Any] | None = None,
    id: Callable[[Any], object] | None = None, sign_in_url: str | None = None, url: str = "", workers: int = 2,
) -> None:  # fmt: skip
    """Show the console of a desk under a path of an application, from its start to its end.

    ``identify`` tells who is there: it takes the request, may be async, and returns a person's id, a ``Person``, or
    None for nobody; of a user of the host's, ``id`` says what their id is. An ``HTTPException`` of status 401 is
    nobody, one of 403 somebody who may not come in. Nobody is sent to ``sign_in_url``. Without ``identify`` known
    people sign in with a password of their own. ``url`` is as for ``console``. So many ``workers`` perform what waits;
    0: none here.
    """
    place(app, desk, path, identify and asking(identify), id, sign_in_url, url, workers)


def place(
    app: Starlette, desk: Desk, path: str, ask: Ask | None, id: Callable[[Any], object] | None,
    sign_in_url: str | None, url: str, workers: int,
) -> None:  # fmt: skip
    """Mount the console of a desk, and have it begin and end with the application."""
    made = console(desk, identify=told if ask else None, sign_in_url=sign_in_url, url=url)
    app.mount(path, Mounted(made, ask, id))
    app.router.lifespan_context = attended(app.router.lifespan_context, made.state.console, workers)


def asking(identify: Callable[[Request], Any]) -> Ask:
    """Return what asks a function of the host's, in a thread unless it is async."""
    is_async = inspect.iscoroutinefunction(identify)

    async def ask(request: Request) -> Any:
        try:
            found = await identify(request) if is_async else await run_in_threadpool(identify, request)
            return await found if inspect.isawaitable(found) else found
        except HTTPException as error:
            if error.status_code == 401:
                return None
            if error.status_code == 403:
                return not_let_in()
            raise

    return ask


def not_let_in() -> Refused:
    """Return what somebody is told whom the host knows and does not let in."""
    return Refused("You are signed in, but may not use this desk.", "Ask whoever gives rights in this application.")


class Mounted:
    """A console at its place in a host: the host is asked who is there before a request reaches it.

    It is asked on the host's loop, so that no thread of the console's waits for one of the host's. What it raises, and
    what it answers itself, is the host's to say.
    """

    def __init__(self, app: ASGIApp, ask: Ask | None, id: Callable[[Any], object] | None) -> None:
        self.app = app
        self.ask = ask
        self.id = id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have the console answer a request, for whoever is there."""
        scope["path"] = whole_path(scope)
        if self.ask is not None and is_for_somebody(scope):
            found = await self.ask(Request(scope))
            if isinstance(found, Response):
                await found(scope, receive, send)
                return
            scope[WHO] = found if isinstance(found, Refused) else id_of(found, self.id)
        await self.app(scope, receive, send)


def is_for_somebody(scope: Scope) -> bool:
    """Say whether the answer to a request depends on who is there; the console turns other methods away."""
    if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD", "POST"):
        return False
    return not scope["path"].removeprefix(scope["root_path"]).startswith("/static/")


def whole_path(scope: Scope) -> str:
    """Return a request's path from the server's root on: a proxy may have taken away the part before the host."""
    path, outer = str(scope["path"]), str(scope.get("app_root_path", ""))
    return path if path.startswith(scope["root_path"]) else f"{outer.rstrip('/')}{path}"


def told(request: Request) -> str | None:
    """Return whom the host has signed in; raises ``Refused`` for somebody whom it does not let in."""
    who: str | Refused | None = request.scope.get(WHO)
    if isinstance(who, Refused):
        raise who
    return who


def id_of(found: Any, id: Callable[[Any], object] | None) -> str | None:
    """Return the id of whoever is there; raises ``TypeError`` for a user of whom nobody says what it is."""
    value = id(found) if id is not None and found is not None else found
    if value is None or isinstance(value, (str, int, UUID)):
        return None if value is None else str(value)
    if isinstance(value, Person):
        return value.id
    kind = type(value).__name__
    raise TypeError(f"identify gives a {kind}: say what its id is, such as id=lambda user: user.email")
