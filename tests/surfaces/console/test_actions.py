"""An action's page: its form, its checklist, and what comes of sending it."""

import json
import time

import pytest

from .consoles import House, hidden_fields

CANCEL = "/actions/subscription.cancel"
WHY = {"reason": "customer asked"}


def runs(house: House) -> int:
    return house.journal.history.last_run()


def test_a_form_that_is_sent_performs_the_action_once_and_leads_to_its_run(house):
    sent = house.post(
        CANCEL, {**WHY, "inputs.account": "42", "inputs.at_period_end": "true", "requested_by": "Luis", "do": "run"}
    )
    assert (sent.status_code, sent.headers["location"]) == (303, "/runs/1")
    run = house.journal.run(1)
    assert (run.status, run.actor, run.surface, run.requested_by) == ("succeeded", "priya@acme.com", "console", "Luis")
    assert house.shop.done == [("cancel", 42, True)]


def test_an_unticked_box_is_no_not_the_default(house):
    house.post(CANCEL, {**WHY, "inputs.account": "42", "do": "run"})
    assert house.shop.done == [("cancel", 42, False)]


def test_the_page_says_what_the_action_does_who_may_why_when_and_who_owns_it(house):
    page = house.get(CANCEL)
    for words in (
        "Stop renewing a customer", "Support.", "customer asked", "our mistake", "other", "billing team",
        "The account has an active subscription.", "cancel_it", "consoles.py",
    ):  # fmt: skip
        assert words in page, words


def test_a_forgotten_field_is_told_at_its_place_and_is_no_run(house):
    sent = house.post(CANCEL, {"do": "run"})
    assert sent.status_code == 422
    assert "this is missing" in sent.text
    assert "A reason is missing." in sent.text
    assert runs(house) == 0


def test_a_subject_that_there_is_not_is_told_at_its_place_and_is_no_run(house):
    sent = house.post(CANCEL, {**WHY, "inputs.account": "7", "do": "run"})
    assert sent.status_code == 422
    assert "There is no account 7." in sent.text
    assert runs(house) == 0


def test_what_was_filled_in_stays_filled_in_but_for_secrets(house):
    page = "/actions/gift.send"
    given = {
        "inputs.account": "42",
        "inputs.items.0.sku": "mug",
        "inputs.items.0.count": "99",
        "inputs.code": "xyzzy-9",
    }
    sent = house.post(page, {**given, "notes": "For the birthday", "do": "run"})
    assert sent.status_code == 422
    assert 'value="mug"' in sent.text
    assert "For the birthday" in sent.text
    assert "this must be at most 9" in sent.text
    assert "xyzzy" not in sent.text


def test_nested_inputs_and_secrets_reach_the_action_and_the_secret_nothing_else(house):
    given = {"inputs.account": "42", "inputs.items.0.sku": "mug", "inputs.items.0.count": "2", "inputs.code": "xyzzy-9"}
    assert house.post("/actions/gift.send", {**WHY, **given, "do": "run"}).status_code == 303
    assert house.shop.done == [("send", 42, [("mug", 2)], "xyzzy-9")]
    assert "xyzzy" not in json.dumps(house.journal.run(1).as_dict())


def test_circumstances_that_do_not_hold_are_shown_before_and_refuse_on_record_after(house):
    page = house.get(f"{CANCEL}?account=43")
    assert "It ended on 3 May." in page
    assert "Reactivate it first." in page
    sent = house.post(CANCEL, {**WHY, "inputs.account": "43", "do": "run"})
    assert sent.status_code == 303
    assert house.journal.run(1).status == "refused"
    assert house.shop.done == []


def test_checking_first_shows_the_checklist_and_records_nothing(house):
    sent = house.post(CANCEL, {**WHY, "inputs.account": "42", "do": "check"})
    assert sent.status_code == 200
    assert "Holds" in sent.text
    assert runs(house) == 0


def test_the_parts_that_depend_on_other_inputs_come_without_the_page(house):
    page = "/actions/subscription.change_plan"
    hidden = hidden_fields(house.get(page), page)
    headers = {"origin": "http://testserver", "hx-request": "true"}
    parts = house.client.post(f"{page}/look", data={**hidden, "inputs.account": "42"}, headers=headers)
    assert parts.status_code == 200
    assert "The family plan" in parts.text
    assert "The single plan" not in parts.text
    assert "luis@example.com" in parts.text
    assert runs(house) == 0


def test_choices_that_are_not_offered_are_no_run(house):
    sent = house.post(
        "/actions/subscription.change_plan", {**WHY, "inputs.account": "42", "inputs.plan": "gold", "do": "run"}
    )
    assert sent.status_code == 422
    assert "not one of the choices" in sent.text
    assert runs(house) == 0


def test_a_form_that_is_sent_again_is_the_run_that_it_was(house):
    hidden = hidden_fields(house.get(CANCEL), CANCEL)
    data = {**hidden, **WHY, "inputs.account": "42", "do": "run"}
    places = {
        house.client.post(CANCEL, data=data, headers={"origin": "http://testserver"}).headers["location"].split("?")[0]
        for _ in range(3)
    }
    assert places == {"/runs/1"}
    assert runs(house) == 1
    assert len(house.shop.done) == 1


def test_an_address_fills_the_form_in(house):
    page = house.get(f"{CANCEL}?account=42&ticket=4411&reason=our+mistake&notes=Hello")
    assert 'value="42"' in page
    assert 'value="4411"' in page
    assert "<option selected>our mistake</option>" in page
    assert "Hello" in page


def test_a_run_can_be_filled_in_again(house):
    house.desk.run(
        "invoice.refund", {"account": 42, "amount": 5}, by="priya@acme.com", reason="our mistake", ticket="77"
    )
    page = house.get("/actions/invoice.refund?again=1")
    assert 'value="42"' in page
    assert 'value="5"' in page
    assert 'value="77"' in page


def test_more_than_one_may_is_told_before_it_is_sent(house):
    page = house.get("/actions/invoice.refund?account=42&amount=11")
    assert "Your limit: Up to 10." in page
    assert "This is more than you may." in page


def test_rows_are_added_and_taken_away_without_javascript_and_keep_what_is_there(house):
    page = "/actions/gift.send"
    more = house.post(page, {"inputs.items.0.sku": "mug", "add": "inputs.items"})
    assert more.status_code == 200
    assert 'value="mug"' in more.text
    assert 'name="inputs.items.1.sku"' in more.text
    less = house.post(page, {"inputs.items.0.sku": "mug", "inputs.items.1.sku": "pen", "remove": "inputs.items.0"})
    assert 'value="mug"' not in less.text
    assert 'value="pen"' in less.text
    assert runs(house) == 0


def test_subjects_are_found_without_javascript_and_with_it(house):
    found = house.post(CANCEL, {"inputs.account": "luis", "find": "inputs.account"})
    assert found.status_code == 200
    assert 'type="radio"' in found.text
    assert "luis@example.com" in found.text
    part = house.get(f"{CANCEL}/subjects/account?field=inputs.account&inputs.account=leon", **{"hx-request": "true"})
    assert "leonie@example.com" in part
    assert "luis@example.com" not in part


def test_whoever_may_not_perform_asks_and_whoever_may_takes_it(house):
    house.as_person("noor@acme.com")
    page = house.get(CANCEL)
    assert "Ask for it" in page
    assert 'value="run"' not in page
    asked = house.post(CANCEL, {**WHY, "inputs.account": "42", "do": "ask"})
    assert asked.headers["location"] == "/runs/1"
    assert house.journal.run(1).status == "asked"
    house.as_person("priya@acme.com")
    assert "Take what" in house.get(f"{CANCEL}?take=1")
    taken = house.post(CANCEL, {"do": "run"}, form_at=f"{CANCEL}?take=1")
    assert taken.status_code == 303
    run = house.journal.run(1)
    assert (run.status, run.actor, run.asked_by) == ("succeeded", "priya@acme.com", "noor@acme.com")


def test_who_may_not_perform_and_sends_run_all_the_same_is_refused_on_record(house):
    house.as_person("noor@acme.com")
    house.post(CANCEL, {**WHY, "inputs.account": "42", "do": "run"})
    assert house.journal.run(1).refusal.code == "no_right"
    assert house.shop.done == []


def test_a_hidden_action_and_one_that_there_is_not_get_the_same_answer(house):
    hidden, unknown = (house.client.get(f"/actions/{name}") for name in ("ledger.close", "ledger.clear"))
    assert hidden.status_code == unknown.status_code == 404
    assert hidden.text.replace("ledger.close", "") == unknown.text.replace("ledger.clear", "")


def test_a_long_run_leads_to_its_page_before_it_has_ended(house):
    start = time.monotonic()
    sent = house.post("/actions/statistics.rebuild", {**WHY, "do": "run"})
    assert sent.headers["location"] == "/runs/1"
    assert time.monotonic() - start < 10
    assert house.journal.run(1).status == "performing"
    house.shop.go_on.set()
    for _ in range(100):
        if house.journal.run(1).status == "succeeded":
            return
        time.sleep(0.05)
    raise AssertionError("it never ended")


def test_a_file_reaches_the_action_with_its_name_and_type_and_its_content_no_record(house):
    files = {"inputs.letter": ("hello.txt", b"Dear Luis", "text/plain")}
    sent = house.post("/actions/letter.send", {**WHY, "inputs.account": "42", "do": "run"}, files=files)
    assert sent.status_code == 303, sent.text
    assert house.shop.done == [("letter", 42, "hello.txt", "text/plain", b"Dear Luis")]
    recorded = house.journal.run(1).inputs["letter"]
    assert recorded["file"] == "hello.txt"
    assert "content" not in recorded


def test_a_file_that_is_missing_is_told(house):
    sent = house.post("/actions/letter.send", {**WHY, "inputs.account": "42", "do": "run"})
    assert sent.status_code == 422
    assert "this is missing" in sent.text


def test_a_subject_may_be_given_as_it_is_called(house):
    sent = house.post(CANCEL, {**WHY, "inputs.account": " LUIS@example.com ", "do": "run"})
    assert sent.status_code == 303
    assert house.shop.done == [("cancel", 42, False)]
    assert "It ended on 3 May." in house.get(f"{CANCEL}?account=leonie@example.com")


@pytest.mark.parametrize("text", ["example.com", "leonie"])
def test_what_a_search_only_leads_to_is_shown_to_choose_from_and_never_taken_unseen(house, text):
    sent = house.post(CANCEL, {**WHY, "inputs.account": text, "do": "run"})
    assert sent.status_code == 422
    assert "choose one of those found." in sent.text
    assert "whole number" not in sent.text
    assert 'type="radio" name="inputs.account" id="found-inputs.account:1"' in sent.text
    assert runs(house) == 0


def test_a_text_that_finds_nothing_keeps_its_fault(house):
    sent = house.post(CANCEL, {**WHY, "inputs.account": "nobody@example.com", "do": "run"})
    assert "this must be a whole number." in sent.text
    assert "Nothing was found." in sent.text


def test_over_ones_limit_the_first_thing_to_do_is_to_ask(house):
    page = house.get("/actions/invoice.refund?account=42&amount=11")
    assert 'class="primary" name="do" value="ask"' in page
    assert 'id="enter" tabindex="-1" aria-hidden="true" name="do" value="ask"' in page
    page = house.get("/actions/invoice.refund?account=42&amount=10")
    assert 'class="primary" name="do" value="run"' in page
    token = hidden_fields(page, "/actions/invoice.refund")["csrf"]
    form = {"csrf": token, "inputs.account": "42", "inputs.amount": "11"}
    looked = house.client.post("/actions/invoice.refund/look", data=form, headers={"origin": "http://testserver"})
    assert 'class="primary" name="do" value="ask"' in looked.text


def test_an_ask_needs_and_keeps_no_secret(house):
    given = {**WHY, "inputs.account": "42", "inputs.items.0.sku": "mug", "do": "ask"}
    house.post("/actions/gift.send", {**given, "inputs.code": "xyzzy-9"})
    assert house.journal.run(1).status == "asked"
    assert "xyzzy" not in json.dumps(house.journal.run(1).as_dict())
    house.as_person("noor@acme.com")
    assert "inputs.code" not in house.get("/actions/gift.send")
    house.post("/actions/gift.send", given)
    assert house.journal.run(2).status == "asked"


def test_notes_over_their_limit_are_told_in_the_form_and_are_no_run(house):
    sent = house.post(CANCEL, {**WHY, "inputs.account": "42", "notes": "words " * 9_000, "do": "run"})
    assert sent.status_code == 422
    assert "10,000 is the most." in sent.text
    assert runs(house) == 0


def taking_gift(house):
    """Ask as Noor for what needs a secret, and return the form with which Priya takes it."""
    gift = {"account": 42, "items": [{"sku": "mug"}]}
    house.desk.ask("gift.send", gift, by="noor@acme.com", **WHY)
    house.as_person("priya@acme.com")
    return {**hidden_fields(house.get("/actions/gift.send?take=1"), "/actions/gift.send"), "inputs.code": "xyzzy-9"}


def sent(house, data):
    return house.client.post("/actions/gift.send", data={**data, "do": "run"}, headers={"origin": "http://testserver"})


def test_a_form_that_takes_an_ask_and_is_sent_again_is_the_run_that_it_was(house):
    form = taking_gift(house)
    assert sent(house, form).headers["location"] == "/runs/1"
    whole = {**WHY, "inputs.account": "42", "inputs.items.0.sku": "mug", "inputs.items.0.count": "1"}
    for again in (sent(house, form), sent(house, {**form, **whole})):
        assert again.headers["location"] == "/runs/1?sent=again"
    assert (runs(house), len(house.shop.done)) == (1, 1)


def test_a_form_for_an_ask_that_is_closed_meanwhile_is_refused_in_words_and_is_no_run_of_its_own(house):
    form = taking_gift(house)
    house.desk.withdraw(1, by="noor@acme.com")
    whole = {**WHY, "inputs.account": "42", "inputs.items.0.sku": "mug", "inputs.items.0.count": "1"}
    for data in (form, {**form, **whole}):
        answer = sent(house, data)
        assert answer.status_code == 409
        assert "Run 1 is not an open ask: it is withdrawn." in answer.text
        assert "Look at the open asks." in answer.text
    assert sent(house, {**form, **whole, "take": "99"}).status_code == 404
    assert sent(house, {**form, **whole, "take": "x"}).status_code == 404
    assert (runs(house), house.shop.done) == (1, [])
