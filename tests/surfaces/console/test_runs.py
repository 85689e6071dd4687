"""A run's page: what happened, step by step; what came of it; and nothing of runs that are none of one's business."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from html import unescape

import pytest

from .acme import Acme, File, acme

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def ui() -> Iterator[Acme]:
    """A browser of Sam's, who is lead."""
    with acme() as opened:
        yield opened


def words(html: str) -> str:
    return re.sub(r" ([:,.])", r"\1", " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split()))


def steps(html: str) -> list[tuple[str, str]]:
    """Return the timeline: each place with how it looks."""
    found = re.findall(r'<li(?: class="(\w+)")?>(?:<time.*?</time>)?<span class="strong"><bdi>(.*?)</bdi>', html)
    return [(name, look) for look, name in found]


def names(html: str) -> list[str]:
    return [name for name, _ in steps(html)]


SIX = ["Record", "Authorize", "Look up", "Check", "Perform", "Record the outcome"]


# The six steps


def test_a_run_shows_its_six_steps_with_times_to_the_millisecond_and_who(ui: Acme) -> None:
    page = ui.open(f"/runs/{ui.run('close', {'account': 1})}")
    assert steps(page) == [(name, "") for name in SIX]
    assert len(re.findall(r">\d\d:\d\d:\d\d\.\d{3}</time>", page)) == 3
    assert "Record by Priya" in words(page)
    assert "Closed." in page


@pytest.mark.parametrize(
    ("action", "inputs", "stopped", "said"),
    [
        ("close", {"account": 13}, "Check", "The account is open."),
        ("close", {"account": 500}, "Check", "There is no account 500."),
        ("close", {}, "Check", "account: this is missing."),
        ("refund", {"account": 1, "amount": 2}, "Authorize", "You may not perform"),
        ("nothing", {}, "Authorize", "There is no action"),
    ],
)
def test_a_refused_run_shows_the_step_that_stopped_it_and_why(
    ui: Acme, action: str, inputs: dict[str, int], stopped: str, said: str
) -> None:
    page = ui.open(f"/runs/{ui.run(action, inputs)}")
    assert names(page) == SIX
    looks = dict(steps(page))
    assert looks[stopped] == "warn"
    assert looks["Perform"] == "off"
    assert said in words(page.partition('id="steps"')[2])
    assert said in words(page.partition('role="status"')[2].partition("</div>")[0])


def test_a_run_that_its_own_function_refused_was_performed_up_to_there(ui: Acme) -> None:
    page = ui.open(f"/runs/{ui.run('close', {'account': 7})}")
    assert dict(steps(page)) | {"Perform": "warn", "Record the outcome": "warn"} == dict(steps(page))
    assert "It was refused: It is closed already. Leave it." in words(page)


def test_a_failed_run_shows_what_was_raised_and_where(ui: Acme) -> None:
    page = ui.open(f"/runs/{ui.run('close', {'account': 8})}")
    assert dict(steps(page))["Perform"] == "bad"
    assert "It failed: ValueError: the service <b>is</b> away" in words(page)
    assert "<b>is</b>" not in page
    assert "Traceback" in page.partition("<details>")[2].partition("</details>")[0]


def test_an_ask_shows_who_asked_who_tried_and_who_took_it(ui: Acme) -> None:
    id = ui.asks("refund", {"account": 1, "amount": 5})
    ui.me("priya").submit(f"/runs/{id}/take", {}, f"/runs/{id}")
    assert names(ui.page.text)[:2] == ["Record", "Asked"]
    page = ui.me("sam").open(f"/runs/{id}")
    assert names(page)[:3] == ["Record", "Asked", "Tried to take it"]
    assert ui.submit(f"/runs/{id}/take", {"once": "k"}, f"/runs/{id}").headers["location"] == f"/runs/{id}"
    page = ui.open(f"/runs/{id}")
    assert names(page) == ["Record", "Asked", "Tried to take it", "Taken", *SIX[1:]]
    assert "5 given back." in page
    assert "Sam, asked by Priya" in words(page)


def test_a_declined_ask_says_why(ui: Acme) -> None:
    id = ui.asks("refund", {"account": 1, "amount": 5})
    ui.submit(f"/runs/{id}/decline", {"words": "Not today."}, f"/runs/{id}")
    page = ui.open(f"/runs/{id}")
    assert names(page) == ["Record", "Asked", "Declined"]
    assert "It was declined: Not today." in words(page)
    assert 'id="ask"' not in page


def test_what_came_too_late_stands_at_the_end(ui: Acme) -> None:
    id = ui.run("close", {"account": 1})
    ui.t.journal.append("late", actor=None, at=0, run=id, data={"status": "failed", "found": "succeeded"})
    assert names(ui.open(f"/runs/{id}"))[-1] == "Late outcome"


# What was returned


def test_a_text_keeps_its_lines_and_its_markup_is_text(ui: Acme) -> None:
    page = ui.open(f"/runs/{ui.told(f'one{chr(10)}two {SCRIPT}')}")
    assert "one\ntwo &lt;script&gt;" in page
    assert SCRIPT not in page


@pytest.mark.parametrize("address", ["https://example.com/a?b=1", "http://localhost:8000/"])
def test_an_address_alone_is_a_link_that_tells_nothing(ui: Acme, address: str) -> None:
    page = ui.open(f"/runs/{ui.told(address)}")
    assert f'<a href="{address}" rel="noreferrer noopener">' in page


@pytest.mark.parametrize(
    "text",
    ["javascript:alert(1)", "data:text/html,x", "see https://example.com", "https://", "//example.com", "https://a b",
     "https://a/\u202e", "https://[", 'https://a/"onclick="alert(1)'],
)  # fmt: skip
def test_anything_else_is_no_link(ui: Acme, text: str) -> None:
    page = ui.open(f"/runs/{ui.told(text)}")
    shown = page.partition('id="value"')[2].partition("</section>")[0]
    assert 'onclick="' not in shown
    assert "<a href=" not in shown or 'href="https://a/&#34;onclick=' in shown


def test_a_mapping_is_pairs(ui: Acme) -> None:
    page = ui.open(f"/runs/{ui.told({'plan': 'pro', 'active': True, 'none': None, 'deep': {'a': [1]}})}")
    shown = words(page.partition('id="value"')[2].partition("</section>")[0])
    assert "active yes" in shown
    assert 'deep {"a": [1]}' in shown
    assert "plan pro" in shown


def test_a_table_shows_the_first_rows_and_says_that_there_are_more(ui: Acme) -> None:
    id = ui.told([{"n": n, "who": "=1+1"} for n in range(250)])
    page = ui.open(f"/runs/{id}")
    assert page.count("<tr>") == 201
    assert "200 of 250 rows are shown" in words(page)
    csv = ui.get(f"/runs/{id}/value.csv")
    assert csv.headers["content-disposition"].startswith("attachment")
    lines = csv.text.splitlines()
    assert lines[:2] == ["n,who", "0,'=1+1"]
    assert len(lines) == 251


def test_rows_that_differ_are_json(ui: Acme) -> None:
    id = ui.told([{"a": 1}, {"b": [2]}])
    assert '<pre class="body out"' in ui.open(f"/runs/{id}")
    assert ui.get(f"/runs/{id}/value.csv").status_code == 404


def test_a_file_is_given_out_to_be_kept_and_never_shown(ui: Acme) -> None:
    id = ui.told(File('März"<b>.html', SCRIPT.encode(), "text/html"))
    page = ui.open(f"/runs/{id}")
    assert f'href="/runs/{id}/file?place=0" download>' in page
    assert SCRIPT not in page
    file = ui.get(f"/runs/{id}/file")
    assert file.content == SCRIPT.encode()
    assert file.headers["content-type"] == "application/octet-stream"
    assert file.headers["content-disposition"] == "attachment; filename*=UTF-8''M%C3%A4rz%22%3Cb%3E.html"
    assert file.headers["x-content-type-options"] == "nosniff"
    assert file.headers["content-security-policy"] == "default-src 'none'; sandbox"


def test_each_of_several_files_can_be_had(ui: Acme) -> None:
    id = ui.told({"a": File("a.pdf", b"A", "application/pdf"), "more": [File("b.txt", b"B", "text/plain")]})
    page = ui.open(f"/runs/{id}")
    assert "a.pdf, 1 bytes" in words(page)
    assert ui.get(f"/runs/{id}/file?place=0").headers["content-type"] == "application/pdf"
    assert ui.get(f"/runs/{id}/file?place=1").content == b"B"
    for place in ("2", "-1", "x", "9" * 30):
        assert ui.get(f"/runs/{id}/file?place={place}").status_code == 404


def test_a_file_too_large_for_the_record_says_so(ui: Acme) -> None:
    page = ui.open(f"/runs/{ui.told(File('big.bin', b'x' * 300_000))}")
    assert "big.bin, 300 kB. The content is not kept" in words(page)


def test_secrets_stay_stars(ui: Acme) -> None:
    id = ui.run("reset", {"account": 1, "password": "hunter22"}, by="sam")
    page = ui.open(f"/runs/{id}")
    assert "hunter22" not in page
    assert "***" in page


# Live


def test_a_run_under_way_shows_what_it_says_and_how_far_it_is_and_then_what_came_of_it(ui: Acme) -> None:
    performing = threading.Thread(target=ui.run, args=("wait",))
    performing.start()
    page = ""
    for _ in range(100):
        id = ui.t.journal.history.last_run()
        page = ui.open(f"/runs/{id}") if id else ""
        if "half of it" in page:
            break
        time.sleep(0.05)
    assert '<progress aria-labelledby="progress" max="2" value="1">' in page
    assert dict(steps(page))["Perform"] == "now"
    poll = re.search(r'id="live" data-poll hx-get="([^"]+)"', page)
    assert poll
    again = unescape(poll[1])
    assert ui.get(again, headers={"hx-request": "true"}).status_code == 304
    ui.going.set()
    performing.join()
    news = ui.get(again, headers={"hx-request": "true"}).text
    assert "Waited." in news
    assert "data-poll" not in news
    assert "<html" not in news


def test_whoever_looks_at_an_ask_sees_that_somebody_took_it(ui: Acme) -> None:
    id = ui.asks("refund", {"account": 1, "amount": 5})
    poll = re.search(r'id="live" data-poll hx-get="([^"]+)"', ui.open(f"/runs/{id}"))
    assert poll
    ui.desk.take(id, by="sam")
    news = ui.get(unescape(poll[1]), headers={"hx-request": "true"}).text
    assert '<hx-partial hx-target="#ask"' in news
    assert "given back" in news


# Asks


def test_an_ask_with_a_secret_is_taken_by_its_form(ui: Acme) -> None:
    id = ui.asks("reset", {"account": 1})
    page = ui.open(f"/runs/{id}")
    assert f'href="/actions/reset?take={id}"' in page
    assert f'action="/runs/{id}/take"' not in page


def test_taking_twice_is_one_run(ui: Acme) -> None:
    id = ui.asks("refund", {"account": 1, "amount": 5})
    fields = {"csrf": ui.token(f"/runs/{id}"), "once": "key"}
    answers = [ui.post(f"/runs/{id}/take", data=fields, headers={"origin": "http://testserver"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert names(ui.open(f"/runs/{id}")).count("Taken") == 1


@pytest.mark.parametrize("verb", ["take", "decline", "withdraw"])
def test_what_may_not_be_done_is_refused_in_words(ui: Acme, verb: str) -> None:
    id = ui.asks("refund", {"account": 1, "amount": 5}, by="sam" if verb == "withdraw" else "priya")
    done = ui.me("priya").submit(f"/runs/{id}/{verb}", {"words": "No."}, f"/runs/{id}")
    assert done.status_code == 409
    assert {"withdraw": "not yours to withdraw"}.get(verb, "You may not perform") in words(done.text)
    assert ui.t.journal.run(id).status == "asked"


def test_an_own_ask_can_be_taken_back(ui: Acme) -> None:
    id = ui.asks("refund", {"account": 1, "amount": 5})
    page = ui.me("priya").open(f"/runs/{id}")
    assert f'action="/runs/{id}/take"' not in page
    ui.submit(f"/runs/{id}/withdraw", {"words": ""}, f"/runs/{id}")
    assert ui.t.journal.run(id).status == "withdrawn"


def test_declining_needs_words(ui: Acme) -> None:
    id = ui.asks("refund", {"account": 1, "amount": 5})
    assert ui.submit(f"/runs/{id}/decline", {"words": "  "}, f"/runs/{id}").status_code == 409


# Nothing of another's


@pytest.mark.parametrize("id", ["x", "0", "-1", "999", "9" * 18, "9" * 400, "1.0", "٣", "1e3"])
def test_an_address_that_is_no_run_is_not_there(ui: Acme, id: str) -> None:
    for path in (f"/runs/{id}", f"/runs/{id}/value.csv", f"/runs/{id}/file"):
        assert ui.get(path).status_code == 404


def test_a_run_of_a_hidden_action_and_one_that_does_not_exist_are_the_same(ui: Acme) -> None:
    ui.returned["value"] = [{"a": 1}]
    hidden = ui.run("secretly", by="olga")
    asked = ui.asks("secretly", by="olga")
    for part in ("", "/value.csv", "/file"):
        absent, there = ui.get(f"/runs/999{part}"), ui.get(f"/runs/{hidden}{part}")
        assert (there.status_code, there.text) == (absent.status_code, absent.text)
    assert there.status_code == 404
    for verb in ("take", "decline", "withdraw", "comments"):
        token = ui.token("/")
        answer = ui.post(
            f"/runs/{asked}/{verb}", data={"csrf": token, "words": "x"}, headers={"origin": "http://testserver"}
        )
        assert answer.status_code == 404
    assert ui.t.journal.run(asked).status == "asked"
    assert len(ui.t.journal.history.events(asked)) == 2
    assert ui.me("olga").get(f"/runs/{hidden}").status_code == 200


# For the ticket, and again


def test_the_sentence_for_the_ticket_has_the_address_of_the_run(ui: Acme) -> None:
    id = ui.run("close", {"account": 1}, requested_by="luis@example.com")
    page = ui.open(f"/runs/{id}")
    ticket = re.search(r'<textarea id="ticket"[^>]*>(.*?)</textarea>', page, re.S)
    assert ticket
    assert ticket[1].endswith(f"succeeded: Closed.\nhttp://testserver/runs/{id}")
    assert f'href="/actions/close?again={id}"' in page


def test_behind_a_proxy_the_address_is_the_one_that_people_know() -> None:
    with acme(url="https://support.example.com") as ui:
        ui.headers["host"] = "support.example.com"
        assert "https://support.example.com/runs/1" in ui.open(f"/runs/{ui.run('close', {'account': 1})}")


def test_no_stored_text_is_markup(ui: Acme) -> None:
    id = ui.run("close", {"account": 1}, requested_by=SCRIPT, ticket=SCRIPT, notes=f"@priya {SCRIPT} \u202e")
    page = ui.open(f"/runs/{id}")
    assert SCRIPT not in page
    assert '<a href="/people/priya">@priya</a> &lt;script&gt;' in page
    assert "\u202e" not in page


def test_a_page_reads_the_same_however_many_runs_there_are(ui: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    id = ui.run("close", {"account": 1})
    reads: list[str] = []
    read = ui.t.journal.database.read

    def counted(sql: str, values: object = ()) -> object:
        reads.append(sql)
        return read(sql, values)  # type: ignore[arg-type]

    ui.open(f"/runs/{id}")
    monkeypatch.setattr(ui.t.journal.database, "read", counted)
    ui.open(f"/runs/{id}")
    few = len(reads)
    for _ in range(30):
        ui.run("close", {"account": 1})
    reads.clear()
    ui.open(f"/runs/{id}")
    assert len(reads) == few <= 12
