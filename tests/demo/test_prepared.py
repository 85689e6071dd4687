"""What a visitor of the demo finds: a shop, and a year that looks like one."""

import json
import unicodedata
from collections import Counter
from pathlib import Path

from firsthand.core.runs import microseconds
from firsthand.demo.starting import JOURNAL, SHOP
from firsthand.demo.support import desk
from firsthand.demo.year import SIGNING_IN
from firsthand.testing import trial

from .conftest import NOW, Prepared, prepared_in

DAY = 24 * 60 * 60 * 1_000_000
TABLES = ("accounts", "devices", "entries", "invoices", "periods", "services")
FACTS = """at, action, actor, asked_by, status, surface, reason, notes, requested_by, ticket, inputs, value, subjects,
    refusal"""


def test_preparing_twice_gives_the_same_for_the_same_moment(prepared: Prepared, tmp_path: Path) -> None:
    again = prepared_in(tmp_path)
    for table in TABLES:
        assert prepared.shop(f"SELECT * FROM {table}") == again.shop(f"SELECT * FROM {table}"), table
    assert prepared.rows(f"SELECT {FACTS} FROM runs") == again.rows(f"SELECT {FACTS} FROM runs")


def test_what_is_prepared_already_is_left_as_it_is(prepared: Prepared) -> None:
    before = prepared.rows("SELECT count(*) FROM events")
    assert prepared_in(prepared.folder).rows("SELECT count(*) FROM events") == before
    assert {JOURNAL, SHOP} <= {path.name for path in prepared.folder.iterdir()}
    assert not list(prepared.folder.glob("making-*"))


def test_the_shop_is_of_a_size_that_one_can_get_lost_in(prepared: Prepared) -> None:
    accounts, invoices = (prepared.shop(f"SELECT count(*) FROM {table}")[0][0] for table in ("accounts", "invoices"))
    assert 290 <= accounts <= 350
    assert 2_700 <= invoices <= 3_300
    names = " ".join(name for (name,) in prepared.shop("SELECT name FROM accounts"))
    scripts = {unicodedata.name(letter, "").partition(" ")[0] for letter in names if letter.isalpha()}
    assert {"LATIN", "CYRILLIC", "GREEK", "ARABIC", "HEBREW", "DEVANAGARI", "THAI", "CJK", "HANGUL"} <= scripts
    assert all(each in names for each in "’'🎧")
    assert max(len(name) for (name,) in prepared.shop("SELECT name FROM accounts")) > 80
    assert {email.rpartition("@")[2] for (email,) in prepared.shop("SELECT email FROM accounts")} == {
        "example.com",
        "example.org",
    }


def test_the_customers_of_the_docs_are_as_the_docs_have_them(prepared: Prepared) -> None:
    known = prepared.shop("SELECT id, email, plan, ends IS NULL, locked FROM accounts WHERE id BETWEEN 42 AND 46")
    assert known == [
        (42, "luis@example.com", "family", 1, 0), (43, "leonie@example.com", "single", 1, 1),
        (44, "francois@example.com", "single", 0, 0), (45, "bjorn@example.com", "family", 1, 0),
        (46, "luis.g@example.com", "single", 1, 0),
    ]  # fmt: skip
    invoices = prepared.shop("SELECT id, account, cents, refunded FROM invoices WHERE id BETWEEN 98 AND 101")
    assert invoices == [(98, 42, 1386, 0), (99, 42, 1386, 0), (100, 43, 891, 0), (101, 45, 1386, 1386)]


def test_a_year_has_gone_by_and_every_action_was_performed(prepared: Prepared) -> None:
    ((runs, first, last),) = prepared.rows("SELECT count(*), min(at), max(at) FROM runs")
    assert 4_000 <= runs <= 6_000
    assert microseconds(NOW) - first > 363 * DAY
    assert microseconds(NOW) - last < 10 * 60 * 1_000_000
    performed = {action for (action,) in prepared.rows("SELECT action FROM runs WHERE status = 'succeeded'")}
    with trial(desk):
        assert {action.name for action in desk.actions} <= performed
    statuses = {status for (status,) in prepared.rows("SELECT DISTINCT status FROM runs")}
    assert statuses == {"asked", "declined", "failed", "performing", "refused", "succeeded", "unknown", "withdrawn"}
    assert {surface for (surface,) in prepared.rows("SELECT DISTINCT surface FROM runs")} == {
        "console",
        "terminal",
        "python",
    }


def test_nothing_in_the_year_is_out_of_order(prepared: Prepared) -> None:
    assert not prepared.rows("SELECT 1 FROM events a JOIN events b ON b.id = a.id + 1 WHERE b.at < a.at")
    assert not prepared.rows(
        "SELECT 1 FROM runs WHERE ended_at < at OR performing_at < at OR at > ?", microseconds(NOW)
    )


def test_work_has_a_rhythm(prepared: Prepared) -> None:
    at = [row[0] for row in prepared.rows("SELECT at FROM runs WHERE surface <> 'python'")]
    weekdays = Counter((each // DAY + 3) % 7 for each in at)
    assert weekdays[5] + weekdays[6] < weekdays[0] / 3
    assert weekdays[0] == max(weekdays.values())
    hours = Counter(each // (DAY // 24) % 24 for each in at)
    assert sum(hours[hour] for hour in range(8, 18)) > 0.95 * len(at)


def test_there_was_an_outage(prepared: Prepared) -> None:
    found = prepared.rows("SELECT at FROM runs WHERE reason = 'outage' AND action = 'invoice.refund'")
    assert len(found) > 80
    assert all(100 < (microseconds(NOW) - at) / DAY < 140 for (at,) in found)
    errors = [json.loads(error) for (error,) in prepared.rows("SELECT error FROM runs WHERE status = 'failed'")]
    assert len(errors) > 5
    assert all("did not answer" in each["message"] and "Traceback" in each["traceback"] for each in errors)


def test_a_reason_emerges_in_the_notes(prepared: Prepared) -> None:
    sql = "SELECT at FROM runs WHERE reason = 'other' AND notes LIKE '%price%'"
    found = prepared.rows(sql)
    assert len(found) > 15
    assert all((microseconds(NOW) - at) / DAY < 46 for (at,) in found)


def test_families_need_more_support_than_others(prepared: Prepared) -> None:
    sql = "SELECT json_extract(subjects, '$[0].traits.plan') = 'family' FROM runs WHERE subject LIKE 'account:%'"
    runs = Counter(row[0] for row in prepared.rows(sql))
    ((families, everybody),) = prepared.shop("SELECT sum(plan = 'family'), count(*) FROM accounts")
    assert runs[1] / (runs[0] + runs[1]) > 1.6 * families / everybody
    most = prepared.rows("SELECT count(*) FROM runs WHERE subject IS NOT NULL GROUP BY subject ORDER BY 1 DESC LIMIT 5")
    assert most[-1][0] > 50


def test_people_came_and_went(prepared: Prepared) -> None:
    people = {id: (json.loads(roles), administers, active) for id, roles, administers, active in prepared.rows(
        "SELECT id, roles, administers, active FROM people")}  # fmt: skip
    assert {role for id in SIGNING_IN for role in people[id][0]} == {"support", "lead", "billing"}
    assert [id for id, (_, administers, _) in people.items() if administers] == ["sam@acme.com"]
    assert not people["jonas@acme.com"][2]
    came = {at // DAY for (at,) in prepared.rows("SELECT at FROM events WHERE kind = 'person_added'")}
    assert len(came) >= 4
    assert prepared.rows("SELECT 1 FROM events WHERE kind = 'sign_in_failed'")


def test_there_is_something_to_do_of_every_age(prepared: Prepared) -> None:
    asked = prepared.rows("SELECT at, asked_by FROM runs WHERE status = 'asked' ORDER BY at")
    ages = [(microseconds(NOW) - at) / DAY for at, _ in asked]
    assert len(ages) == 6
    assert ages[0] > 5
    assert ages[-1] < 0.01
    assert len({by for _, by in asked}) >= 4
    assert prepared.rows("SELECT count(*) FROM runs WHERE status = 'unknown'") == [(1,)]
    assert prepared.rows("SELECT action FROM runs WHERE status = 'performing'") == [("payment.report_fraud",)]


def test_one_action_has_no_code_and_is_done_step_by_step(prepared: Prepared) -> None:
    kinds = [kind for (kind,) in prepared.rows("SELECT kind FROM events WHERE kind IN ('declared', 'redeclared')")]
    assert kinds == ["declared", "redeclared"]
    runs = prepared.rows(
        "SELECT ended_at - performing_at FROM runs WHERE action = 'payment.report_fraud' AND value <> ''"
    )
    assert len(runs) > 20
    assert all(took > 2 * 60 * 1_000_000 for (took,) in runs)


def test_people_talk_to_each_other(prepared: Prepared) -> None:
    said = [json.loads(data)["text"] for (data,) in prepared.rows("SELECT data FROM events WHERE kind = 'commented'")]
    assert len(said) > 40
    for name in ("@sam", "@noor", "@priya"):
        assert any(name in text for text in said)
    ((note,),) = prepared.rows("SELECT max(id) FROM events WHERE kind = 'handed_over'")
    assert not prepared.rows("SELECT 1 FROM events WHERE kind = 'taken_over' AND id > ?", note)
    assert prepared.rows("SELECT 1 FROM runs WHERE notes LIKE '%@sam%'")


def test_refusals_have_the_words_of_the_checks(prepared: Prepared) -> None:
    said = Counter(
        json.loads(refusal)["code"] for (refusal,) in prepared.rows("SELECT refusal FROM runs WHERE status = 'refused'")
    )
    assert {
        "check_failed",
        "clause_failed",
        "no_right",
        "choice_invalid",
        "unknown_action",
        "notes_missing",
    } <= said.keys()
    fixes = {
        json.loads(row[0])["fix"]
        for row in prepared.rows("SELECT refusal FROM runs WHERE action = 'invoice.refund'")
        if row[0]
    }
    assert "Look at its history." in fixes


def test_no_secret_is_on_record(prepared: Prepared) -> None:
    assert prepared.rows("SELECT 1 FROM runs WHERE action = 'gift.reset_code' AND status = 'succeeded'")
    assert b"GIFT-" not in (prepared.folder / JOURNAL).read_bytes()
