"""``flask firsthand``: the whole terminal at the application's desk, its exit codes, its worker."""

from __future__ import annotations

import getpass
import os
import time
from pathlib import Path
from urllib.request import urlopen

import pytest
from flask import Flask

from ..django.served import free, until_it_listens
from . import shop
from .conftest import ended, made
from .served import Shop


@pytest.fixture
def served(tmp_path: Path) -> Shop:
    """The shop, in which whoever sits at this terminal supports."""
    app = made(tmp_path)
    with app.app_context():
        shop.db.session.add(shop.User(id=getpass.getuser(), roles="support"))
        shop.db.session.commit()
    ended(app)
    return Shop(tmp_path)


def test_it_performs_in_the_applications_context_with_the_codes_that_the_terminal_has(served: Shop):
    given = ("firsthand", "run", "order.cancel", "--order", "1", "--reason", "customer asked")
    done = served.flask(*given)
    assert (done[0], "A-1 cancelled in shop" in done[1]) == (0, True), done[1]
    again = served.flask(*given)
    assert (again[0], "The order is open." in again[1]) == (3, True)
    assert served.flask("firsthand", "no-such-command")[0] == 2
    help = served.flask("firsthand", "run", "--help")
    assert (help[0], "order.cancel" in help[1]) == (0, True)
    assert "cancelled in shop" in served.flask("firsthand", "feed", "--json")[1]


def test_a_worker_performs_what_waits_by_the_right_that_a_user_has_then(served: Shop, tmp_path: Path):
    app = made_again(tmp_path)
    with app.app_context():
        shop.db.session.add_all([shop.User(id="sam", roles="support"), shop.Order(number="A-2")])
        shop.db.session.commit()
        for order, by in ((1, "priya"), (2, "sam")):
            said = {"by": by, "reason": "customer asked", "background": True}
            assert shop.desk.run("order.void", {"order": order}, **said).status == "queued"
        shop.db.session.query(shop.User).filter_by(id="sam").delete()
        shop.db.session.commit()
    try:
        with served.started(["flask", "--app", f"{__package__}.shop", "firsthand", "worker"], tmp_path / "worker.log"):
            assert [waited(id) for id in (1, 2)] == ["succeeded", "refused"]
        with app.app_context():
            assert [each.state for each in shop.db.session.query(shop.Order).order_by(shop.Order.id)] == [
                "cancelled", "open",
            ]  # fmt: skip
    finally:
        ended(app)


def made_again(folder: Path) -> Flask:
    """Return the shop that there is already."""
    return shop.create_app({"FOLDER": folder / "instance"})


def waited(id: int) -> str:
    """Return how a run ends."""
    for _ in range(1200):
        run = shop.desk.journal.run(id)
        if run is not None and run.status not in ("queued", "performing"):
            return run.status
        time.sleep(0.05)
    return "still waits"


def test_serve_serves_the_console_with_passwords_of_its_own(served: Shop, tmp_path: Path):
    port = free()
    command = ["flask", "--app", f"{__package__}.shop", "firsthand", "serve", "--port", str(port)]
    with served.started(command, tmp_path / "serve.log") as process:
        until_it_listens(process, port)
        with urlopen(f"http://127.0.0.1:{port}/", timeout=30) as page:
            assert page.url.endswith("/sign-in")


def test_in_a_test_it_is_run_as_flasks_commands_are_and_leaves_the_environment_alone(tmp_path: Path):
    app = made(tmp_path, TESTING=True)
    with app.app_context():
        shop.db.session.add(shop.User(id=getpass.getuser(), roles="support"))
        shop.db.session.commit()
    before = dict(os.environ)
    given = ["firsthand", "run", "order.cancel", "--order", "1", "--reason", "customer asked"]
    results = [app.test_cli_runner().invoke(args=given) for _ in range(2)]
    assert [each.exit_code for each in results] == [0, 3]
    assert "A-1 cancelled in shop" in results[0].output
    assert dict(os.environ) == before
    assert shop.desk.journal.run(1) is not None, "it is the application's own journal"
    ended(app)
