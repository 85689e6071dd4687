"""By calendar: each due moment is one run, on somebody's authority as it is then, through every change of the clock."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice, pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

from firsthand import Desk, File, Refused
from firsthand.core.runs import microseconds, moment
from firsthand.core.schedules import Schedule
from firsthand.storage.history import Filter
from firsthand.testing import Trial, trial
from firsthand.work.calendar import Calendar
from firsthand.work.schedules import tick

from .shop import Account, Shop, kinds, on_record

EIGHT = "0 8 * * 1-5"
MONDAY = datetime(2026, 1, 5, 6, tzinfo=UTC)

COMING = [
    ("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00", ["29T03:00+02:00", "30T02:30+02:00"]),
    ("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00", ["25T02:30+02:00", "26T02:30+01:00"]),
    ("0,30 2,3 * * *", "Europe/Berlin", "2026-03-29T00:00", ["29T03:00+02:00", "29T03:30+02:00", "30T02:00+02:00"]),
    ("15 * * * *", "Europe/Berlin", "2026-10-25T01:30", ["25T02:15+02:00", "25T02:15+01:00", "25T03:15+01:00"]),
    ("30 2 * * *", "America/New_York", "2026-03-07T12:00", ["08T03:00-04:00", "09T02:30-04:00"]),
    ("30 1 * * *", "America/New_York", "2026-10-31T12:00", ["01T01:30-04:00", "02T01:30-05:00"]),
    ("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00", ["04T02:30+11:00", "05T02:15+11:00"]),
    ("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T12:00", ["05T01:45+11:00", "06T01:45+10:30"]),
    ("*/20 * * * *", "Australia/Lord_Howe", "2026-10-04T01:30", ["04T01:40+10:30", "04T02:40+11:00", "04T03:00+11:00"]),
]


@pytest.mark.parametrize(("cron", "zone", "start", "coming"), COMING)
def test_a_time_that_does_not_exist_comes_after_the_gap_and_one_that_comes_twice_once(cron, zone, start, coming):
    here, calendar = ZoneInfo(zone), Calendar()
    after = microseconds(datetime.fromisoformat(start).replace(tzinfo=here))
    found = list(islice(calendar.after(cron, zone, after), 40))
    shown = [moment(each).astimezone(here).isoformat(timespec="minutes")[8:] for each in found]
    assert shown[: len(coming)] == coming
    assert all(one < other for one, other in pairwise(found))
    for one, other in pairwise(found):
        assert calendar.last(cron, zone, one) == calendar.last(cron, zone, other - 1) == one
        assert next(calendar.after(cron, zone, one)) == next(calendar.after(cron, zone, other - 1)) == other


@pytest.mark.parametrize("cron", [
    "", "* * * *", "* * * * * *", "60 * * * *", "* * * * 9", "0 0 30 2 *", "*/0 * * * *", "² * * * *", "a b c d e",
    "0 0 * * *" + " " * 300, "@daily", 7, None,
])  # fmt: skip
def test_what_is_no_cron_expression_is_said_in_a_sentence(cron):
    (fault,) = Calendar().faults(cron, "UTC", 0)
    assert fault.startswith("The cron expression ")


@pytest.mark.parametrize("zone", ["", "Europe", "../etc/passwd", "Mars/Base", "\0", "x" * 5_000, None])
def test_what_is_no_time_zone_is_said_in_a_sentence(zone):
    (fault,) = Calendar().faults(EIGHT, zone, 0)
    assert fault.startswith("There is no time zone ")


@pytest.fixture
def daily(shop: Shop, desk: Desk) -> Desk:
    @desk.action("remind", who="support", when=lambda account: account.active)
    def remind(account: Account) -> str:
        """Remind a customer."""
        shop.done.append(account.id)
        return "reminded"

    @desk.action("post", who="support")
    def post(file: File | None = None, pin: SecretStr | None = None) -> None:
        """Post something."""

    @desk.action("seize", who=["lead"], ask="lead")
    def seize(account: Account) -> None:
        """Nobody else knows of it."""

    return desk


@pytest.fixture
def t(daily: Desk) -> Any:
    with trial(daily, now=MONDAY, priya="support", sam="support", noor="sales", lee="lead") as tried:
        yield tried


def scheduled(t: Trial, **said: Any) -> Schedule:
    """Return a schedule of Priya's: account 1 is reminded at eight in Berlin, on weekdays."""
    wanted = {"by": "priya", "cron": EIGHT, "zone": "Europe/Berlin", "reason": "asked", **said}
    return t.desk.schedule("remind", {"account": 1}, **wanted)


def ticked(t: Trial) -> int | None:
    """Have a worker look."""
    return tick(t.desk, t.journal, t.clock())


def runs(t: Trial) -> list[Any]:
    """Return all runs, oldest first."""
    return t.journal.history.feed(Filter(), 99)[::-1]


def now(t: Trial, schedule: Schedule) -> Schedule:
    """Return a schedule as it is now."""
    found = t.journal.schedules.get(schedule.id)
    assert found
    return found


def refused(code: str, call: Callable[[], object]) -> None:
    """Check that something is refused with a code."""
    with pytest.raises(Refused) as refusal:
        call()
    assert refusal.value.code == code


def at(text: str) -> datetime:
    """Return a moment of January 2026."""
    return datetime.fromisoformat(f"2026-01-{text}+00:00")


def test_each_due_moment_is_one_run_that_waits_and_says_of_which_schedule_it_is(t):
    schedule = scheduled(t, notes="Every day.", ticket="T-1")
    assert (schedule.version, schedule.state, schedule.due, schedule.by) == (1, "active", at("05T07:00"), "priya")
    assert ticked(t) == microseconds(at("05T07:00"))
    assert runs(t) == []
    t.now = at("05T07:00")
    assert ticked(t) == microseconds(at("06T07:00"))
    ticked(t)
    (run,) = runs(t)
    assert (run.status, run.actor, run.schedule, run.surface) == ("queued", "priya", schedule.id, "schedule")
    assert (run.reason, run.notes, run.ticket, run.inputs) == ("asked", "Every day.", "T-1", {"account": 1})
    for day in (6, 7, 8, 9, 12):
        assert now(t, schedule).due == at(f"{day:02}T07:00")
        t.now = at(f"{day:02}T07:00")
        ticked(t)
    assert len(runs(t)) == 6
    assert [each.id for each in t.journal.schedules.runs(schedule.id, 9)] == [each.id for each in runs(t)[::-1]]


def test_a_worker_begins_it_by_itself_and_performs_it(shop, t):
    from firsthand.work.worker import Worker

    schedule = scheduled(t)
    t.now = at("05T07:00")
    with Worker(t.desk):
        for _ in range(500):
            if runs(t) and runs(t)[0].outcome:
                break
            import time

            time.sleep(0.01)
    (run,) = runs(t)
    assert (run.outcome, run.value, run.schedule) == ("succeeded", "reminded", schedule.id)
    assert kinds(t, run) == ["recorded", "queued", "performing", "succeeded"]
    assert shop.done == [1]


def test_of_many_moments_missed_only_the_last_is_begun_and_one_event_tells_of_the_others(t):
    schedule = scheduled(t)
    t.now = at("23T12:00")
    ticked(t)
    assert len(runs(t)) == 1
    event = t.journal.history.last_of_kind("schedule_missed", 0)
    assert (event.data["schedule"], event.data["missed"]) == (schedule.id, 14)
    assert moment(event.data["first"]) == at("05T07:00")
    assert now(t, schedule).due == at("26T07:00")
    assert ticked(t) == microseconds(at("26T07:00"))
    assert len(runs(t)) == 1


def test_twenty_workers_that_look_at_the_same_moment_make_one_run(daily, tmp_path):
    import threading
    from concurrent.futures import ThreadPoolExecutor

    with trial(daily, now=MONDAY, priya="support") as t, ThreadPoolExecutor(20) as pool:
        for account in (1, 2):
            t.desk.schedule("remind", {"account": account}, by="priya", cron="* * * * *", zone="UTC", reason="asked")
        for minute in range(1, 6):
            t.now = MONDAY.replace(minute=minute)
            barrier = threading.Barrier(20)
            list(pool.map(lambda _, barrier=barrier: (barrier.wait(), ticked(t)), range(20)))
        assert len(runs(t)) == 10
        assert {run.status for run in runs(t)} == {"queued"}
        assert t.journal.history.last_of_kind("schedule_missed", 0) is None


def test_a_moment_whose_process_died_before_anything_happened_is_begun_anew(t):
    schedule = scheduled(t)
    t.now = at("05T07:00")
    ticked(t)

    def die(connection):
        connection.execute("UPDATE runs SET status = 'recorded', process = 999999 WHERE id = 1")
        return connection.execute("UPDATE schedules SET due = ?", (microseconds(at("05T07:00")),)).rowcount

    t.journal.database.write(die)
    ticked(t)
    assert len(runs(t)) == 1, "whether it is dead is not known yet"
    t.journal.settle()
    ticked(t)
    assert [run.status for run in runs(t)] == ["failed", "queued"]
    assert now(t, schedule).due == at("06T07:00")


def test_without_the_right_the_run_is_refused_and_the_schedule_paused_until_somebody_takes_it_over(t):
    schedule = scheduled(t)
    t.journal.people.change("priya", by="test", roles=("sales",))
    t.now = at("05T07:00")
    assert ticked(t) is None
    (run,) = runs(t)
    assert (run.status, run.refusal.code, run.schedule) == ("refused", "no_right", schedule.id)
    paused = now(t, schedule)
    assert (paused.state, paused.version, paused.changed_by, paused.due) == ("paused", 2, None, None)
    assert paused.stopped.startswith("no_right: ")
    assert t.journal.schedules.stopped() == [paused]
    t.tick(days=1)
    ticked(t)
    assert len(runs(t)) == 1
    refused("no_right", lambda: t.desk.schedules.resume(schedule.id, by="sam"))
    refused("no_right", lambda: t.desk.schedules.resume(schedule.id, by="priya"))
    refused("no_right", lambda: t.desk.schedules.take_over(schedule.id, by="noor"))
    taken = t.desk.schedules.take_over(schedule.id, by="sam")
    assert (taken.state, taken.by, taken.stopped, taken.version) == ("active", "sam", "", 3)
    t.now = at("07T07:00")
    ticked(t)
    assert (runs(t)[1].status, runs(t)[1].actor) == ("queued", "sam")


def test_of_somebody_who_left_the_run_is_refused_on_record_once_and_the_schedule_paused(t):
    schedule = scheduled(t)
    t.journal.people.change("priya", by="test", active=False)
    t.now = at("05T07:00")
    for _ in range(3):
        ticked(t)
    (run,) = runs(t)
    assert (run.status, run.refusal.code, run.actor, run.schedule) == ("refused", "actor_gone", "priya", schedule.id)
    assert kinds(t, run) == ["recorded", "refused"]
    assert now(t, schedule).stopped.startswith("actor_gone: ")


def test_an_action_that_is_gone_pauses_its_schedules(t, daily):
    schedule = scheduled(t)
    daily._registrations[:] = [each for each in daily._registrations if each.name != "remind"]
    daily._changed([], None)
    t.now = at("05T07:00")
    ticked(t)
    assert now(t, schedule).stopped.startswith("unknown_action: ")
    refused("unknown_schedule", lambda: t.desk.schedules.retire(schedule.id, by="sam"))
    assert t.desk.schedules.retire(schedule.id, by="priya").state == "retired"


def test_circumstances_that_do_not_hold_refuse_that_run_and_the_next_one_comes(t, shop):
    schedule = scheduled(t)
    shop.accounts[1].active = False
    t.now = at("05T07:00")
    ticked(t)
    assert (runs(t)[0].status, runs(t)[0].refusal.code) == ("refused", "check_failed")
    assert now(t, schedule).due == at("06T07:00")


def test_what_could_not_be_performed_cannot_be_scheduled_and_that_is_on_record(t):
    make = t.desk.schedule
    fine: dict[str, Any] = {"by": "priya", "cron": EIGHT, "zone": "Europe/Berlin", "reason": "asked"}
    for code, action, inputs, said in [
        ("no_right", "remind", {"account": 1}, {"by": "noor"}),
        ("unknown_action", "seize", {"account": 1}, {}),
        ("unknown_action", "no.such", {}, {}),
        ("input_invalid", "remind", {}, {}),
        ("unknown_subject", "remind", {"account": 77}, {}),
        ("reason_missing", "remind", {"account": 1}, {"reason": None}),
        ("schedule_invalid", "remind", {"account": 1}, {"cron": "every day"}),
        ("schedule_invalid", "remind", {"account": 1}, {"zone": "Mars"}),
        ("secret_in_queue", "post", {"pin": "12345-hush"}, {}),
        ("input_invalid", "post", {"file": File("a.txt", b"a")}, {}),
    ]:
        refused(code, lambda action=action, inputs=inputs, said=said: make(action, inputs, **{**fine, **said}))
        event = t.journal.history.last_of_kind("refused_try", 0)
        assert (event.data["tried"], event.data["code"]) == ("schedule", code)
        assert "hush" not in str(event.data)
    assert t.journal.schedules.all(retired=True) == []


def test_pausing_resuming_leaving_one_out_and_retiring(t):
    schedule = scheduled(t)
    desk, id = t.desk.schedules, schedule.id
    assert [moment(each) for each in desk.coming(schedule, 2)] == [at("05T07:00"), at("06T07:00")]
    desk.pause(id, by="sam")
    refused("schedule_state", lambda: desk.pause(id, by="sam"))
    refused("no_right", lambda: desk.resume(id, by="sam"))
    t.now = at("07T12:00")
    ticked(t)
    assert runs(t) == []
    assert desk.resume(id, by="priya").due == at("08T07:00")
    refused("schedule_state", lambda: desk.skip(id, microseconds(at("09T07:00")), by="sam"))
    assert desk.skip(id, microseconds(at("08T07:00")), by="sam").due == at("09T07:00")
    t.now = at("09T07:00")
    ticked(t)
    assert len(runs(t)) == 1
    assert t.journal.history.last_of_kind("schedule_skipped", 0).actor == "sam"
    assert desk.retire(id, by="sam").state == "retired"
    for change in (desk.retire, desk.resume, desk.pause, desk.take_over):
        refused("schedule_state", lambda change=change: change(id, by="priya"))
    refused("unknown_schedule", lambda: desk.pause(99, by="priya"))
    t.now = at("12T07:00")
    assert ticked(t) is None
    assert len(runs(t)) == 1
    assert [each.state for each in t.journal.schedules.versions(id)] == ["retired", "active", "paused", "active"]


def test_whoever_changes_a_schedule_is_the_one_on_whose_authority_it_is_and_two_do_not_overwrite_each_other(t):
    from dataclasses import replace

    schedule = scheduled(t)
    changed = t.desk.schedules.change(replace(schedule, by="sam", inputs={"account": 2}))
    assert (changed.by, changed.version, changed.inputs) == ("sam", 2, {"account": 2})
    refused("changed_meanwhile", lambda: t.desk.schedules.change(replace(schedule, by="priya", notes="Mine.")))
    refused("no_right", lambda: t.desk.schedules.change(replace(changed, by="noor")))
    assert now(t, schedule) == changed


def test_under_one_key_there_is_one_schedule_and_another_is_refused(t):
    first = scheduled(t, once="a")
    t.desk.schedules.pause(first.id, by="priya")
    again = scheduled(t, once="a")
    assert (again.id, again.state) == (first.id, "paused")
    refused("key_used", lambda: scheduled(t, once="a", ticket="T-2"))
    assert scheduled(t, once="a", by="sam").id != first.id
    assert len(t.journal.schedules.all()) == 2


def test_a_hidden_actions_schedule_looks_like_none(t):
    schedule = t.desk.schedule("seize", {"account": 1}, by="lee", cron=EIGHT, zone="UTC", reason="asked")
    for verb in ("pause", "resume", "take_over", "retire"):
        refused("unknown_schedule", lambda verb=verb: getattr(t.desk.schedules, verb)(schedule.id, by="priya"))


def test_of_an_action_done_by_hand_each_moment_is_an_ask_for_those_who_may(t):
    t.journal.people.change("sam", by="test", administers=True)
    t.desk.declare("call_back", by="sam", who="support", steps="- Call.\n- Note it.")
    schedule = t.desk.schedule("call_back", by="priya", cron=EIGHT, zone="UTC", reason="asked")
    t.now = at("05T08:00")
    ticked(t)
    ticked(t)
    (run,) = runs(t)
    assert (run.status, run.asked_by, run.schedule) == ("asked", "priya", schedule.id)
    assert t.desk.take(run.id, by="sam").status == "performing"


def test_versions_are_never_changed_or_deleted(t):
    from firsthand import JournalError

    scheduled(t)
    for sql in ("DELETE FROM schedules", "DELETE FROM schedule_versions", "UPDATE schedule_versions SET event = 1"):
        with pytest.raises(JournalError):
            t.journal.database.write(lambda connection, sql=sql: connection.execute(sql).rowcount)


def test_a_run_under_way_is_withdrawn_like_any_other_that_waits(t):
    scheduled(t)
    t.now = at("05T07:00")
    ticked(t)
    (run,) = runs(t)
    assert on_record(t, run).status == "queued"
    assert t.desk.withdraw(run.id, by="priya").status == "withdrawn"
