"""Who is visiting: the cookies of a browser, the session or the host's word behind them, and what their forms carry."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from http.cookies import SimpleCookie
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from starlette.requests import Request

from firsthand.core.actors import Person
from firsthand.core.calling import call
from firsthand.core.errors import Refused
from firsthand.storage.accounts import Visitor
from firsthand.surfaces.console.console import Console
from firsthand.surfaces.console.limits import TurnAway

SESSION, BROWSER = "firsthand", "firsthand_browser"
"""Cookies: a session's token; and, before there is one, what a form's token is bound to."""

FORM, COOKIES, AWAY, HOSTS = "firsthand.form", "firsthand.cookies", "firsthand.away", "firsthand.hosts"
"""What the door and the pages leave for each other in a request's scope."""


class Found(NamedTuple):
    """Whoever visits: a known person, or nobody, and the token of their forms."""

    person: Person | None
    csrf: str
    unknown: str | None = None


def found(console: Console, request: Request) -> Found:
    """Return who is visiting, as they are now. Asks the host where the console has its ``identify``."""
    if console.identify is not None:
        id = identified(console, request)
        person = console.journal.person(id) if isinstance(id, str) and id else None
        return Found(person, csrf(console, request, None), None if person or not id else str(id))
    visitor = signed_in(console, request)
    return Found(visitor.person if visitor else None, csrf(console, request, visitor))


def visitor(console: Console, request: Request) -> Person | None:
    """Return the known and active person who is visiting."""
    return found(console, request).person


def identified(console: Console, request: Request) -> Any:
    """Return whom the host says is there; it is asked once for each request, for the form's token as for the page.

    Raises ``TurnAway`` where the host refuses to let them in.
    """
    if console.identify is not None and HOSTS not in request.scope:
        try:
            request.scope[HOSTS] = call(console.identify, request)
        except Refused as refusal:
            raise TurnAway("unknown", 403, refusal.message, refusal.fix) from refusal
    return request.scope.get(HOSTS)


def signed_in(console: Console, request: Request) -> Visitor | None:
    """Return the session behind a request's cookie; a token that has taken its place is sent along."""
    token = cookie(console, request, SESSION)
    visitor = console.accounts.visitor(token) if token else None
    if visitor and visitor.token:
        remember(console, request, SESSION, visitor.token)
    return visitor


def csrf(console: Console, request: Request, visitor: Visitor | None) -> str:
    """Return the token that this visitor's forms carry."""
    return console.accounts.csrf(binding(console, request, visitor))


def binding(console: Console, request: Request, visitor: Visitor | None) -> str:
    """Return what form tokens are bound to: the session; else the browser, by a cookie, and whom the host names."""
    if visitor is not None:
        return f"session:{visitor.session}"
    known = cookie(console, request, BROWSER)
    if not known:
        known = secrets.token_urlsafe(16)
        remember(console, request, BROWSER, known)
    return repr(("browser", known, str(identified(console, request) or "")))


def look_at_token(console: Console, request: Request, given: str) -> None:
    """Raise ``TurnAway`` unless a form carries the token that it was made with."""
    visitor = None if console.identify is not None else signed_in(console, request)
    if not cookie(console, request, SESSION if visitor else BROWSER):
        away = TurnAway(
            "csrf", 403, "Your browser does not send the console's cookies.", "Allow them and sign in again."
        )
    elif console.accounts.csrf_fits(binding(console, request, visitor), given):
        return
    elif visitor is None and not identified(console, request):
        away = TurnAway(
            "session", 401, "You are signed out, so nothing was done.",
            "Sign in, go back to your form, reload it, and send it again.",
        )  # fmt: skip
    else:
        away = TurnAway(
            "csrf", 403, "This form is not valid any more, so nothing was done.", "Reload it and send it again."
        )
    raise away


# Cookies


def secure(console: Console, request: Request) -> bool:
    """Say whether the browser reaches the console by HTTPS, itself or through a proxy."""
    own = urlsplit(console.url)
    return request.url.scheme == "https" or (own.scheme == "https" and own.netloc == request.headers.get("host"))


def path_of(request: Request) -> str:
    """Return the path that cookies are for: where the console is mounted."""
    return str(request.scope.get("root_path", "")).rstrip("/") or "/"


def cookie_name(console: Console, request: Request, name: str) -> str:
    """Return a cookie's name; under HTTPS one that browsers take from nobody else."""
    if not secure(console, request):
        return name
    return f"__Host-{name}" if path_of(request) == "/" else f"__Secure-{name}"


def cookie(console: Console, request: Request, name: str) -> str:
    """Return the value of one of the console's cookies."""
    value = request.cookies.get(cookie_name(console, request, name), "")
    return value if len(value) <= 200 and value.isascii() else ""


def remember(console: Console, request: Request, name: str, value: str) -> None:
    """Have the answer set a cookie; an empty value takes it away. The next look at it finds it set."""
    known = cookie_name(console, request, name)
    made: SimpleCookie = SimpleCookie()
    made[known] = value
    made[known]["path"] = path_of(request)
    made[known]["httponly"] = True
    made[known]["samesite"] = "lax"
    if secure(console, request):
        made[known]["secure"] = True
    if not value:
        made[known]["max-age"] = 0
    request.scope.setdefault(COOKIES, {})[known] = made[known].OutputString().encode("latin-1")
    request.cookies[known] = value


def turn_away(request: Request, kind: str) -> None:
    """Have the door count and slow the answer to a request that its page turns away."""
    request.scope[AWAY] = kind


def leave(scope: Mapping[str, Any]) -> Mapping[str, bytes]:
    """Return the cookies that an answer sets."""
    cookies: Mapping[str, bytes] = scope.get(COOKIES, {})
    return cookies
