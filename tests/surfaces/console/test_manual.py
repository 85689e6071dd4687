"""Manual actions in the console: declared by a form, changed by versions, performed by ticking their steps."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from firsthand.core.manual import Manual
from firsthand.storage.imports import Mapping, import_log

from .consoles import House, opened

STEPS = "1. Call **the bank**\n2. Block the card\n3. Tell the customer"
FORM = {
    "name": "payment.report_fraud", "title": "", "description": "", "role": ["support"], "more_roles": "",
    "why": "fraud", "tags": "", "owner": "", "subject": "", "steps": STEPS,
}  # fmt: skip
LIVE = {"hx-request": "true"}


@pytest.fixture
def house(tmp_path: Path):
    """A console whose visitor is Sam, who administers and is lead; Priya is support."""
    with opened(tmp_path, who="sam@acme.com") as made:
        yield made


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def declare(house: House, at: str = "/manual/new", **given: Any):
    return house.post("/manual", {**FORM, **given}, form_at=at)


def change(house: House, **given: Any):
    return declare(house, f"/manual/{given.get('name', FORM['name'])}", **given)


def declared(house: House, name: str = "payment.report_fraud"):
    return house.journal.manuals.get(name)


def send(house: House, path: str, /, headers: dict[str, str] | None = None, **data: Any):
    """Send a form that the page need not show: with the token, and from this site."""
    token = re.search(r'name="csrf" value="([^"]+)"', house.get("/"))[1]
    return house.client.post(
        path, data={**data, "csrf": token}, headers={"origin": "http://testserver", **(headers or {})}
    )


def begun(house: House, by: str = "priya@acme.com") -> int:
    run = house.desk.run("payment.report_fraud", {}, by=by, reason="fraud")
    assert run.status == "performing", run
    return run.id


def fault_at(html: str, field: str) -> str:
    found = re.search(rf'id="faults-{field}">(.*?)</p>', html)
    return words(found[1]) if found else ""


# Declaring


def test_a_form_declares_it_and_it_is_an_action_that_is_marked_as_manual(house):
    done = declare(house, role=["support", "lead"], tags="money\nurgent", owner="risk team", subject="account")
    assert (done.status_code, done.headers["location"]) == (303, "/actions/payment.report_fraud")
    found = declared(house)
    assert (found.who, found.why, found.tags, found.owner, found.subject, found.by, found.version) == (
        ("support", "lead"), ("fraud",), ("money", "urgent"), "risk team", "account", "sam@acme.com", 1,
    )  # fmt: skip
    page = house.get("/actions/payment.report_fraud")
    assert "Call <strong>the bank</strong>" in page
    assert "firsthand new --from payment.report_fraud" in page
    assert "Report fraud manual payment.report_fraud" in words(house.get("/actions"))


def test_without_reasons_it_has_the_desks_and_only_other_can_be_said(house):
    declare(house, why="")
    assert declared(house).why == ("customer asked", "our mistake")
    change(house, why="other")
    assert declared(house).why == ()
    assert re.search(r'<textarea id="why".*?>\nother</textarea>', house.get("/manual/payment.report_fraud"))


def test_roles_are_those_that_people_have_and_actions_name_and_others_can_be_written(house):
    page = house.get("/manual/new")
    assert re.findall(r'name="role" value="(\w+)"', page) == ["billing", "lead", "support"]
    declare(house, role=[], more_roles="risk, fraud desk")
    assert declared(house).who == ("risk", "fraud desk")
    assert 'value="fraud desk" checked' in house.get("/manual/payment.report_fraud")


@pytest.mark.parametrize(
    ("field", "given", "said"),
    [
        ("name", {"name": ""}, "The name cannot be one: a name has 1 to 200 characters."),
        ("name", {"name": "subscription.cancel"}, "The name subscription.cancel is taken by another action."),
        ("who", {"role": []}, "It does not say who may perform it: give one role at least."),
        ("steps", {"steps": "# A heading only"}, "It has no step: write what to do, as a list or in paragraphs."),
        ("steps", {"steps": "- a\n" * 51}, "It has 51 steps; 50 is the most."),
        ("steps", {"steps": "x" * 20_001}, "The steps have 20,001 characters; 20,000 is the most."),
        ("title", {"title": "x" * 201}, "The title has 201 characters; 200 is the most."),
        ("subject", {"subject": "moon"}, "The desk has no subject moon; it has account."),
        ("why", {"why": "x" * 201}, "One of the reasons cannot be one: each has 1 to 200 characters, on one line."),
        ("tags", {"tags": "\n".join(map(str, range(51)))}, "There are 51 tags; 50 is the most."),
    ],
)
def test_what_is_wrong_stands_at_its_field_in_the_cores_words_and_nothing_is_lost(house, field, given, said):
    shown = declare(house, description="Not to be lost", **given)
    assert shown.status_code == 422
    assert fault_at(shown.text, field) == f"Wrong: {said}"
    assert f'href="#{field}"' in shown.text
    assert "Not to be lost" in shown.text
    assert not house.journal.manuals.all()


def test_a_form_that_is_sent_twice_is_one_version(house):
    assert [declare(house).status_code for _ in range(2)] == [303, 303]
    assert declared(house).version == 1
    for _ in range(2):
        hidden = {"version": "1"}
        assert declare(house, title="Fraud", **hidden).headers["location"] == "/actions/payment.report_fraud"
    assert declared(house).version == 2


def test_the_steps_are_shown_as_they_will_be_ticked_while_one_types_and_without_scripts_by_a_button(house):
    form = {**FORM, "steps": "Before\n\n- one\n  - within\n- two"}
    part = send(house, "/manual/steps", **form).text
    assert (part.count('<div class="marked"'), "2 steps to tick." in part, "Before" in part) == (2, True, False)
    whole = declare(house, do="look", steps=form["steps"])
    assert "2 steps to tick." in whole.text
    assert not house.journal.manuals.all()


def test_whoever_may_not_is_told_whom_to_ask_and_a_sent_form_is_refused_and_on_record(house):
    declare(house)
    house.as_person("priya@acme.com")
    page = house.client.get("/manual/new")
    assert page.status_code == 403
    assert "You may not declare manual actions. Who may: whoever administers. Ask Sam." in words(page.text)
    assert "ask Sam" in words(house.get("/manual/payment.report_fraud"))
    assert "<textarea" not in house.get("/manual/payment.report_fraud")
    assert "/manual/new" not in house.get("/actions")
    for path in ("/manual", "/manual/retire"):
        sent = send(house, path, **FORM, version="1")
        assert sent.status_code == 409
        assert "You may not declare" in sent.text
    assert (declared(house).version, declared(house).retired) == (1, False)
    last = house.journal.history.last_event()
    assert [event.kind for event in house.journal.history.events_after(last - 2, 9)] == ["refused_try"] * 2


def test_a_role_that_the_desk_lets_declare_may_here_too(house):
    house.desk.declares = ("support",)
    house.as_person("priya@acme.com")
    declare(house)
    assert declared(house).by == "priya@acme.com"
    assert 'href="/manual/payment.report_fraud">' in house.get("/actions/payment.report_fraud")


def test_a_hidden_action_of_that_name_has_no_page_here(house):
    for path in ("/manual/ledger.close", "/manual/no.such"):
        assert house.client.get(path).status_code == 404
    assert "ledger" not in house.get("/manual/new?name=ledger.close").replace('value="ledger.close"', "")


def test_a_declaration_that_a_hidden_action_has_taken_over_is_shown_by_no_form(house):
    manual = Manual("ledger.close", ("support",), "A secret step", title="A secret", version=1)
    house.journal.manuals.save(manual, kind="declared", actor="priya@acme.com", at=1, changes=())
    sent = {**FORM, "name": "ledger.close", "version": "1"}
    looks = [house.client.get("/manual/new?name=ledger.close")]
    looks += [send(house, "/manual", **{**sent, **more}) for more in ({"do": "look"}, {}, {"version": "0"})]
    assert [each.status_code for each in looks] == [200, 200, 422, 422]
    for each in looks:
        assert "secret" not in each.text
        assert "Priya" not in each.text


def test_an_action_called_new_can_be_changed_too(house):
    declare(house, name="new")
    assert 'name="version" value="1"' in house.get("/manual/new?name=new")


# Versions


def test_versions_tell_who_changed_what_line_by_line(house):
    declare(house)
    change(house, steps=STEPS.replace("Block the card", "Block every card"), role=["support", "lead"], title="Fraud")
    said = words(house.get("/manual/payment.report_fraud"))
    assert "Version 2 Sam changed" in said
    assert "who may : support → became support, lead" in said
    assert "taken away: − 2. Block the card added: + 2. Block every card" in said
    assert "Version 1 Sam declared it" in said


def test_two_who_edit_at_once_do_not_overwrite_each_other_and_lose_nothing(house):
    declare(house)
    house.desk.declare(
        "payment.report_fraud", by="sam@acme.com", who="support", steps=f"{STEPS}\n4. Theirs", why=["fraud"], version=1
    )
    shown = declare(house, version="1", steps=f"{STEPS}\n4. Mine <b>", title="My title")
    assert shown.status_code == 409
    said = words(shown.text)
    assert "You changed payment.report_fraud meanwhile (version 2)." in said
    assert "4. Mine &lt;b&gt;" in shown.text
    assert "added: + 4. Theirs" in said
    assert "taken away: − 4. Theirs" in said
    assert "Save mine on top of version 2" in said
    assert declared(house).version == 2
    assert 'name="version" value="2"' in shown.text
    declare(house, version="2", steps=f"{STEPS}\n4. Mine <b>", title="My title")
    assert (declared(house).version, declared(house).title) == (3, "My title")
    assert house.journal.manuals.versions("payment.report_fraud")[1].steps.endswith("Theirs")


def test_a_name_that_somebody_has_declared_meanwhile_is_not_overwritten_either(house):
    declare(house)
    shown = declare(house, title="Another")
    assert shown.status_code == 409
    assert declared(house).title == ""
    assert 'name="version" value="1"' in shown.text


def test_one_can_start_from_an_older_version(house):
    declare(house)
    change(house, steps="1. Only this")
    page = house.get("/manual/payment.report_fraud?version=1")
    assert STEPS in page
    assert 'name="version" value="2"' in page


def test_a_retired_one_leaves_the_catalogue_and_saving_brings_it_back(house):
    declare(house)
    id = begun(house)
    for _ in range(2):
        done = send(house, "/manual/retire", name=FORM["name"], version="1")
        assert done.headers["location"] == "/manual/payment.report_fraud"
    assert declared(house).retired
    assert house.client.get("/actions/payment.report_fraud").status_code == 404
    assert "Report fraud by Sam" in words(house.get("/manual"))
    house.as_person("priya@acme.com")
    assert house.post(f"/runs/{id}/tick", {"step": "1", "done": "yes"}, form_at=f"/runs/{id}").status_code == 303
    assert len(house.journal.manuals.steps(id).ticks) == 1
    house.as_person("sam@acme.com")
    page = house.get("/manual/payment.report_fraud")
    assert "Save and bring it back" in page
    change(house)
    assert not declared(house).retired
    assert house.client.get("/actions/payment.report_fraud").status_code == 200


# Names without code


def test_a_name_that_came_in_through_import_is_offered_and_begun_from_its_runs(house, tmp_path):
    log = tmp_path / "log.csv"
    rows = ["Reset password,Ann,42,2024-05-03,forgot,access", "Reset password,Bo,43,2024-05-04,other,access"]
    log.write_text("\n".join(["what,who,customer,when,why,tag", *rows, "Refund/now?,Bo,43,2024-05-04,x,", ""]))
    mapping = Mapping("who", "what", "account:customer", "when", reason="why", tags=("tag",))
    assert import_log(house.journal, log, mapping, by="root").taken == 3
    offered = re.findall(r'href="(/manual/new\?name=[^"]+)"', house.get("/actions"))
    assert offered == ["/manual/new?name=Reset+password", "/manual/new?name=Refund%2Fnow%3F"]
    page = house.get(offered[0])
    assert "It was done 2 times already" in words(page)
    assert 'value="Reset password"' in page
    assert re.search(r'id="why".*?>\nforgot</textarea>', page)
    assert re.search(r'id="tags".*?>\naccess</textarea>', page)
    assert '<option value="account" selected>' in page
    assert declare(house, offered[0], name="Reset password").headers["location"] == "/actions/Reset%20password"
    assert "Ann" in house.get("/actions/Reset%20password"), "its history continues"
    assert declare(house, offered[1], name="Refund/now?").headers["location"] == "/actions/Refund/now%3F"
    assert "firsthand new --from &#39;Refund/now?&#39;" in house.get("/actions/Refund/now%3F")
    assert house.get("/manual/Refund/now%3F")
    assert "/manual/new?name" not in house.get("/actions")


# Performing


def test_it_is_run_at_its_page_ticked_without_scripts_and_finished(house):
    declare(house)
    house.as_person("priya@acme.com")
    at = "/actions/payment.report_fraud"
    started = house.post(at, {"do": "run", "reason": "fraud"})
    run = int(started.headers["location"].rpartition("/")[2])
    page = house.get(f"/runs/{run}")
    assert page.count('role="checkbox" aria-checked="false"') == 3
    assert "Not ticked yet: steps 1, 2, 3 of 3." in words(page)
    assert "data-since=" in page
    ticked = house.post(f"/runs/{run}/tick", {"step": "2", "done": "yes"}, form_at=f"/runs/{run}")
    assert ticked.headers["location"] == f"/runs/{run}"
    page = house.get(f"/runs/{run}")
    assert page.count('aria-checked="true"') == 1
    assert "Block the card Priya just now" in words(page)
    done = house.post(f"/runs/{run}/finish", {"outcome": "succeeded", "words": "All well."}, form_at=f"/runs/{run}")
    assert done.headers["location"] == f"/runs/{run}"
    kept = house.journal.run(run)
    assert (kept.outcome, kept.value) == ("succeeded", "All well. 2 of 3 steps were not ticked.")
    page = house.get(f"/runs/{run}")
    assert 'role="checkbox"' not in page
    assert "How did it end?" not in page
    assert "took" in words(page)


def in_place(house: House, run: int, path: str, **data: str):
    return send(house, f"/runs/{run}/{path}", LIVE, **data)


def test_with_scripts_a_tick_is_answered_with_what_is_new_and_can_be_taken_back(house):
    declare(house)
    house.as_person("priya@acme.com")
    run = begun(house)
    part = in_place(house, run, "tick", step="1", done="yes").text
    assert "<html" not in part
    assert (part.count('aria-checked="true"'), 'hx-target="#left"' in part) == (1, True)
    assert in_place(house, run, "tick", step="1", done="yes").text.count('aria-checked="true"') == 1
    assert in_place(house, run, "tick", step="1", done="no").text.count('aria-checked="true"') == 0


def test_others_who_look_at_the_run_see_ticks_and_its_end_appear(house):
    declare(house)
    run = begun(house)
    poll = unescape(re.search(r'data-poll hx-get="(/runs/[^"]+)"', house.get(f"/runs/{run}"))[1])
    assert house.client.get(poll, headers=LIVE).status_code == 304
    house.desk.tick(run, 3, by="priya@acme.com")
    news = house.get(poll, **LIVE)
    assert '<hx-partial hx-target="#ticks"' in news
    assert "Priya" in news
    poll = unescape(re.search(r'data-poll hx-get="(/runs/[^"]+)"', news)[1])
    house.desk.finish(run, "failed", "The bank was closed.", by="priya@acme.com")
    news = house.get(poll, **LIVE)
    assert '<hx-partial hx-target="#by-hand"' in news
    assert "The bank was closed." in news


def test_whoever_may_not_perform_it_sees_the_steps_and_ticks_none(house):
    declare(house)
    run = begun(house)
    page = house.get(f"/runs/{run}")
    assert 'role="checkbox"' not in page
    assert "Not ticked : 1" not in page
    assert "Whoever may perform it ticks its steps" in words(page)
    refused = in_place(house, run, "tick", step="1", done="yes")
    assert refused.status_code == 409
    assert "You may not perform" in words(refused.text)
    assert not house.journal.manuals.steps(run).ticks


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, "It is not said how it ended. Choose one of the three."),
        ({"outcome": "unknown", "words": "kept <i>"}, "It is not said how it ended."),
        ({"outcome": "failed"}, "To end as failed it needs words."),
        ({"outcome": "refused", "words": "."}, "To end as refused it needs words."),
    ],
)
def test_an_end_that_says_too_little_is_shown_again_and_is_no_try_on_record(house, sent, said):
    declare(house)
    run = begun(house)
    house.as_person("priya@acme.com")
    shown = house.post(f"/runs/{run}/finish", sent, form_at=f"/runs/{run}")
    assert shown.status_code == 422
    assert said in words(shown.text)
    if sent.get("outcome") in ("failed", "refused"):
        assert f'value="{sent["outcome"]}" required checked' in shown.text
    assert "<i>" not in shown.text.partition('id="end-words"')[2].partition("</textarea>")[0]
    assert [event.kind for event in house.journal.history.events(run)] == ["recorded", "performing"]


def test_an_end_sent_twice_is_one_and_another_says_that_somebody_was_faster(house):
    declare(house)
    house.as_person("priya@acme.com")
    run = begun(house)
    for outcome, status in (("refused", 303), ("refused", 303), ("succeeded", 409)):
        answer = send(house, f"/runs/{run}/finish", outcome=outcome, words="Nobody was there.")
        assert answer.status_code == status
    assert f"Run {run} is not performed by hand now: it is refused." in words(answer.text)
    assert house.journal.run(run).outcome == "refused"


def test_a_run_of_a_hidden_action_and_one_with_code_have_nothing_to_tick(house):
    declare(house)
    begun(house)
    hidden = house.desk.run("ledger.close", {}, by="noor@acme.com", reason="our mistake").id
    code = house.desk.run("invoice.refund", {"account": 42, "amount": 1}, by="sam@acme.com", reason="our mistake").id
    sent = {"step": "1", "done": "yes", "outcome": "failed", "words": "It broke."}
    answers = [
        send(house, f"/runs/{id}/{verb}", **sent).status_code
        for id in (hidden, 9_999, code)
        for verb in ("tick", "finish")
    ]
    assert answers == [404, 404, 404, 404, 409, 409]


# Hostile text

HOSTILE = (
    "1. <script>alert(1)</script> <img src=x onerror=alert(1)>\n"
    "2. [link](javascript:alert(1)) [fine](https://example.com) ![picture](https://example.com/x.png)\n"
    '3. <https://example.com/"onmouseover=alert(1)> \u202egnp.exe\n'
    "4. # A heading\n\n   <div onclick='alert(1)'>block</div>\n"
    '5. [x](data:text/html,<script>alert(1)</script>) [y](vbscript:x "t\\" onclick=")'
)


def test_no_markup_of_a_declaration_or_its_steps_is_executed_or_shown_as_such(house):
    script = "<script>alert(1)</script>"
    given = {"title": script, "owner": script, "why": script, "tags": script, "description": HOSTILE, "steps": HOSTILE}
    assert declare(house, role=["support", "lead", script], **given).status_code == 303
    change(house, **{**given, "role": ["lead"], "title": "</title><b>", "steps": HOSTILE.replace("1.", "1. *new*", 1)})
    run = house.desk.run("payment.report_fraud", {}, by="sam@acme.com", reason=script).id
    house.desk.tick(run, 1, by="sam@acme.com")
    pages = [f"/runs/{run}", *(f"{at}payment.report_fraud" for at in ("/actions/", "/manual/")), "/manual", "/actions"]
    for path in pages:
        page = re.sub(r"(<textarea[^>]*>)[^<]*", r"\1", house.get(path))  # where it is written it stands as it is
        for bad in ("<script>alert", "<img", "onerror=alert(1)>", 'href="javascript', 'href="data', 'href="vbscript',
                    "<div onclick", "\u202e", "<b>"):  # fmt: skip
            assert bad not in page.replace('<b aria-hidden="true">', ""), (path, bad)
        assert page.count("<h1") == 1, path
    assert '<a href="https://example.com">fine</a>' in house.get(f"/runs/{run}")


# Which to write next


def test_the_list_tells_how_often_each_is_run_and_how_long_it_takes_those_that_take_most_first(house):
    declare(house)
    declare(house, name="other.thing", role=["support"])
    now = house.desk.clock
    run = begun(house)
    minutes = 1
    house.desk.clock = lambda: now() + minutes * 480_000_000
    house.desk.finish(run, "succeeded", by="priya@acme.com")
    house.desk.clock = now
    said = words(house.get("/manual"))
    assert said.index("Report fraud") < said.index("Thing other")
    assert "1 8 min 8 min firsthand new --from payment.report_fraud" in said
    assert "0 not known firsthand new --from other.thing" in said
    assert "1 run in 30 days , about 8 min each: 8 min" in words(house.get("/actions/payment.report_fraud"))


# Keyboard and labels


def test_every_field_has_a_label_and_every_tick_a_name(house):
    declare(house)
    run = begun(house, by="priya@acme.com")
    house.as_person("priya@acme.com")
    run_page = house.get(f"/runs/{run}")
    house.as_person("sam@acme.com")
    for page in (house.get("/manual/new"), run_page):
        labels = set(re.findall(r'<label[^>]* for="([^"]+)"', page))
        for tag in re.findall(r"<(?:input|textarea|select)\b[^>]*>", page):
            if 'type="hidden"' not in tag:
                id = re.search(r'id="([^"]+)"', tag)
                assert id, tag
                assert id[1] in labels, tag
        ids = re.findall(r' id="([^"]+)"', page)
        assert len(ids) == len(set(ids))
        for named in re.findall(r'aria-(?:labelledby|describedby)="([^"]+)"', page):
            assert set(named.split()) <= set(ids), named
