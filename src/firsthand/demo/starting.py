"""Setting the demo up: the shop, its desk, and a journal with a year of history, in a folder."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from firsthand.demo import history, shop
from firsthand.demo.support import desk
from firsthand.demo.year import Year
from firsthand.desk import Desk
from firsthand.followers.tally import Tally
from firsthand.storage.journal import SqlJournal

JOURNAL, SHOP = "firsthand.db", "shop.db"


def prepare(folder: Path, now: datetime | None = None) -> Desk:
    """Return the demo's desk on the shop and the journal of a folder; they are made where they are not there yet.

    That takes some seconds. ``now`` is when the year ends that has gone by.
    """
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / JOURNAL).exists():
        with TemporaryDirectory(prefix="making-", dir=folder) as making:
            make(Path(making), now or datetime.now(UTC))
            for name in (SHOP, JOURNAL):
                os.replace(Path(making) / name, folder / name)
    os.environ["FIRSTHAND_DEMO_SHOP"] = str(folder / SHOP)
    desk.use(SqlJournal(f"sqlite:///{folder / JOURNAL}"), lambda: time.time_ns() // 1000)
    return desk


def make(folder: Path, until: datetime) -> None:
    """Make the shop and its journal: a year goes by, until then."""
    journal = SqlJournal(f"sqlite:///{folder / JOURNAL}?synchronous=off")
    try:
        with shop.held(folder / SHOP, until.date()) as connection:
            year = Year(desk, journal, connection, until)
            history.begin(year)
            year.goes_by()
        Tally(journal).advance(seconds=60)
    finally:
        journal.close()
        desk.use(None, lambda: time.time_ns() // 1000)
