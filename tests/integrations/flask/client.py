"""The test client that Flask has for an application's own tests, and what of a console's page is sent back by it."""

from __future__ import annotations

from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from ..django.served import HIDDEN

ORIGIN = {"Origin": "http://localhost"}


class Client:
    """A browser, as far as it matters."""

    def __init__(self, app: Flask, at: str = "/support") -> None:
        self.app = app
        self.at = at
        self.browser = app.test_client()

    def sign_in(self, name: str) -> None:
        """Sign in at the application."""
        assert self.browser.post("/sign-in", data={"name": name}).status_code == 302

    def get(self, page: str = "/", **said: Any) -> TestResponse:
        """Open a page of the console."""
        return self.browser.get(f"{self.at}{page}", **said)

    def fields(self, action: str) -> dict[str, str]:
        """Return the hidden fields of an action's form."""
        page = self.get(f"/actions/{action}")
        assert page.status_code == 200, page.text
        return dict(HIDDEN.findall(page.text))

    def send(self, action: str, fields: dict[str, str], headers: Any = ORIGIN, **inputs: object) -> TestResponse:
        """Send an action's form."""
        given = {f"inputs.{name}": value for name, value in inputs.items()}
        data = {**fields, **given, "reason": "customer asked", "do": "run"}
        return self.browser.post(f"{self.at}/actions/{action}", data=data, headers=headers)

    def perform(self, action: str, **inputs: object) -> TestResponse:
        """Open an action's form and send it."""
        return self.send(action, self.fields(action), **inputs)
