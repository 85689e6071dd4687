"""Whether every action keeps what it promises, each rule on a shop of its own: `python -m pytest test_support.py`."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import connect

import pytest
import shop
from actions.customers import change_email, is_free
from actions.invoices import is_within_total, recompute_total, record_payment, refund
from support import desk

from firsthand.testing import Example, conforms

SOME = """
    UPDATE Customer SET ClosedOn = date('now') WHERE CustomerId = 12;
    UPDATE Invoice SET Total = 4.5 WHERE InvoiceId = 121;
    INSERT INTO DeletedPlaylist VALUES (1, 18, 'On-The-Go 1', '[597, 1]', date('now', '-1 days'), NULL);
    DELETE FROM PlaylistTrack WHERE PlaylistId = 18;
    DELETE FROM Playlist WHERE PlaylistId = 18;
"""
"""One of each that some action is for: a closed account, a total that is off, a deleted playlist."""


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop that is only copied from."""
    path = tmp_path_factory.mktemp("prepared") / "shop.sqlite"
    shop.prepare(path)
    with closing(connect(path)) as connection:
        connection.executescript(SOME)
    return path


@pytest.fixture(autouse=True)
def own_shop(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A shop for each rule."""
    copy = Path(shutil.copyfile(prepared, tmp_path / "shop.sqlite"))
    monkeypatch.setenv("CHINOOK_DATABASE", str(copy))
    yield
    shop.engine_of(copy).dispose()
    shop.engine_of.cache_clear()


test_support = conforms(
    desk,
    examples={
        change_email: Example({"email": "new@example.com"}, refused={is_free: {"email": "leonekohler@surfeu.de"}}),
        refund: Example({"invoice": 98, "amount": "3.98"}, refused={is_within_total: {"amount": "3.99"}}),
        recompute_total: {"invoice": 121},
        record_payment: {"invoice": 411, "paid_on": "2025-12-20"},
    },
    effect=lambda: shop.path().read_bytes(),
    now=datetime.now(UTC),
    on_test_data=True,
)
