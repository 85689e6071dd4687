"""A console whose host says who is there, over a desk whose actions return, refuse, fail and wait."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import SecretStr

from firsthand import Desk, File, Refused, Run
from firsthand.surfaces.console.app import application
from firsthand.testing import trial

from .signing import ORIGIN, Browser


class Account:
    """An account of the tests'."""

    def __init__(self, id: int) -> None:
        self.id = id


class Acme(Browser):
    """A browser of somebody: ``me`` says whose, ``returns`` what the action ``tell`` returns."""

    desk: Desk
    returned: dict[str, Any]
    going: threading.Event

    def me(self, person: str) -> Acme:
        """Be somebody from now on."""
        self.headers["x-person"] = person
        return self

    def run(self, action: str, inputs: dict[str, Any] | None = None, by: str = "priya", **said: Any) -> int:
        """Run an action, and return the run's id."""
        return self.desk.run(action, inputs or {}, by=by, **{"reason": "asked", **said}).id

    def told(self, value: Any) -> int:
        """Run an action that returns a value, and return the run's id."""
        self.returned["value"] = value
        return self.run("tell")

    def asks(self, action: str, inputs: dict[str, Any] | None = None, by: str = "priya", **said: Any) -> int:
        """Ask for an action, and return the run's id."""
        return self.desk.ask(action, inputs or {}, by=by, **{"reason": "asked", **said}).id


def a_desk(returned: dict[str, Any], going: threading.Event) -> Desk:  # noqa: C901 - one action after another
    """Return the desk. Priya is support, Sam lead, Olga owner."""
    desk = Desk("Acme", why=["asked"])

    @desk.subject(label=lambda account: f"luis{account.id}@example.com")
    def account(id: int) -> Account | None:
        """A customer's account."""
        return Account(id) if id < 100 else None

    def is_open(account: Account) -> bool:
        """The account is open."""
        return account.id != 13

    @desk.action(who=["support", "lead"])
    def tell() -> Any:
        """Return what the test wants."""
        return returned["value"]

    @desk.action(who=["support", "lead"], when=is_open)
    def close(account: Account) -> str:
        """Close an account."""
        if account.id == 7:
            raise Refused("It is closed already.", fix="Leave it.")
        if account.id == 8:
            raise ValueError("the service <b>is</b> away")
        return "Closed."

    @desk.action(who="lead")
    def refund(account: Account, amount: int) -> str:
        """Give money back."""
        return f"{amount} given back."

    @desk.action(who="lead")
    def reset(account: Account, password: SecretStr) -> str:
        """Set a password."""
        return "Set."

    @desk.action(who=["support", "lead"])
    def wait(run: Run[str]) -> str:
        """Wait for the test."""
        run.say("half of it")
        run.progress(1, 2)
        going.wait(20)
        return "Waited."

    @desk.action(who="owner", ask="owner")
    def secretly() -> Any:
        """Do what nobody else may know of."""
        return returned["value"]

    return desk


@contextmanager
def acme(**given: Any) -> Iterator[Acme]:
    """Open a console of a trial for Sam, who is lead."""
    returned: dict[str, Any] = {"value": None}
    going = threading.Event()
    desk = a_desk(returned, going)
    identify: Callable[..., Any] = lambda request: request.headers.get("x-person")  # noqa: E731
    with trial(desk, priya="support", sam="lead", olga="owner") as t:
        app = application(desk, identify, **given)
        opened = Acme(app, base_url=ORIGIN, follow_redirects=False)
        opened.console, opened.t = app.state.console, t
        opened.desk, opened.returned, opened.going = desk, returned, going
        try:
            yield opened.me("sam")
        finally:
            going.set()
            app.state.console.stop()


__all__ = ["Acme", "File", "acme"]
