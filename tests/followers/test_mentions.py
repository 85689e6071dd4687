"""Mentions: whoever is named with an @ is found once, and found the same when everything is read anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from firsthand.core.actors import Person
from firsthand.core.runs import Run
from firsthand.followers import mentions
from firsthand.followers.mentions import Mentions, handles, mentioned
from firsthand.storage.journal import SqlJournal

from ..databases import url

AT = datetime(2026, 1, 1, 9, tzinfo=UTC)
PRIYA, SAM, OTHER = Person("priya@acme.com", "Priya Nair"), Person("sam", "Sam Lee"), Person("priya@b.com", "Priya B")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqlJournal]:
    """A journal of its own that knows Priya and Sam."""
    opened = SqlJournal(url(tmp_path))
    for person in (PRIYA, SAM):
        opened.people.add(person, "root")
    yield opened
    opened.close()


def said(journal: SqlJournal, text: str, kind: str = "commented", run: int | None = None) -> None:
    journal.append(kind, actor="sam", at=0, run=run, data={"text": text})


def recorded(journal: SqlJournal, notes: str, action: str = "unlock") -> int:
    run: Run[object] = Run(0, action, "recorded", AT, "sam", "python", "test", notes=notes)
    journal.record("sam", lambda actor: replace(run))
    return journal.history.last_run()


def rows(journal: SqlJournal) -> list[tuple[str, int]]:
    return [
        (str(person), int(event)) for person, event in journal.database.read("SELECT * FROM mentions ORDER BY 1, 2")
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("@priya@acme.com", ["priya@acme.com"]),
        ("ask @priya, please", ["priya@acme.com"]),
        ("(@Priya).", ["priya@acme.com"]),
        ("for @PRIYA@ACME.COM.", ["priya@acme.com"]),
        ("@sam's turn, @sam!", ["sam", "sam"]),
        ("luis@acme.com wrote to priya@acme.com", []),
        ("@nobody @ @@sam", []),
        ("@priyanka", []),
        ("@" * 10_000, []),
    ],
)
def test_a_name_is_an_id_or_the_part_before_its_at_or_a_first_name(text: str, found: list[str]) -> None:
    assert mentioned(text, handles({"priya@acme.com": "Priya Nair", "sam": "Sam Lee"})) == found


def test_a_name_that_two_share_means_nobody_while_ids_still_do() -> None:
    known = handles({"priya@acme.com": "Priya", "priya@b.com": "Priya", "p3": "Priya"})
    assert mentioned("@priya @priya@b.com", known) == ["priya@b.com"]


def test_the_part_before_the_at_goes_before_a_first_name() -> None:
    assert mentioned("@sam", handles({"sam@acme.com": "Samuel", "s2": "Sam"})) == ["sam@acme.com"]


def test_notes_comments_and_hand_over_notes_are_read_and_nothing_else(journal: SqlJournal) -> None:
    run = recorded(journal, "together with @priya")
    said(journal, "@priya, look", run=run)
    said(journal, "@priya knows more", kind="handed_over")
    said(journal, "@priya", kind="taken_over")
    follower = Mentions(journal)
    assert follower.advance(1)
    assert [event.kind for event in follower.of(PRIYA.id, 50)] == ["handed_over", "commented", "recorded"]
    assert follower.of(SAM.id, 50) == []


def test_a_text_that_names_somebody_twice_is_one_mention(journal: SqlJournal) -> None:
    said(journal, "@sam @sam @Sam")
    Mentions(journal).advance(1)
    assert [person for person, _ in rows(journal)] == ["sam"]


def test_whom_a_name_means_is_decided_by_those_who_were_there_then(journal: SqlJournal) -> None:
    said(journal, "@priya, before the other came")
    journal.people.add(OTHER, "root")
    said(journal, "@priya, whoever that is")
    journal.people.change(PRIYA.id, "root", active=False)
    said(journal, "@priya, of whom there is one")
    journal.people.change(PRIYA.id, "root", active=True, name="Pia Nair")
    said(journal, "@pia, who is back")
    follower = Mentions(journal)
    follower.advance(1)
    assert [event.data["text"] for event in follower.of(PRIYA.id, 9)] == [
        "@pia, who is back",
        "@priya, before the other came",
    ]
    assert [event.data["text"] for event in follower.of(OTHER.id, 9)] == ["@priya, of whom there is one"]


def test_a_rebuild_finds_the_same(journal: SqlJournal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mentions, "CHUNK", 3)
    for number in range(20):
        said(journal, f"@priya and @sam, {number}")
    journal.people.change(SAM.id, "root", name="Samuel Lee")
    said(journal, "@sam @samuel")
    follower = Mentions(journal)
    follower.advance(1)
    before = rows(journal)
    assert len(before) == 41
    follower.rebuild()
    assert rows(journal) == before
    assert follower.position().id == journal.history.last_event()


def test_two_followers_at_once_find_everything_once(journal: SqlJournal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mentions, "CHUNK", 2)
    one, two = Mentions(journal), Mentions(journal)
    for number in range(9):
        said(journal, f"@sam {number}")
        (one if number % 2 else two).fold()
    journal.people.change(SAM.id, "root", name="Samuel")
    said(journal, "@samuel")
    assert two.advance(1)
    assert one.advance(1)
    assert len(rows(journal)) == 10


def test_so_many_rows_at_most_are_added_at_once(journal: SqlJournal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mentions, "MOST_ROWS", 3)
    for _ in range(10):
        said(journal, "@sam @priya")
    follower, sizes = Mentions(journal), []
    before = 0
    while follower.fold():
        sizes.append(len(rows(journal)) - before)
        before = len(rows(journal))
    assert max(sizes) <= 4
    assert sum(sizes) == 20


def test_mentions_in_runs_of_some_actions_can_be_left_out(journal: SqlJournal) -> None:
    recorded(journal, "@sam, secretly", action="hidden")
    said(journal, "@sam, in public", kind="handed_over")
    follower = Mentions(journal)
    follower.advance(1)
    assert [event.kind for event in follower.of(SAM.id, 9, without={"hidden"})] == ["handed_over"]
