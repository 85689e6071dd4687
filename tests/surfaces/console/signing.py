"""A browser without scripts before a console of its own: it keeps cookies and sends the forms it is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any

from argon2 import PasswordHasher
from starlette.testclient import TestClient

from firsthand import Desk
from firsthand.storage.accounts import Accounts
from firsthand.storage.passwords import Passwords
from firsthand.surfaces.console.app import application
from firsthand.surfaces.console.console import Console
from firsthand.testing import Trial, trial

QUICK = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
PASSWORD = "correct horse battery"
ORIGIN = "http://testserver"


class Browser(TestClient):
    """A browser: ``submit`` fills in and sends a form of the page that is open."""

    console: Console
    t: Trial

    def open(self, path: str, **more: Any) -> str:
        """Open a page and return its HTML."""
        self.page = self.get(path, **more)
        return self.page.text

    def token(self, path: str = "/sign-in") -> str:
        """Return the token of a page's forms."""
        found = re.search(r'name="csrf" value="([^"]+)"', self.open(path))
        assert found, f"no form at {path}: {self.page.status_code} {self.page.text[:300]}"
        return unescape(found[1])

    def submit(self, at: str, fields: dict[str, Any], token_of: str | None = None, **more: Any) -> Any:
        """Send a form with the token of the page that shows it, and with the origin that a browser would tell."""
        headers = {"origin": ORIGIN, **more.pop("headers", {})}
        return self.post(at, data={"csrf": self.token(token_of or at), **fields}, headers=headers, **more)

    def sign_in(self, person: str, password: str = PASSWORD, **more: Any) -> Any:
        """Sign in by the form."""
        return self.submit("/sign-in", {"person": person, "password": password, **more})


def a_desk() -> Desk:
    desk = Desk("Acme", why=["asked"])

    @desk.action("unlock", who="support")
    def unlock() -> None:
        """Unlock it."""

    return desk


@contextmanager
def consoles(root_path: str = "", **given: Any) -> Iterator[Browser]:
    """Open a console of a trial: ada administers, priya is support, gus has left; the first two have passwords."""
    desk = a_desk()
    with trial(desk, ada="lead", priya="support", gus="support") as t:
        t.journal.people.change("gus", by="root", active=False)
        app = application(desk, **given)
        console = app.state.console
        console.accounts = Accounts(t.journal, t.clock, QUICK)
        for person in ("ada", "priya"):
            console.accounts.accept(console.accounts.invite(person, "root"), PASSWORD, "test")
        try:
            yield browser(app, t, root_path)
        finally:
            console.stop()


def browser(app: Any, t: Trial, root_path: str = "") -> Browser:
    """Return another browser before the same console."""
    opened = Browser(app, base_url=ORIGIN, follow_redirects=False, root_path=root_path)
    opened.console, opened.t = app.state.console, t
    return opened
