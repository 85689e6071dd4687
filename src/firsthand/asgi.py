"""The console for a host: ``app.mount("/support", console(desk))``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from firsthand.surfaces.console.app import application

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from firsthand.desk import Desk

__all__ = ["console"]


def console(
    desk: Desk, *, identify: Callable[..., Any] | None = None, sign_in_url: str | None = None, url: str = ""
) -> Starlette:
    """Return the console of a desk as an ASGI application, to be served or mounted under any prefix.

    Without more, known people sign in with a password of their own. ``identify`` is the host's own identity instead:
    it takes the ``starlette.requests.Request``, may be async, and returns the id of a known person, or None for
    whoever is not signed in; these are sent to ``sign_in_url``, or turned away where none is given. It may raise
    ``Refused`` for somebody who may not come in. ``url`` is where people reach the console, the scheme included; with
    it, requests for other hosts are turned away.
    """
    return application(desk, identify, sign_in_url, url)
