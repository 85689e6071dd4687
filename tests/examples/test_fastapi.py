"""The FastAPI service on a real PostgreSQL: each action does what it says, and it is started as its README says."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests import postgres

from ..integrations.django.served import Visitor, free, until_it_listens

EXAMPLE = Path(__file__).parents[2] / "examples" / "fastapi"

START = """
import json
from service.support import desk
def run(action, inputs, by="priya"):
    done = desk.run(action, inputs, by=f"{by}@morning.example", reason="customer asked")
    told.append([done.status, done.refusal.message if done.refusal else done.value])
told = []
"""


@dataclass
class Morning:
    """The service in a folder, on a database of its own, stocked."""

    folder: Path
    database: str

    @property
    def environment(self) -> dict[str, str]:
        mine = {name: value for name, value in os.environ.items() if not name.startswith("FIRSTHAND_")}
        said = {"DATABASE_URL": self.database, "FIRSTHAND_DATABASE": f"{self.database}&synchronous=off"}
        return {**mine, **said, "SECRET_KEY": "not a secret"}

    def python(self, *arguments: str) -> str:
        """Run Python in the folder, and return what it prints."""
        done = subprocess.run(
            [sys.executable, *arguments], cwd=self.folder, env=self.environment, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def inside(self, code: str) -> Any:
        """Run some code in the service, and return what it has put into ``told``."""
        return json.loads(self.python("-c", f"{START}\n{code}\nprint(json.dumps(told, default=str))").splitlines()[-1])

    def look(self, sql: str) -> list[tuple[Any, ...]]:
        """Return rows of the database."""
        with psycopg.connect(self.database) as connection:
            return connection.execute(sql).fetchall()  # type: ignore[arg-type]


@pytest.fixture
def morning(tmp_path: Path) -> Iterator[Morning]:
    url = postgres.empty()
    folder = shutil.copytree(EXAMPLE, tmp_path / "morning", ignore=shutil.ignore_patterns("__pycache__"))
    made = Morning(folder, url.removesuffix("&synchronous=off"))
    assert "There are three customers" in made.python("-m", "service.stock")
    yield made
    postgres.dropped(url)


def test_its_marker_is_what_the_command_prints() -> None:
    command = [sys.executable, "-m", "firsthand", "db", "marker", "postgresql"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert (EXAMPLE / "service" / "marker.sql").read_text() == printed


def test_each_action_does_what_it_says_and_is_refused_where_it_may_not(morning: Morning) -> None:
    told = morning.inside("""
run("invoice.refund", {"invoice": 1, "amount": "20"})
run("invoice.refund", {"invoice": 1, "amount": "21"})
run("invoice.refund", {"invoice": 1, "amount": "59"}, by="lena")
run("invoice.refund", {"invoice": 1, "amount": "1"}, by="lena")
run("subscription.change_plan", {"subscription": 1, "plan": "weekend"})
run("subscription.change_plan", {"subscription": 1, "plan": "weekend"})
run("subscription.cancel", {"subscription": 1}, by="tom")
run("subscription.cancel", {"subscription": 1})
run("subscription.extend", {"subscription": 1, "days": 3})
run("customer.change_email", {"customer": 1, "email": "mara@example.com"})
run("customer.change_email", {"customer": 1, "email": "luis@example.org"})
""")
    assert [status for status, _ in told] == [
        "succeeded", "refused", "succeeded", "refused", "succeeded", "refused", "refused", "succeeded", "refused",
        "refused", "succeeded",
    ]  # fmt: skip
    words = [value for status, value in told if status == "refused"]
    assert words[0] == "Your role may do this only where it holds: Up to 20."
    assert words[1] == "Only 0.00 is left of it."
    assert words[-1] == "This does not hold: Nobody else has this address."
    assert morning.look("SELECT plan, cancelled FROM subscriptions WHERE id = 1") == [("weekend", True)]
    assert morning.look("SELECT email, refunded::text FROM customers JOIN invoices ON customer_id = customers.id"
                        " WHERE customers.id = 1") == [("luis@example.org", "79.00")]  # fmt: skip
    assert morning.look("SELECT count(*) FROM firsthand_effects WHERE outcome IS NOT NULL") == [(5,)]


def test_it_is_started_and_priya_performs_in_the_console_after_signing_in_at_the_service(morning: Morning) -> None:
    port = free()
    with subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "service.main:app", "--port", str(port), "--log-level", "warning"],
        cwd=morning.folder, env=morning.environment,
    ) as server:  # fmt: skip
        try:
            until_it_listens(server, port)
            visitor = Visitor(port)
            sign_in(visitor)
            cancelled(visitor, morning)
            letter_sent(visitor, morning)
            signed_out(visitor, morning)
        finally:
            server.terminate()
            assert server.wait(30) in (0, -15)


def sign_in(visitor: Visitor) -> None:
    """Be sent to the service's own page, sign in there, and come back to the page that was wanted."""
    wanted = "/support/actions/subscription.cancel?subscription=1"
    status, way, _ = visitor.ask("GET", wanted)
    assert (status, way) == (303, "/login?next=%2Fsupport%2Factions%2Fsubscription.cancel%3Fsubscription%3D1")
    following = re.search(r'name="next" value="([^"]+)"', visitor.ask("GET", way)[2])
    assert following is not None
    given = {"email": "priya@morning.example", "next": following[1]}
    assert visitor.ask("POST", "/login", {**given, "password": "wrong"})[0] == 401
    assert visitor.ask("POST", "/login", {**given, "password": "correct-horse"})[:2] == (303, wanted)
    elsewhere = {**given, "password": "correct-horse", "next": "//evil.example"}
    assert visitor.ask("POST", "/login", elsewhere)[:2] == (303, "/support/")


def cancelled(visitor: Visitor, morning: Morning) -> None:
    """Cancel a subscription in the console, and another by the service's route."""
    status, there = visitor.perform("subscription.cancel", subscription=1)
    assert status == 303
    assert "The last paper comes on" in visitor.ask("GET", there)[2]
    assert "last paper" in visitor.ask("POST", "/subscriptions/2/cancellation", {})[2]
    status, _, said = visitor.ask("POST", "/subscriptions/2/cancellation", {})
    assert (status, "does not hold" in said) == (409, True)
    assert morning.look("SELECT id FROM subscriptions WHERE cancelled ORDER BY id") == [(1,), (2,)]
    surfaces = morning.look("SELECT status, actor, surface FROM firsthand.runs ORDER BY id")
    assert surfaces == [
        ("succeeded", "priya@morning.example", "console"),
        ("succeeded", "priya@morning.example", "python"),
        ("refused", "priya@morning.example", "python"),
    ]


def letter_sent(visitor: Visitor, morning: Morning) -> None:
    """Have a letter sent in the background, by the service's own process."""
    assert visitor.perform("customer.send_letter", customer=1, text="We are sorry.")[0] == 303
    until = time.monotonic() + 20
    while morning.look("SELECT status FROM firsthand.runs ORDER BY id DESC LIMIT 1") != [("succeeded",)]:
        assert time.monotonic() < until
        time.sleep(0.1)
    assert morning.look("SELECT text FROM letters") == [("We are sorry.",)]


def signed_out(visitor: Visitor, morning: Morning) -> None:
    """Be made inactive, and be let in no more."""
    with psycopg.connect(morning.database) as connection:
        connection.execute("UPDATE users SET active = false WHERE email = 'priya@morning.example'")
    assert visitor.ask("GET", "/support/")[0] == 303
    assert visitor.ask("POST", "/subscriptions/3/cancellation", {})[0] == 401


def test_the_desk_conforms(morning: Morning) -> None:
    told = morning.inside("""
from itertools import count
from service.support import change_email, refund, send_letter
from service.models import Customer, Invoice, Letter, Subscription
from sqlalchemy import select
from sqlalchemy.orm import Session
from firsthand.testing import Conformance

def state(session: Session):
    tables = (Customer, Subscription, Invoice, Letter)
    return [tuple(row) for each in tables for row in session.execute(select(*each.__table__.columns))]

numbers = count()
told = Conformance(desk, on_test_data=True, effect=state, examples={
    refund: {"amount": "0.01"},
    change_email: lambda: {"email": f"{next(numbers)}@example.com"},  # all rules have one state
    send_letter: {"text": "Dear reader, ..."},
}).faults()
""")
    assert told == []
