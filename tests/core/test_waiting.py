"""A run that waits is checked before and again, wholly, when its time has come."""

from dataclasses import replace

import pytest
from pydantic import SecretStr

from firsthand import Desk, Run
from firsthand.testing import Trial, trial


@pytest.fixture
def desk() -> Desk:
    desk = Desk("Waiting", why=["customer asked"])

    @desk.action(who="support", background=True)
    def refund(amount: int, run: Run[object], code: SecretStr | None = None) -> str:
        """Refund."""
        done.append(amount)
        return run.key

    return desk


done: list[int] = []


def queued(t: Trial) -> Run[object]:
    return t.run("refund", {"amount": 5}, by="priya", reason="customer asked")


def test_a_run_in_the_background_is_on_record_and_nothing_is_done_yet(desk: Desk):
    done.clear()
    with trial(desk, priya="support") as t:
        run = queued(t)
        assert (run.status, run.outcome, done) == ("queued", None, [])
        assert t.journal.run(run.id).due == t.now
        assert [each.kind for each in t.journal.history.events(run.id)] == ["recorded", "queued"]


def test_a_claimed_run_is_performed_with_its_inputs(desk: Desk):
    done.clear()
    with trial(desk, priya="support") as t:
        run = desk.pipeline.resume(t.journal.run(queued(t).id))
        assert (run.status, run.value, done) == ("succeeded", run.key, [5])
        assert t.journal.run(run.id).performing_at is not None


def test_whoever_has_left_meanwhile_performs_nothing(desk: Desk):
    done.clear()
    with trial(desk, priya="support") as t:
        run = queued(t)
        t.journal.people.change("priya", active=False, by="trial")
        ended = desk.pipeline.resume(t.journal.run(run.id))
        assert (ended.status, ended.refusal.code, done) == ("refused", "actor_gone", [])


def test_whoever_has_lost_the_right_meanwhile_performs_nothing(desk: Desk):
    done.clear()
    with trial(desk, priya="support") as t:
        run = queued(t)
        t.journal.people.change("priya", roles=(), by="trial")
        ended = desk.pipeline.resume(t.journal.run(run.id))
        assert (ended.status, ended.refusal.code, done) == ("refused", "no_right", [])


def test_a_run_with_a_secret_does_not_wait(desk: Desk):
    with trial(desk, priya="support") as t:
        run = t.run("refund", {"amount": 5, "code": "s3cret"}, by="priya", reason="customer asked")
        assert (run.status, run.refusal.code) == ("refused", "secret_in_queue")


def test_a_worker_that_was_taken_for_dead_performs_nothing(desk: Desk):
    done.clear()
    with trial(desk, priya="support") as t:
        stale = replace(t.journal.run(queued(t).id), fence=7)
        with pytest.raises(Exception, match="changed meanwhile"):
            desk.pipeline.resume(stale)
        assert done == []
