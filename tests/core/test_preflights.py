"""A preflight that nobody waits for: it shows how far it is, goes on after a death, and can be cancelled."""

import pytest

from firsthand import Refused
from firsthand.core import preflights
from firsthand.core.preflights import HELD, Preflight
from firsthand.testing import trial

from .shop import Account, Shop
from .test_batches import PEOPLE, events_of


@pytest.fixture
def t(shop: Shop, monkeypatch):
    @shop.desk.action("cancel", who="support")
    def cancel(account: Account) -> None:
        shop.done.append(account.id)

    shop.accounts |= {n: Account(n) for n in range(4, 301)}
    monkeypatch.setattr(preflights, "AT_ONCE", 50)
    with trial(shop.desk, PEOPLE) as t:
        yield t


def given(t, rows=range(1, 201)):
    return t.desk.draft_batch("cancel", rows, by="priya", reason="asked", background=True)


def looks(t) -> Preflight:
    return Preflight(t.desk.pipeline, t.journal.batches)


def test_rows_that_are_given_are_in_preflight_until_somebody_looks_at_them_all(t):
    batch = given(t)
    assert (batch.status, batch.total, batch.looked, events_of(t, "batch_")) == ("preflight", 200, 0, [])
    assert t.journal.batches.unlooked(t.desk.name) == [batch.id]
    assert looks(t).look(batch.id, seconds=0)
    batch = t.journal.batches.get(batch.id)
    progress = t.journal.batches.progress(batch, t.clock())
    assert (batch.looked, progress.done, progress.fit) == (50, 50, 200)
    with pytest.raises(Refused) as caught:
        t.desk.confirm_batch(batch.id, batch.digest, by="priya")
    assert caught.value.code == "batch_closed"
    batch = t.desk.batches.look(batch.id)
    assert (batch.status, batch.fit, batch.failures, t.journal.batches.unlooked(t.desk.name)) == ("drafted", 200, 0, [])


def test_what_is_found_in_parts_is_what_is_found_at_once(t):
    rows = [*range(1, 180), 998, 999]
    whole = t.desk.draft_batch("cancel", rows, by="priya", reason="asked")
    parts = given(t, rows)
    while looks(t).look(parts.id, seconds=0):
        pass
    parts = t.journal.batches.get(parts.id)
    assert (parts.digest, parts.fit, parts.faults) == (whole.digest, whole.fit, whole.faults)


def test_one_process_looks_at_a_time_and_another_goes_on_once_it_has_died(t):
    batch, store, now = given(t), t.journal.batches, t.clock()
    assert store.hold(batch.id, now, now + HELD) == 0
    assert not looks(t).look(batch.id)
    assert store.get(batch.id).looked == 0
    assert store.hold(batch.id, now + HELD, now + 2 * HELD) == 0, "nothing was heard of it: it is free again"


def test_what_somebody_found_who_was_taken_for_dead_is_left_out(t):
    batch, store, now = given(t), t.journal.batches, t.clock()
    assert store.looked(batch.id, 0, 50, 50, [], now)
    assert not store.looked(batch.id, 0, 30, 30, [], now)
    assert store.get(batch.id).looked == 50


def test_it_is_cancelled_midway_and_nothing_of_it_is_looked_at_any_more(t, shop):
    batch = given(t)
    looks(t).look(batch.id, seconds=0)
    t.desk.cancel_batch(batch.id, by="priya")
    assert not looks(t).look(batch.id)
    batch = t.desk.batches.look(batch.id)
    assert (batch.status, shop.done) == ("cancelled", [])
    with pytest.raises(Refused):
        t.desk.confirm_batch(batch.id, batch.digest, by="priya")


def test_rows_that_were_never_given_to_the_end_are_forgotten(t):
    store, now = t.journal.batches, t.clock()
    facts = dict.fromkeys(("requested_by", "ticket", "reason", "notes"))
    facts |= {name: "x" for name in ("action", "actor", "surface", "environment", "desk", "source", "mode")}
    id = store.begin(facts | {"at": now, "status": "loading", "next_at": now + 10})
    assert store.add(id, [(1, {"account": 1}, {}, "1")], now + 20)
    store.forget(now + 15)
    assert store.add(id, [(2, {"account": 2}, {}, "2")], now + 20)
    store.forget(now + 21)
    assert not store.add(id, [(3, {"account": 3}, {}, "3")], now + 30)
    assert t.journal.database.read("SELECT count(*) FROM batch_rows") == [(0,)]
