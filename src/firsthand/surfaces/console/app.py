"""The application: which page answers which address, and what every page has in common."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from firsthand.core.errors import (
    FirsthandError,
    JournalMissing,
    JournalOutdated,
    JournalUnavailable,
    Refused,
    UnknownActor,
)
from firsthand.desk import Desk
from firsthand.surfaces.console import (
    account,
    actions,
    activity,
    batches,
    by_hand,
    catalogue,
    comments,
    dashboard,
    finding,
    inbox,
    manual,
    notices,
    people,
    persons,
    runs,
    schedules,
    sessions,
    settling,
    subjects,
)
from firsthand.surfaces.console.console import Console
from firsthand.surfaces.console.door import Door, Outward
from firsthand.surfaces.console.limits import TurnAway
from firsthand.surfaces.console.performing import Busy
from firsthand.surfaces.console.rendering import HOME
from firsthand.surfaces.console.visit import NotFound, Visit
from firsthand.surfaces.console.visitors import turn_away

Page = Callable[[Visit], Response]

PAGES: tuple[tuple[str, str, Page], ...] = (
    *activity.PAGES, *batches.PAGES, *actions.PAGES, *catalogue.PAGES, *finding.PAGES, *subjects.PAGES, *persons.PAGES,
    *runs.PAGES, *by_hand.PAGES, *manual.PAGES, *comments.PAGES, *inbox.PAGES, *dashboard.PAGES,
    *settling.PAGES, *schedules.PAGES, *account.PAGES, *people.PAGES,
    *notices.PAGES,
)  # fmt: skip
"""Method, path and page; every one of them is for known people only."""

STATUS: tuple[tuple[type[FirsthandError], int], ...] = (
    (NotFound, 404), (UnknownActor, 403), (Refused, 409), (Busy, 503),
    (JournalMissing, 503), (JournalOutdated, 503), (JournalUnavailable, 503),
)  # fmt: skip


class Application(Starlette):
    """Starlette, with what every answer carries set around all of it: around its answer to what broke, too."""

    def build_middleware_stack(self) -> ASGIApp:
        """Return what answers: the usual layers, and one more around them."""
        return Outward(super().build_middleware_stack(), self.state.console)


def application(
    desk: Desk, identify: Callable[..., Any] | None = None, sign_in_url: str | None = None, url: str = "",
    quick: tuple[str, ...] = (),
) -> Starlette:  # fmt: skip
    """Return the console of a desk as an ASGI application that can be served, or mounted under any prefix."""
    console = Console(desk, identify, sign_in_url, url, quick)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await run_in_threadpool(console.start)
        yield
        await run_in_threadpool(console.stop)

    app = Application(
        routes=[*routes(PAGES), *sessions.routes(console), Mount("/static", Static(directory=HOME / "static"))],
        middleware=[Middleware(Door, console=console)],
        exception_handlers={FirsthandError: refused, HTTPException: missing, 500: broken},
        lifespan=lifespan,
    )
    app.state.console = console
    return app


def routes(pages: Iterable[tuple[str, str, Page]]) -> list[BaseRoute]:
    """Return the routes of pages."""
    return [Route(path, endpoint(page), methods=[method]) for method, path, page in pages]


def endpoint(page: Page) -> Callable[..., Any]:
    """Return what answers a request for a page: a thread, for a known person; others are shown to the door."""

    def answer(request: Request) -> Response:
        console: Console = request.app.state.console
        if console.follower is None:
            console.start()
        visit = sessions.visit_of(console, request)
        if isinstance(visit, Response):
            return visit
        request.state.visit = visit
        return page(visit)

    async def answered(request: Request) -> Response:
        return await run_in_threadpool(answer, request)

    return answered


class Static(StaticFiles):
    """The console's own files; their addresses hold a digest, so browsers may keep them."""

    async def get_response(self, path: str, scope: Any) -> Response:
        """Return a file, to be kept for a year."""
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = "public, max-age=31536000, immutable"
        return response


async def refused(request: Request, error: Exception) -> Response:
    """Say in words what went wrong and what to do next."""
    assert isinstance(error, FirsthandError)  # noqa: S101
    status = next((status for kind, status in STATUS if isinstance(error, kind)), 400)
    if isinstance(error, TurnAway):
        turn_away(request, error.kind)
        status = error.status
    return await run_in_threadpool(said, request, status, error.message, error.fix)


async def missing(request: Request, error: Exception) -> Response:
    """Say that there is no such page."""
    assert isinstance(error, HTTPException)  # noqa: S101
    words = {404: "There is no such page.", 405: "This cannot be done here."}
    message = words.get(error.status_code, str(error.detail))
    return await run_in_threadpool(said, request, error.status_code, message, "Go back to the activity.")


async def broken(request: Request, error: Exception) -> Response:
    """Say that the console itself is at fault; what it was stands in the server's log, and only there.

    Without the console around it, which may be what broke.
    """
    words = "Something in the console broke, and was logged.", "Try again; if it stays so, tell those who run it."
    return await run_in_threadpool(sessions.plain, request.app.state.console, request, 500, *words)


def said(request: Request, status: int, message: str, fix: str) -> Response:
    """Return an error's page: with the console around it for whoever is signed in."""
    console: Console = request.app.state.console
    visit = getattr(request.state, "visit", None)
    if visit is not None:
        response: Response = visit.render("error.html", status, message=message, fix=fix, live=visit.live)
        return response
    return sessions.plain(console, request, status, message, fix)
