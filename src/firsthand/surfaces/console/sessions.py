"""Signing in and out, and the invitation with which a new person sets a password: pages for people not known yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from firsthand.core.errors import FirsthandError
from firsthand.storage.accounts import NoInvitation, NotSignedIn, PasswordRefused
from firsthand.storage.passwords import SHORTEST, TooBusy
from firsthand.storage.throttle import Slowed
from firsthand.surfaces.console.console import Console
from firsthand.surfaces.console.rendering import static_urls
from firsthand.surfaces.console.slowing import address_of
from firsthand.surfaces.console.visit import Visit
from firsthand.surfaces.console.visitors import (
    BROWSER,
    FORM,
    SESSION,
    cookie,
    csrf,
    found,
    remember,
    signed_in,
    turn_away,
)

UNSEEN = {"cache-control": "no-store"}
"""Pages with passwords or links in them are kept by nobody."""

LONGEST_NEXT = 2_000


def routes(console: Console) -> list[BaseRoute]:
    """Return the routes of signing in; none where the host says who is there."""
    if console.identify is not None:
        return []
    return [
        Route("/sign-in", endpoint(sign_in_page), methods=["GET"]),
        Route("/sign-in", endpoint(sign_in), methods=["POST"]),
        Route("/sign-out", endpoint(sign_out), methods=["POST"]),
        Route("/invitation/{token}", endpoint(invitation_page), methods=["GET"]),
        Route("/invitation/{token}", endpoint(accept), methods=["POST"]),
    ]


def endpoint(page: Callable[[Console, Request], Response]) -> Callable[..., Any]:
    """Return what answers a request for one of these pages, in a thread."""

    async def answered(request: Request) -> Response:
        return await run_in_threadpool(page, request.app.state.console, request)

    return answered


def visit_of(console: Console, request: Request) -> Visit | Response:
    """Return the visit of a known person; to anybody else, the way in."""
    who = found(console, request)
    if who.person is not None:
        return Visit(console, request, who.person, who.csrf, request.scope.get(FORM) or FormData())
    if who.unknown is not None:
        turn_away(request, "unknown")
        return plain(
            console, request, 403, "You are signed in, but the desk does not know you.",
            "Have whoever administers add you, or let you back in.",
        )  # fmt: skip
    turn_away(request, "session")
    url = way_in(console, request)
    if url is None:
        return plain(console, request, 401, "Nobody is signed in.", "Sign in where you usually do, then come back.")
    if request.headers.get("hx-request"):
        return Response(status_code=401, headers={"hx-redirect": url})
    return RedirectResponse(url, 303)


def way_in(console: Console, request: Request) -> str | None:
    """Return where to sign in, with the page that was wanted."""
    if console.identify is not None and not console.sign_in_url:
        return None
    prefix = prefix_of(request)
    wanted = request.url.path[len(prefix) :] + (f"?{request.url.query}" if request.url.query else "")
    if request.headers.get("hx-request"):
        wanted = shown_page(request).removeprefix(prefix)
    following, base = own_path(wanted) if request.method in ("GET", "HEAD") else "", f"{prefix}/sign-in"
    if console.identify is not None:  # the host's own page, which knows nothing of the prefix
        following, base = following and f"{prefix}{following}", host_url(request, str(console.sign_in_url))
    query = urlencode({"next": following}) if following not in ("", "/") else ""
    return f"{base}{'&' if '?' in base else '?'}{query}" if query else base


def host_url(request: Request, url: str) -> str:
    """Return the address of a page of the host's: under the path at which a proxy shows the host, if it does."""
    outer = str(request.scope.get("app_root_path", "")).rstrip("/")
    return f"{outer}{url}" if url.startswith("/") and not url.startswith(f"{outer}/") else url


def shown_page(request: Request) -> str:
    """Return path and query of the page whose script asks; empty where what it says is no address."""
    try:
        shown = urlsplit(request.headers.get("hx-current-url", ""))
    except ValueError:
        return ""
    return shown.path + (f"?{shown.query}" if shown.query else "")


def own_path(path: str) -> str:
    """Return a path of the console's own, to go on to after signing in; empty for anything else, wherever it leads."""
    plainly = unquote(path)
    if not path.startswith("/") or len(path) > LONGEST_NEXT or not plainly.isprintable():
        return ""
    if "\\" in plainly or plainly.startswith("//") or path.startswith("//"):
        return ""
    parts = urlsplit(path)
    return "" if parts.scheme or parts.netloc else path


def prefix_of(request: Request) -> str:
    """Return the path under which the console is mounted."""
    return str(request.scope.get("root_path", "")).rstrip("/")


# Signing in and out


def sign_in_page(console: Console, request: Request) -> Response:
    """Show the form to sign in; whoever is signed in goes on."""
    following = own_path(request.query_params.get("next", ""))
    if signed_in(console, request):
        return onward(request, following)
    return sign_in_form(console, request, following)


def sign_in_form(
    console: Console, request: Request, following: str, status: int = 200, problem: FirsthandError | None = None,
    person: str = "",
) -> Response:  # fmt: skip
    """Return the form to sign in, with what was wrong the last time."""
    quick = [each for id in console.quick if (each := console.journal.person(id))]
    return page(
        console, request, "sign_in.html", status, following=following, problem=problem, given=person, quick=quick,
        csrf=csrf(console, request, None),
    )  # fmt: skip


def sign_in(console: Console, request: Request) -> Response:
    """Sign somebody in, into a session that is new whatever the browser came with."""
    form: FormData = request.scope[FORM]
    following, person = own_path(text_of(form, "next")), text_of(form, "person").strip()
    address = address_of(request.scope)
    try:
        if (quick := text_of(form, "quick")) and quick in console.quick:
            token = console.accounts.enter_as(quick, address)
        else:
            token = console.accounts.sign_in(person, text_of(form, "password"), address)
    except Slowed as error:
        turn_away(request, "throttled")
        response = sign_in_form(console, request, following, 429, error, person)
        response.headers["retry-after"] = str(error.seconds)
        return response
    except (NotSignedIn, TooBusy) as error:
        status = 401 if isinstance(error, NotSignedIn) else 503
        return sign_in_form(console, request, following, status, error, person)
    begin(console, request, token)
    return onward(request, following)


def begin(console: Console, request: Request, token: str) -> None:
    """Have the browser keep a new session, in the place of whatever it had."""
    if before := cookie(console, request, SESSION):
        console.accounts.sign_out(before)
    remember(console, request, SESSION, token)
    remember(console, request, BROWSER, "")


def sign_out(console: Console, request: Request) -> Response:
    """End this session."""
    if token := cookie(console, request, SESSION):
        console.accounts.sign_out(token)
    remember(console, request, SESSION, "")
    headers = {"clear-site-data": '"cache"', **UNSEEN}
    return RedirectResponse(f"{prefix_of(request)}/sign-in", 303, headers)


def onward(request: Request, following: str) -> Response:
    """Send a browser that is signed in to the page that was wanted."""
    return RedirectResponse(f"{prefix_of(request)}{following or '/'}", 303, dict(UNSEEN))


def text_of(form: FormData, name: str) -> str:
    """Return a field of what was posted; empty where it is not given, or a file."""
    value = form.get(name)
    return value if isinstance(value, str) else ""


# Invitations


def invitation_page(console: Console, request: Request) -> Response:
    """Show whoever was invited the form to set a password. Looking at it uses nothing up."""
    try:
        return invitation_form(console, request)
    except NoInvitation as error:
        return plain(console, request, 410, error.message, error.fix)


def invitation_form(
    console: Console, request: Request, status: int = 200, problem: FirsthandError | None = None
) -> Response:
    """Return the form to set a password; raises ``NoInvitation``."""
    person = console.accounts.invited(request.path_params["token"])
    return page(
        console, request, "invitation.html", status, person=person, problem=problem, shortest=SHORTEST,
        csrf=csrf(console, request, signed_in(console, request)), action=quote(request.path_params["token"], safe=""),
    )  # fmt: skip


def accept(console: Console, request: Request) -> Response:
    """Set a password by an invitation, and sign in."""
    form: FormData = request.scope[FORM]
    password = text_of(form, "password")
    try:
        if password != text_of(form, "again"):
            raise PasswordRefused("The two are not the same.", "Type the password twice.")
        token = console.accounts.accept(request.path_params["token"], password, address_of(request.scope))
    except NoInvitation as error:
        return plain(console, request, 410, error.message, error.fix)
    except (PasswordRefused, TooBusy) as error:
        return invitation_form(console, request, 422, error)
    begin(console, request, token)
    return onward(request, "/")


# Pages for whoever is not known yet


def page(console: Console, request: Request, template: str, status: int = 200, **said: Any) -> Response:
    """Return a page without the console around it."""
    prefix = prefix_of(request)
    context = {
        "url": lambda path: f"{prefix}{path}", "desk": console.desk, "static": static_urls(prefix),
        "theme": request.cookies.get("firsthand_theme", ""), **said,
    }  # fmt: skip
    html = console.templates.get_template(template).render(context)
    return HTMLResponse(html, status, headers=dict(UNSEEN))


def plain(console: Console, request: Request, status: int, message: str, fix: str) -> Response:
    """Return what went wrong in words, for whoever is not known (yet); a part of a page where a script asks."""
    template = "turned_away_part.html" if request.headers.get("hx-request") else "turned_away.html"
    return page(console, request, template, status, message=message, fix=fix)
