"""``schedule``: made, listed, paused, taken over and retired, with the next moments in the schedule's own zone."""

from .terminals import Terminal

ADD = (
    "schedule", "add", "subscription.cancel", "--input", "account=42", "--reason", "customer asked",
    "--cron", "30 8 * * *", "--zone", "America/New_York",
)  # fmt: skip


def test_a_schedule_is_made_listed_and_shown_with_its_next_moments(terminal: Terminal) -> None:
    assert terminal("schedule", "list", "--json").json == []
    made = terminal(*ADD)
    assert made.code == 0, made
    assert made.out.startswith("Scheduled: schedule 1, subscription.cancel. Next: ")
    (listed,) = terminal("schedule", "list", "--json").json
    assert (listed["by"], listed["inputs"]["account"], listed["state"]) == ("priya@acme.com", 42, "active")
    assert "America/New_York" in terminal("schedule", "list").out
    coming = terminal("schedule", "next", "1", "--json").json
    assert len(coming) == 5
    assert {each[11:16] for each in coming} == {"08:30"}
    assert terminal("schedule", "next", "1").out.count("\n") == 5


def test_it_is_paused_resumed_skipped_and_retired_and_all_that_is_on_record(terminal: Terminal) -> None:
    terminal(*ADD)
    first = terminal("schedule", "next", "1", "--json").json
    for verb, said in [("skip", "Left one out"), ("pause", "Paused"), ("resume", "Resumed"), ("take-over", "Took over"),
                       ("retire", "Retired")]:  # fmt: skip
        done = terminal("schedule", verb, "1")
        assert (done.code, done.out.partition(":")[0]) == (0, said), done
        if verb == "skip":
            assert terminal("schedule", "next", "1", "--json").json[:4] == first[1:]
    assert terminal("schedule", "pause", "1").code == 3
    assert terminal("schedule", "list", "--json").json == []
    assert terminal("schedule", "list", "--all", "--json").json[0]["version"] == 5


def test_what_cannot_be_scheduled_is_refused_in_words(terminal: Terminal) -> None:
    said = terminal(*ADD[:-3], "every day", "--zone", "Mars")
    assert said.code == 3
    assert said.err == (
        "The cron expression has 2 fields; it needs five: minute, hour, day, month, weekday. There is no time zone "
        "“Mars”; write it as Europe/Berlin or UTC.\nGive it again with that put right.\n"
    )
    assert terminal(*ADD[:2], "account.merge", *ADD[3:]).code == 3
    assert terminal("schedule", "next", "99").code == 3
    assert terminal(*ADD, "--input", "account").code == 2


def test_a_schedule_that_was_paused_by_itself_says_why(terminal: Terminal) -> None:
    from datetime import UTC, datetime, timedelta

    from firsthand.demo.support import desk
    from firsthand.storage.journal import SqlJournal
    from firsthand.work.schedules import tick

    terminal(*ADD)
    journal = SqlJournal(f"sqlite:///{terminal.folder / 'firsthand.db'}")
    journal.people.change("priya@acme.com", by="test", roles=())
    desk.use(journal)
    try:
        tick(desk, journal, int((datetime.now(UTC) + timedelta(days=1)).timestamp() * 1_000_000))
    finally:
        desk.use(None)
        journal.close()
    assert "Schedule 1 was paused by itself: no_right" in terminal("schedule", "list").err


def test_what_is_given_is_changed_and_all_else_of_a_schedule_stays(terminal: Terminal) -> None:
    terminal(*ADD)
    changed = terminal("schedule", "change", "1", "--input", "at_once=no", "--notes", "Told by phone.", "--json")
    assert changed.code == 0, changed
    now = changed.json
    assert (now["version"], now["cron"], now["zone"], now["reason"]) == (
        2, "30 8 * * *", "America/New_York", "customer asked",
    )  # fmt: skip
    assert (now["inputs"]["account"], now["inputs"]["at_once"], now["notes"]) == (42, False, "Told by phone.")
    changed = terminal("schedule", "change", "1", "--cron", "0 7 * * *", "--without", "at_once", "--json").json
    assert (changed["version"], changed["cron"]) == (3, "0 7 * * *")
    assert terminal("schedule", "change", "1", "--cron", "nonsense").code == 3


def test_sent_again_under_the_same_key_it_is_the_same_schedule(terminal: Terminal) -> None:
    ids = [terminal(*ADD, "--once", "mail 7", "--json").json["id"] for _ in range(2)]
    assert ids == [1, 1]
    assert terminal(*ADD, "--once", "mail 7", "--notes", "Other.").code == 3
    assert len(terminal("schedule", "list", "--json").json) == 1
