"""The feed's filters: pages by key, of one action or several, are the runs that match, and none is read by a scan."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from firsthand.core.journal import Step
from firsthand.core.runs import Run, microseconds
from firsthand.storage import history
from firsthand.storage.history import Filter
from firsthand.storage.journal import SqlJournal

from ..databases import SQLITE, kind, url

__all__ = ["kind"]

START = datetime(2026, 1, 1, tzinfo=UTC)
ACTIONS = ("a", "b", "c", "d")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqlJournal]:
    """A journal with 120 refused runs, several at the same time."""
    opened = SqlJournal(url(tmp_path))
    chance, process = random.Random(1), opened.process
    for _ in range(120):
        at = START + timedelta(minutes=chance.randrange(40))
        run: Run[Any] = Run(
            id=0, status="recorded", action=chance.choice(ACTIONS), actor="priya", at=at, surface="python",
            environment="test",
        )  # fmt: skip
        opened.database.write(lambda connection, run=run: opened.recording.insert(connection, run, process))  # type: ignore[misc]
        subject = {"kind": "account", "id": str(chance.randrange(3)), "label": "", "traits": {"plan": "a=b"}}
        changes = {"subjects": [subject, {**subject, "id": "9"}], "tags": [chance.choice(["x", "y"])]}
        opened.step(Step(run.id, "recorded", "refused", microseconds(at), "priya", changes))
    yield opened
    opened.close()


def paged(journal: SqlJournal, wanted: Filter, size: int = 7) -> list[Run[Any]]:
    """Return all runs of a filter, a page at a time."""
    found: list[Run[Any]] = []
    while page := journal.history.feed(wanted, size):
        found += page
        wanted = replace(wanted, before=(microseconds(page[-1].at), page[-1].id))
    return found


@pytest.mark.parametrize("together", [1, 50])
@pytest.mark.parametrize("actions", [(), ("a",), ("a", "c"), ("a", "b", "nothing")])
@pytest.mark.parametrize(
    "more",
    [
        {}, {"tag": "x"}, {"kind": "account"}, {"kind": "acc"}, {"trait": "plan=a=b"}, {"counted_for": ("account:1",)},
        {"counted_for": ("account:1", "account:2")}, {"subject": "account:9"}, {"counted_for": ("account:9",)},
        {"outcomes": ("refused", "failed")}, {"outcomes": ("succeeded", "failed")}, {"without": ("a",)},
        {"asked": True},
    ],
)  # fmt: skip
def test_pages_are_the_runs_that_match_newest_first(
    journal: SqlJournal, actions: tuple[str, ...], more: dict[str, Any], together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "MOST_TOGETHER", together)
    every = sorted(journal.history.feed(Filter(), 1_000), key=lambda run: (run.at, run.id), reverse=True)
    wanted = Filter(actions=actions, **more)
    expected = [run.id for run in every if (not actions or run.action in actions) and matches(run, **more)]
    assert [run.id for run in paged(journal, wanted)] == expected
    assert [run.id for run in every if journal.history.is_wanted(run.id, wanted)] == expected


def matches(run: Run[Any], **more: Any) -> bool:
    """Say the same in Python."""
    holds = {
        "tag": lambda tag: tag in run.tags,
        "kind": lambda kind: run.subject and run.subject.kind == kind,
        "trait": lambda trait: trait == "plan=a=b",
        "counted_for": lambda keys: run.subject and run.subject.key in keys,
        "subject": lambda key: key in [each.key for each in run.subjects],
        "outcomes": lambda outcomes: run.status in outcomes,
        "without": lambda actions: run.action not in actions,
        "asked": lambda _: run.asked_by is not None,
    }
    return all(holds[name](value) for name, value in more.items())


@SQLITE
def test_every_filter_is_read_by_an_index(journal: SqlJournal) -> None:
    seen: list[str] = []
    journal.database.reader().set_trace_callback(seen.append)
    for actions in ((), ("a",), ("a", "b")):
        for more in (
            {},
            {"tag": "x"},
            {"kind": "k"},
            {"trait": "p=q"},
            {"counted_for": ("a:1", "a:2")},
            {"asked": True},
        ):
            journal.history.feed(Filter(actions=actions, **more), 50)  # type: ignore[arg-type]
    journal.database.reader().set_trace_callback(None)
    asked = [each for each in seen if each.startswith("SELECT runs.")]
    plans = {step for each in asked for *_, step in journal.database.read(f"EXPLAIN QUERY PLAN {each}")}
    assert {step for step in plans if "SCAN runs" in step} <= {"SCAN runs USING INDEX runs_at"}
