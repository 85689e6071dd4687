"""What is on record has the order in which it was given: the columns of a table are its author's."""

from __future__ import annotations

from pathlib import Path

from firsthand import Desk, Person
from firsthand.storage.journal import SqlJournal

from ..databases import kind, url

__all__ = ["kind"]


def test_a_table_keeps_the_order_of_its_columns_in_the_run_and_in_its_event(tmp_path: Path) -> None:
    desk = Desk("Acme", environment="test", why=["customer asked"])

    @desk.action("account.list", who="support")
    def every() -> list[dict[str, int]]:
        """List them."""
        return [{"month": 1, "amount": 2, "due": 3}]

    journal = SqlJournal(url(tmp_path))
    desk.use(journal)
    journal.people.add(Person("priya", "Priya", ("support",)), by="root")
    run = desk.run("account.list", {}, by="priya", reason="customer asked")
    kept = journal.run(run.id)
    assert kept
    assert list(kept.value[0]) == ["month", "amount", "due"]
    assert list(journal.history.events(run.id)[-1].data["value"][0]) == ["month", "amount", "due"]
    journal.close()
