"""The demo, prepared once: its shop and a year of its journal, which ends at a fixed moment."""

import os
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from firsthand.demo.starting import JOURNAL, SHOP, prepare
from firsthand.demo.support import desk

NOW = datetime(2026, 10, 13, 15, 4, 33, tzinfo=UTC)


@dataclass
class Prepared:
    """A folder with the demo in it."""

    folder: Path

    def rows(self, sql: str, *values: object, of: str = JOURNAL) -> list[tuple[Any, ...]]:
        """Read the journal, or the shop."""
        connection = sqlite3.connect(self.folder / of)
        try:
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()

    def shop(self, sql: str) -> list[tuple[Any, ...]]:
        """Read the shop."""
        return self.rows(sql, of=SHOP)


def prepared_in(folder: Path) -> Prepared:
    """Prepare the demo in a folder, and leave the desk as it was."""
    journal, clock, place = desk._journal, desk.clock, os.environ.get("FIRSTHAND_DEMO_SHOP")
    prepare(folder, NOW).journal.close()
    desk.use(journal, clock)
    del os.environ["FIRSTHAND_DEMO_SHOP"]
    if place:
        os.environ["FIRSTHAND_DEMO_SHOP"] = place
    return Prepared(folder)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """The demo as a visitor finds it; only to be read."""
    return prepared_in(tmp_path_factory.mktemp("demo"))


@pytest.fixture
def fresh_shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shop to which nothing has happened yet."""
    path = tmp_path / "shop.db"
    monkeypatch.setenv("FIRSTHAND_DEMO_SHOP", str(path))
    return path
