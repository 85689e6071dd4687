"""The demo's desk keeps what it promises: each rule of each of its actions, over all that there is in its shop."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from firsthand.demo.shop import Shop
from firsthand.demo.support import desk, extend_trial, is_near, is_on_trial, rebuild, refund, within_total
from firsthand.testing import Example, conforms

TABLES = ("accounts", "devices", "entries", "invoices", "periods", "services")


@pytest.fixture(scope="module", autouse=True)
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One shop for all rules: for each, inputs are looked for that fit by then."""
    path = tmp_path_factory.mktemp("conforms") / "shop.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIRSTHAND_DEMO_SHOP", str(path))
        yield path


def rows(session: Shop) -> list[object]:
    """Return all that there is in the shop."""
    return [session.rows(f"SELECT * FROM {table}") for table in TABLES]


def somebody_on_trial(session: Shop) -> dict[str, object]:
    """Return an account that is in its trial, with a day a week after that."""
    (id, ends), *_ = session.rows("SELECT id, trial_ends FROM accounts WHERE trial_ends > ?", str(session.today))
    return {"account": id, "until": date.fromisoformat(ends) + timedelta(days=7)}


test_the_shop = conforms(
    desk,
    examples={
        extend_trial: Example(
            somebody_on_trial, refused={is_on_trial: {"account": 42}, is_near: {"until": date(2027, 1, 1)}}
        ),
        refund: Example(refused={within_total: {"amount": 1_000}}),
        rebuild: {"seconds": 0},
    },
    effect=rows,
    on_test_data=True,
)
