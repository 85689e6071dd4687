"""A batch in the console: rows are given, looked at, confirmed, followed, and its results downloaded."""

import csv
import io

from ...bad_files import BAD, GOOD
from ...databases import kind as kind
from .consoles import House, hidden_fields

NEW = "/batch/subscription.cancel"
FORM: dict[str, object] = {"reason": "customer asked", "ids": "42, 43\n99"}


def drafted(house: House, **more: object) -> str:
    answer = house.post(NEW, {**FORM, **more})
    assert answer.status_code == 303, answer.text[:3000]
    return str(answer.headers["location"])


def confirmed(house: House, page: str) -> None:
    digest = house.journal.batches.get(1).digest
    answer = house.post(f"{page}/confirm", {"digest": digest}, form_at=page)
    assert answer.status_code == 303, answer.text[:3000]


def test_ids_are_looked_at_confirmed_and_performed(house: House):
    assert "For many at once" in house.get("/actions/subscription.cancel")
    page = drafted(house)
    html = house.get(page)
    assert "1 row would go through, 2 would not." in html
    assert "It ended on 3 May." in html
    assert "There is no account 99." in html
    assert house.shop.done == []
    confirmed(house, page)
    assert "Being performed" in house.get(page)
    house.desk.perform_batch(1)
    html = house.get(page)
    assert "Ended" in html
    assert "1 of 1: 1 succeeded" in html
    assert house.shop.done == [("cancel", 42, True)]


def test_a_file_is_taken_and_a_bad_one_names_its_row(house: House):
    def sent(content: bytes):
        return house.post(NEW, {"reason": "customer asked"}, files={"file": ("list.csv", content, "text/csv")})

    answer = sent(b"account,at_period_end\n42,no\n43\n")
    assert answer.status_code == 422
    assert "Row 3 has 1 cells; the heading has 2." in answer.text
    taken = sent(b"account,at_period_end\n42,no\n")
    assert taken.status_code == 303
    assert "list.csv" in house.get(str(taken.headers["location"]))


def test_a_bad_file_is_refused_with_its_row_and_nothing_is_kept(house: House):
    for fault, (content, message) in BAD.items():
        answer = house.post(NEW, {"reason": "customer asked"}, files={"file": ("list.csv", content, "text/csv")})
        said = answer.text.replace("<bdi>", "").replace("</bdi>", "")
        assert (answer.status_code, message in said or fault) == (422, True)
        assert "Nothing was done." in said
    rows = house.journal.database.read("SELECT (SELECT count(*) FROM batches), (SELECT count(*) FROM batch_rows)")
    assert (house.journal.batches.newest(), rows) == ([], [(0, 0)])
    sent = house.post(NEW, {"reason": "customer asked"}, files={"file": ("list.csv", GOOD, "text/csv")})
    assert sent.status_code == 303


def test_a_file_that_is_too_large_is_refused_before_it_is_read(house: House):
    content = b"account\n" + b"".join(b"%d\n" % n for n in range(200_000))
    answer = house.post(NEW, {"reason": "customer asked"}, files={"file": ("list.csv", content, "text/csv")})
    assert answer.status_code == 413
    assert "at most 1 MiB can be sent." in answer.text
    assert house.journal.batches.newest() == []


def test_without_rows_the_form_comes_back(house: House):
    answer = house.post(NEW, {"reason": "customer asked", "notes": "kept"})
    assert answer.status_code == 422
    assert "There are no rows." in answer.text
    assert "kept" in answer.text


def test_the_feed_has_one_line_for_a_batch_and_its_runs_where_a_filter_is_on(house: House):
    page = drafted(house)
    confirmed(house, page)
    house.desk.perform_batch(1)
    html = house.get("/")
    assert 'id="batch-1"' in html
    assert 'id="run-1"' not in html
    assert 'id="run-1"' in house.get("/?action=subscription.cancel")
    assert 'id="run-1"' in house.get("/subjects/account/42")
    assert "batch 1" in house.get("/batches")


def test_results_are_csv_in_which_no_cell_is_a_formula(house: House):
    page = drafted(house, notes="=1+1")
    rows = list(csv.DictReader(io.StringIO(house.get(f"{page}/results.csv"))))
    assert [(row["row"], row["account"], row["outcome"]) for row in rows] == [
        ("1", "42", "would go through"),
        ("2", "43", "would not go through"),
        ("3", "99", "would not go through"),
    ]
    assert rows[0]["notes"] == "'=1+1"
    assert [row["row"] for row in csv.DictReader(io.StringIO(house.get(f"{page}/unfit.csv")))] == ["2", "3"]


def test_it_is_paused_gone_on_with_and_cancelled_and_a_refusal_is_said_on_its_page(house: House):
    page = drafted(house)
    confirmed(house, page)
    for verb, words in (("pause", "Paused"), ("resume", "Being performed"), ("cancel", "Cancelled")):
        before = page
        assert house.post(f"{page}/{verb}", {}, form_at=before).status_code == 303
        assert words in house.get(page)
    answer = house.post(f"{page}/resume", {"csrf": hidden_fields(house.get(NEW), NEW)["csrf"]}, form_at=NEW)
    assert answer.status_code == 409
    assert "Batch 1 is cancelled" in answer.text


def test_who_may_not_perform_the_action_gets_no_form_and_cannot_pause(house: House):
    page = drafted(house)
    confirmed(house, page)
    noor = house.as_person("noor@acme.com")
    assert noor.get(NEW).status_code == 404
    assert "Pause" not in noor.get(page).text
