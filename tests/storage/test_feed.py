"""The feed as lists show it: the same runs in the same order, without what may be large."""

from dataclasses import dataclass, replace

import pytest

from firsthand import Desk
from firsthand.storage.history import Filter
from firsthand.testing import trial

from ..databases import kind

__all__ = ["kind"]


@dataclass
class Account:
    id: int


def make_desk() -> Desk:
    desk = Desk("Acme", why=["asked"])

    @desk.subject()
    def account(id: int) -> Account:
        return Account(id)

    for name in ("account.export", "account.list"):

        @desk.action(name, who="support")
        def export(account: Account, text: str) -> list[str]:
            """Export an account."""
            return [text] * 1_000

    return desk


@pytest.mark.parametrize(
    "wanted",
    [Filter(), Filter(actions=("account.export", "account.list")), Filter(subject="account:42"), Filter(actor="priya")],
)
def test_a_list_leaves_inputs_values_and_output_in_the_journal(wanted: Filter):
    with trial(make_desk(), priya="support") as t:
        for name in ("account.export", "account.list", "account.nothing"):
            t.run(name, {"account": 42, "text": "x"}, by="priya", reason="asked")
        history = t.journal.history
        whole, listed = history.feed(wanted, 10), history.feed(wanted, 10, whole=False)
        assert len(whole) >= 2
        assert any(run.value for run in whole)
        assert listed == [replace(run, inputs=None, value=None, output="") for run in whole]
