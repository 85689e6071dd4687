"""A form that asks at every keystroke: what is missing or does not parse yet is only not known."""

from typing import Annotated

import pytest
from pydantic import AfterValidator, SecretStr

from firsthand import Choices, Refused
from firsthand.core.attempts import Request
from firsthand.core.looking import Looking
from firsthand.testing import trial

from .shop import Account


def picky(text: str) -> str:
    if len(text) < 3:
        raise TypeError("a bug that comes with short texts")
    return text


def says(account: Account, pin: SecretStr) -> bool:
    """The PIN is right."""
    raise Refused(f"{pin.get_secret_value()} is wrong.", fix=f"Not {pin.get_secret_value()}.")


def plans(account: Account, pin: SecretStr) -> list[tuple[str, str]]:
    return [("basic", f"Basic for {pin.get_secret_value()}")]


def is_active(account: Account) -> bool:
    """The account is active."""
    return account.active


@pytest.fixture
def form(desk):
    @desk.action("move", who="support", when=[is_active, says])
    def move(
        account: Account, day: int, code: Annotated[str, AfterValidator(picky)], pin: SecretStr,
        plan: Annotated[str, Choices(plans)],
    ) -> None: ...  # fmt: skip

    return desk


@pytest.mark.parametrize("inputs", [
    {}, {"account": ""}, {"account": "x"}, {"account": None}, {"account": [1]}, {"day": "2026-"}, {"code": "ab"},
    {"code": "\udcff"}, {"nothing": 1}, {"pin": ""}, {"pin": ["a"]}, {"plan": {"a": 1}},
])  # fmt: skip
def test_what_is_not_known_yet_is_needed_and_nothing_is_raised(form, inputs):
    with trial(form, priya="support") as t:
        looking, request = Looking(form.pipeline), Request("move", inputs, "priya", "console")
        assert [item.holds for item in looking.checklist(request)] == [None, None]
        assert looking.offered(request, "plan") == []
        assert looking.offered(request, "no such input") == []
        request.inputs = {"account": 1, **inputs} if "account" not in inputs else inputs
        assert looking.checklist(request)[0].holds is (None if "account" in inputs else True)
        assert t.journal.history.last_run() == 0


def test_a_secret_is_in_no_message_no_fix_and_no_label(form):
    with trial(form, priya="support"):
        request = Request("move", {"account": "1", "pin": "hunter2-hunter2"}, "priya", "console")
        told = [*Looking(form.pipeline).checklist(request), *Looking(form.pipeline).offered(request, "plan")]
        assert "hunter2" not in repr(told)
        assert "**********" in repr(told)


def test_a_subject_that_is_not_there_is_said(form):
    with trial(form, priya="support"), pytest.raises(Refused, match="There is no account 77"):
        Looking(form.pipeline).checklist(Request("move", {"account": 77}, "priya", "console"))
