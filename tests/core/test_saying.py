"""What every action has to say of itself, told a sentence each where it does not."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr

from firsthand import Desk
from firsthand.core.saying import unsaid


def said(function: Callable[..., Any], **more: Any) -> list[str]:
    """What an action of a function fails to say."""
    desk = Desk("Acme", why=more.pop("desk", ["customer asked"]))
    desk.action("account.close", **{"who": "support", **more})(function)
    return [fault for action in desk.actions for fault in unsaid(action)]


def told(text: str | None, **more: Any) -> list[str]:
    def close() -> None: ...

    close.__doc__ = text
    return said(close, **more)


@pytest.mark.parametrize(
    "text", ["Close an account for good.", "Ends it.", "Schließt das Konto, endgültig.", "口座を完全に解約します。"]
)
def test_a_docstring_that_says_more_than_the_title_is_enough(text: str):
    assert told(text) == []


@pytest.mark.parametrize("text", ["Close account.", "Close the account", "account.close", "…", "..."])
def test_a_docstring_that_says_no_more_than_the_title_is_not(text: str):
    assert told(text, title="Close account") == [
        "account.close: its docstring says no more than its title. "
        "Give it a docstring that tells a colleague what happens."
    ]


def test_without_a_docstring_it_does_not_say_what_it_does():
    assert told(None)[0].startswith("account.close: it does not say what it does.")


@pytest.mark.parametrize(
    "who", ["everybody", "nobody", " ", "*", ["support", "Everyone"], {"support": True, "all": True}]
)
def test_a_role_that_nobody_has_is_named(who: Any):
    (fault,) = told("Ends it.", who=who)
    assert "which is no role, so nobody has it" in fault


@pytest.mark.parametrize(("desk", "own", "faults"), [
    (None, None, 1), ((), None, 0), (None, [], 0), (None, ["other"], 0), (["fraud"], None, 0), (None, "fraud", 0),
])  # fmt: skip
def test_reasons_are_said_or_it_is_said_that_there_are_none(desk: Any, own: Any, faults: int):
    assert len(told("Ends it.", desk=desk, why=own)) == faults


def test_a_password_is_a_secret_by_its_type():
    def enter(new_password: str, password_hint_shown: bool, secret: SecretStr, secretary: str) -> None:
        """Set what somebody signs in with."""

    (fault,) = said(enter)
    assert fault == (
        "account.close: its input new_password is a string, so it is on record. Make it a SecretStr."
    )  # fmt: skip
