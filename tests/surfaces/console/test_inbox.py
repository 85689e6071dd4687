"""The inbox: what one may take, what became of one's asks, what nobody knows the end of, and where one is named."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from firsthand.core.journal import Step
from firsthand.storage.history import Filter
from firsthand.storage.inbox import waiting

from .acme import Acme, acme


@pytest.fixture
def ui() -> Iterator[Acme]:
    """A browser of Sam's, who is lead."""
    with acme() as opened:
        yield opened


def part(ui: Acme, id: str) -> str:
    """Return a part of the inbox."""
    page = ui.open("/inbox")
    assert ui.page.status_code == 200
    return page.partition(f'aria-labelledby="{id}"')[2].partition("</section>")[0]


def runs(html: str) -> list[int]:
    return [int(each) for each in re.findall(r'<li id="run-(\d+)"', html)]


def left_unknown(ui: Acme, action: str = "close") -> int:
    """Leave a run as a process leaves it that dies while performing."""
    id = ui.asks(action, {"account": 1})
    for before, after in (("asked", "recorded"), ("recorded", "performing"), ("performing", "unknown")):
        assert ui.t.journal.step(Step(id, before, after, 0, "priya", {}))
    return id


def test_every_part_says_when_it_is_empty(ui: Acme) -> None:
    for id in ("asks", "by-hand", "unknown", "mine", "mentions"):
        assert 'class="empty"' in part(ui, id), id


def test_asks_that_one_may_take_stand_oldest_first_and_ones_own_do_not(ui: Acme) -> None:
    first, second = (ui.asks("refund", {"account": 1, "amount": n}) for n in (1, 2))
    ui.asks("refund", {"account": 1, "amount": 3}, by="sam")
    ui.asks("secretly", by="olga")
    assert runs(part(ui, "asks")) == [first, second]
    assert runs(part(ui.me("priya"), "asks")) == []


def test_ones_own_asks_show_what_became_of_them(ui: Acme) -> None:
    taken, declined, open = (ui.asks("refund", {"account": 1, "amount": n}) for n in (1, 2, 3))
    ui.desk.take(taken, by="sam")
    ui.desk.decline(declined, "Not today.", by="sam")
    shown = part(ui.me("priya"), "mine")
    assert sorted(runs(shown)) == [taken, declined, open]
    for words in ("succeeded", "declined", "asked", "Not today."):
        assert words in shown


def test_unknown_runs_wait_for_those_who_may_perform_them(ui: Acme) -> None:
    id = left_unknown(ui)
    assert runs(part(ui, "unknown")) == [id]
    assert runs(part(ui.me("olga"), "unknown")) == []


def test_one_is_named_in_notes_comments_and_hand_over_notes(ui: Acme) -> None:
    id = ui.run("close", {"account": 1}, notes="@sam <b>knows</b>")
    journal = ui.t.journal
    journal.append("commented", actor="priya", at=0, run=id, data={"text": "@Sam, look"})
    journal.append("handed_over", actor="priya", at=0, run=None, data={"text": "Quiet, @sam."})
    shown = part(ui, "mentions")
    assert shown.count("<li>") == 3
    assert f'href="/runs/{id}"' in shown
    assert "&lt;b&gt;knows" in shown
    assert "<li>" not in part(ui.me("priya"), "mentions")


def test_nobody_learns_of_a_hidden_action_by_being_named_there(ui: Acme) -> None:
    ui.run("secretly", by="olga", notes="@sam must not know")
    assert "must not know" not in part(ui, "mentions")
    ui.run("secretly", by="olga", notes="@olga")
    assert "@olga" in part(ui.me("olga"), "mentions")


def test_the_count_is_live_and_says_nothing_while_nothing_is_new(ui: Acme) -> None:
    ui.open("/inbox")
    last = ui.t.journal.history.last_event()
    live = {"hx-request": "true"}
    assert ui.get(f"/inbox/count?after={last}", headers=live).status_code == 304
    ui.asks("refund", {"account": 1, "amount": 1})
    left_unknown(ui)
    answer = ui.get(f"/inbox/count?after={last}", headers=live)
    assert re.search(r'<span id="waiting" class="count due"[^>]*>2<', answer.text)
    last = ui.t.journal.history.last_event()
    assert f"after={last}" in answer.text
    assert ui.get(f"/inbox/count?after={last}", headers=live).status_code == 304


def test_what_the_inbox_reads_goes_by_an_index_of_what_is_open_or_was_asked_for(ui: Acme) -> None:
    plans = []
    read = ui.t.journal.database.read

    def planned(sql: str, values: object = ()) -> object:
        plans.append(" ".join(str(row[3]) for row in read(f"EXPLAIN QUERY PLAN {sql}", values)))  # type: ignore[arg-type]
        return read(sql, values)  # type: ignore[arg-type]

    ui.t.journal.database.read = planned  # type: ignore[method-assign, assignment]
    waiting(ui.t.journal.history, "asked", ["close"], 50, but="sam")
    ui.t.journal.history.feed(Filter(asked_by="sam", without=("secretly",)), 50)
    assert "runs_status" in plans[0]
    assert "runs_asked" in plans[1]
    assert not any("TEMP B-TREE" in plan for plan in plans[:1])


def test_only_so_many_lines_are_shown(ui: Acme) -> None:
    for _ in range(53):
        ui.asks("refund", {"account": 1, "amount": 1})
    assert len(runs(part(ui, "asks"))) == 50
    assert "The oldest 50 are shown" in ui.page.text
