"""Flask-SQLAlchemy's session within actions: a run's own, committed or rolled back as a whole, and given back."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from firsthand import Run
from firsthand.core.promises import broken_promises

from . import shop
from .conftest import ended, made

BEFORE = ("recorded", "performing", "half of it done", "marked")
POINTS = (*BEFORE, "committed", "finished")
"""Where a process that performs is killed; what it did is there from the commit on."""


@pytest.fixture
def app(database: str, tmp_path: Path) -> Iterator[Flask]:
    """The shop under test, on each database in turn."""
    app = made(tmp_path, database, TESTING=True)
    yield app
    ended(app)


def run(action: str, order: int = 1, **inputs: object) -> Run[object]:
    return shop.desk.run(action, {"order": order, **inputs}, by="priya", reason="customer asked")


def told(app: Flask, order: int = 1) -> tuple[str, int, int]:
    """Return an order's state, and how many payments and marks there are."""
    with app.app_context():
        db = shop.db
        counts = [
            db.session.scalar(db.text(f"SELECT count(*) FROM {each}")) for each in ("payment", "firsthand_effects")
        ]
        return db.session.get(shop.Order, order).state, counts[0], counts[1]


def out(app: Flask) -> int:
    """Return how many connections are not given back."""
    with app.app_context():
        return int(shop.db.engine.pool.checkedout())


@pytest.mark.parametrize("action", ["order.cancel", "order.void"])
def test_what_an_action_did_is_there_whole_or_not_at_all(app: Flask, action: str):
    assert [(run(action, note=note).status, *told(app)[:2]) for note in ("raise", "refuse", "", "")] == [
        ("failed", "open", 0),
        ("refused", "open", 0),
        ("succeeded", "cancelled", 1),
        ("refused", "cancelled", 1),
    ]
    assert told(app)[2] == (1 if action == "order.void" else 0)
    assert out(app) == 0


def test_a_transactional_action_that_commits_itself_is_stopped_and_leaves_nothing(app: Flask):
    assert run("order.void", note="commit").status == "failed"
    assert told(app) == ("open", 0, 0)
    assert run("order.cancel", note="commit").status == "succeeded"
    assert told(app)[:2] == ("cancelled", 1)


def test_one_that_commits_by_a_statement_is_stopped_by_the_database(app: Flask):
    assert run("order.void", note="COMMIT").status == "failed"
    assert told(app) == ("open", 0, 0)


def test_what_is_changed_without_the_resource_and_not_committed_is_undone_and_its_connection_given_back(app: Flask):
    assert run("order.without").status == "succeeded"
    assert (told(app)[0], out(app)) == ("open", 0)


def test_an_async_action_has_the_same_session(app: Flask):
    assert run("order.tell").value == "A-1 is open"
    assert out(app) == 0


def test_looking_commits_nothing_and_a_search_gives_its_connection_back(app: Flask):
    from firsthand.core.looking import Looking

    shop.desk.start()
    request = shop.desk.request("order.void", {"order": 1}, "priya")
    looking = Looking(shop.desk.pipeline)
    assert [(each.statement, each.holds) for each in looking.checklist(request)] == [("The order is open.", True)]
    assert [each.label for each in looking.found(request, "order", "A-")] == ["A-1"]
    assert (told(app), out(app)) == (("open", 0, 0), 0)


def test_a_run_has_a_session_of_its_own_within_a_request_of_the_host(app: Flask):
    with app.test_request_context():
        mine = shop.db.session()
        mine.add(shop.Payment(order=7, amount=7))
        run("order.tell")
        assert shop.db.session() is mine
        assert [type(each) for each in mine.new] == [shop.Payment], "what the view has begun is not the run's to commit"
    assert told(app)[1] == 0


def test_two_runs_on_one_order_go_one_after_the_other(app: Flask):
    statuses: list[str] = []
    threads = [threading.Thread(target=lambda: statuses.append(run("order.void").status)) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert Counter(statuses) == {"succeeded": 1, "refused": 7}
    assert (told(app), out(app)) == (("cancelled", 1, 1), 0)


def test_the_doctor_finds_its_transaction_right(app: Flask):
    shop.desk.start()
    assert list(broken_promises(shop.desk.actions, shop.desk.journal.id)) == []


def dying(home: type, name: str, *, before: bool = False, status: str = "") -> None:
    """Have this process die before or after a method is called, for a step to a status where one is given."""
    plain = getattr(home, name)

    def replaced(*args: object, **said: object) -> object:
        now = not status or getattr(args[1], "status", None) == status
        if before and now:
            os._exit(9)
        done = plain(*args, **said)
        if now:
            os._exit(9)
        return done

    setattr(home, name, replaced)


def arm(point: str) -> None:
    """Have this process die at a point."""
    from firsthand.core.marking import Transaction
    from firsthand.storage.journal import SqlJournal

    if point in ("recorded", "performing"):
        dying(SqlJournal, "record" if point == "recorded" else "step", status="performing" * (point == "performing"))
    elif point == "marked":
        dying(Transaction, "finish")
    elif point != "half of it done":
        dying(SqlJournal, "finish", before=point == "committed")


def test_a_process_that_is_killed_leaves_effect_and_record_or_neither(app: Flask):
    with app.app_context():
        shop.db.session.add_all(shop.Order(id=n, number=f"K-{n}") for n in range(2, 2 + len(POINTS)))
        shop.db.session.commit()
        shop.db.engine.dispose()
    for order, point in enumerate(POINTS, start=2):
        child = os.fork()
        if not child:
            arm(point)
            run("order.void", order, note="kill" if point == "half of it done" else "")
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9, point
    journal = shop.desk.journal
    journal.settle()  # type: ignore[attr-defined]
    shop.desk.verify_unknown()
    runs = [journal.run(id) for id in range(1, 1 + len(POINTS))]
    found = [(told(app, order)[0], each.status) for order, each in enumerate(runs, start=2) if each]
    assert found == [("open", "failed")] * len(BEFORE) + [("cancelled", "succeeded")] * 2
    assert told(app)[1] == 2
