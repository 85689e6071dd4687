"""Whatever a process dies of, and wherever: what becomes of its run is what the mode of its action promises."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from firsthand import Person
from firsthand.core.marking import POSTGRESQL, SQLITE
from firsthand.storage.journal import SqlJournal
from tests.postgres import dropped, empty

HERE = Path(__file__).parent

CALLED = (
    "after performing is committed", "in the action, before its effect", "in the action, after its effect",
    "before succeeded is committed", "after succeeded is committed",
)  # fmt: skip
TOUCHED = {
    "once": (("unknown", 0), ("unknown", 0), ("unknown", 1), ("unknown", 1), ("succeeded", 1)),
    "verified": (("failed", 0), ("failed", 0), ("succeeded", 1), ("succeeded", 1), ("succeeded", 1)),
    "idempotent": (("succeeded", 1), ("succeeded", 1), ("succeeded", 2), ("succeeded", 2), ("succeeded", 1)),
}
PAID = {
    "before performing is committed": ("failed", 0),
    "after performing is committed": ("failed", 0),
    "in the action, before its effect": ("failed", 0),
    "in the action, after its effect": ("failed", 0),
    "before the resource commits": ("failed", 0),
    "after the resource has committed": ("succeeded", 1),
    "before succeeded is committed": ("succeeded", 1),
    "after succeeded is committed": ("succeeded", 1),
}
PAID_WITHIN = {
    "after performing is written": ("failed", 0),
    "in the action, after its effect": ("failed", 0),
    "after succeeded is written": ("failed", 0),
    "before the resource commits": ("failed", 0),
    "after the resource has committed": ("succeeded", 1),
}


class House:
    """A folder with a journal, the author's books, and a desk that is killed."""

    def __init__(self, folder: Path, *, one_database: bool = False, server: str = "") -> None:
        self.folder, database = folder, folder / "journal.db"
        self.books = server or (database if one_database else folder / "books.db")
        journal = SqlJournal(f"sqlite:///{database}")
        journal.people.add(Person("priya", "Priya", ("support",)), by="test")
        journal.close()
        if server:
            with psycopg.connect(server) as connection:
                connection.execute("CREATE TABLE paid (key TEXT)")
                connection.execute(POSTGRESQL)  # type: ignore[arg-type]
            return
        with sqlite3.connect(self.books) as books:
            books.execute("CREATE TABLE paid (key TEXT)")
            if not one_database:
                books.execute(SQLITE)
        books.close()

    def start(self, **said: str) -> subprocess.CompletedProcess[str]:
        """Run the desk in a process of its own."""
        environment = {
            **os.environ, "FIRSTHAND_DATABASE": f"sqlite:///{self.folder / 'journal.db'}",
            "EFFECTS": str(self.folder / "effects"), "BOOKS": str(self.books), **said,
        }  # fmt: skip
        command = [sys.executable, "modes.py"]
        return subprocess.run(command, cwd=HERE, env=environment, capture_output=True, text=True, check=False)

    def killed(self, point: str, action: str, **said: str) -> tuple[str, list[str]]:
        """Have the desk killed at a point, recover, and return how its run stands, and the effects there are."""
        done = self.start(POINT=point, ACTION=action, **said)
        assert done.returncode == -signal.SIGKILL, done.stderr
        for _ in range(2):
            after = self.start()
            assert after.returncode == 0, after.stderr
        told: dict[str, Any] = json.loads(after.stdout)
        [status] = told["statuses"]
        return status, told["effects"]


@pytest.mark.parametrize("action", TOUCHED)
@pytest.mark.parametrize("point", CALLED)
def test_what_happened_is_told_or_done_again_under_one_key_as_the_mode_says(
    action: str, point: str, tmp_path: Path
) -> None:
    status, effects = House(tmp_path).killed(point, action)
    assert (status, len(effects)) == TOUCHED[action][CALLED.index(point)]
    assert len(set(effects)) <= 1


@pytest.mark.parametrize("point", PAID)
def test_in_its_own_transaction_it_has_happened_or_it_has_not(point: str, tmp_path: Path) -> None:
    status, effects = House(tmp_path).killed(point, "transactional")
    assert (status, len(effects)) == PAID[point]


@pytest.mark.parametrize("point", PAID)
def test_in_the_background_it_happens_once(point: str, tmp_path: Path) -> None:
    status, effects = House(tmp_path).killed(point, "transactional", LATER="yes")
    assert (status, len(effects)) == ("succeeded", 1)


@pytest.mark.parametrize("point", PAID_WITHIN)
def test_in_the_journal_s_own_database_nothing_is_ever_in_between(point: str, tmp_path: Path) -> None:
    status, effects = House(tmp_path, one_database=True).killed(point, "transactional")
    assert (status, len(effects)) == PAID_WITHIN[point]


@pytest.mark.parametrize("later", ["", "yes"])
@pytest.mark.parametrize("point", PAID)
def test_the_same_holds_on_a_server(point: str, later: str, tmp_path: Path) -> None:
    url = empty()
    status, effects = House(tmp_path, server=url.partition("synchronous")[0].rstrip("?&")).killed(
        point, "transactional", LATER=later
    )
    assert (status, len(effects)) == (("succeeded", 1) if later else PAID[point])
    dropped(url)
