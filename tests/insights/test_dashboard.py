"""The dashboard: every number is as many runs as its filter finds, whatever the journal and the scope."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from firsthand.core.errors import FirsthandError
from firsthand.core.runs import Run
from firsthand.followers.tally import Tally
from firsthand.insights import figures as module
from firsthand.insights.counts import counts
from firsthand.insights.dashboard import Dashboard, dashboard, tables
from firsthand.insights.figures import Number
from firsthand.insights.scope import Scope, filter_of
from firsthand.insights.unseen import TooManyHidden
from firsthand.storage.journal import SqlJournal

from ..databases import SQLITE
from .past import START, fill, found, opened, run_of

DAY = timedelta(1)
SPANS = [(None, None), (0, 0), (3, 40), (11, 41), (None, 100), (60, None), (-400, 4000), (500, 600)]
OF: list[dict[str, str]] = [
    {}, {"namespace": "invoice"}, {"namespace": "old"}, {"tag": "billing"}, {"tag": "a,b"},
    {"action": "invoice.refund"}, {"action": "give_back"}, {"action": "nothing.known"}, {"action": "x"},
]  # fmt: skip


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqlJournal]:
    """A journal of its own."""
    made = opened(tmp_path)
    yield made
    made.close()


def numbers(figures: Dashboard) -> Iterator[tuple[str, Number]]:
    """Yield every number of every table."""
    for table in tables(figures):
        for row in table.rows:
            yield from ((table.name, cell) for cell in row if isinstance(cell, Number))


def scope(days: tuple[int | None, int | None], **of: str) -> Scope:
    first = START.date()
    since, until = (None if each is None else first + each * DAY for each in days)
    return Scope(since, until, **of)


@pytest.mark.parametrize("seed", range(6))
def test_every_number_is_as_many_runs_as_its_filter_finds(journal: SqlJournal, seed: int) -> None:
    fill(journal, seed, 250, [30, 400, 1_100][seed % 3])
    for days in SPANS:
        for of in OF:
            every = dashboard(journal, scope(days, **of))
            for name, number in numbers(every):
                runs = found(journal, filter_of(journal.history, number.filter))
                assert len(runs) == number.runs, (name, days, of, number)
            wanted = found(journal, filter_of(journal.history, every.scope.as_fields()))
            assert every.total.runs.runs == len(wanted)
            assert sum(each.runs.runs for each in every.in_time) == len(wanted)
            assert sum(each.runs.runs for each in every.actions) == len(wanted)
            assert sum(each.runs.runs for each in every.performers) == sum(run.actor is not None for run in wanted)
            assert sum(each.runs.runs for each in every.requesters) == sum(
                run.requested_by is not None for run in wanted
            )
            assert sum(each.runs.runs for each in every.subjects) == sum(run.subject is not None for run in wanted)
            notes = [run.id for run in wanted if run.reason == "other"]
            assert len(every.notes) == min(len(notes), 10)
            assert {each.run for each in every.notes} <= set(notes)


def test_the_figures_stay_the_same_once_everything_is_folded(journal: SqlJournal) -> None:
    fill(journal, 7, 200, 200)
    every = [dashboard(journal, scope(days, **of)).as_dict() for days in SPANS for of in OF]
    assert Tally(journal).advance(60)
    assert [dashboard(journal, scope(days, **of)).as_dict() for days in SPANS for of in OF] == every
    Tally(journal).rebuild()
    assert [dashboard(journal, scope(days, **of)).as_dict() for days in SPANS for of in OF] == every


def test_a_hidden_action_is_in_no_table_by_name_and_its_scope_is_empty(journal: SqlJournal) -> None:
    fill(journal, 3, 300, 60)
    hidden = frozenset({"secret.thing"})
    for of in OF:
        said = json.dumps(dashboard(journal, Scope(**of), hidden).as_dict())
        assert "secret" not in said
    unknown = dashboard(journal, Scope(action="nobody.knows"), hidden).as_dict()
    for name in ("secret.thing", "old_secret"):
        assert {**dashboard(journal, Scope(action=name), hidden).as_dict(), "scope": 0} == json.loads(
            json.dumps({**unknown, "scope": 0}).replace("nobody.knows", name)
        )
    assert dashboard(journal, Scope(namespace="secret"), hidden).total.runs.runs == 0


@pytest.mark.parametrize("seed", range(6))
def test_figures_and_the_runs_behind_them_are_those_that_the_viewer_may_know_of(journal: SqlJournal, seed: int) -> None:
    fill(journal, seed, 250, [30, 400, 1_100][seed % 3])
    hidden = frozenset({"secret.thing", "account.unlock"})
    names = ("secret.thing", "old_secret", "account.unlock")
    for days in SPANS:
        for of in OF:
            every = dashboard(journal, scope(days, **of), hidden)
            for name, number in numbers(every):
                wanted = replace(filter_of(journal.history, number.filter), without=names)
                assert len(found(journal, wanted)) == number.runs, (name, days, of, number)
            told = found(journal, replace(filter_of(journal.history, every.scope.as_fields()), without=names))
            assert every.total.runs.runs == len(told)
            for rows, by in (
                (every.performers, "actor"),
                (every.requesters, "requested_by"),
                (every.askers, "asked_by"),
            ):
                assert {each.person for each in rows} == {getattr(run, by) for run in told} - {None}
            assert {each.reason for each in every.reasons} == {run.reason for run in told} - {None}
            assert {each.subject for each in every.subjects} == {run.subject.key for run in told if run.subject}
            assert len(every.notes) == min(sum(run.reason == "other" for run in told), 10)
            for by in ("tag", "outcome", "day"):
                scoped = counts(journal, by, scope=scope(days, **of), hidden=hidden)
                assert dict(scoped) == Counter(key for run in told for key in keys(run, by)), (by, days, of)


def keys(run: Run[Any], by: str) -> list[str]:
    return {"tag": sorted(set(run.tags)), "outcome": [run.status], "day": [f"{run.at:%Y-%m-%d}"]}[by]


@pytest.mark.parametrize("folded", [False, True])
def test_what_only_a_hidden_action_has_is_named_nowhere(journal: SqlJournal, folded: bool) -> None:
    def run(action: str, label: str, **said: Any) -> None:
        for _ in range(6):
            account = {"kind": "account", "id": said["id"], "label": label, "traits": {"secret": "trait"}}
            run_of(
                journal, ["refused"], action=action, subjects=[account], **{k: v for k, v in said.items() if k != "id"}
            )

    run("x", "Seven", id="7", actor="sam", reason="fraud", tags=["billing"])
    run("secret.thing", "Secret seven", id="7", actor="secret boss", reason="secret reason", tags=["billing", "secret"])
    run("old_secret", "Secret one", id="secret", actor="sam", requested_by="secret customer", tags=["billing"])
    if folded:
        Tally(journal).rebuild()
    for of in ({}, {"tag": "billing"}):
        said = dashboard(journal, Scope(**of), frozenset({"secret.thing"})).as_dict()
        rows = {name: rows for name, rows in said.items() if name != "over_represented"}
        assert "secret" not in json.dumps(rows).lower(), of
        assert [(each["subject"], each["label"]) for each in rows["subjects"]] == [("account:7", "Seven")]
        assert [each["runs"] for each in rows["reasons"]] == [6]


def test_a_tag_with_very_many_hidden_runs_has_no_figures_for_whom_they_are_hidden_from(
    journal: SqlJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("firsthand.insights.unseen.MOST_READ", 3)
    for day in range(4):
        run_of(journal, ["refused"], action="secret.thing", at=START + day * DAY, tags=["billing"])
    run_of(journal, ["refused"], tags=["billing"])
    hidden = frozenset({"secret.thing"})
    with pytest.raises(TooManyHidden, match="Ask for fewer days"):
        dashboard(journal, Scope(tag="billing"), hidden)
    assert dashboard(journal, scope((0, 2), tag="billing"), hidden).total.runs.runs == 1
    assert dashboard(journal, Scope(), hidden).total.runs.runs == 1
    assert dashboard(journal, Scope(tag="access"), hidden).total.runs.runs == 0


def test_an_empty_journal_has_a_dashboard(journal: SqlJournal) -> None:
    every = dashboard(journal, Scope())
    assert every.total.runs.runs == 0
    assert every.in_time == every.actions == ()
    assert json.dumps(every.as_dict())


def test_figures_are_of_one_thing_at_a_time() -> None:
    with pytest.raises(FirsthandError, match="one namespace, or one tag, or one action"):
        Scope(tag="a", action="b")


def test_a_reason_that_the_neediest_have_more_often_than_their_kind_is_over_represented(journal: SqlJournal) -> None:
    def runs(number: int, id: str, reason: str, plan: str) -> None:
        for _ in range(number):
            account = {"kind": "account", "id": id, "label": "", "traits": {"plan": plan}}
            run_of(journal, ["refused"], reason=reason, subjects=[account])

    runs(12, "1", "fraud", "pro")
    for other in range(100):
        runs(1, f"a{other}", "outage", "free")
    found = dashboard(journal, Scope()).over_represented
    assert [(each.what, each.key, each.runs.runs, each.of_kind.runs) for each in found] == [
        ("reason", "fraud", 12, 12), ("trait", "plan=pro", 12, 12)
    ]  # fmt: skip
    assert found[0].ratio == pytest.approx((12 / 21) / (12 / 112))


def test_what_one_run_in_one_has_is_no_insight(journal: SqlJournal) -> None:
    for number in range(4):
        run_of(journal, ["refused"], reason="fraud", subjects=[{"kind": "account", "id": str(number), "traits": {}}])
        run_of(journal, ["refused"], reason="outage", subjects=[{"kind": "account", "id": "9", "traits": {}}])
    assert dashboard(journal, Scope()).over_represented == ()


def test_of_a_subject_with_very_many_runs_the_newest_days_are_compared(
    journal: SqlJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("firsthand.insights.subjects.LOOKED_AT", 6)
    for day in range(10):
        for _ in range(2):
            account = {"kind": "account", "id": "1", "traits": {}}
            run_of(
                journal, ["refused"], at=START + day * DAY, reason="fraud" if day > 6 else "outage", subjects=[account]
            )
        run_of(
            journal,
            ["refused"],
            at=START + day * DAY,
            reason="x",
            subjects=[{"kind": "account", "id": f"z{day}", "traits": {}}],
        )
    for each in dashboard(journal, Scope()).over_represented:
        assert each.since == str(START.date() + 7 * DAY)
        assert len(found(journal, filter_of(journal.history, each.runs.filter))) == each.runs.runs


def test_who_often_wants_what_they_may_not_do_is_told(journal: SqlJournal) -> None:
    for number in range(3):
        run_of(journal, ["asked"], action="give_back", actor=None, asked_by="luis")
        run_of(journal, ["refused"], action="invoice.send", actor="sam", requested_by="luis")
        run_of(journal, ["refused"], action="invoice.refund", actor="sam", requested_by="priya")
        run_of(journal, ["refused"], action="invoice.refund", actor="sam", requested_by="a customer")
        if number:
            run_of(journal, ["asked"], action="secret.thing", actor=None, asked_by="priya")
    wishes = dashboard(journal, Scope()).wishes
    assert [(each.person, each.action, each.how, each.runs.runs) for each in wishes] == [
        ("luis", "invoice.refund", "asked", 3), ("priya", "invoice.refund", "requested", 3)
    ]  # fmt: skip
    assert dashboard(journal, Scope(namespace="account")).wishes == ()


def test_runs_in_time_are_told_by_day_week_or_month_with_those_that_are_empty(journal: SqlJournal) -> None:
    for day in (0, 100, 1_000):
        run_of(journal, ["refused"], at=START + day * DAY)
    for days, unit, number in (((0, 40), "day", 41), ((0, 101), "week", 15), ((0, 1_000), "month", 34)):
        every = dashboard(journal, scope(days))
        assert (every.unit, len(every.in_time)) == (unit, number)
        between = zip(every.in_time, every.in_time[1:], strict=False)
        assert all(date.fromisoformat(one.until) + DAY == date.fromisoformat(next.since) for one, next in between)
        assert sum(each.runs.runs for each in every.in_time) == {"day": 1, "week": 2, "month": 3}[unit]


def test_a_range_is_shown_whole_though_its_first_and_last_days_have_no_runs(journal: SqlJournal) -> None:
    run_of(journal, ["refused"])
    every = dashboard(journal, scope((-3, 26)))
    assert [each.runs.runs for each in every.in_time] == [0] * 3 + [1] + [0] * 26
    assert len(dashboard(journal, Scope(date.min, date.max)).in_time) < 30


def test_where_the_tally_is_far_behind_it_is_told(journal: SqlJournal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_TAIL", 10)
    fill(journal, 1, 30, 10)
    Tally(journal).rebuild()
    assert dashboard(journal, Scope()).counted_until is None
    fill(journal, 2, 30, 10)
    every = dashboard(journal, Scope())
    assert every.counted_until is not None
    assert every.as_dict()["counted_until"]


@SQLITE
def test_no_figure_scans_runs_or_events(journal: SqlJournal) -> None:
    fill(journal, 5, 60, 60)
    Tally(journal).rebuild()
    seen: list[str] = []
    journal.database.reader().set_trace_callback(seen.append)
    for days in SPANS:
        for of in OF:
            dashboard(journal, scope(days, **of))
            dashboard(journal, scope(days, **of), frozenset({"secret.thing"}))
    journal.database.reader().set_trace_callback(None)
    asked = {each for each in seen if each.startswith("SELECT")}
    plans = {step: each for each in asked for *_, step in journal.database.read(f"EXPLAIN QUERY PLAN {each}")}
    scans = ("SCAN runs", "SCAN events", "SCAN tally", "SCAN tally_wide", "SCAN run_subjects", "SCAN tally_lists")
    by_time = "USING INDEX runs_at"
    assert {step: sql for step, sql in plans.items() if step.startswith(scans) and by_time not in step} == {}


def test_the_most_frequent_of_very_many_are_found_over_months(journal: SqlJournal) -> None:
    expected: Counter[str] = Counter()
    for number in range(400):
        customer = f"customer {number % 150 if number % 3 else 7}"
        expected[customer] += 1
        run_of(journal, ["refused"], at=START + (number % 120) * DAY, requested_by=customer)
    Tally(journal).rebuild()
    first = dashboard(journal, scope((0, 118))).requesters[0]
    assert first.person == "customer 7"
