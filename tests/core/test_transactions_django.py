"""A transactional action on Django's connection, in a process of its own, since Django is set up once."""

import json
import subprocess
import sys
from pathlib import Path

CODE = """
import json
import sqlite3
from collections.abc import Iterator

from django.conf import settings

settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "books.db"}}, USE_TZ=True)

import django

django.setup()

from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from firsthand import Desk
from firsthand.core.marking import SQLITE
from firsthand.testing import trial

with connection.cursor() as cursor:
    cursor.execute("CREATE TABLE paid (amount INT)")
    cursor.execute(SQLITE)
desk = Desk("Books", why=["asked"])
does = None


@desk.resource
def database() -> Iterator[BaseDatabaseWrapper]:
    with transaction.atomic():
        yield connection


@desk.action(who="support", mode="transactional")
def pay(amount: int, database: BaseDatabaseWrapper) -> str:
    with database.cursor() as cursor:
        cursor.execute("INSERT INTO paid VALUES (%s)", [amount])
        if does == "raw":
            cursor.execute("COMMIT")
    if does in ("commit", "rollback", "close"):
        getattr(database, does)()
    if does == "set_rollback":
        transaction.set_rollback(True)
    return "paid"


told = []
with trial(desk, priya="support") as t:
    for does in (None, "raw", "commit", "rollback", "close", "set_rollback"):
        run = t.run("pay", {"amount": 5}, by="priya", reason="asked")
        count = lambda name: sqlite3.connect("books.db").execute(f"SELECT count(*) FROM {name}").fetchone()[0]
        told.append([does, run.status, count("paid"), count("firsthand_effects")])
print(json.dumps(told))
"""


def test_it_commits_with_its_mark_and_nobody_commits_before(tmp_path: Path):
    done = subprocess.run([sys.executable, "-c", CODE], cwd=tmp_path, capture_output=True, text=True, check=True)
    first, *others = json.loads(done.stdout)
    assert first == [None, "succeeded", 1, 1]
    assert [each[1:] for each in others] == [["failed", 1, 1]] * 5
