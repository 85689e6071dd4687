"""Firsthand in a Django project under real servers, beside the admin's own action on the same model.

    .environment/bin/python -m benchmarks.django_servers [--clients 32] [--seconds 60] [--database postgresql]

Each client signs in as somebody of the group that may, opens the form and sends it, again and again: once in the
console (an action that sets one field of an order, with its record), once in the admin (an action of the changelist
that does the same). Both are two requests.
"""

from __future__ import annotations

import argparse
import re
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tests import postgres
from tests.integrations.django.served import HIDDEN, Visitor, serving
from tests.integrations.django.sites import Site, copied

TOUCH = '''

@desk.action("order.touch", who="support")
def touch(order: Order) -> None:
    """Set a field."""
    Order.objects.filter(pk=order.pk).update(state="paid")
'''

PREPARE = """
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
Order.objects.bulk_create(Order(number=f"A-{{n}}") for n in range({clients}))
priya = user("priya", "support", is_staff=True, is_superuser=True)
told = []
for _ in range({clients}):
    session = SessionStore()
    session[SESSION_KEY], session[HASH_SESSION_KEY] = str(priya.pk), priya.get_session_auth_hash()
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session.save()
    told.append(session.session_key)
"""

COUNT = """
from django.db import connection
rows = desk.journal.database.read("SELECT status, count(*) FROM runs GROUP BY status")
with connection.cursor() as cursor:
    cursor.execute("SELECT count(*) FROM firsthand_effects")
    told = [dict(rows), cursor.fetchone()[0]]
"""

Perform = Callable[[Visitor, int], int]


def in_the_console(visitor: Visitor, order: int) -> int:
    """Perform the action in the console."""
    return visitor.perform("order.touch", order=order)[0]


def in_the_admin(visitor: Visitor, order: int) -> int:
    """Perform the admin's own action."""
    at = f"/admin/orders/order/?q=A-{order - 1}"
    page = visitor.ask("GET", at)[2]
    token = (
        dict(HIDDEN.findall(page)).get("csrfmiddlewaretoken")
        or re.findall(r'csrfmiddlewaretoken" value="(\w+)"', page)[0]
    )
    given = {"csrfmiddlewaretoken": token, "action": "mark_paid", "_selected_action": order, "index": 0}
    return visitor.ask("POST", at, given)[0]


def measured(port: int, sessions: list[str], seconds: float, perform: Perform, good: int) -> str:
    """Perform with all clients at once for so long, and say how it went."""
    took: list[float] = []
    wrong: list[int] = []
    until = time.monotonic() + seconds

    def client(number: int) -> None:
        visitor = Visitor(port, sessions[number])
        while (began := time.monotonic()) < until:
            status = perform(visitor, number + 1)
            took.append(time.monotonic() - began)
            if status != good:
                wrong.append(status)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(len(sessions))]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    p50, p95 = statistics.median(took), statistics.quantiles(took, n=20)[18]
    rate = f"{len(took)} performed, {len(took) / seconds:.1f}/s"
    return f"{rate}, p50 {p50 * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms, {len(wrong)} wrong"


def connections(site: Site) -> str:
    """Say how many connections of Django's there are, and of the journal's."""
    if not site.database:
        return ""
    told = site.inside(
        """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SELECT application_name = 'firsthand', count(*) FROM pg_stat_activity "
                   "WHERE datname = current_database() AND pid <> pg_backend_pid() GROUP BY 1")
    told = dict(cursor.fetchall())
"""
    )
    return f"; connections: {told.get('false', 0)} of Django's, {told.get('true', 0)} of the journal's"


def main() -> None:
    """Measure both servers."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="postgresql")
    given = parser.parse_args()
    for server in ("gunicorn", "uvicorn"):
        url = postgres.empty() if given.database == "postgresql" else ""
        with tempfile.TemporaryDirectory() as folder:
            site = copied(Path(folder) / "site", url)
            support = site.folder / "orders" / "support.py"
            support.write_text(support.read_text() + TOUCH)
            site.manage("migrate", "-v", "0")
            sessions = site.inside(PREPARE.format(clients=given.clients))
            with serving(site, server) as port:
                for name, perform, good in (("console", in_the_console, 303), ("admin", in_the_admin, 302)):
                    print(
                        f"{server}, {given.database}, {name}: {measured(port, sessions, given.seconds, perform, good)}",
                        flush=True,
                    )
                print(f"  after it{connections(site)}", flush=True)
            print(f"  on record, and marked: {site.inside(COUNT)}", flush=True)
        if url:
            postgres.dropped(url)


if __name__ == "__main__":
    main()
