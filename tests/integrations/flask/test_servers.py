"""Under gunicorn with threads and under Flask's own server: nothing is lost, and connections are given back."""

from __future__ import annotations

import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from firsthand.storage.journal import SqlJournal

from . import shop
from .conftest import ended, made
from .served import Shop, visitor

CLIENTS, EACH = 8, 3
ALL = CLIENTS * EACH


@pytest.fixture
def served(database: str, tmp_path: Path) -> Shop:
    """The shop with orders enough, and nobody in this process who has it open."""
    app = made(tmp_path, database)
    with app.app_context():
        shop.db.session.add_all(shop.Order(number=f"B-{n}") for n in range(1, ALL))
        shop.db.session.commit()
    ended(app)
    return Shop(tmp_path, database)


def journal(served: Shop) -> SqlJournal:
    return SqlJournal(f"sqlite:///{served.folder}/instance/firsthand.db")


def wait_for_all(served: Shop) -> None:
    """Wait until all runs have ended: a page goes on after a second, and Flask's own server is stopped at once."""
    found = journal(served)
    for _ in range(1200):
        if not found.database.read("SELECT 1 FROM runs WHERE status IN ('recorded', 'performing')"):
            break
        time.sleep(0.05)
    found.close()


def effects(served: Shop) -> tuple[int, int, int]:
    """Return how many orders are cancelled, and how many payments and marks there are."""
    given = {"SQLALCHEMY_DATABASE_URI": served.database} if served.database else {}
    app = shop.create_app({"FOLDER": served.folder / "instance", **given})
    with app.app_context():
        session, text = shop.db.session, shop.db.text
        cancelled = session.scalar(text("SELECT count(*) FROM \"order\" WHERE state = 'cancelled'"))
        counts = [session.scalar(text(f"SELECT count(*) FROM {each}")) for each in ("payment", "firsthand_effects")]
    ended(app)
    return cancelled, counts[0], counts[1]


def connections(database: str) -> list[str]:
    """Return what a database's other connections are doing."""
    import psycopg

    asked = "SELECT state FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with psycopg.connect(database.replace("+psycopg", "")) as connection:
        return [str(state) for (state,) in connection.execute(asked)]


@pytest.mark.parametrize("server", ["gunicorn", "flask run"])
def test_nothing_is_lost_with_several_clients_at_once(served: Shop, server: str):
    answers: list[int] = []

    def client(number: int, port: int) -> None:
        visitor_ = visitor(port)
        for each in range(EACH):
            answers.append(visitor_.perform("order.void", order=number * EACH + each + 1, note="")[0])

    with served.serving(server) as port:
        threads = [threading.Thread(target=client, args=(number, port)) for number in range(CLIENTS)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        wait_for_all(served)
        if served.database:
            assert set(connections(served.database)) <= {"idle"}
    found = journal(served)
    runs = found.database.read("SELECT status, actor, surface FROM runs")
    assert Counter(answers) == {303: ALL}
    assert Counter(map(tuple, runs)) == {("succeeded", "priya", "console"): ALL}
    found.close()
    assert effects(served) == (ALL, ALL, ALL)


def test_a_session_that_is_forged_or_signed_out_elsewhere_does_nothing_with_a_page_that_is_open(tmp_path: Path):
    ended(made(tmp_path))
    served = Shop(tmp_path)
    with served.serving("gunicorn") as port:
        priya = visitor(port)
        status, way, _ = priya.ask("GET", "/support/actions/order.void")
        assert (status, way) == (200, "")
        session = priya.cookies["session"]
        priya.cookies["session"] = session[:-6] + "forged"
        assert priya.ask("GET", "/support/")[:2] == (303, "/sign-in?next=%2Fsupport%2F")
        priya.cookies["session"] = session
        assert priya.perform("order.void", order=1, note="raise")[0] == 303
        priya.ask("POST", "/sign-out", {})
        assert priya.ask("GET", "/support/runs/1")[0] == 303
    assert effects(served) == (0, 0, 0)
