"""Activity: the feed with its filters and pages, what is new, and handing over."""

import re

import pytest

from .consoles import House, hidden_fields

WHY = {"reason": "customer asked"}


def perform(house: House, account: int = 42, by: str = "priya@acme.com", **more: str) -> int:
    said = {**WHY, **more}
    return house.desk.run("subscription.cancel", {"account": account}, by=by, **said).id


def shown(page: str) -> list[int]:
    return [int(id) for id in re.findall(r'<li id="run-(\d+)"', page)]


def test_an_empty_desk_says_so(house):
    assert shown(house.get("/")) == []
    assert "No runs match." in house.get("/?outcome=failed")


def test_runs_are_shown_newest_first_whoever_performed_them(house):
    perform(house)
    perform(house, 43)
    house.desk.run("invoice.refund", {"account": 42, "amount": 3}, by="sam@acme.com", **WHY)
    assert shown(house.get("/")) == [3, 2, 1]


def test_filters_combine_and_stand_in_the_address(house):
    perform(house, requested_by="Luis")
    perform(house, 43, requested_by="Luis")
    perform(house, 42)
    assert shown(house.get("/?requested_by=Luis")) == [2, 1]
    assert shown(house.get("/?requested_by=Luis&outcome=refused")) == [2]
    assert shown(house.get("/?subject=account:42&actor=priya@acme.com")) == [3, 1]
    assert shown(house.get("/?action=cancel_it")) == [3, 2, 1]
    assert shown(house.get("/?namespace=subscription&tag=billing")) == [3, 2, 1]
    assert "No runs match." in house.get("/?reason=other")


def test_a_day_that_is_none_is_said_in_words(house):
    answer = house.client.get("/?since=yesterday")
    assert answer.status_code == 400
    assert "is no day" in answer.text


def test_pages_go_on_where_the_last_one_ended_and_show_every_run_once(house):
    for _ in range(120):
        perform(house)
    seen, address = [], "/"
    while address:
        page = house.get(address)
        seen += shown(page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        address = following[1].replace("&amp;", "&") if following else ""
    assert seen == list(range(120, 0, -1))


def test_new_lines_come_without_the_page_and_nothing_comes_where_nothing_is_new(house):
    perform(house)
    poll = re.search(r'id="poll"[^>]*hx-get="([^"]+)"', house.get("/"))[1].replace("&amp;", "&")
    headers = {"hx-request": "true"}
    assert house.client.get(poll, headers=headers).status_code == 304
    perform(house)
    news = house.client.get(poll, headers=headers)
    assert shown(news.text) == [2]
    again = re.search(r'hx-get="([^"]+)"', news.text)[1].replace("&amp;", "&")
    assert house.client.get(again, headers=headers).status_code == 304


def test_new_lines_of_a_filtered_page_are_those_that_the_filter_wants(house):
    perform(house)
    poll = re.search(r'id="poll"[^>]*hx-get="([^"]+)"', house.get("/?outcome=refused"))[1].replace("&amp;", "&")
    perform(house, 42)
    perform(house, 43)
    assert shown(house.client.get(poll, headers={"hx-request": "true"}).text) == [3]


def test_an_open_run_is_shown_anew_when_it_changes(house):
    house.desk.ask("subscription.cancel", {"account": 42}, by="noor@acme.com", **WHY)
    poll = re.search(r'id="poll"[^>]*hx-get="([^"]+)"', house.get("/"))[1].replace("&amp;", "&")
    house.desk.take(1, by="priya@acme.com")
    changed = house.client.get(poll, headers={"hx-request": "true"}).text
    assert "succeeded" in changed
    assert "hx-swap-oob" in changed


def test_what_is_new_since_the_last_visit_is_marked(house, monkeypatch):
    from firsthand.storage import visits

    monkeypatch.setattr(visits, "AWAY", 0)
    monkeypatch.setattr(visits, "KEPT", 0)
    perform(house)
    house.get("/")
    perform(house)
    page = house.get("/")
    assert page.index('id="run-2"') < page.index("seen before") < page.index('id="run-1"')
    assert "seen before" not in house.get("/")


def test_runs_of_hidden_actions_are_not_shown(house):
    house.desk.run("ledger.close", {}, by="noor@acme.com", **WHY)
    assert shown(house.get("/")) == []
    assert "ledger" not in house.get("/")
    house.as_person("noor@acme.com")
    assert shown(house.get("/")) == [1]


def test_a_hand_over_note_stands_above_until_somebody_takes_over(house):
    sent = house.post("/hand-over", {"text": "Two refunds wait, @sam knows."}, form_at="/")
    assert sent.status_code == 303
    house.as_person("sam@acme.com")
    page = house.get("/")
    assert "Two refunds wait," in page
    assert "/people/sam" in page
    house.post("/take-over", form_at="/")
    assert "Sam" in house.get("/")
    assert "took over" in house.get("/")


def test_a_note_that_is_sent_twice_is_one_note(house):
    hidden = hidden_fields(house.get("/"), "/hand-over")
    for _ in range(2):
        house.client.post("/hand-over", data={**hidden, "text": "Once."}, headers={"origin": "http://testserver"})
    events = house.journal.history.events_of_no_run(0, 2**62, 100)
    assert [event.kind for event in events].count("handed_over") == 1


def test_an_empty_note_is_refused_in_words(house):
    answer = house.post("/hand-over", {"text": " "}, form_at="/")
    assert answer.status_code == 409
    assert "A hand-over note needs words." in answer.text


def test_whoever_wrote_a_note_is_not_offered_to_take_over_from_themselves(house):
    house.post("/hand-over", {"text": "All quiet."}, form_at="/")
    assert "I take over" not in house.get("/")
    house.as_person("sam@acme.com")
    assert "I take over" in house.get("/")


def test_a_name_that_nobody_has_is_marked(house):
    house.post("/hand-over", {"text": "Ask @ghost, or @sam."}, form_at="/")
    page = house.get("/")
    assert '@ghost <small class="mute">(nobody)</small>, or' in page
    assert page.count("(nobody)") == 1


def test_days_in_the_wrong_order_are_said_in_words(house):
    answer = house.client.get("/?since=2026-02-02&until=2026-02-01")
    assert "The last day is before the first." in answer.text


@pytest.mark.parametrize("path", ["/", "/people/priya@acme.com", "/subjects/account/42"])
@pytest.mark.parametrize(
    "place", ["9" * 19 + "-1", "1-" + "9" * 19, "9" * 30 + "-1", "9" * 18 + "-" + "9" * 18, "-", "1-x"]
)
def test_a_place_in_the_feed_that_is_none_is_no_fault_of_the_consoles(house, path, place):
    assert house.client.get(path, params={"before": place}).status_code == 200


def test_whoever_takes_over_does_so_from_the_note_that_they_have_read(house):
    house.post("/hand-over", {"text": "The first note."}, form_at="/")
    house.as_person("sam@acme.com")
    read = hidden_fields(house.get("/"), "/take-over")
    house.as_person("priya@acme.com")
    house.post("/hand-over", {"text": "The second note."}, form_at="/")
    house.as_person("sam@acme.com")
    form = {**hidden_fields(house.get("/"), "/take-over"), "note": read["note"]}
    assert house.client.post("/take-over", data=form, headers={"origin": "http://testserver"}).status_code == 303
    event = house.journal.history.last_of_kind("taken_over", 0)
    assert house.journal.event(event.data["note"]).data["text"] == "The first note."
    page = house.get("/")
    assert "The second note." in page
    assert "I take over" in page
    house.post("/take-over", form_at="/")
    page = house.get("/")
    assert "took over" in page
    assert "I take over" not in page


@pytest.mark.parametrize("note", ["", "0", "1", "99999", "9" * 30, "x"])
def test_one_cannot_take_over_from_what_is_no_note(house, note):
    answer = house.post("/take-over", {"note": note, **csrf_of(house)}, form_at="/")
    assert answer.status_code == 409
    assert "There is no such hand-over note." in answer.text
    assert house.journal.history.last_of_kind("taken_over", 0) is None


def csrf_of(house):
    return {"csrf": hidden_fields(house.get("/"), "/hand-over")["csrf"]}
