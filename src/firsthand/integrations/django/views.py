"""The console as a view of the project: behind its middleware, signed in by its own sessions, under WSGI and ASGI."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from contextvars import copy_context
from typing import Any

from asgiref.sync import async_to_sync
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.db import connections, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.urls import (
    NoReverseMatch,
    Resolver404,
    URLResolver,
    get_resolver,
    get_script_prefix,
    re_path,
    resolve,
    reverse,
)
from starlette.applications import Starlette

from firsthand.asgi import console
from firsthand.core.errors import DeskError
from firsthand.desk import Desk
from firsthand.integrations.django.resources import lend
from firsthand.integrations.django.users import Users
from firsthand.integrations.wsgi import WHO, Answer, answered, answered_elsewhere, scope_of

NAME = "console"
"""The name of its URL."""


def console_urls(desk: Desk) -> list[Any]:
    """Return the URL patterns of a desk's console, to be included under any prefix of the project."""
    view: Any = View(desk)
    for alias in connections:
        view = transaction.non_atomic_requests(using=alias)(view)
    return [re_path(r"^(?P<page>.*)$", view, name=NAME)]


def console_url(desk: Desk) -> str | None:
    """Return where a desk's console is in the project; None where it is nowhere, or at no one address."""
    for names, view in views_in(get_resolver()):
        if view.desk is desk:
            try:
                return reverse(":".join((*names, NAME)), kwargs={"page": ""})
            except NoReverseMatch:
                return None
    return None


def views_in(resolver: URLResolver, names: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], View]]:
    """Yield the consoles of the project, each with the namespaces that its URL's name stands in."""
    for each in resolver.url_patterns:
        if isinstance(each, URLResolver):
            yield from views_in(each, (*names, each.namespace) if each.namespace else names)
        elif isinstance(each.callback, View):
            yield names, each.callback


class View:
    """The view: each request is handed to the console, whose answer becomes Django's.

    Its forms carry tokens of their own, which are looked at by the console.
    """

    csrf_exempt = True

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.guard = threading.Lock()
        self.made: Starlette | None = None
        self.__name__ = self.__qualname__ = NAME

    @property
    def app(self) -> Starlette:
        """The console; made with the first request, when the project's URLs are known."""
        with self.guard:
            if self.made is None:
                self.made = console(self.desk, identify=lambda request: request.scope[WHO], sign_in_url=sign_in_url())
            return self.made

    def __call__(self, request: HttpRequest, page: str) -> HttpResponse:
        """Answer a request; who the user is, its threads know from here, and nobody else."""
        return copy_context().run(self.answered, request, page)

    def answered(self, request: HttpRequest, page: str) -> HttpResponse:
        """Answer a request: on the host's event loop where it has one, else on the one of this process."""
        native = isinstance(request, ASGIRequest)
        lend()
        scope, body = scope_of(request.META, request.path, page, request.get_host(), str(request.scheme)), request.body
        scope[WHO] = None if page.startswith("static/") else username_of(request)
        if scope[WHO] is not None and isinstance(self.desk.directory, Users):
            with suppress(DeskError):  # the console says what is wrong
                self.desk.directory.ask(scope[WHO])
        answer = async_to_sync(answered) if native else answered_elsewhere
        return response_of(answer(self.app, scope, body))


def username_of(request: HttpRequest) -> str | None:
    """Return whom Django has signed in."""
    user = getattr(request, "user", None)
    return str(user.get_username()) if user is not None and user.is_authenticated else None


def response_of(answer: Answer) -> HttpResponse:
    """Return an answer as Django has it."""
    response = HttpResponse(answer.body, status=answer.status)
    del response.headers["Content-Type"]
    for name, value in answer.headers:
        if name == "set-cookie":
            response.cookies.load(value)
        else:
            response.headers[name] = value
    return response


def sign_in_url() -> str:
    """Return where people sign in: the project's LOGIN_URL, or the admin's page where there is nothing at that."""
    url = resolve_url(settings.LOGIN_URL)
    if "://" in url:
        return url
    try:
        resolve(f"/{url.partition('?')[0].removeprefix(get_script_prefix())}")
    except Resolver404:
        with suppress(NoReverseMatch):
            return reverse("admin:login")
    return url
