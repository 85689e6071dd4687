"""The lending library on Flask: each of its actions does what it says, and it is started as its README says."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ..docs.pages import environment
from ..integrations.django.served import HIDDEN, Visitor, free, until_it_listens

EXAMPLE = Path(__file__).parents[2] / "examples" / "flask"

START = """
import json
from library import create_app, desk
from library.models import Book, Fee, Loan, Member, db

app = create_app()
told = []

def run(action, inputs, by="priya", reason="member asked"):
    done = desk.run(action, inputs, by=by, reason=reason)
    told.append([done.status, done.refusal.message if done.refusal else done.value])

def look(ask):
    with app.app_context():
        told.append(ask())
"""


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library, filled as its README says; only to be copied."""
    folder = tmp_path_factory.mktemp("library") / "library"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__", "instance"))
    done = flask(folder, "stock")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("There are 3 books.")
    return folder


@pytest.fixture
def library(stocked: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(stocked, tmp_path / "library"))


def flask(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "flask", "--app", "library", *arguments]
    return subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=False)


def inside(folder: Path, code: str) -> Any:
    """Run some code in the library, and return what it has put into ``told``."""
    whole = f"{START}\n{code}\nprint(json.dumps(told, default=str))"
    done = subprocess.run(
        [sys.executable, "-c", whole], cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_each_action_does_what_it_says_and_is_refused_where_it_may_not(library: Path):
    told = inside(
        library,
        """
run("loan.renew", {"loan": 1})
run("loan.renew", {"loan": 2})
run("loan.write_off", {"loan": 2}, reason="member lost it")
run("loan.write_off", {"loan": 2}, reason="member lost it")
look(lambda: [Book.query.filter_by(title="Emma").one().lost, Fee.query.count()])
run("fee.waive", {"fee": 1})
run("fee.waive", {"fee": 1})
run("fee.waive", {"fee": 2})
run("fee.waive", {"fee": 2}, by="noor")
run("member.set_password", {"member": "1042", "password": "battery-staple"})
run("member.set_password", {"member": "noor", "password": "battery-staple"})
look(lambda: db.session.get(Member, "1042").may_sign_in("battery-staple"))
run("member.merge", {"member": "1042", "other": "1077"})
run("member.merge", {"member": "1042", "other": "1077"}, by="noor")
look(lambda: [len(db.session.get(Member, "1042").fees), db.session.get(Member, "1077").active])
run("member.merge", {"member": "1042", "other": "1077"}, by="noor")
""",
    )
    assert told == [
        ["succeeded", "Due on 18 December."],
        ["refused", "This does not hold: Nobody else waits for the book."],
        ["succeeded", "Luis Gonçalves owes 9.50."],
        ["refused", "This does not hold: The book is still out."],
        [True, 3],
        ["succeeded", "Luis Gonçalves does not owe 2.50 any more."],
        ["refused", "This does not hold: The fee is still owed."],
        ["refused", "Your role may do this only where it holds: Up to 5."],
        ["succeeded", "Luis Goncalves does not owe 7.00 any more."],
        ["succeeded", "Luis Gonçalves can sign in with it now."],
        ["refused", "Who works here changes their own password."],
        True,
        ["refused", told[12][1]],
        ["succeeded", "0 loans and 1 fees are Luis Gonçalves's now."],
        [3, False],
        ["refused", "These are not two cards of one member."],
    ]
    assert "battery-staple" not in flask(library, "firsthand", "export").stdout


def test_it_is_started_and_priya_writes_a_book_off_after_signing_in_at_the_library(library: Path):
    port = free()
    with subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "library", "run", "--port", str(port)], cwd=library,
        env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as server:  # fmt: skip
        try:
            until_it_listens(server, port)
            visitor = Visitor(port)
            status, way, _ = visitor.ask("GET", "/support/actions/loan.write_off?loan=2")
            assert (status, way) == (303, "/sign-in?next=%2Fsupport%2Factions%2Floan.write_off%3Floan%3D2")
            wrong = visitor.ask("POST", way, {"id": "priya", "password": "wrong"})
            assert (wrong[0], "That is not right." in wrong[2]) == (401, True)
            signed_in = visitor.ask("POST", way, {"id": "priya", "password": "correct-horse"})
            assert signed_in[:2] == (302, "/support/actions/loan.write_off?loan=2")
            assert "Emma (not here)" in page_of(visitor, "/")
            form = "/support/actions/loan.write_off"
            given = {**dict(HIDDEN.findall(page_of(visitor, form))), "inputs.loan": 2, "reason": "damaged", "do": "run"}
            status, way, _ = visitor.ask("POST", form, given)
            assert status == 303
            assert "Luis Gonçalves owes 9.50." in page_of(visitor, way)
            visitor.ask("POST", "/sign-out", {})
            assert visitor.ask("GET", "/support/")[0] == 303
        finally:
            server.kill()
    assert inside(library, "look(lambda: [each.what_for for each in Fee.query.all()])") == [
        ["Emma, late", "Dune, damaged", "Emma, lost"]
    ]


def page_of(visitor: Visitor, path: str) -> str:
    """Return a page."""
    status, _, page = visitor.ask("GET", path)
    assert status == 200
    return page


def test_the_desk_conforms_as_its_own_tests_say(stocked: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_support.py"]
    done = subprocess.run(command, cwd=stocked, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "35 passed" in done.stdout
