"""A run by hand: the same six steps, then a person ticks what is done and says how it ended."""

import pytest

from firsthand import Desk, Refused
from firsthand.testing import Trial, trial

from .shop import Shop, kinds, on_record

STEPS = "1. Call\n2. Move\n3. Tell"


@pytest.fixture
def desk(shop: Shop) -> Desk:
    shop.desk.declares = ("lead",)

    @shop.desk.action("code", who="support")
    def code() -> str:
        return "done"

    return shop.desk


@pytest.fixture
def t(desk: Desk):
    with trial(desk, ada=[], priya="support", petra="support", sam="lead", ivan="intern") as t:
        declare(desk)
        yield t


def declare(desk: Desk, **said):
    return desk.declare("account.move", by="sam", **{"who": "support", "steps": STEPS, "subject": "account", **said})


def begun(t: Trial, by: str = "priya"):
    run = t.run("account.move", {"account": 1}, by=by, reason="asked")
    assert run.status == "performing", run
    return run


def refused(call, *args, **kwargs) -> str:
    with pytest.raises(Refused) as raised:
        call(*args, **kwargs)
    return raised.value.code


def test_it_goes_through_the_six_steps_and_stays_open_with_what_was_to_be_done(desk, t):
    run = begun(t)
    kept = on_record(t, run)
    assert (run.outcome, kept.outcome, kept.status, kept.ended_at, kept.process) == (
        None,
        None,
        "performing",
        None,
        None,
    )
    assert run.process is None
    assert (kept.inputs, kept.subjects[0].label, kept.digest) == ({"account": 1}, "luis@example.com", "version 1")
    assert kinds(t, run) == ["recorded", "performing"]
    assert t.journal.manuals.steps(run.id).texts == ("Call", "Move", "Tell")


def test_who_and_inputs_and_reasons_are_checked_as_for_any_action(t):
    for by, inputs, reason, code in [
        ("ivan", {"account": 1}, "asked", "no_right"),
        ("priya", {}, "asked", "input_invalid"),
        ("priya", {"account": 99}, "asked", "unknown_subject"),
        ("priya", {"account": 1}, "no such", "reason_unknown"),
    ]:
        assert t.run("account.move", inputs, by=by, reason=reason).refusal.code == code


def test_ticks_are_events_that_can_be_taken_back_and_a_double_click_is_one(desk, t):
    run = begun(t)
    desk.tick(run.id, 2, by="priya")
    desk.tick(run.id, 2, by="petra")
    steps = desk.tick(run.id, 1, by="petra")
    assert ({number: tick.actor for number, tick in steps.ticks.items()}, steps.left) == (
        {2: "priya", 1: "petra"},
        (3,),
    )
    assert desk.tick(run.id, 2, by="priya", done=False).left == (2, 3)
    assert kinds(t, run) == ["recorded", "performing", "ticked", "ticked", "ticked"]
    assert on_record(t, run).status == "performing"


def test_it_ends_as_somebody_says_and_the_time_that_it_took_is_recorded(desk, t):
    run = begun(t)
    for step in (1, 2, 3):
        t.tick(minutes=1)
        desk.tick(run.id, step, by="priya")
    ended = desk.finish(run.id, "succeeded", "It is moved.", by="petra")
    assert (ended.outcome, ended.value, ended.actor) == ("succeeded", "It is moved.", "priya")
    assert (ended.ended_at - ended.performing_at).total_seconds() == 180
    assert t.journal.history.events(run.id)[-1].actor == "petra"


def test_steps_that_were_not_ticked_are_named_in_the_record(desk, t):
    run = begun(t)
    desk.tick(run.id, 2, by="priya")
    assert desk.finish(run.id, "succeeded", "Moved.", by="priya").value == "Moved. 2 of 3 steps were not ticked."
    reference = desk.finish(begun(t).id, "succeeded", "Reference 12", by="priya")
    assert reference.value == "Reference 12. 3 of 3 steps were not ticked."
    assert desk.finish(begun(t).id, "succeeded", by="priya").value == "3 of 3 steps were not ticked."
    assert t.journal.history.events(run.id)[-1].data["ticked"] == 1


def test_failed_and_refused_need_words(desk, t):
    for outcome in ("failed", "refused"):
        run = begun(t)
        assert refused(desk.finish, run.id, outcome, " . ", by="priya") == "notes_missing"
        ended = desk.finish(run.id, outcome, "He did not answer.", by="priya")
        said = ended.error.message if outcome == "failed" else ended.refusal.message
        assert (ended.outcome, said) == (outcome, "He did not answer.")


def test_what_is_over_cannot_be_ticked_or_finished_again(desk, t):
    run = begun(t)
    desk.finish(run.id, "succeeded", by="priya")
    before = kinds(t, run)
    assert refused(desk.tick, run.id, 1, by="priya") == "not_by_hand"
    assert refused(desk.finish, run.id, "failed", "No.", by="priya") == "not_by_hand"
    assert on_record(t, run).outcome == "succeeded"
    assert kinds(t, run) == [*before, "refused_try", "refused_try"]


def test_only_whoever_may_perform_it_ticks_and_finishes(desk, t):
    run = begun(t)
    for by in ("ivan", "sam", "ada"):
        assert refused(desk.tick, run.id, 1, by=by) == "no_right"
        assert refused(desk.finish, run.id, "succeeded", by=by) == "no_right"
    assert on_record(t, run).status == "performing"
    assert t.journal.manuals.steps(run.id).ticks == {}


def test_runs_of_code_and_steps_that_are_not_there_are_refused(desk, t):
    done = t.run("code", by="priya", reason="asked")
    run = begun(t)
    assert refused(desk.tick, done.id, 1, by="priya") == "not_by_hand"
    assert refused(desk.tick, 999, 1, by="priya") == "not_by_hand"
    for step in (0, -1, 4, "1"):
        assert refused(desk.tick, run.id, step, by="priya") == "not_by_hand"
    assert refused(desk.finish, run.id, "unknown", "x", by="priya") == "not_by_hand"
    assert refused(desk.finish, run.id, "failed", "\ud800 no", by="priya") == "text_invalid"
    assert refused(desk.finish, run.id, "failed", "no" * 10_000, by="priya") == "text_too_long"


def test_code_that_is_being_performed_cannot_be_finished_by_hand(desk, t):
    codes = []

    @desk.action("slow", who="support")
    def slow(run_id: int = 0) -> None:
        [run] = [each for each in t.journal.history.open() if each.action == "slow"]
        codes.append(refused(desk.finish, run.id, "succeeded", by="priya"))
        codes.append(refused(desk.tick, run.id, 1, by="priya"))

    assert t.run("slow", by="priya", reason="asked").outcome == "succeeded"
    assert codes == ["not_by_hand", "not_by_hand"]


def test_an_edit_does_not_change_the_steps_of_an_open_run(desk, t):
    run = begun(t)
    declare(desk, steps="1. Only this", version=1)
    assert desk.tick(run.id, 3, by="priya").texts == ("Call", "Move", "Tell")
    assert t.journal.manuals.steps(begun(t).id).texts == ("Only this",)
    assert desk.finish(run.id, "succeeded", by="priya").value == "2 of 3 steps were not ticked."


def test_a_run_of_what_is_retired_meanwhile_can_still_be_finished(desk, t):
    run = begun(t)
    desk.retire("account.move", by="sam", version=1)
    desk.tick(run.id, 1, by="priya")
    assert desk.finish(run.id, "succeeded", by="priya").outcome == "succeeded"


def test_a_run_whose_name_is_hidden_by_now_looks_like_none(desk, t):
    run = begun(t)

    @desk.action("account.move", who="lead", ask="nobody")
    def move() -> None: ...

    for call in (lambda id: desk.tick(id, 1, by="priya"), lambda id: desk.finish(id, "succeeded", by="priya")):
        said = []
        for id in (run.id, 999):
            with pytest.raises(Refused) as raised:
                call(id)
            said.append(str(raised.value).replace(str(id), "N"))
        assert said[0] == said[1]


def test_a_subject_whose_kind_has_left_the_code_is_a_plain_text(desk, t):
    desk._subjects.clear()
    desk._changed(desk._subjects, ((lambda: None), {}))
    desk._subjects.clear()
    run = t.run("account.move", {"account": "42"}, by="priya", reason="asked")
    assert (run.status, run.inputs, run.subjects) == ("performing", {"account": "42"}, ())


def test_an_ask_for_it_is_taken_and_then_done_by_hand(desk, t):
    ask = t.ask("account.move", {"account": 1}, by="ivan", reason="asked", requested_by="luis@example.com")
    taken = t.take(ask.id, by="priya")
    assert (taken.status, taken.actor, taken.asked_by) == ("performing", "priya", "ivan")
    assert on_record(t, taken).process is None
    desk.tick(ask.id, 1, by="priya")
    assert desk.finish(ask.id, "succeeded", by="priya").requested_by == "luis@example.com"
    assert kinds(t, ask) == ["recorded", "asked", "taken", "performing", "ticked", "succeeded"]


def test_the_same_desk_elsewhere_knows_a_new_version_at_once(desk, t):
    begun(t)
    declare(desk, who="lead", version=1)
    assert t.run("account.move", {"account": 1}, by="priya", reason="asked").refusal.code == "no_right"
    with trial(desk, petra="support", ada="lead") as other:
        assert other.run("account.move", {"account": 1}, by="petra", reason="asked").refusal.code == "unknown_action"
        desk.declare("account.move", by="petra", who="support", steps="Other", why=["asked"])
        run = other.run("account.move", by="petra", reason="asked")
        assert other.journal.manuals.steps(run.id).texts == ("Other",)
