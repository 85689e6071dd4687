"""New events as they become visible: none is left out, be it committed late, and each is told once."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from firsthand.storage.database import Connection
from firsthand.storage.journal import SqlJournal
from firsthand.storage.tail import Tail

from .. import databases
from ..databases import POSTGRESQL, kind

__all__ = ["kind"]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqlJournal]:
    opened = SqlJournal(databases.url(tmp_path))
    _ = opened.process
    yield opened
    opened.close()


def say(journal: SqlJournal, text: str) -> None:
    journal.append("commented", actor="sam", at=0, data={"text": text})


def read(tail: Tail, limit: int = 500) -> list[str]:
    return [event.data["text"] for event in tail.read(limit)]


def test_each_new_event_is_told_once_and_at_most_so_many(journal: SqlJournal) -> None:
    say(journal, "before")
    tail, mark = Tail(journal.history), journal.history.mark()
    assert read(tail) == []
    for text in "abc":
        say(journal, text)
    assert journal.history.mark() != mark
    assert [read(tail, 2), read(tail, 2), read(tail, 2)] == [["a", "b"], ["c"], []]


@POSTGRESQL
def test_an_event_that_is_committed_late_is_told_and_is_news(journal: SqlJournal) -> None:
    tail, begun, end = Tail(journal.history), threading.Event(), threading.Event()
    late = "INSERT INTO events (at, kind, actor, data) VALUES (0, 'commented', 'sam', '{\"text\":\"late\"}')"

    def slowly(connection: Connection) -> None:
        connection.execute(late)
        begun.set()
        assert end.wait(10)

    writing = threading.Thread(target=journal.database.commit, args=(slowly,))
    writing.start()
    assert begun.wait(10)
    say(journal, "soon")
    assert read(tail) == ["soon"]
    mark = journal.history.mark()
    end.set()
    writing.join()
    assert journal.history.mark() != mark
    assert read(tail) == ["late"]
    assert read(tail) == []
