"""Hidden actions that have left the code: their runs stay as hidden as they were."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .consoles import House, opened

WHY = {"reason": "our mistake"}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A console after a run of each of two actions, one of them hidden from all but billing; both are gone since."""
    with opened(tmp_path) as made:
        made.desk.run("ledger.close", {}, by="noor@acme.com", requested_by="secret customer", **WHY)
        made.desk.run("invoice.refund", {"account": 42, "amount": 5}, by="priya@acme.com", **WHY)
        left = {name: entry for name, entry in made.journal.history.recorded() if name not in GONE}
        made.journal.enter_catalogue("Acme", left, made.desk.clock())
        del made.desk.actions.by_name["ledger.close"]
        yield made


GONE = ("ledger.close", "invoice.refund")
PAGES = (
    "/", "/actions", "/dashboard?range=all", "/dashboard.json?range=all", "/dashboard.csv?range=all", "/people",
    "/people/noor%40acme.com", "/find?q=1", "/inbox", "/?actor=noor%40acme.com",
)  # fmt: skip


def test_runs_of_a_hidden_action_that_is_gone_are_as_hidden_as_before(house):
    for page in PAGES:
        said = house.get(page)
        assert "secret customer" not in said, page
        assert "run-1" not in said, page
        assert "/runs/1" not in said, page
        assert "ledger" not in said, page
    assert "No runs match." in house.get("/?action=ledger.close")
    unknown, gone = (house.client.get(f"/runs/{id}") for id in (99, 1))
    assert (unknown.status_code, gone.status_code) == (404, 404)
    assert "ledger" not in gone.text


def test_whoever_could_know_of_it_and_of_what_was_open_to_all_still_can(house):
    assert house.client.get("/runs/2").status_code == 200
    house.as_person("noor@acme.com")
    assert "ledger.close" in house.get("/runs/1")
    assert "secret customer" in house.get("/dashboard.json?range=all")


def test_its_name_is_taken_for_whoever_may_not_know_of_it(house):
    house.as_person("sam@acme.com")
    form = {"name": "ledger.close", "role": ["lead"], "steps": "Close it.", "why": "audit"}
    said = house.post("/manual", form, form_at="/manual/new")
    assert said.status_code == 422
    assert "The name ledger.close is taken by another action." in said.text
    assert house.journal.manuals.get("ledger.close") is None
