"""Under gunicorn with threads and under uvicorn: nothing is lost, and connections are given back."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import Counter

import pytest

from .served import Visitor, serving
from .sites import Site

CLIENTS, EACH = 8, 3

ORDERS = f"""
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
Order.objects.bulk_create(Order(number=f"A-{{n}}") for n in range({CLIENTS * EACH}))
priya = user("priya", "support")
session = SessionStore()
session[SESSION_KEY], session[HASH_SESSION_KEY] = str(priya.pk), priya.get_session_auth_hash()
session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
session.save()
told = session.session_key
"""

FOUND = """
from collections import Counter
from django.db import connection
runs = desk.journal.database.read("SELECT status, actor, surface FROM runs")
told = [list(Counter(map(tuple, runs)).items()), Order.objects.filter(state="cancelled").count()]
told.append(Payment.objects.count())
with connection.cursor() as cursor:
    cursor.execute("SELECT count(*) FROM firsthand_effects")
    told.append(cursor.fetchone()[0])
"""


@pytest.mark.parametrize("server", ["gunicorn", "uvicorn"])
def test_nothing_is_lost_with_several_clients_at_once(site: Site, server: str):
    session = site.inside(ORDERS)
    answers: list[int] = []

    def client(number: int) -> None:
        visitor = Visitor(port, session)
        for each in range(EACH):
            answers.append(visitor.perform("order.cancel", order=number * EACH + each + 1, note="")[0])

    with serving(site, server) as port:
        threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        if site.database:
            told = site.inside(
                """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle'")
    told = cursor.fetchone()[0]
    cursor.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name <> 'firsthand'"
    )
    told = [told, cursor.fetchone()[0]]
"""
            )
            assert told == [1, 1]  # the one that asks
    all = CLIENTS * EACH
    assert Counter(answers) == {303: all}
    assert site.inside(FOUND) == [[[["succeeded", "priya", "console"], all]], all, all, all]


def test_a_worker_performs_what_waits_by_the_right_that_a_user_has_then(site: Site):
    site.inside("""
priya, sam = user("priya", "support"), user("sam", "support")
for number, by in enumerate(("priya", "sam")):
    order = Order.objects.create(number=f"A-{number}")
    run("order.cancel", {"order": order.pk}, by=by, background=True)
sam.groups.clear()
told = None
""")
    worker = subprocess.Popen(
        [sys.executable, "manage.py", "firsthand", "worker"], cwd=site.folder, env=site.environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        told = site.inside("""
import time
for _ in range(200):
    told = [desk.journal.run(id).status for id in (1, 2)]
    if "queued" not in told and "performing" not in told:
        break
    time.sleep(0.1)
told += [order.state for order in Order.objects.order_by("pk")]
""")
    finally:
        worker.terminate()
        assert worker.wait(30) in (0, -15)
    assert told == ["succeeded", "refused", "cancelled", "open"]
