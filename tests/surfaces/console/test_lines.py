"""A run as a line of a feed: whatever is in it is shown as the text that it is."""

from datetime import UTC, datetime

from firsthand.core.runs import Failure, Refusal, Run, Subject
from firsthand.surfaces.console.lines import feed_line
from firsthand.surfaces.words import Names

EVIL = "<script>alert('x')</script>\"&'\u202e\x07"
AT = datetime(2026, 5, 3, 12, 30, tzinfo=UTC)


def url(path: str) -> str:
    return f"/support{path}"


def run(**more: object) -> Run[object]:
    given = {"id": 7, "action": "invoice.refund", "status": "succeeded", "at": AT, "actor": "priya"}
    return Run(**{**given, "surface": "console", "environment": "test", **more})


def test_a_line_says_who_ran_what_on_what_for_whom_why_and_how_it_ended():
    told = run(
        subjects=(Subject("invoice_line", "98", "March"), Subject("account", "42", "42")), requested_by="luis",
        reason="double charge", notes="Ticket 4411", asked_by="sam",
    )  # fmt: skip
    html = feed_line(told, Names({"priya": "Priya", "sam": "Sam"}, {"invoice.refund": "Refund invoice"}), url)
    assert '<a class="quiet" href="/support/people/priya"><bdi>Priya</bdi></a> ran' in html
    assert '<a class="what" href="/support/runs/7"><bdi>Refund invoice</bdi></a> on ' in html
    assert 'invoice line <bdi>98</bdi> <span class="mute"><bdi>March</bdi></span></a> and ' in html
    assert 'href="/support/subjects/account/42">account <bdi>42</bdi></a> for <bdi>luis</bdi>' in html
    assert "<span><bdi>double charge</bdi></span><span><bdi>Ticket 4411</bdi></span><span>asked by <a" in html
    assert '<span class="tag green">succeeded</span>' in html
    assert 'datetime="2026-05-03T12:30:00+00:00" title="2026-05-03 12:30:00 UTC"' in html


def test_an_ask_a_refusal_and_a_failure_are_told_as_what_they_are():
    assert "asked for <a" in feed_line(run(actor=None, asked_by="sam", status="asked"), Names(), url)
    refused = run(status="refused", refusal=Refusal("check", "Already refunded.", "Look at run 3."), notes="Again")
    assert "<span><bdi>Already refunded.</bdi></span>" in feed_line(refused, Names(), url)
    failed = run(status="failed", error=Failure("ValueError", "no such card", "…"))
    assert "<bdi>ValueError</bdi>: <bdi>no such card</bdi>" in feed_line(failed, Names(), url)
    assert feed_line(run(actor=None), Names(), url).count("nobody") == 1


def test_no_text_of_any_field_is_markup():
    texts = dict.fromkeys(("action", "actor", "surface", "requested_by", "reason", "notes", "asked_by"), EVIL)
    subjects = (Subject(EVIL, EVIL, EVIL + "label"),)
    for more in (
        {}, {"refusal": Refusal(EVIL, EVIL, EVIL, EVIL)}, {"error": Failure(EVIL, EVIL, EVIL)}, {"actor": None}
    ):  # fmt: skip
        html = feed_line(run(**{**texts, "subjects": subjects, **more}), Names(), url)
        assert "<script" not in html
        assert "alert('x')" not in html
        assert "\u202e" not in html
        assert "\x07" not in html


def test_long_texts_are_cut():
    html = feed_line(run(reason="r" * 1_000, notes="n" * 1_000, requested_by="q" * 1_000), Names(), url)
    assert "r" * 80 not in html
    assert "n" * 140 not in html
    assert "q" * 80 not in html
