"""Performing from a page: what was sent before is said to be so, and not more is performed at once than may."""

import threading

import pytest

from firsthand.surfaces.console import console
from firsthand.surfaces.console.performing import Busy, performed

from .consoles import House, hidden_fields

CANCEL = "/actions/subscription.cancel"
WHY = {"reason": "customer asked"}
ORIGIN = {"origin": "http://testserver"}


def test_a_form_that_was_sent_before_says_so_and_leads_to_a_new_one(house: House):
    form = {**hidden_fields(house.get(CANCEL), CANCEL), **WHY, "do": "run"}
    first, again = (house.client.post(CANCEL, data={**form, "inputs.account": "42"}, headers=ORIGIN) for _ in range(2))
    assert (first.headers["location"], again.headers["location"]) == ("/runs/1", "/runs/1?sent=again")
    page = house.get("/runs/1?sent=again")
    assert "This form was sent before; this is the run that came of it. Nothing was performed again." in page
    assert f'<a href="{CANCEL}">Fill the form in anew</a>' in page
    assert "was sent before" not in house.get("/runs/1")
    assert house.shop.done == [("cancel", 42, False)]


@pytest.mark.parametrize("do", ["run", "ask"])
def test_a_form_sent_again_with_other_contents_is_refused_and_comes_back_under_a_key_of_its_own(house: House, do: str):
    form = {**hidden_fields(house.get(CANCEL), CANCEL), **WHY, "inputs.account": "42", "do": do}
    house.client.post(CANCEL, data=form, headers=ORIGIN)
    done = list(house.shop.done)
    edited = {**form, "notes": "At the end of May, and <b>quickly</b>."}
    back = house.client.post(CANCEL, data=edited, headers=ORIGIN)
    assert back.status_code == 422
    assert "This form was sent before, with something else in it: that is run 1. Nothing was done now." in back.text
    assert "At the end of May, and &lt;b&gt;quickly&lt;/b&gt;." in back.text
    assert house.shop.done == done
    assert house.journal.run(2).refusal.code == "key_used"
    fresh = hidden_fields(back.text, CANCEL)
    assert fresh["once"] != form["once"]
    sent = [house.client.post(CANCEL, data={**edited, **fresh}, headers=ORIGIN).headers["location"] for _ in range(2)]
    assert sent == ["/runs/3", "/runs/3?sent=again"]


def test_an_ask_and_a_taking_that_were_sent_before_say_so_too(house: House):
    house.as_person("noor@acme.com")
    form = {**hidden_fields(house.get(CANCEL), CANCEL), **WHY, "inputs.account": "42", "do": "ask"}
    asked = [house.client.post(CANCEL, data=form, headers=ORIGIN).headers["location"] for _ in range(2)]
    assert asked == ["/runs/1", "/runs/1?sent=again"]
    house.as_person("priya@acme.com")
    form = hidden_fields(house.get("/runs/1"), "/runs/1/take")
    taken = [house.client.post("/runs/1/take", data=form, headers=ORIGIN).headers["location"] for _ in range(2)]
    assert taken == ["/runs/1", "/runs/1?sent=again"]


def test_the_key_of_a_form_for_another_action_is_refused_in_words(house: House):
    form = {**hidden_fields(house.get(CANCEL), CANCEL), **WHY, "inputs.account": "42", "do": "run"}
    house.client.post(CANCEL, data=form, headers=ORIGIN)
    other = house.client.post("/actions/invoice.refund", data={**form, "inputs.amount": "5"}, headers=ORIGIN)
    assert other.status_code == 422
    assert "that is run 1" in other.text
    assert "under the key of run 1" in house.get("/runs/2")
    assert house.shop.done == [("cancel", 42, False)]


def test_no_more_runs_are_performed_at_once_than_may_and_the_page_says_so(house: House):
    room = house.client.app.state.console.room = threading.Semaphore(1)
    assert house.post("/actions/statistics.rebuild", {**WHY, "do": "run"}).headers["location"] == "/runs/1"
    busy = house.post(CANCEL, {**WHY, "inputs.account": "42", "do": "run"})
    assert busy.status_code == 503
    assert "The console is busy" in busy.text
    assert house.journal.history.last_run() == 1
    house.shop.go_on.set()
    assert room.acquire(timeout=10)
    room.release()
    assert house.post(CANCEL, {**WHY, "inputs.account": "42", "do": "run"}).headers["location"] == "/runs/2"


def test_there_is_room_again_whatever_comes_of_a_run(house: House, monkeypatch: pytest.MonkeyPatch):
    made = house.client.app.state.console
    assert console.AT_ONCE == 64
    for _ in range(console.AT_ONCE + 1):
        house.desk.use(house.journal)
        with pytest.raises(Exception, match="known person"):
            performed(made, lambda hear: house.desk.run("x", by="nobody", listener=hear))

    def no_thread(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", no_thread)
        for _ in range(console.AT_ONCE + 1):
            with pytest.raises(Busy):
                performed(made, lambda hear: house.desk.run("x", by="nobody", listener=hear))
    assert [made.room.acquire(blocking=False) for _ in range(console.AT_ONCE + 1)] == [True] * console.AT_ONCE + [False]
