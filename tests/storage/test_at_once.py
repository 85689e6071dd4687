"""Steps of several runs in one commit, alike or not: each is taken where its run is as expected, the others are not."""

from collections.abc import Iterator

import pytest

from firsthand import Desk
from firsthand.core.journal import Step
from firsthand.storage.journal import SqlJournal
from firsthand.storage.queue import Queue
from firsthand.testing import Trial, trial

from ..databases import kind as kind

SUBJECT = [{"kind": "account", "id": "o'Neil \0", "label": "", "traits": {}}]


@pytest.fixture
def t() -> Iterator[Trial]:
    desk = Desk("Several", why=["customer asked"])

    @desk.action("account.touch", who="support", background=True)
    def touch(n: int) -> int:
        """Touch it."""
        return n

    with trial(desk, priya="support") as made:
        yield made


def claimed(t: Trial, number: int) -> list[Step]:
    """Return the step by which each of some claimed runs begins."""
    for n in range(number):
        t.run("account.touch", {"n": n}, by="priya", reason="customer asked")
    runs = Queue(t.journal).claim(t.journal.process, number, now=t.clock(), desk=t.desk.name)
    return [Step(run.id, "queued", "performing", t.clock(), "priya", {}, fence=run.fence) for run in runs]


def ended(step: Step, status: str = "succeeded", **changes: object) -> Step:
    """Return the step by which a run ends that has begun."""
    return step._replace(expected="performing", status=status, changes=changes)


def concerning(journal: SqlJournal, run: int) -> list[tuple[object, ...]]:
    return journal.database.read("SELECT subject FROM run_subjects WHERE run = ?", (run,))


@pytest.mark.parametrize("number", [1, 2, 5])
def test_each_run_is_changed_with_its_event_and_subjects(t: Trial, number: int) -> None:
    first, *others = claimed(t, number + 1)
    assert t.journal.step(first)
    begun = [each._replace(changes={"subjects": SUBJECT}) for each in others]
    assert t.journal.steps([ended(first, value="done"), *begun]) == [True] * (number + 1)
    assert [t.journal.run(each.run).status for each in (first, *others)] == ["succeeded", *["performing"] * number]
    assert t.journal.run(first.run).value == "done"
    assert all(len(concerning(t.journal, each.run)) == 1 for each in others)
    for each in others:
        assert [event.kind for event in t.journal.history.events(each.run)] == ["recorded", "queued", "performing"]


@pytest.mark.parametrize("stale", [{"expected": "performing", "status": "succeeded"}, {"fence": 7}, {"run": 999}])
def test_one_that_is_not_as_expected_changes_nothing_and_keeps_no_other_from_it(t: Trial, stale: dict[str, object]):
    first, second, third = claimed(t, 3)
    assert t.journal.steps([first, second._replace(**stale), third]) == [True, False, True]
    assert t.journal.run(second.run).status == "queued"
    assert [event.kind for event in t.journal.history.events(second.run)] == ["recorded", "queued"]


def test_outcomes_of_every_kind_go_together(t: Trial) -> None:
    steps = claimed(t, 4)
    assert t.journal.steps(steps) == [True] * 4
    kinds = ("succeeded", "failed", "succeeded", "unknown")
    error = {"type": "ValueError", "message": "it's \0 '%s' ?", "traceback": ""}
    told = [{"value": {"a": 1}}, {"error": error}, {}, {}]
    assert t.journal.steps([ended(s, k, **c) for s, k, c in zip(steps, kinds, told, strict=True)]) == [True] * 4
    assert tuple(t.journal.run(each.run).status for each in steps) == kinds
