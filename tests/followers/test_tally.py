"""The tally: exact, counted once whoever folds, and the same when it is rebuilt."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firsthand.core.journal import Step
from firsthand.core.runs import OUTCOMES, TRANSITIONS, Run, microseconds
from firsthand.followers.counting import counted
from firsthand.followers.following import BY_ID, EMPTYING, START, Position
from firsthand.followers.tally import CHANGING, FINAL, NEXT, Tally
from firsthand.storage import schema
from firsthand.storage.journal import SqlJournal

from ..databases import POSTGRESQL, SQLITE, url

NEW_YEAR = datetime(2026, 1, 1, 9, tzinfo=UTC)
Rows = list[tuple[str, str, int, str, str, int]]


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


def performed(journal: SqlJournal, number: int = 1, **given: Any) -> None:
    for _ in range(number):
        run = recorded(journal, **given)
        step(journal, run, "performing")
        step(journal, run, "succeeded")


def table(journal: SqlJournal) -> Rows:
    return journal.database.read("""
        SELECT scope, dimension, period, key, part, runs FROM tally JOIN tally_lists ON tally_lists.id = list UNION ALL
        SELECT scope, dimension, period, key, '', runs FROM tally_wide JOIN tally_lists ON tally_lists.id = list
        ORDER BY 1, 2, 3, 4, 5""")


def recount(journal: SqlJournal) -> Rows:
    """Count the final runs once more, another way."""
    found: Counter[tuple[str, str, int, str, str]] = Counter()
    for run in (journal.run(id) for (id,) in journal.database.read("SELECT id FROM runs")):
        assert run is not None
        if run.status not in FINAL:
            continue
        day = (run.at.date() - datetime(1970, 1, 1).date()).days
        month = -(run.at.year * 12 + run.at.month - 1)
        kind = run.subject.kind if run.subject else ""
        narrow = [("outcome", run.status, kind), ("actor", run.actor, ""), ("reason", run.reason, kind)]
        narrow += [("asked_by", run.asked_by, run.action), ("asked", run.action if run.asked_by else None, "")]
        narrow += [("tag", tag, "") for tag in run.tags]
        narrow += [("trait", f"{k}={v}", kind) for k, v in (run.subject.traits if run.subject else {}).items()]
        wide = [("requested_by", run.requested_by), ("subject", run.subject.key if run.subject else None)]
        by_action = ("action", run.action, f"{run.status} {kind}")
        for scope, more in (
            ("", [by_action, ("wanted", run.requested_by, run.action)]), (f"action:{run.action}", []),
            *((f"tag:{tag}", [by_action]) for tag in run.tags),
        ):  # fmt: skip
            places = [each for each in (*narrow, *more) if each[1] is not None]
            found.update((scope, name, period, key, part) for name, key, part in places for period in (day, month))
            found.update((scope, name, each, key, "") for name, key in wide if key is not None for each in (month, -1))
    return sorted((*place, runs) for place, runs in found.items())


def test_a_run_is_counted_for_all_that_is_known_of_it(journal: SqlJournal) -> None:
    run = recorded(journal, action="invoice.refund", requested_by="luis", reason="fraud", asked_by="sam")
    traits = {"plan": "pro"}
    subjects = [{"kind": "account", "id": "42", "label": "", "traits": traits}, {"kind": "account", "id": "43"}]
    step(journal, run, "performing", tags=["billing", "money"], subjects=subjects)
    step(journal, run, "succeeded")
    assert Tally(journal).advance(5)
    january = -2026 * 12
    every = {(dimension, key, part) for scope, dimension, period, key, part, _ in table(journal)
             if scope == "" and period == january}  # fmt: skip
    assert every == {
        ("action", "invoice.refund", "succeeded account"), ("actor", "priya", ""), ("asked", "invoice.refund", ""),
        ("asked_by", "sam", "invoice.refund"), ("wanted", "luis", "invoice.refund"), ("requested_by", "luis", ""),
        ("reason", "fraud", "account"), ("outcome", "succeeded", "account"), ("subject", "account:42", ""),
        ("tag", "billing", ""), ("tag", "money", ""), ("trait", "plan=pro", "account"),
    }  # fmt: skip
    assert {row[0] for row in table(journal)} == {"", "action:invoice.refund", "tag:billing", "tag:money"}
    assert table(journal) == recount(journal)


def test_only_dimensions_of_few_keys_are_counted_by_the_day(journal: SqlJournal) -> None:
    performed(journal, requested_by="luis")
    Tally(journal).advance(5)
    by_day = {dimension for _, dimension, period, *_ in table(journal) if period >= 0}
    assert by_day == {"action", "actor", "outcome", "wanted"}


def test_a_run_that_may_still_change_is_not_counted_before_it_is_settled(journal: SqlJournal) -> None:
    run = recorded(journal)
    step(journal, run, "performing")
    step(journal, run, "unknown")
    Tally(journal).advance(5)
    assert table(journal) == []
    step(journal, run, "succeeded", kind="settled")
    Tally(journal).advance(5)
    assert ("", "outcome", -2026 * 12, "succeeded", "", 1) in table(journal)


def test_events_that_end_nothing_are_followed_without_counting(journal: SqlJournal) -> None:
    performed(journal)
    Tally(journal).advance(5)
    before = table(journal)
    journal.append("comment", actor="priya", at=0, run=1, data={"text": "well done"})
    assert Tally(journal).advance(5)
    assert table(journal) == before
    assert Tally(journal).position().id == journal.history.last_event()


def test_an_end_without_time_left_is_told(journal: SqlJournal) -> None:
    performed(journal, 10)
    tally = Tally(journal)
    tally.chunk = 1
    assert not tally.advance(0)
    assert tally.advance(60)
    assert table(journal) == recount(journal)


def test_a_read_only_journal_is_left_as_it_is(journal: SqlJournal, tmp_path: Path) -> None:
    performed(journal)
    assert not Tally(SqlJournal(f"{url(tmp_path)}&mode=ro")).advance(5)
    assert table(journal) == []


@SQLITE
def test_a_journal_that_is_full_is_left_as_it_is(journal: SqlJournal, tmp_path: Path) -> None:
    for number in range(100):
        performed(journal, requested_by=f"{number}{'x' * 400}")
    full = SqlJournal(f"{url(tmp_path)}&max_page_count=1")
    assert not Tally(full).advance(5)
    assert table(journal) == []
    assert Tally(journal).advance(60)
    assert table(journal) == recount(journal)


def test_what_two_count_at_once_is_counted_once(journal: SqlJournal) -> None:
    performed(journal, 20)
    tally = Tally(journal)
    counts = counted(tally.tail(START))
    last = journal.history.last_event()
    assert tally.move(START, Position(0, last), counts)
    assert not tally.move(START, Position(0, last), counts)
    assert table(journal) == recount(journal)


FOLDING = """
import sys
from firsthand.followers.tally import Tally
from firsthand.storage import schema
from firsthand.storage.journal import SqlJournal
tally = Tally(SqlJournal(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
tally.chunk = 3
while not tally.advance(60):
    pass
"""


def test_two_processes_that_fold_while_a_third_performs_count_every_run_once(
    journal: SqlJournal, tmp_path: Path
) -> None:
    performed(journal, 150, reason="fraud")
    command = [sys.executable, "-c", FOLDING, url(tmp_path)]
    folding = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for each in folding:
        assert each.stdout
        assert each.stdout.readline() == "ready\n"
    for each in folding:
        assert each.stdin
        each.stdin.write("go\n")
        each.stdin.flush()
    performed(journal, 50)
    for each in folding:
        each.communicate(timeout=60)
        assert each.returncode == 0
    assert Tally(journal).advance(60)
    assert table(journal) == recount(journal)
    assert ("", "action", -2026 * 12, "unlock", "succeeded ", 200) in table(journal)


def test_a_rebuild_gives_the_same(journal: SqlJournal) -> None:
    performed(journal, 30, reason="fraud", requested_by="luis")
    Tally(journal).advance(60)
    before = table(journal)
    Tally(journal).rebuild()
    assert table(journal) == before == recount(journal)


def test_a_rebuild_mends_a_tally_that_was_tampered_with(journal: SqlJournal) -> None:
    performed(journal, 3)
    Tally(journal).advance(60)
    journal.database.write(lambda connection: connection.execute("UPDATE tally SET runs = 999").rowcount)
    Tally(journal).rebuild()
    assert table(journal) == recount(journal)


def test_a_rebuild_that_was_stopped_goes_on_with_the_next_fold(journal: SqlJournal) -> None:
    performed(journal, 30)
    Tally(journal).advance(60)
    assert Tally(journal).move(Tally(journal).position(), EMPTYING, {})
    assert Tally(journal).advance(60)
    assert table(journal) == recount(journal)


def test_chunks_shrink_where_a_fold_holds_the_lock_too_long_and_grow_back(journal: SqlJournal) -> None:
    tally = Tally(journal)
    before = tally.chunk
    tally.adapt(0.010)
    assert tally.chunk == before // 2
    tally.adapt(0.000_1)
    assert before // 2 < tally.chunk < before
    tally.chunk = 1
    tally.adapt(0.010)
    assert tally.chunk == 1


def test_a_list_that_another_process_made_meanwhile_is_the_same(journal: SqlJournal) -> None:
    one, other = Tally(journal), Tally(journal)
    for each in (one, other):
        each.know({("", "outcome"), ("tag:a", "outcome")})
    other.know({("", "actor")})
    one.know({("", "actor")})
    assert one.lists == other.lists


@SQLITE
def test_an_older_journal_is_counted_anew_after_its_upgrade(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with sqlite3.connect(path) as old:
        for number, _, sql, _ in schema.migrations():
            if number < 3:
                old.executescript(sql)
        old.execute("INSERT INTO meta VALUES ('id', 'abc')")
        old.execute("INSERT INTO followers VALUES ('tally', 999)")
        old.execute(f"PRAGMA application_id={schema.APPLICATION}")
        old.execute("PRAGMA user_version=2")
    old.close()
    journal = SqlJournal(url(tmp_path))
    assert schema.upgrade(journal.database)
    performed(journal, 3)
    assert Tally(journal).advance(60)
    assert len(table(journal)) > 0
    assert table(journal) == recount(journal)
    journal.close()


def test_every_outcome_but_unknown_is_final() -> None:
    assert set(OUTCOMES) - set(FINAL) == {"unknown"}


@SQLITE
def test_reading_what_is_not_counted_yet_scans_no_table(journal: SqlJournal) -> None:
    plans = [
        journal.database.read(f"EXPLAIN QUERY PLAN {sql}", values)
        for sql, values in ((CHANGING, {}), (NEXT.format(**BY_ID), {"id": 0, "limit": 9}))
    ]
    assert not [step for plan in plans for *_, step in plan if step.startswith("SCAN")]


MOVES = sorted(TRANSITIONS)
CHOICES = st.integers(0, 5)


HAPPENING = st.lists(
    st.tuples(st.sampled_from(["record", "step", "step", "step", "fold", "rebuild"]), CHOICES, CHOICES)
)


@SQLITE
@settings(max_examples=100, deadline=None)
@given(HAPPENING)
def test_whatever_happens_the_tally_is_what_a_recount_gives(
    tmp_path_factory: pytest.TempPathFactory, happening: list[tuple[str, int, int]]
) -> None:
    whatever_happens(tmp_path_factory, happening)


@POSTGRESQL
@settings(max_examples=8, deadline=None)
@given(HAPPENING)
def test_whatever_happens_the_tally_is_what_a_recount_gives_on_postgresql(
    tmp_path_factory: pytest.TempPathFactory, happening: list[tuple[str, int, int]]
) -> None:
    whatever_happens(tmp_path_factory, happening)


def whatever_happens(tmp_path_factory: pytest.TempPathFactory, happening: list[tuple[str, int, int]]) -> None:
    journal = SqlJournal(url(tmp_path_factory.mktemp("history")))
    _ = journal.process
    tally, runs = Tally(journal), []
    tally.chunk = 2
    for what, one, other in happening:
        if what == "record":
            at = datetime(2026, 1, 1 + one, tzinfo=UTC)
            runs.append(recorded(journal, action=f"do.{other}", requested_by=["luis", None][one % 2], at=at))
        elif what == "step" and runs:
            run = runs[one % len(runs)]
            if moves := [status for before, status in MOVES if before == run.status]:
                status = moves[other % len(moves)]
                changes: dict[str, object] = {"tags": ["a", "b"][: one % 3], "reason": [None, "fraud"][other % 2]}
                if other:
                    changes["subjects"] = [
                        {"kind": "account", "id": str(other), "traits": {"plan": ["a", "b"][one % 2]}}
                    ]
                step(
                    journal, run, status, "settled" if run.status == "unknown" and status != "queued" else "", **changes
                )
        elif what == "fold":
            tally.advance(0)
        elif what == "rebuild":
            tally.move(tally.position(), EMPTYING, {})
    assert tally.advance(60)
    assert table(journal) == recount(journal)
    journal.close()
