"""What a host puts around all that is called for a run, a search or a look-up: entered first, left last."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import pytest

from firsthand import Desk, Person
from firsthand.testing import Trial, trial

WITHIN: ContextVar[str] = ContextVar("within", default="nowhere")


@dataclass
class Thing:
    """Something that things are done to."""

    id: int


class Noted:
    """Notes who was called, and within what."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []
        self.number = 0

    def note(self, who: str) -> bool:
        self.heard.append((who, WITHIN.get()))
        return True

    @contextmanager
    def context(self) -> Iterator[None]:
        self.number += 1
        token = WITHIN.set(f"context {self.number}")
        self.note("entered")
        try:
            yield
        finally:
            self.note("left")
            WITHIN.reset(token)


@pytest.fixture
def noted() -> Noted:
    return Noted()


@pytest.fixture
def desk(noted: Noted) -> Desk:
    desk = Desk("Host", why=["asked"])
    desk.around = noted.context

    @desk.resource
    def resource() -> Iterator[Noted]:
        noted.note("resource opened")
        yield noted
        noted.note("resource closed")

    @desk.subject(search=lambda text: [Thing(1)] if noted.note("search") else [], label=lambda thing: "a thing")
    def thing(id: int, noted: Noted) -> Thing | None:
        noted.note("loader")
        return Thing(id)

    def check(thing: Thing) -> bool:
        """It may be."""
        return noted.note("check")

    @desk.action("thing.do", who="support", when=check)
    async def do(thing: Thing, fail: bool = False) -> None:
        noted.note("action")
        if fail:
            raise RuntimeError

    return desk


@pytest.fixture
def tried(desk: Desk) -> Iterator[Trial]:
    with trial(desk, priya="support") as t:
        yield t


def test_all_that_is_called_for_a_run_is_within_one_context_the_async_too(tried: Trial, noted: Noted):
    assert tried.run("thing.do", {"thing": 1}, by="priya", reason="asked").outcome == "succeeded"
    calls = ["entered", "resource opened", "loader", "check", "action", "resource closed", "left"]
    assert noted.heard == [(each, "context 1") for each in calls]


@pytest.mark.parametrize("inputs", [{"thing": 1, "fail": True}, {"thing": "no number"}])
def test_it_is_left_however_the_run_ends_and_each_run_has_its_own(tried: Trial, noted: Noted, inputs):
    for _ in range(2):
        tried.run("thing.do", inputs, by="priya", reason="asked")
    entered = [each for each in noted.heard if each[0] in ("entered", "left")]
    assert entered == [(which, f"context {n}") for n in (1, 2) for which in ("entered", "left")]
    assert WITHIN.get() == "nowhere"


def test_a_search_is_within_one_too(desk: Desk, tried: Trial, noted: Noted):
    from firsthand.core.looking import Looking

    request = desk.request("thing.do", {}, "priya")
    assert [each.label for each in Looking(desk.pipeline).found(request, "thing", "x")] == ["a thing"]
    assert ("search", "context 1") in noted.heard


def test_who_the_people_are_is_asked_within_one(desk: Desk, tried: Trial, noted: Noted):
    @desk.people
    def person(id: str) -> Person | None:
        noted.note("people")
        return Person(id, id, roles="support")

    assert desk.directory is not None
    assert desk.directory.person("sam") == Person("sam", "sam", roles="support")
    assert noted.heard == [(each, "context 1") for each in ("entered", "people", "left")]


def test_a_context_that_cannot_be_entered_fails_the_run_and_nothing_is_called(desk: Desk, tried: Trial, noted: Noted):
    def broken() -> Iterator[None]:
        raise RuntimeError("no application")

    desk.around = contextmanager(lambda: broken())
    run = tried.run("thing.do", {"thing": 1}, by="priya", reason="asked")
    assert run.outcome == "failed"
    assert run.error is not None
    assert "no application" in run.error.message
    assert noted.heard == []
