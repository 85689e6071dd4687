"""One action for many subjects: looked at, confirmed once, and a run for each row through the whole pipeline."""

import io
import re
from decimal import Decimal

import pytest

from firsthand import Refused
from firsthand.testing import Trial, trial

from ..bad_files import BAD
from .shop import Account, Shop, kinds

PEOPLE = {"priya": "support", "lou": "lead", "ivan": "intern"}


@pytest.fixture
def cancel(shop: Shop):
    def is_active(account: Account) -> bool:
        """The account is active."""
        return account.active

    @shop.desk.action("cancel", who="support", when=is_active, subjects=lambda: (id for id in shop.accounts))
    def cancel(account: Account, gently: bool = True) -> str:
        if account.plan == "broken":
            raise RuntimeError("It broke.")
        shop.done.append(account.id)
        return f"Cancelled {account.id}."

    shop.accounts |= {n: Account(n) for n in range(4, 301)}
    return cancel


@pytest.fixture
def t(shop: Shop, cancel):
    with trial(shop.desk, PEOPLE) as t:
        yield t


def runs_of(t: Trial, batch) -> list:
    return [t.journal.run(row.run) for row in t.journal.batches.rows(batch.id) if row.run]


def events_of(t: Trial, kind: str) -> list:
    return [event for event in t.journal.history.events_after(0, 10_000) if event.kind.startswith(kind)]


def draft(t: Trial, rows, **said):
    return t.desk.draft_batch("cancel", rows, by="priya", **{"reason": "asked", **said})


def test_a_preflight_looks_at_every_row_and_performs_nothing(t, shop):
    batch = draft(t, [1, 2, 3, 999, "x"])
    assert (batch.status, batch.total, batch.fit, batch.unfit) == ("drafted", 5, 2, 3)
    assert [(fault.code, fault.count, fault.rows) for fault in batch.faults] == [
        ("check_failed", 1, (3,)),
        ("unknown_subject", 1, (4,)),
        ("input_invalid", 1, (5,)),
    ]
    assert [row.number for row in t.desk.batches.rows(batch.id, unfit=True)] == [3, 4, 5]
    assert shop.done == []
    assert t.journal.history.last_run() == 0
    assert [event.data["batch"] for event in events_of(t, "batch_")] == [batch.id]


def test_what_fits_is_performed_once_it_is_confirmed_and_each_row_is_a_run(t, shop):
    batch = t.desk.run_all("cancel", [1, 2, 3], by="priya", reason="asked", ticket="4411")
    assert (batch.status, shop.done) == ("ended", [1, 2])
    runs = runs_of(t, batch)
    assert [(run.status, run.value, run.ticket, run.batch) for run in runs] == [
        ("succeeded", f"Cancelled {id}.", "4411", batch.id) for id in (1, 2)
    ]
    assert kinds(t, runs[0]) == ["recorded", "queued", "performing", "succeeded"]
    assert [event.kind for event in events_of(t, "batch_")] == ["batch_drafted", "batch_confirmed", "batch_ended"]
    progress = t.journal.batches.progress(batch, t.clock())
    assert (progress.counts, progress.done, progress.left) == ({"succeeded": 2}, 2, 0)


@pytest.mark.parametrize("mode", ["once", "idempotent"])
def test_a_hundred_rows_and_more_are_all_performed_in_either_mode(t, shop, mode):
    @shop.desk.action("credit", who="support", mode=mode)
    def credit(account: Account, amount: Decimal) -> Decimal:
        shop.done.append(account.id)
        return amount

    rows = [{"account": n, "amount": "7.50"} for n in range(1, 251)]
    batch = t.desk.run_all("credit", rows, by="priya", reason="asked")
    assert (batch.status, batch.fit, shop.done) == ("ended", 250, list(range(1, 251)))
    runs = runs_of(t, batch)
    assert {(run.status, run.value, run.mode, run.process is None) for run in runs} == {
        ("succeeded", "7.50", mode, False)
    }
    assert [run.subject.id for run in runs] == [str(n) for n in range(1, 251)]
    assert all(kinds(t, run) == ["recorded", "queued", "performing", "succeeded"] for run in runs[::50])


def test_rows_may_say_their_own_reason_and_customer(t):
    csv = io.BytesIO(b"account,reason,requested_by\n1,our mistake,ann@example.com\n2,,\n")
    batch = t.desk.draft_batch("cancel", csv=csv, by="priya", reason="asked", source="list.csv")
    assert (batch.fit, batch.source) == (2, "list.csv")
    t.desk.confirm_batch(batch.id, batch.digest, by="priya")
    batch = t.desk.perform_batch(batch.id)
    runs = runs_of(t, batch)
    assert [(run.reason, run.requested_by) for run in runs] == [("our mistake", "ann@example.com"), ("asked", None)]


def test_the_query_of_an_action_gives_its_subjects(t, shop):
    assert draft(t, None).total == len(shop.accounts)
    with pytest.raises(Refused, match="does not come with a query"):

        @shop.desk.action("close", who="support")
        def close(account: Account) -> None: ...

        t.desk.draft_batch("close", by="priya")


@pytest.mark.parametrize("fault", BAD)
def test_of_a_bad_file_the_row_is_named_and_nothing_is_kept(t, tmp_path, fault):
    rows, message = BAD[fault]
    (tmp_path / "rows.csv").write_bytes(rows)
    for given in ({"csv": io.BytesIO(rows)}, {"rows": tmp_path / "rows.csv"}):
        with pytest.raises(Refused, match=re.escape(message)) as caught:
            t.desk.draft_batch("cancel", by="priya", **given)
        assert (caught.value.code, bool(caught.value.fix)) == ("rows_invalid", True)
    for table in ("batches", "batch_rows"):
        assert t.journal.database.read(f"SELECT count(*) FROM {table}") == [(0,)]


def test_only_whoever_may_perform_the_action_drafts_and_a_refused_try_is_on_record(t):
    with pytest.raises(Refused) as caught:
        t.desk.draft_batch("cancel", [1], by="ivan")
    assert caught.value.code == "no_right"
    (event,) = events_of(t, "refused_try")
    assert (event.actor, event.data["tried"]) == ("ivan", "draft a batch")


def test_only_the_drafter_confirms_and_only_what_was_looked_at(t, shop):
    batch = draft(t, [1, 2])
    for by, digest, code in (("lou", batch.digest, "not_drafter"), ("priya", "0" * 64, "batch_changed")):
        with pytest.raises(Refused) as caught:
            t.desk.confirm_batch(batch.id, digest, by=by)
        assert caught.value.code == code
    confirmed = t.desk.confirm_batch(batch.id, batch.digest, by="priya")
    assert t.desk.confirm_batch(batch.id, batch.digest, by="priya") == confirmed
    assert len(events_of(t, "batch_confirmed")) == 1


def test_rows_are_frozen_and_checked_again_wholly_when_their_turn_comes(t, shop):
    batch = draft(t, [1, 2])
    with pytest.raises(Exception, match="never changed"):
        t.journal.database.write(lambda c: c.execute("UPDATE batch_rows SET inputs = '{}'"))
    shop.accounts[1].active = False
    t.desk.confirm_batch(batch.id, batch.digest, by="priya")
    batch = t.desk.perform_batch(batch.id)
    assert [run.status for run in runs_of(t, batch)] == ["refused", "succeeded"]
    assert (batch.status, shop.done) == ("ended", [2])


@pytest.mark.parametrize("mode", ["once", "idempotent"])
def test_it_stops_after_some_failures_and_goes_on_when_resumed(t, shop, mode):
    @shop.desk.action("fix", who="support", mode=mode)
    def fix(account: Account) -> None:
        if account.plan == "broken":
            raise RuntimeError("It broke.")
        shop.done.append(account.id)

    for id in (2, 4, 6):
        shop.accounts[id].plan = "broken"
    batch = t.desk.run_all("fix", [*range(1, 10)], by="priya", reason="asked", stop_after=2)
    assert (batch.status, batch.why, shop.done) == ("paused", "2 runs have failed.", [1, 3])
    assert t.journal.history.waiting() == []
    t.desk.resume_batch(batch.id, by="priya")
    batch = t.desk.perform_batch(batch.id)
    assert (batch.status, shop.done) == ("ended", [1, 3, 5, 7, 8, 9])
    assert t.journal.batches.progress(batch, 0).counts == {"succeeded": 6, "failed": 3}


def test_a_paused_batch_performs_nothing_and_a_cancelled_one_never_will(t, shop):
    batch = draft(t, [1, 2])
    t.desk.confirm_batch(batch.id, batch.digest, by="priya")
    t.desk.pause_batch(batch.id, by="priya")
    assert t.desk.perform_batch(batch.id).status == "paused"
    assert t.desk.cancel_batch(batch.id, by="priya").status == "cancelled"
    with pytest.raises(Refused) as caught:
        t.desk.resume_batch(batch.id, by="priya")
    assert (caught.value.code, shop.done) == ("batch_closed", [])
    with pytest.raises(Refused, match="You may not perform"):
        t.desk.pause_batch(batch.id, by="ivan")


@pytest.mark.parametrize("mode", ["once", "idempotent"])
def test_cancelling_midway_withdraws_what_waits(t, shop, mode, monkeypatch):
    from firsthand.work import batches as work

    monkeypatch.setattr(work, "LOOK_EVERY", 0.0)

    @shop.desk.action("wipe", who="support", mode=mode)
    def wipe(account: Account) -> None:
        shop.done.append(account.id)
        if len(shop.done) == 3:
            t.desk.cancel_batch(1, by="priya")

    batch = t.desk.run_all("wipe", [*range(1, 10)], by="priya", reason="asked")
    assert (batch.status, shop.done) == ("cancelled", [1, 2, 3])
    counts = t.journal.batches.progress(batch, 0).counts
    assert counts == {"succeeded": 3, "withdrawn": 6}


def test_a_throttle_allots_rows_a_minute(t):
    batch = draft(t, [*range(4, 14)])
    t.desk.confirm_batch(batch.id, batch.digest, by="priya", throttle=60)
    batch = t.journal.batches.get(batch.id)
    taken = [len(t.journal.batches.take(batch, 100, t.clock() + ms * 1000, begun=False)) for ms in (0, 500, 1000, 1500)]
    assert taken == [1, 0, 1, 0]


def test_an_unknown_batch_and_one_of_a_hidden_action_look_the_same(t, shop):
    with pytest.raises(Refused, match="There is no batch 7") as caught:
        t.desk.pause_batch(7, by="priya")
    assert caught.value.code == "unknown_batch"
