import json
from datetime import UTC, datetime, timedelta, timezone
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firsthand import Failure, OutcomeError, Refusal, Run, Subject
from firsthand.core.journal import Step
from firsthand.core.runs import OPEN, OUTCOMES, TRANSITIONS, microseconds, moment
from firsthand.testing import START, trial

from .shop import on_record


def run_of(**said) -> Run:
    return Run(
        **{"id": 1, "action": "a", "status": "succeeded", "at": START, "actor": "p", "surface": "s", "environment": "e"}
        | said
    )


def test_every_change_of_status_has_its_reason_and_ends_or_goes_on():
    statuses = {each for pair in TRANSITIONS for each in pair}
    assert statuses == {*OPEN, *OUTCOMES}
    assert all(TRANSITIONS.values())
    ended = set(OUTCOMES) - {"unknown"}
    assert not any(before in ended for before, _ in TRANSITIONS)


def test_the_journal_takes_no_other_change(desk):
    from firsthand import JournalError

    with trial(desk, priya="support") as t:
        run = t.run("nothing", by="priya")
        for status in (*OPEN, *OUTCOMES):
            if ("refused", status) not in TRANSITIONS:
                with pytest.raises(JournalError, match="cannot go from"):
                    t.journal.step(Step(run.id, "refused", status, 0, None))
        assert on_record(t, run).status == "refused"


def test_an_outcome_is_a_status_that_ends():
    assert [run_of(status=status).outcome for status in ("succeeded", "asked", "performing")] == [
        "succeeded",
        None,
        None,
    ]


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-7))])))
def test_times_are_whole_microseconds_in_utc(time):
    assert moment(microseconds(time)) == time
    assert moment(microseconds(time)).tzinfo is UTC


@pytest.mark.parametrize(("said", "words"), [
    ({"status": "refused", "refusal": Refusal("x", "Too much.", "Give less.")}, "Too much. Give less."),
    ({"status": "failed", "error": Failure("ValueError", "no")}, "ValueError: no firsthand show 1 has more."),
    ({"status": "asked"}, "Run 1 is asked. firsthand show 1 has more."),
])  # fmt: skip
def test_raise_for_outcome_says_why_not(said, words):
    with pytest.raises(OutcomeError) as caught:
        run_of(**said).raise_for_outcome()
    assert str(caught.value) == words
    assert caught.value.run.status == said["status"]


def test_raise_for_outcome_returns_a_run_that_succeeded():
    run = run_of()
    assert run.raise_for_outcome() is run


def test_a_run_is_json():
    subject = Subject("account", "42", "luis", {"plan": "basic"})
    run = run_of(
        subjects=(subject,),
        refusal=Refusal("a", "b"),
        error=Failure("T", "m", "t"),
        ended_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    told = json.loads(json.dumps(run.as_dict()))
    assert told["subjects"] == [{"kind": "account", "id": "42", "label": "luis", "traits": {"plan": "basic"}}]
    assert (told["outcome"], told["ended_at"]) == ("succeeded", "2026-01-01T00:00:00+00:00")
    assert "listener" not in told
    assert subject.key == "account:42"
    assert (run.subject, run_of().subject) == (subject, None)


def test_saying_very_much_stays_quick():
    run = run_of()
    for number in range(20_000):
        run.say(f"line {number} " + "x" * 20)
    assert run.output.endswith("line 19999 " + "x" * 20 + "\n")


def test_a_run_is_generic_in_its_value():
    assert get_args(Run[str]) == (str,)
