"""Comments: said once, for good, by whoever may know of the run; with whoever is named as a link."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .acme import Acme, acme

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>"


@pytest.fixture
def ui() -> Iterator[Acme]:
    """A browser of Sam's."""
    with acme() as opened:
        yield opened


def said(ui: Acme, id: int) -> list[str]:
    return [event.data["text"] for event in ui.t.journal.history.events(id) if event.kind == "commented"]


def test_a_comment_stands_below_the_run_with_its_lines(ui: Acme) -> None:
    id = ui.run("close", {"account": 1})
    done = ui.submit(f"/runs/{id}/comments", {"words": f"Right, @priya.\r\n{HOSTILE}"}, f"/runs/{id}")
    assert done.headers["location"] == f"/runs/{id}"
    assert said(ui, id) == [f"Right, @priya.\n{HOSTILE}"]
    page = ui.open(f"/runs/{id}")
    assert 'Right, <a href="/people/priya">@priya</a>.\n&lt;script&gt;' in page
    assert HOSTILE not in page


def test_the_same_form_sent_again_is_one_comment_and_other_words_are_another(ui: Acme) -> None:
    id = ui.run("close", {"account": 1})
    for words in ("One.", "One.", "Two.", "One."):
        ui.submit(f"/runs/{id}/comments", {"words": words, "once": "key"}, f"/runs/{id}")
    assert said(ui, id) == ["One.", "Two."]


@pytest.mark.parametrize("words", ["", "  \r\n ", "x" * 10_001])
def test_a_comment_that_cannot_be_one_is_refused_in_words(ui: Acme, words: str) -> None:
    id = ui.run("close", {"account": 1})
    done = ui.submit(f"/runs/{id}/comments", {"words": words}, f"/runs/{id}")
    assert done.status_code == 409
    assert "omment" in done.text
    assert said(ui, id) == []


def test_without_the_token_nothing_is_said(ui: Acme) -> None:
    id = ui.run("close", {"account": 1})
    assert ui.post(f"/runs/{id}/comments", data={"words": "x"}).status_code == 403
    assert said(ui, id) == []


def test_the_page_shows_the_newest_of_very_many_comments(ui: Acme) -> None:
    id = ui.run("close", {"account": 1})
    for number in range(205):
        ui.t.journal.append("commented", actor="sam", at=0, run=id, data={"text": f"number {number}"})
    page = ui.open(f"/runs/{id}")
    assert page.count('<li id="comment-') == 200
    assert "The newest 200 of 205 are shown." in page
