"""The stages: a run's steps as its events tell them, and nothing that they do not tell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from firsthand.core.journal import Event
from firsthand.core.refusals import CODES
from firsthand.core.runs import Run
from firsthand.surfaces.console.stages import stages
from firsthand.surfaces.words import Names

AT = datetime(2026, 1, 1, 9, tzinfo=UTC)
CHECKS = ["Authorize", "Look up", "Check"]


def run(status: str, *, performed: bool = False, **known: Any) -> Run[Any]:
    at = AT if performed else None
    return Run(1, "close", status, AT, "priya", "python", "test", performing_at=at, **known)


def told(status: str, *events: tuple[str, dict[str, Any]], performed: bool = False, by: str | None = "priya") -> Any:
    entries = [Event(n, AT, kind, by, 1, data) for n, (kind, data) in enumerate(events)]
    return [(stage.name, stage.look) for stage in stages(run(status, performed=performed), entries)]


def test_a_run_on_record_is_being_authorized() -> None:
    found = told("recorded", ("recorded", {}))
    assert found[:3] == [("Record", ""), ("Authorize", "now"), ("Look up", "off")]
    assert len(found) == 6


def test_a_run_being_performed_has_only_its_outcome_before_it() -> None:
    found = told("performing", ("recorded", {}), ("performing", {}), ("said", {"text": "x"}), performed=True)
    assert found[-2:] == [("Perform", "now"), ("Record the outcome", "off")]


def test_an_unknown_run_that_was_settled_says_both() -> None:
    events = [("recorded", {}), ("performing", {}), ("unknown", {}), ("settled", {"status": "failed"})]
    assert told("failed", *events, performed=True)[-2:] == [("Record the outcome", "warn"), ("Settled", "bad")]


def test_of_a_process_that_died_before_performing_it_is_not_known_how_far_it_came() -> None:
    died = {"error": {"type": "ProcessDied", "message": "Nothing happened."}}
    found = stages(run("failed"), [Event(1, AT, "recorded", "priya", 1), Event(2, AT, "failed", None, 1, died)])
    assert [(stage.name, stage.look) for stage in found[1:5]] == [(name, "off") for name in (*CHECKS, "Perform")]


def test_an_imported_run_has_no_steps_that_nobody_saw() -> None:
    assert told("succeeded", ("imported", {"status": "succeeded"})) == [("Imported", "")]


@pytest.mark.parametrize("code", CODES)
def test_every_code_of_a_refusal_stops_at_one_step(code: str) -> None:
    found = told("refused", ("recorded", {}), ("refused", {"refusal": {"code": code, "message": "No."}}))
    assert [look for _, look in found].count("warn") == 2
    assert found[-2:] == [("Perform", "off"), ("Record the outcome", "warn")]


ENTRY = {"code": "abc123", "who": "Support.", "when": ["The account is open.", "The amount is small."]}


def words_of(entry: dict[str, Any] | None, **known: Any) -> dict[str, str]:
    ended = run("succeeded", performed=True, ended_at=AT + timedelta(seconds=0.31), **known)
    events = [Event(n, AT, kind, "priya", 1) for n, kind in enumerate(("recorded", "performing", "succeeded"))]
    return {stage.name: stage.words for stage in stages(ended, events, entry, Names({"priya": "Priya"}))}


def test_a_runs_steps_tell_what_is_on_record_of_them() -> None:
    found = words_of(ENTRY, digest="abc123", tags=("money",))
    assert found["Authorize"] == "Priya may. Who may: Support."
    assert found["Look up"] == "close, code abc123, tagged money."
    assert found["Check"] == "2 circumstances held: The account is open. The amount is small."
    assert found["Perform"] == "It took 310 ms."


def test_where_the_action_has_changed_since_its_words_are_said_to_be_todays() -> None:
    found = words_of(ENTRY | {"when": []}, digest="older")
    assert found["Authorize"] == "Priya may. Who may, as it is written now: Support."
    assert found["Check"].endswith("it has no circumstances, as it is written now.")
    assert words_of(None, digest="older")["Authorize"] == "Priya may."
