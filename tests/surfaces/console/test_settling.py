"""A run that ended unknown is settled on its page, or in the inbox, by whoever may perform its action."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .acme import Acme, acme
from .test_inbox import left_unknown, part


@pytest.fixture
def ui() -> Iterator[Acme]:
    """A browser of Sam's, who is lead."""
    with acme() as opened:
        yield opened


def fields(**more: str) -> dict[str, str]:
    return {"outcome": "failed", "words": "There is no <b>trace</b> of it.", "once": "k", **more}


def test_it_is_settled_on_its_page_in_words(ui: Acme) -> None:
    id = left_unknown(ui)
    assert "Did it happen?" in ui.open(f"/runs/{id}")
    sent = ui.submit(f"/runs/{id}/settle", fields(), f"/runs/{id}")
    assert sent.headers["location"] == f"/runs/{id}"
    run = ui.t.journal.run(id)
    assert (run.status, run.error.message) == ("failed", "There is no <b>trace</b> of it.")
    page = ui.open(f"/runs/{id}")
    assert "It did not happen: There is no &lt;b&gt;trace&lt;/b&gt; of it." in page
    assert "Did it happen?" not in page


def test_sent_twice_it_is_settled_once(ui: Acme) -> None:
    id = left_unknown(ui)
    for _ in range(2):
        assert ui.submit(f"/runs/{id}/settle", fields(), f"/runs/{id}").status_code == 303
    assert [event.kind for event in ui.t.journal.history.events(id)].count("settled") == 1


def test_it_stands_in_the_inbox_with_its_form_until_it_is_settled(ui: Acme) -> None:
    id = left_unknown(ui)
    assert f'action="/runs/{id}/settle"' in part(ui, "unknown")
    ui.submit(f"/runs/{id}/settle", fields(outcome="succeeded"), "/inbox")
    assert ui.t.journal.run(id).status == "succeeded"
    assert 'class="empty"' in part(ui, "unknown")


@pytest.mark.parametrize("wrong", [{"words": " . "}, {"outcome": "refused"}, {"outcome": ""}])
def test_what_is_missing_is_said_with_nothing_lost_and_nothing_settled(ui: Acme, wrong: dict[str, str]) -> None:
    id = left_unknown(ui)
    answer = ui.submit(f"/runs/{id}/settle", fields(**wrong), f"/runs/{id}")
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert ui.t.journal.run(id).status == "unknown"


def test_whoever_may_not_perform_it_may_not_settle_it_and_who_may_not_know_of_it_sees_nothing(ui: Acme) -> None:
    id = left_unknown(ui, "reset")
    page = ui.me("priya").open(f"/runs/{id}")
    assert "Whoever may perform it says whether it happened" in page
    assert f"/runs/{id}/settle" not in page
    assert ui.submit(f"/runs/{id}/settle", fields(), f"/runs/{id}").status_code in (409, 422)
    assert ui.t.journal.run(id).status == "unknown"


def test_whoever_is_late_is_told_so(ui: Acme) -> None:
    id = left_unknown(ui)
    ui.desk.settle(id, "succeeded", "It is there.", by="priya")
    answer = ui.submit(f"/runs/{id}/settle", fields(), f"/runs/{id}")
    assert (answer.status_code, "is not unknown: it is succeeded" in answer.text) == (409, True)


def test_without_a_token_nothing_is_settled(ui: Acme) -> None:
    id = left_unknown(ui)
    assert ui.post(f"/runs/{id}/settle", data=fields()).status_code == 403
    assert ui.t.journal.run(id).status == "unknown"
