"""The bookshop on django-oscar: each of its actions does what it says, and it is started as its README says."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ..integrations.django.served import Visitor, free, until_it_listens

pytest.importorskip("oscar")

EXAMPLE = Path(__file__).parents[2] / "examples" / "django"

START = """
import json, os
os.environ["DJANGO_SETTINGS_MODULE"] = "bookshop.settings"
import django
django.setup()
from django.contrib.auth.models import User
from firsthand.integrations.django import desk
from helpdesk.support import Basket, Order, Source

def run(action, inputs, by="priya"):
    return desk.run(action, inputs, by=by, reason="customer asked")

order, source = Order.objects.get(), Source.objects.get()
"""


def manage(folder: Path, command: str) -> str:
    """Run a command of the shop's, and return what it prints."""
    whole = [sys.executable, "-W", "ignore", "manage.py", command]
    done = subprocess.run(whole, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop, still empty; only to be copied."""
    folder = tmp_path_factory.mktemp("bookshop") / "shop"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__", "*.sqlite3", "*.db*"))
    for command in ("check", "migrate"):
        manage(folder, command)
    return folder


@pytest.fixture(scope="module")
def stocked(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop, filled as its README says; only to be copied."""
    folder = shutil.copytree(migrated, tmp_path_factory.mktemp("stocked") / "shop")
    assert "There are 3 books" in manage(folder, "stock")
    return folder


@pytest.fixture
def shop(stocked: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(stocked, tmp_path / "shop"))


def inside(shop: Path, code: str) -> Any:
    """Run some code in the shop, and return what it has put into ``told``."""
    whole = f"{START}\n{code}\nprint('\\n' + json.dumps(told, default=str))"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", whole], cwd=shop, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_each_action_does_what_it_says_and_is_refused_where_it_may_not(shop: Path):
    told = inside(
        shop,
        """
told = []
def note(run):
    told.append([run.status, run.refusal.message if run.refusal else run.value])
stock = lambda: sum(each.stockrecord.num_allocated or 0 for each in order.lines.all())
before = stock()
note(run("payment.refund", {"source": source.pk, "amount": "20"}))
note(run("payment.refund", {"source": source.pk, "amount": "51"}))
note(run("payment.refund", {"source": source.pk, "amount": "6"}, by="lena"))
note(run("order.resend_confirmation", {"order": order.pk}))
note(run("order.cancel", {"order": order.pk}))
note(run("order.cancel", {"order": order.pk}))
told.append([before, stock(), Order.objects.get().status])
mara = User.objects.get(username="mara")
note(run("user.unlock", {"user": mara.pk}))
note(run("user.unlock", {"user": mara.pk}))
first, second = Basket.objects.filter(status="Open").order_by("pk")
note(run("basket.merge", {"basket": first.pk, "other": second.pk}))
note(run("basket.merge", {"basket": first.pk, "other": second.pk}))
told.append([User.objects.get(username="mara").is_active, first.lines.count(), len(os.listdir("mail"))])
""",
    )
    assert told == [
        ["succeeded", {"refunded": "20", "left": "5.00"}],
        ["refused", "Your role may do this only where it holds: Up to 50."],
        ["refused", "Only 5.00 of this payment is left."],
        ["succeeded", "Sent to luis@example.com."],
        ["succeeded", "Order 100001 is cancelled."],
        ["refused", "This does not hold: The order was neither sent nor cancelled."],
        [2, 0, "Cancelled"],
        ["succeeded", None],
        ["refused", "This does not hold: The user is locked."],
        ["succeeded", "Lines taken over: 1."],
        ["refused", "These are not two open baskets of one customer."],
        [True, 2, 1],
    ]


TESTS = """
import os, unittest
os.environ["DJANGO_SETTINGS_MODULE"] = "bookshop.settings"
import django
django.setup()
from django.test.utils import setup_test_environment
setup_test_environment()
unittest.main("helpdesk.tests", argv=["tests"])
"""


def test_its_own_tests_say_that_the_desk_conforms(migrated: Path, tmp_path: Path):
    shop = shutil.copytree(migrated, tmp_path / "shop")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", TESTS], cwd=shop, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"Ran 3\d tests", done.stderr), done.stderr
    assert "skipped" not in done.stderr


def test_it_is_started_and_priya_cancels_an_order_after_signing_in_at_the_shop(shop: Path):
    port = free()
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "manage.py", "runserver", "--noreload", str(port)], cwd=shop,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as server:  # fmt: skip
        try:
            until_it_listens(server, port)
            visitor = Visitor(port)
            status, way, _ = visitor.ask("GET", "/support/actions/order.cancel?order=1")
            assert (status, way) == (303, "/accounts/login/?next=%2Fsupport%2Factions%2Forder.cancel%3Forder%3D1")
            _, _, page = visitor.ask("GET", way)
            token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
            assert token is not None
            given = {"login-username": "priya@example.com", "login-password": "correct-horse", "login_submit": "1"}
            given |= {"login-redirect_url": "/support/", "csrfmiddlewaretoken": token[1]}
            assert visitor.ask("POST", "/accounts/login/", given)[:2] == (302, "/support/")
            status, way = visitor.perform("order.cancel", order=1)
            assert status == 303
            assert "Order 100001 is cancelled." in visitor.ask("GET", way)[2]
        finally:
            server.kill()
