"""A run whose process died is looked into: by the action's verify, or by a person who says how they know."""

from dataclasses import replace

import pytest
from pydantic import SecretStr

from firsthand import Desk, DeskError, Refused, Run
from firsthand.core.journal import Step
from firsthand.testing import Trial, trial

from .shop import kinds

happened: dict[str, object] = {}
"""What ``did_it`` says of a run's key."""


def did_it(amount: int, run: Run[object]) -> object:
    said = happened.get(run.key)
    if isinstance(said, Exception):
        raise said
    return said


@pytest.fixture
def desk() -> Desk:
    desk = Desk("Settling", why=["customer asked"])

    @desk.action(who="support", verify=did_it, ask="support")
    def refund(amount: int) -> str:
        """Refund."""
        return "refunded"

    @desk.action(who="support", mode="idempotent", verify=did_it)
    def credit(amount: int, run: Run[object], code: SecretStr | None = None) -> str:
        """Credit."""
        return run.key

    return desk


@pytest.fixture
def t(desk: Desk):
    happened.clear()
    with trial(desk, priya="support", petra="support", ivan="intern") as t:
        yield t


def left_unknown(t: Trial, action: str = "refund", mode: str = "once", fence: int = 0) -> Run[object]:
    """Leave a run as a process leaves it that dies while performing."""
    attempt = t.desk.pipeline.record(t.desk.request(action, {"amount": 5}, "priya", "python", reason="customer asked"))
    run = attempt.run
    changes = {"inputs": {"amount": 5}, "mode": mode}
    assert t.journal.step(Step(run.id, "recorded", "performing", 1, "priya", changes))
    assert t.journal.step(Step(run.id, "performing", "unknown", 2, None, {"fence": fence}))
    return t.journal.run(run.id)


def refused(call, *args, **kwargs) -> str:
    with pytest.raises(Refused) as raised:
        call(*args, **kwargs)
    return raised.value.code


def test_whoever_may_perform_it_says_whether_it_happened_and_how_they_know(desk, t):
    run = left_unknown(t)
    settled = desk.settle(run.id, "succeeded", "It is on the invoice.", by="petra")
    assert (settled.status, settled.outcome, settled.actor) == ("succeeded", "succeeded", "priya")
    event = t.journal.history.events(run.id)[-1]
    assert (event.kind, event.actor, event.data["words"], event.data["status"]) == (
        "settled", "petra", "It is on the invoice.", "succeeded",
    )  # fmt: skip


def test_that_it_did_not_happen_is_its_failure_in_those_words(desk, t):
    settled = desk.settle(left_unknown(t).id, "failed", "There is no refund.", by="priya")
    assert (settled.status, settled.error.message) == ("failed", "There is no refund.")


def test_it_is_settled_once(desk, t):
    run = left_unknown(t)
    desk.settle(run.id, "failed", "There is none.", by="priya", once="key")
    again = desk.settle(run.id, "failed", "There is none.", by="priya", once="key")
    assert (again.again, again.status) == (True, "failed")
    assert refused(desk.settle, run.id, "succeeded", "There is one.", by="petra") == "not_unknown"
    assert kinds(t, run).count("settled") == 1


def test_settling_needs_words_an_outcome_and_the_right_and_what_is_refused_is_on_record(desk, t):
    run = left_unknown(t)
    assert refused(desk.settle, run.id, "failed", ".", by="priya") == "notes_missing"
    assert refused(desk.settle, run.id, "refused", "Because.", by="priya") == "not_unknown"
    assert refused(desk.settle, run.id, "failed", "x" * 10_001, by="priya") == "text_too_long"
    assert refused(desk.settle, run.id, "failed", "\udcff because", by="priya") == "text_invalid"
    assert refused(desk.settle, run.id, "failed", "Because.", by="ivan") == "not_unknown"
    assert refused(desk.settle, 999, "failed", "Because.", by="priya") == "not_unknown"
    ended = t.run("refund", {"amount": 5}, by="priya", reason="customer asked")
    assert refused(desk.settle, ended.id, "failed", "Because.", by="priya") == "not_unknown"
    tried = [each for each in t.journal.history.events(run.id) if each.kind == "refused_try"]
    assert [each.data["tried"] for each in tried] == ["settle"] * 5
    assert t.journal.run(run.id).status == "unknown"


def test_verify_settles_what_it_can_tell_of_and_leaves_the_rest(desk, t):
    yes, no, open, broken, odd = (left_unknown(t) for _ in range(5))
    happened.update({yes.key: True, no.key: False, broken.key: ValueError("down"), odd.key: "yes"})
    assert {run.id: run.status for run in desk.verify_unknown()} == {yes.id: "succeeded", no.id: "failed"}
    assert [t.journal.run(each.id).status for each in (open, broken, odd)] == ["unknown"] * 3
    event = t.journal.history.events(yes.id)[-1]
    assert (event.kind, event.actor, event.data["by"]) == ("settled", None, "verify")
    assert "nothing happened" in t.journal.run(no.id).error.message


def test_what_did_not_happen_in_the_background_is_performed_again_but_for_the_mode_once(desk, t):
    once = left_unknown(t, fence=1)
    waits = left_unknown(t, "credit", mode="idempotent", fence=1)
    happened.update({once.key: False, waits.key: False})
    assert {run.id: run.status for run in desk.verify_unknown()} == {once.id: "failed", waits.id: "queued"}
    assert kinds(t, waits)[-1] == "queued"
    run = desk.pipeline.resume(t.journal.run(waits.id))
    assert (run.status, run.value) == ("succeeded", waits.key)


def test_an_idempotent_run_with_a_secret_cannot_be_performed_again_so_it_counts_as_once(desk, t):
    with_secret = t.run("credit", {"amount": 5, "code": "s3cret"}, by="priya", reason="customer asked")
    without = t.run("credit", {"amount": 5}, by="priya", reason="customer asked")
    assert [t.journal.run(each.id).mode for each in (with_secret, without)] == ["once", "idempotent"]


def test_a_check_that_fails_for_a_run_begun_before_does_not_say_that_nothing_happened(desk, t):
    run = t.run("credit", {"amount": 5}, by="priya", reason="customer asked", background=True)
    begun = replace(t.journal.run(run.id), performing_at=t.now)
    t.journal.people.change("priya", roles=(), by="trial")
    ended = desk.pipeline.resume(begun)
    assert (ended.status, ended.refusal.code) == ("unknown", "no_right")


def test_verify_cannot_take_a_secret_since_that_is_not_kept():
    desk = Desk("Settling", why=["customer asked"])

    @desk.action(who="support", verify=lambda code: True)
    def credit(code: SecretStr) -> None:
        """Credit."""

    with pytest.raises(DeskError, match="its verify takes code, which is secret"):
        _ = desk.actions
