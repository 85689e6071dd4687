"""A form's run may be left to a worker, or to a time; its page tells until when it waits, and takes it back."""

import time

import pytest

from firsthand.work.worker import Worker

from ...databases import kind as kind
from .consoles import House

CANCEL = "/actions/subscription.cancel"
FORM: dict[str, object] = {"reason": "customer asked", "inputs.account": "42", "do": "run"}


def sent(house: House, **more: object) -> str:
    answer = house.post(CANCEL, {**FORM, **more})
    assert answer.status_code == 303, answer.text[:3000]
    return str(answer.headers["location"])


def test_in_the_background_it_waits_for_a_worker_which_performs_it(house: House):
    page = sent(house, background="1")
    html = house.get(page)
    assert "Waits for a worker" in html
    assert "Withdraw it before it begins" in html
    assert house.shop.done == []
    with Worker(house.desk, 1):
        assert house.desk.wait(1, 5).status == "succeeded"
    assert house.shop.done == [("cancel", 42, False)]
    html = house.get(page)
    assert "Waits for a worker" not in html
    assert "It waits for a worker from" in html


def test_a_time_is_one_in_the_zone_that_the_form_names(house: House):
    html = house.get(sent(house, at="2027-07-01T09:00", zone="Europe/Berlin"))
    assert "1 Jul 2027 07:00" in html
    assert house.journal.run(1).due.isoformat() == "2027-07-01T07:00:00+00:00"


@pytest.mark.parametrize(
    ("at", "zone", "fault"),
    [
        ("2027-07-01T09:00", "Europe/Nowhere", "names a time zone that there is not"),
        ("2027-03-28T02:30", "Europe/Berlin", "does not exist there"),
        ("soon", "UTC", "is no time"),
        ("2099-07-01T09:00", "UTC", "is too far away"),
    ],
)
def test_a_time_that_is_none_comes_back_with_the_form_and_nothing_is_on_record(
    house: House, at: str, zone: str, fault: str
):
    answer = house.post(CANCEL, {**FORM, "at": at, "zone": zone})
    assert answer.status_code == 422
    assert fault in answer.text
    assert f'value="{at}"' in answer.text
    assert house.journal.history.last_run() == 0


def test_a_time_that_has_passed_is_refused_not_performed_at_once(house: House):
    html = house.get(sent(house, at="2020-07-01T09:00"))
    assert "has passed" in html
    assert house.shop.done == []


def test_whoever_wanted_it_withdraws_it_and_a_stranger_sees_no_such_button(house: House):
    sent(house, at="2027-07-01T09:00")
    house.as_person("noor@acme.com")
    assert "Withdraw it before it begins" not in house.get("/runs/1")
    house.as_person("priya@acme.com")
    assert house.post("/runs/1/withdraw", {"words": "Not any more."}, form_at="/runs/1").status_code == 303
    assert "It was withdrawn: <bdi>Not any more.</bdi>" in house.get("/runs/1")
    assert house.shop.done == []


def test_a_run_that_no_worker_has_begun_for_a_minute_stands_in_activity_and_inbox(house: House):
    sent(house, background="1")
    assert "for over a minute" not in house.get("/")
    house.desk.clock = lambda: time.time_ns() // 1000 + 90_000_000
    assert "1 run waits for a worker" in " ".join(house.get("/").replace("</span>", "").split())
    assert "due for over a minute" in house.get("/inbox")
    assert "No worker has begun it for 1 min 3" in house.get("/runs/1")


def test_the_feed_can_be_filtered_by_what_waits(house: House):
    sent(house, background="1")
    assert "/runs/1" in house.get("/?outcome=queued")
