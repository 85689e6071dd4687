"""Counts: exact whatever has been folded, joined over former names, and told where they are not up to date."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firsthand.core.errors import FirsthandError, JournalMissing
from firsthand.core.journal import Step
from firsthand.core.runs import TRANSITIONS, Run, microseconds
from firsthand.followers.following import EMPTYING
from firsthand.followers.tally import Tally
from firsthand.insights import figures as module
from firsthand.insights.counts import BY, counts
from firsthand.storage.journal import SqlJournal

from ..databases import POSTGRESQL, SQLITE, url

NEW_YEAR = datetime(2026, 1, 1, 9, tzinfo=UTC)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqlJournal]:
    """A journal of its own."""
    opened = SqlJournal(url(tmp_path))
    _ = opened.process
    yield opened
    opened.close()


def recorded(journal: SqlJournal, **given: Any) -> Run[Any]:
    known = {"action": "unlock", "actor": "priya", "at": NEW_YEAR, "surface": "python", "environment": "test"} | given
    run: Run[Any] = Run(id=0, status="recorded", **known)
    process = journal.process
    journal.database.write(lambda connection: journal.recording.insert(connection, run, process))
    return run


def step(journal: SqlJournal, run: Run[Any], status: str, kind: str = "", **changes: object) -> None:
    moved = Step(run.id, run.status, status, microseconds(NEW_YEAR), run.actor, changes, kind)
    assert journal.step(moved)
    run.status = status


def refused(journal: SqlJournal, number: int = 1, **given: Any) -> None:
    for _ in range(number):
        step(journal, recorded(journal, **given), "refused")


def keys(run: Run[Any], by: str) -> list[str | None]:
    """Return what a run counts for."""
    if by == "tag":
        return list(run.tags)
    if by == "namespace":
        return [run.action.rpartition(".")[0] or None]
    if by in ("outcome", "subject", "day"):
        return [{"outcome": run.status, "day": f"{run.at:%Y-%m-%d}", "subject": run.subject and run.subject.key}[by]]
    return [getattr(run, by)]


def recount(journal: SqlJournal, by: str, since: date = date.min, until: date = date.max) -> list[tuple[str, int]]:
    """Count the runs one by one."""
    runs = [journal.run(id) for (id,) in journal.database.read("SELECT id FROM runs")]
    found = Counter(key for run in runs if run and since <= run.at.date() <= until for key in keys(run, by) if key)
    return sorted(found.items(), key=lambda each: (-each[1], each[0]))


def test_runs_are_counted_before_and_after_they_are_folded(journal: SqlJournal) -> None:
    refused(journal, 3)
    refused(journal, 5, action="refund")
    for _ in range(2):
        assert counts(journal, "action") == [("refund", 5), ("unlock", 3)]
        assert Tally(journal).advance(5)


def test_most_come_first_and_ties_go_by_key(journal: SqlJournal) -> None:
    for action in ("c", "a", "b", "c"):
        refused(journal, action=action)
    assert counts(journal, "action") == [("c", 2), ("a", 1), ("b", 1)]


def test_an_open_run_counts_under_its_status_and_its_day(journal: SqlJournal) -> None:
    run = recorded(journal)
    assert counts(journal, "outcome") == [("recorded", 1)]
    Tally(journal).advance(5)
    step(journal, run, "performing")
    assert counts(journal, "outcome", NEW_YEAR.date(), NEW_YEAR.date()) == [("performing", 1)]
    assert counts(journal, "day") == [("2026-01-01", 1)]


def test_settling_an_unknown_run_moves_its_count(journal: SqlJournal) -> None:
    run = recorded(journal)
    step(journal, run, "performing")
    step(journal, run, "unknown")
    Tally(journal).advance(5)
    assert counts(journal, "outcome") == [("unknown", 1)]
    step(journal, run, "failed", kind="settled")
    assert counts(journal, "outcome") == [("failed", 1)]
    Tally(journal).advance(5)
    assert counts(journal, "outcome") == [("failed", 1)]


def test_what_is_not_known_of_a_run_does_not_count(journal: SqlJournal) -> None:
    refused(journal)
    assert [counts(journal, by) for by in ("reason", "tag", "requested_by", "subject", "namespace")] == [[]] * 5


def test_a_namespace_is_the_name_up_to_its_last_dot(journal: SqlJournal) -> None:
    for action in ("a.b.c", "a.b.d", "a.e", "f"):
        refused(journal, action=action)
    assert counts(journal, "namespace") == [("a.b", 2), ("a", 1)]


def test_former_names_of_an_action_are_joined_to_the_present_one(journal: SqlJournal) -> None:
    refused(journal, 2, action="give_back")
    refused(journal, 3, action="invoice.refund")
    journal.enter_catalogue("desk", {"invoice.refund": {"aliases": ["give_back"]}}, 0)
    assert counts(journal, "action") == [("invoice.refund", 5)]
    assert counts(journal, "namespace") == [("invoice", 5)]


def test_a_former_name_that_another_desk_still_has_is_not_joined(journal: SqlJournal) -> None:
    refused(journal, 2, action="refund")
    journal.enter_catalogue("one", {"invoice.refund": {"aliases": ["refund"]}}, 0)
    journal.enter_catalogue("two", {"refund": {"aliases": []}}, 0)
    assert counts(journal, "action") == [("refund", 2)]


@pytest.mark.parametrize("by", BY)
def test_a_span_counts_both_its_days_whole(journal: SqlJournal, by: str) -> None:
    for day in range(6):
        for at in (NEW_YEAR.replace(hour=0), NEW_YEAR.replace(hour=23, minute=59, second=59, microsecond=999_999)):
            run = recorded(
                journal, action=f"a.{day}", at=at + timedelta(day), requested_by="l", asked_by="s", reason="r"
            )
            step(journal, run, "refused", tags=["t"], subjects=[{"kind": "account", "id": "1"}])
    Tally(journal).advance(5)
    since, until = date(2026, 1, 2), date(2026, 1, 4)
    assert counts(journal, by, since, until) == recount(journal, by, since, until)
    assert counts(journal, by, since) == recount(journal, by, since)
    assert counts(journal, by, None, until) == recount(journal, by, until=until)
    assert sum(runs for _, runs in counts(journal, by, since, until)) == 6
    assert counts(journal, by, until, since) == []


def test_a_limit_gives_the_first_of_all(journal: SqlJournal) -> None:
    for number in range(10):
        refused(journal, number + 1, requested_by=f"customer {number}")
    Tally(journal).advance(5)
    refused(journal, 9, requested_by="customer 2")
    recorded(journal, requested_by="newcomer")
    assert counts(journal, "requested_by", limit=3) == counts(journal, "requested_by")[:3]
    assert counts(journal, "requested_by", limit=3)[0] == ("customer 2", 12)
    assert counts(journal, "requested_by", limit=0) == []


def test_a_tail_that_is_too_long_is_left_out_and_told(journal: SqlJournal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_TAIL", 10)
    refused(journal, 5)
    Tally(journal).advance(5)
    refused(journal, 5)
    assert counts(journal, "action").counted_until is None
    refused(journal)
    found = counts(journal, "action")
    assert found == [("unlock", 5)]
    assert found.counted_until == NEW_YEAR
    Tally(journal).advance(5)
    found = counts(journal, "action")
    assert found == [("unlock", 11)]
    assert found.counted_until is None


def test_a_journal_that_is_only_read_is_counted_whole(
    journal: SqlJournal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONGEST_TAIL", 1)
    refused(journal, 5)
    found = counts(SqlJournal(f"{url(tmp_path)}&mode=ro"), "action")
    assert found == [("unlock", 5)]
    assert found.counted_until is None


def test_counts_stay_exact_while_a_rebuild_is_stopped_half_way(journal: SqlJournal) -> None:
    refused(journal, 5)
    tally = Tally(journal)
    tally.advance(5)
    tally.move(tally.position(), EMPTYING, {})
    assert counts(journal, "action") == [("unlock", 5)]


def test_what_runs_are_not_counted_by_is_told(journal: SqlJournal) -> None:
    with pytest.raises(FirsthandError, match="Count them by one of action"):
        counts(journal, "colour")


@SQLITE
def test_without_a_journal_there_is_nothing_to_count(tmp_path: Path) -> None:
    with pytest.raises(JournalMissing):
        counts(SqlJournal(url(tmp_path)), "action")


@SQLITE
def test_no_question_scans_runs_or_events(journal: SqlJournal) -> None:
    seen: list[str] = []
    reader = journal.database.reader()
    reader.set_trace_callback(seen.append)
    for by in BY:
        counts(journal, by)
        counts(journal, by, date(2026, 1, 1), date(2026, 1, 31), limit=20)
        counts(journal, by, limit=20)
    reader.set_trace_callback(None)
    asked = {each for each in seen if each.startswith("SELECT")}
    plans = {step for each in asked for *_, step in journal.database.read(f"EXPLAIN QUERY PLAN {each}")}
    assert not {
        each for each in plans if each.startswith(("SCAN runs", "SCAN events", "SCAN tally", "SCAN tally_wide"))
    }


MOVES = sorted(TRANSITIONS)
CHOICES = st.integers(0, 5)
WHAT = st.sampled_from(["record", "step", "step", "step", "fold", "rebuild"])


HAPPENING = st.lists(st.tuples(WHAT, CHOICES, CHOICES), max_size=40), CHOICES, CHOICES


@SQLITE
@settings(max_examples=100, deadline=None)
@given(*HAPPENING)
def test_whatever_happens_counts_are_what_counting_one_by_one_gives(
    tmp_path_factory: pytest.TempPathFactory, happening: list[tuple[str, int, int]], first: int, last: int
) -> None:
    whatever_happens(tmp_path_factory, happening, first, last)


@POSTGRESQL
@settings(max_examples=8, deadline=None)
@given(*HAPPENING)
def test_whatever_happens_counts_are_what_counting_one_by_one_gives_on_postgresql(
    tmp_path_factory: pytest.TempPathFactory, happening: list[tuple[str, int, int]], first: int, last: int
) -> None:
    whatever_happens(tmp_path_factory, happening, first, last)


def whatever_happens(
    tmp_path_factory: pytest.TempPathFactory, happening: list[tuple[str, int, int]], first: int, last: int
) -> None:
    journal = SqlJournal(url(tmp_path_factory.mktemp("history")))
    _ = journal.process
    tally, runs = Tally(journal), []
    tally.chunk = 2
    for what, one, other in happening:
        if what == "record":
            at = datetime(2026, 1, 1 + one, tzinfo=UTC)
            asked = {"asked_by": "sam", "actor": None} if other % 2 else {}
            runs.append(recorded(journal, action=f"do.{other}", requested_by=["luis", None][one % 2], at=at, **asked))
        elif what == "step" and runs:
            run = runs[one % len(runs)]
            if moves := [status for before, status in MOVES if before == run.status]:
                status = moves[other % len(moves)]
                changes: dict[str, object] = {"tags": ["a", "b"][: one % 3], "reason": [None, "fraud"][other % 2]}
                if run.status == "asked" and status == "recorded" and run.actor is None:
                    changes["actor"] = run.actor = "priya"
                if other:
                    changes["subjects"] = [{"kind": "account", "id": str(other)}, {"kind": "account", "id": "9"}]
                step(
                    journal, run, status, "settled" if run.status == "unknown" and status != "queued" else "", **changes
                )
        elif what == "fold":
            tally.fold()
        elif what == "rebuild":
            tally.move(tally.position(), EMPTYING, {})
    since, until = date(2026, 1, 1 + first), date(2026, 1, 1 + last)
    for by in BY:
        assert counts(journal, by) == recount(journal, by)
        assert counts(journal, by, limit=2) == recount(journal, by)[:2]
        assert counts(journal, by, since, until) == recount(journal, by, since, until)
    journal.close()
