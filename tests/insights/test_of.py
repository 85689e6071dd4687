"""Figures of one action, one subject, one person: each as many runs as its filter finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from firsthand.insights.figures import Number
from firsthand.insights.of_action import of_actions
from firsthand.insights.of_person import of_person
from firsthand.insights.of_subject import of_subject
from firsthand.insights.scope import filter_of
from firsthand.storage.journal import SqlJournal

from .past import START, fill, found, opened, run_of

HIDDEN = frozenset({"secret.thing"})


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqlJournal]:
    """A journal of its own."""
    made = opened(tmp_path)
    yield made
    made.close()


def holds(journal: SqlJournal, number: Number) -> bool:
    wanted = replace(filter_of(journal.history, number.filter), without=("secret.thing", "old_secret"))
    return len(found(journal, wanted)) == number.runs


@pytest.mark.parametrize("seed", range(3))
def test_each_number_of_an_action_is_as_many_runs_as_its_filter_finds(journal: SqlJournal, seed: int) -> None:
    fill(journal, seed, 200, 100)
    since = START.date() + timedelta(10)
    every = of_actions(journal, since, since + timedelta(30), HIDDEN)
    assert {*every} == {"invoice.refund", "invoice.send", "account.unlock", "x"}
    for action, use in every.items():
        assert holds(journal, use.runs)
        assert holds(journal, use.performed)
        newest = found(journal, filter_of(journal.history, {"action": action}))[0]
        assert use.last == newest.at.isoformat()


@pytest.mark.parametrize("seed", range(3))
def test_each_number_of_a_subject_is_as_many_runs_as_its_filter_finds(journal: SqlJournal, seed: int) -> None:
    fill(journal, seed, 200, 100)
    use = of_subject(journal, "account:0", HIDDEN)
    assert holds(journal, use.runs)
    assert {each.what for each in use.differences} == {"action", "reason"}  # its own traits all its runs have
    assert all(holds(journal, each.runs) and holds(journal, each.of_kind) for each in use.differences)
    assert "secret.thing" not in {each.key for each in use.differences}
    assert of_subject(journal, "account:0").runs.runs > 0
    assert of_subject(journal, "account:nobody").rank is None


def test_a_subject_ranks_among_its_kind(journal: SqlJournal) -> None:
    from firsthand.followers.tally import Tally

    for kind, id, number in (("account", "1", 5), ("account", "2", 3), ("account", "3", 3), ("invoice", "9", 9)):
        for _ in range(number):
            run_of(journal, ["refused"], subjects=[{"kind": kind, "id": id, "label": "", "traits": {}}])
    Tally(journal).rebuild()
    ranks = {key: of_subject(journal, key).rank for key in ("account:1", "account:2", "account:3", "invoice:9")}
    assert ranks == {"account:1": 1, "account:2": 2, "account:3": 2, "invoice:9": 1}


def test_runs_of_hidden_actions_give_no_rank(journal: SqlJournal) -> None:
    from firsthand.followers.tally import Tally

    for action, id, number in (("x", "1", 5), ("x", "2", 3), ("secret.thing", "2", 9), ("old_secret", "3", 9)):
        for _ in range(number):
            subject = {"kind": "account", "id": id, "label": "", "traits": {}}
            run_of(journal, ["refused"], action=action, subjects=[subject])
    Tally(journal).rebuild()
    ranks = {key: of_subject(journal, key, HIDDEN).rank for key in ("account:1", "account:2", "account:3")}
    assert ranks == {"account:1": 1, "account:2": 2, "account:3": None}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("looked_at", [20, 1_000])
def test_each_number_of_a_person_is_as_many_runs_as_its_filter_finds(
    journal: SqlJournal, seed: int, looked_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("firsthand.insights.of_person.LOOKED_AT", looked_at)
    fill(journal, seed, 200, 100)
    for person in ("priya", "luis", "customer 1"):
        use = of_person(journal, person, HIDDEN)
        every = [each.runs for each in (*use.performs, *use.asks_for, *use.requests)]
        assert all(holds(journal, number) for number in (use.runs, *every))
        assert "secret.thing" not in {each.action for each in (*use.performs, *use.asks_for, *use.requests)}
    performs = Counter({each.action: each.runs.runs for each in of_person(journal, "priya").performs})
    assert performs.total() <= max(looked_at, 20)
    assert date.fromisoformat(of_person(journal, "priya").since)
