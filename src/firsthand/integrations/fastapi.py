"""A desk's console within a FastAPI application: ``mount(app, desk, "/support", identify=current_user)``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, get_args, get_origin

from fastapi import Depends, FastAPI
from fastapi.params import Depends as Dependency
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from firsthand.desk import Desk
from firsthand.integrations.starlette import Ask, not_let_in, place
from firsthand.surfaces.console.visitors import COOKIES

__all__ = ["mount"]

FOUND = "firsthand.found"
"""Where, in a request's scope, the host's dependency leaves what it gave."""


def mount(
    app: FastAPI, desk: Desk, path: str, *, identify: Any = None, id: Callable[[Any], object] | None = None,
    sign_in_url: str | None = None, url: str = "", workers: int = 2,
) -> None:  # fmt: skip
    """Show the console of a desk under a path of an application, from its start to its end.

    ``identify`` is a dependency of the application's that gives who is there, as its routes take it: a function, a
    ``Security(...)``, or an ``Annotated[...]`` with one. It gives a person's id, a ``Person``, or None for nobody; of
    a user of the application's, ``id`` says what their id is: ``id=lambda user: user.email``. Where it answers 401,
    nobody is there, and is sent to ``sign_in_url``; where it answers 403, somebody who may not come in. Without
    ``identify`` known people sign in with a password of their own. ``url`` is as for ``console``. So many ``workers``
    perform what waits; 0: none here.
    """
    place(app, desk, path, identify and asking(app, identify), id, sign_in_url, url, workers)


def asking(app: FastAPI, identify: Any) -> Ask:
    """Return what asks a dependency of an application's, as a route of the application's would.

    It is such a route, reached by nobody from outside, so that all of FastAPI's own rules hold: what it depends on
    itself, overrides, what is closed after it, and who answers for what it raises.
    """

    async def found(request: Request, who: Any = dependency(identify)) -> None:  # noqa: B008 - it is how FastAPI is told
        request.scope[FOUND] = who

    route = APIRoute(
        "/", found, methods=["GET", "HEAD", "POST"], status_code=204, response_model=None,
        dependency_overrides_provider=app,
    )  # fmt: skip

    async def ask(request: Request) -> Any:
        scope, answer = {**request.scope, "app": app}, Answer()
        await route.handle(scope, nothing_more, answer.take)
        if FOUND in scope:
            request.scope.setdefault(COOKIES, {}).update(answer.cookies())
            return scope[FOUND]
        return answer.said(request)

    return ask


def dependency(identify: Any) -> Any:
    """Return a dependency as the default of a parameter; raises ``TypeError`` where it is none."""
    if get_origin(identify) is Annotated:
        identify = next((each for each in get_args(identify) if isinstance(each, Dependency)), None)
    if isinstance(identify, Dependency):
        return identify
    if not callable(identify):
        raise TypeError("identify is a dependency: a function, Security(...), or Annotated[...] with one")
    return Depends(identify)


async def nothing_more() -> Message:
    """Receive nothing: what was sent is the console's to read."""
    return {"type": "http.request", "body": b"", "more_body": False}


class Answer:
    """What a route answered."""

    def __init__(self) -> None:
        self.status = 500
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""

    async def take(self, message: Message) -> None:
        """Take a part of it."""
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message["headers"])
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")

    def cookies(self) -> dict[str, bytes]:
        """Return the cookies that it sets, such as a session's that is renewed."""
        return {value.partition(b"=")[0].decode(): value for name, value in self.headers if name == b"set-cookie"}

    def said(self, request: Request) -> Any:
        """Return what it says of who is there; an answer that says nothing of that is the host's own."""
        if self.status == 401:
            return None
        if self.status == 403:
            return not_let_in()
        response = Response(self.body, self.status)
        response.raw_headers = self.headers
        if request.headers.get("hx-request") and "location" in response.headers:  # or a script would show that page
            return Response(status_code=401, headers={"hx-redirect": response.headers["location"]})
        return response
