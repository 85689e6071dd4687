"""A run that waits can be waited for, and withdrawn until it begins, by whoever wanted it or may perform it."""

from datetime import timedelta

import pytest

from firsthand import Desk, FirsthandError, Refused, Run
from firsthand.core.journal import Step
from firsthand.core.runs import microseconds
from firsthand.testing import Trial, trial


@pytest.fixture
def desk() -> Desk:
    desk = Desk("Waiting", why=["customer asked"])

    @desk.action("account.touch", who="support", ask="sales")
    def touch(n: int = 1) -> int:
        """Touch it."""
        return n

    return desk


def later(t: Trial, **more: object) -> Run[object]:
    return t.run("account.touch", by="priya", reason="customer asked", at=t.now + timedelta(hours=1), **more)


def test_at_a_time_it_waits_until_then_and_in_the_background_it_is_due_at_once(desk: Desk):
    with trial(desk, priya="support") as t:
        run = later(t)
        assert (run.status, run.due) == ("queued", t.now + timedelta(hours=1))
        assert t.journal.run(run.id).due == run.due
        now = t.run("account.touch", by="priya", reason="customer asked", background=True)
        assert (now.status, now.due) == ("queued", t.now)


def test_a_time_without_a_zone_is_refused_and_nothing_is_recorded(desk: Desk):
    with trial(desk, priya="support") as t:
        with pytest.raises(Refused, match="has no time zone"):
            t.run("account.touch", by="priya", reason="customer asked", at="2026-12-01 09:00")
        assert t.journal.history.last_run() == 0


def test_a_time_that_has_passed_is_a_refused_run(desk: Desk):
    with trial(desk, priya="support") as t:
        run = t.run("account.touch", by="priya", reason="customer asked", at=t.now - timedelta(days=1))
        assert (run.status, run.refusal.code) == ("refused", "due_invalid")


@pytest.mark.parametrize("who", ["priya", "tom"])
def test_whoever_wanted_it_and_whoever_may_perform_it_withdraw_it(desk: Desk, who: str):
    with trial(desk, priya="support", tom="support") as t:
        withdrawn = t.withdraw(later(t).id, "Not needed any more.", by=who)
        assert (withdrawn.status, withdrawn.refusal.message) == ("withdrawn", "Not needed any more.")
        assert t.journal.history.events(withdrawn.id)[-1].actor == who


def test_nobody_else_does(desk: Desk):
    with trial(desk, priya="support", sam="sales", eve="guest") as t:
        run = later(t)
        with pytest.raises(Refused, match="not yours to withdraw"):
            t.withdraw(run.id, by="sam")
        with pytest.raises(Refused, match=f"There is no run {run.id} that waits"):
            t.withdraw(run.id, by="eve")
        assert t.journal.run(run.id).status == "queued"
        assert [each.kind for each in t.journal.history.events(run.id)][2:] == ["refused_try", "refused_try"]


def test_a_run_that_has_ended_is_not_withdrawn(desk: Desk):
    with trial(desk, priya="support") as t:
        run = t.run("account.touch", by="priya", reason="customer asked", background=True)
        desk.pipeline.resume(t.journal.run(run.id))
        with pytest.raises(Refused, match=f"Run {run.id} does not wait: it is succeeded"):
            t.withdraw(run.id, by="priya")


def test_a_run_that_was_withdrawn_is_never_performed(desk: Desk):
    with trial(desk, priya="support") as t:
        run = later(t)
        t.withdraw(run.id, by="priya")
        with pytest.raises(FirsthandError, match="changed meanwhile"):
            desk.pipeline.resume(run)


def test_withdrawing_sent_twice_under_a_key_is_done_once(desk: Desk):
    with trial(desk, priya="support") as t:
        run = later(t)
        first = t.withdraw(run.id, by="priya", once="k")
        second = t.withdraw(run.id, by="priya", once="k")
        assert (first.again, second.again, second.status) == (False, True, "withdrawn")
        with pytest.raises(Refused, match="does not wait"):
            t.withdraw(run.id, by="priya", once="other")
        with pytest.raises(Refused) as refused:
            t.withdraw(run.id, "other words", by="priya", once="k")
        assert refused.value.code == "key_used"


def test_waiting_returns_a_run_that_has_ended_or_as_it_stands_when_the_time_is_up(desk: Desk):
    with trial(desk, priya="support") as t:
        run = later(t)
        assert t.wait(run, 0.05).status == "queued"
        t.withdraw(run.id, by="priya")
        assert t.wait(run.id).status == "withdrawn"
        with pytest.raises(FirsthandError, match="no run 99"):
            t.wait(99)


def test_a_run_that_has_begun_once_and_waits_to_be_performed_again_is_not_withdrawn(desk: Desk):
    with trial(desk, priya="support") as t:
        run = later(t)
        at = microseconds(t.now)
        t.journal.step(Step(run.id, "queued", "performing", at, "priya"))
        t.journal.step(Step(run.id, "performing", "queued", at, None))
        with pytest.raises(Refused, match="has begun"):
            t.withdraw(run.id, by="priya")
        assert t.journal.run(run.id).status == "queued"
