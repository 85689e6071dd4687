"""Schedules in the console: made from an action's form, listed, paused, taken over, changed and retired."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from firsthand.work.schedules import tick

from ...databases import kind as kind
from .consoles import House, hidden_fields

CANCEL = "/actions/subscription.cancel"
FORM = {"reason": "customer asked", "inputs.account": "42", "cron": "0 8 * * 1-5", "cron_zone": "Europe/Berlin"}


def make(house: House, **more: str) -> str:
    """Make a schedule by the form, and return its address."""
    sent = house.post(CANCEL, {**FORM, "do": "schedule", **more})
    assert sent.status_code == 303, sent.text[:3000]
    return str(sent.headers["location"])


def days_pass(house: House, days: int) -> None:
    """Let days pass, of which a worker begins what was due."""
    tick(house.desk, house.journal, int((datetime.now(UTC) + timedelta(days=days)).timestamp() * 1_000_000))


def test_an_actions_form_makes_a_schedule_after_it_has_shown_the_next_times(house: House):
    shown = house.post(CANCEL, {**FORM, "do": "coming"})
    assert shown.status_code == 200
    assert shown.text.count(", 08:00 CE") == 5
    assert 'value="0 8 * * 1-5"' in shown.text
    assert house.journal.schedules.all() == []
    at = make(house)
    assert at == "/schedules/1"
    page = house.get(at)
    for words in ("0 8 * * 1-5", "Europe/Berlin", "customer asked", "Priya", "42"):
        assert words in page
    assert page.count(", 08:00 CE") == 5
    assert "subscription" in house.get("/schedules")
    assert ", 08:00 CE" in house.get("/schedules")


def test_what_cannot_be_scheduled_is_told_and_the_form_stays_filled_in(house: House):
    for more, words in [
        ({"cron": "<b>"}, "The cron expression cannot be read."),
        ({"cron_zone": "Mars"}, "There is no time zone “Mars”"),
        ({"reason": ""}, "A reason is missing."),
        ({"inputs.account": "7"}, "There is no account 7."),
    ]:
        sent = house.post(CANCEL, {**FORM, "do": "schedule", "notes": "Stays.", **more})
        assert sent.status_code == 422
        assert words in sent.text
        assert "Stays." in sent.text
        assert "<b>" not in sent.text.split("<body>")[1]
    assert house.journal.schedules.all(retired=True) == []


def test_a_secret_cannot_be_scheduled(house: House):
    sent = house.post("/actions/gift.send", {
        **FORM, "inputs.items.0.sku": "A", "inputs.code": "hush-1234", "do": "schedule",
    })  # fmt: skip
    assert sent.status_code == 422
    assert "hush-1234" not in sent.text


def test_it_is_paused_resumed_taken_over_and_retired_and_sent_twice_it_is_done_once(house: House):
    at = make(house)
    for verb, state in [("pause", "paused"), ("resume", "active"), ("retire", "retired")]:
        fields = hidden_fields(house.get(at), f"{at}/{verb}")
        for _ in range(2):
            sent = house.client.post(f"{at}/{verb}", data=fields, headers={"origin": "http://testserver"})
            assert sent.headers["location"] == at
        assert house.journal.schedules.get(1).state == state
    assert house.journal.schedules.get(1).version == 4
    assert "/retire" not in house.get(at)
    assert "Nothing is scheduled." in house.get("/schedules")
    assert "retired" in house.get("/schedules?retired=1")


def test_of_somebody_without_the_right_it_pauses_by_itself_and_a_colleague_takes_it_over_from_the_inbox(house: House):
    at = make(house)
    house.journal.people.change("priya@acme.com", by="root", roles=())
    house.journal.people.change("noor@acme.com", by="root", roles=("support",))
    days_pass(house, 7)
    house.as_person("noor@acme.com")
    inbox = house.get("/inbox")
    assert "Schedules that paused by themselves" in inbox
    assert f'href="{at}"' in inbox
    assert "paused by itself" in house.get("/schedules")
    house.post(f"{at}/take_over", form_at=at)
    assert house.journal.schedules.get(1).by == "noor@acme.com"
    assert "Schedules that paused by themselves" not in house.get("/inbox")
    assert "by itself" in house.get("/")
    assert 'href="/schedules/1"' in house.get("/runs/1")


def test_the_next_moment_is_left_out_once_however_often_that_is_sent(house: House):
    at = make(house)
    before = house.journal.schedules.get(1).due
    fields = hidden_fields(house.get(at), f"{at}/skip")
    for _ in range(2):
        house.client.post(f"{at}/skip", data=fields, headers={"origin": "http://testserver"})
    assert house.journal.schedules.get(1).due > before
    assert len([e for e in house.journal.history.events_after(0, 999) if e.kind == "schedule_skipped"]) == 1


def test_two_who_change_it_do_not_overwrite_each_other(house: House):
    at = make(house)
    form = hidden_fields(house.get(at), at)
    current = house.journal.schedules.get(1)
    house.desk.schedules.change(replace(current, cron="0 9 * * *"))
    sent = house.client.post(
        at,
        data={**form, "cron": "0 7 * * *", "cron_zone": "UTC", "do": "save"},
        headers={"origin": "http://testserver"},
    )
    assert sent.status_code == 409
    assert "meanwhile (version 2" in sent.text
    assert 'value="0 7 * * *"' in sent.text
    assert house.post(at, {"cron": "0 7 * * *", "cron_zone": "UTC", "do": "save"}).headers["location"] == at
    assert house.journal.schedules.get(1).cron == "0 7 * * *"


def test_a_hidden_actions_schedules_are_not_there(house: House):
    house.as_person("noor@acme.com")
    house.desk.schedule(
        "ledger.close", by="noor@acme.com", cron="0 8 * * *", zone="UTC", reason="our mistake", notes="Every day."
    )
    assert 'href="/schedules/1"' in house.get("/schedules")
    house.as_person("priya@acme.com")
    assert "Nothing is scheduled." in house.get("/schedules")
    assert house.client.get("/schedules/1").status_code == 404
    assert "ledger" not in house.get("/")
    for path in ("/schedules/0", "/schedules/x", "/schedules/99999999999999999999"):
        assert house.client.get(path).status_code == 404


def test_a_form_that_is_sent_twice_makes_one_schedule_and_another_one_under_its_key_is_refused(house: House):
    form = {**hidden_fields(house.get(CANCEL), CANCEL), **FORM, "do": "schedule"}
    sent = [house.client.post(CANCEL, data=form, headers={"origin": "http://testserver"}) for _ in range(2)]
    assert [each.headers["location"] for each in sent] == ["/schedules/1", "/schedules/1"]
    other = house.client.post(CANCEL, data={**form, "cron": "0 9 * * *"}, headers={"origin": "http://testserver"})
    assert other.status_code == 422
    assert "is not the same" in other.text
    assert len(house.journal.schedules.all()) == 1


def test_all_of_it_is_changed_in_the_actions_form_filled_in_from_it(house: House):
    at = make(house, notes="Every week.")
    form_at = f"{CANCEL}?schedule=1"
    assert form_at in house.get(at)
    html = house.get(form_at)
    for words in ("Change schedule 1", "Save version 2", "Every week.", 'value="0 8 * * 1-5"', 'value="42"'):
        assert words in html
    assert "Run it" not in html
    form = {**hidden_fields(html, CANCEL), **FORM, "notes": "Every day.", "cron": "0 7 * * *"}
    post = {"headers": {"origin": "http://testserver"}}
    shown = house.client.post(CANCEL, data={**form, "do": "coming"}, **post)
    assert "Save version 2" in shown.text
    changed = house.client.post(CANCEL, data={**form, "do": "schedule"}, **post)
    assert changed.headers["location"] == at
    now = house.journal.schedules.get(1)
    assert (now.version, now.notes, now.cron, now.zone) == (2, "Every day.", "0 7 * * *", "Europe/Berlin")
    late = house.client.post(CANCEL, data={**form, "do": "schedule"}, **post)
    assert late.status_code == 422
    assert "meanwhile (version 2" in late.text
    assert (len(house.journal.schedules.all()), house.shop.done) == (1, [])
