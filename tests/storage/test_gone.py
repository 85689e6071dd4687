"""Names that no action has any more: who could know of them stays known, so that their runs stay hidden."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from firsthand.core.catalogue import hidden_from
from firsthand.core.manual import Manual
from firsthand.storage.journal import SqlJournal

from ..databases import kind, url

__all__ = ["kind"]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqlJournal]:
    """A journal of its own."""
    opened = SqlJournal(url(tmp_path))
    yield opened
    opened.close()


def entry(*aliases: str, roles: str = "boss", ask: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"aliases": [*aliases], "roles": [roles], "ask": [*ask], "title": "A secret"}


def hidden(journal: SqlJournal) -> set[str]:
    """Return what support may not know of."""
    return {*hidden_from(["support"], dict(journal.history.catalogue()), journal.history.gone())}


def test_a_name_that_leaves_the_code_stays_hidden_whether_deleted_renamed_or_no_alias_any_more(journal):
    journal.enter_catalogue("desk", {"deleted": entry("before"), "renamed": entry(), "there": entry("dropped")}, 1)
    journal.enter_catalogue("desk", {"new": entry(), "there": entry()}, 2)
    assert dict(journal.history.catalogue()).keys() == {"new", "there"}
    assert journal.history.gone()["deleted"] == {"roles": ["boss"], "ask": []}
    assert hidden(journal) == {"deleted", "before", "renamed", "dropped", "new", "there"}


def test_what_everybody_could_know_of_stays_known(journal):
    journal.enter_catalogue("desk", {"open": entry(ask=("everybody",)), "own": entry(roles="support")}, 1)
    journal.enter_catalogue("desk", {}, 2)
    assert hidden(journal) == set()


@pytest.mark.parametrize("back", ["secret", "other"])
def test_a_name_that_comes_back_counts_as_it_is_now(journal, back):
    journal.enter_catalogue("desk", {"secret": entry()}, 1)
    journal.enter_catalogue("desk", {}, 2)
    journal.enter_catalogue("desk", {back: entry("secret", roles="support")}, 3)
    assert hidden(journal) == set()
    journal.enter_catalogue("desk", {}, 4)
    assert hidden(journal) == set()
    journal.enter_catalogue("desk", {back: entry("secret")}, 5)
    journal.enter_catalogue("desk", {}, 6)
    assert hidden(journal) == {back, "secret"}


def test_a_name_that_another_desk_has_is_not_gone(journal):
    journal.enter_catalogue("one", {"secret": entry()}, 1)
    journal.enter_catalogue("two", {"secret": entry(roles="support")}, 2)
    journal.enter_catalogue("one", {}, 3)
    assert (journal.history.gone(), hidden(journal)) == ({}, set())


def test_a_name_that_is_declared_counts_as_declared_until_it_is_retired(journal):
    journal.enter_catalogue("desk", {"secret": entry()}, 1)
    journal.enter_catalogue("desk", {}, 2)
    for version, retired, expected in ((1, False, set()), (2, True, {"secret"})):
        manual = Manual("secret", ("support",), "Do it.", retired=retired, version=version)
        assert journal.manuals.save(manual, kind="declared", actor="sam", at=3, changes=())
        assert hidden(journal) == expected


def test_a_gone_name_stands_among_the_unwritten_for_those_alone_who_may_know_of_it(journal):
    journal.enter_catalogue("desk", {"secret": entry()}, 1)
    journal.enter_catalogue("desk", {}, 2)
    for action in ("secret", "imported"):
        sql = "INSERT INTO runs (at, action, status, surface, environment, desk) VALUES (1, ?, 'failed', '', '', '')"
        journal.database.write(lambda connection, action=action: connection.execute(sql, (action,)).rowcount)
    assert [each.name for each in journal.manuals.unwritten(9)] == ["imported", "secret"]
    assert [each.name for each in journal.manuals.unwritten(9, hidden(journal))] == ["imported"]
