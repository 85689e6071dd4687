"""Actions in a Django project: its users perform them, on its models, in its transactions."""

from __future__ import annotations

import pytest

from .sites import Site

PEOPLE = """
user("priya", "support", first_name="Priya", last_name="N.")
order = Order.objects.create(number="A-1", customer=user("luis"))
"""


def test_effect_and_record_are_there_or_neither(site: Site):
    told = site.inside(
        PEOPLE
        + """
from django.db import connection
told = []
def state():
    order.refresh_from_db()
    cursor = connection.cursor()
    cursor.execute("SELECT count(*) FROM firsthand_effects")
    return [order.state, Payment.objects.count(), cursor.fetchone()[0]]
for note in ("raise", "refuse", ""):
    told.append([run("order.cancel", {"order": order.pk, "note": note}).status, *state()])
told.append([run("order.cancel", {"order": order.pk}).status, *state()])
"""
    )
    assert told == [
        ["failed", "open", 0, 0],
        ["refused", "open", 0, 0],
        ["succeeded", "cancelled", 1, 1],
        ["refused", "cancelled", 1, 1],
    ]


def test_who_may_is_what_the_projects_users_groups_and_permissions_say_now(site: Site):
    told = site.inside("""
from firsthand import UnknownActor
told = []
order, carrier = Order.objects.create(number="A-1"), Carrier.objects.create(name="Post")
def tried(by, action="order.carrier"):
    try:
        given = {"order": order.pk, "carrier": carrier.pk} if action == "order.carrier" else {"user": by_id}
        told.append(run(action, given, by=by).status)
    except UnknownActor:
        told.append("turned away")
sam, by_id = user("sam"), user("x").pk
tried("sam")                                     # a customer, none of the desk's people
sam.user_permissions.add(Permission.objects.get(codename="change_order"))
tried("sam")                                     # has the permission that the action names
sam.user_permissions.clear()
tried("sam")
sam.is_staff = True; sam.save()
tried("sam"); tried("sam", "user.unlock")        # staff, without that permission
sam.is_active = False; sam.save()
tried("sam", "user.unlock")
sam.is_active = True; sam.is_superuser = True; sam.save()
tried("sam")                                     # a superuser has every permission
sam.delete()
tried("sam"); tried("nobody")
told.append([[p.id, p.active, p.roles] for p in desk.journal.people.all()])
""")
    away = "turned away"
    assert told[:-1] == [away, "succeeded", away, "refused", "succeeded", away, "succeeded", away, away]
    assert told[-1] == [["sam", False, ["orders.change_order", "staff"]]]


def test_models_are_subjects_by_their_type_with_the_admins_search_and_no_loader(site: Site):
    told = site.inside(
        PEOPLE
        + """
from firsthand.core.offers import Offers
payment = Payment.objects.create(order=order, amount=5)
first = run("payment.refund", {"payment": str(payment.pk)})
second = run("payment.refund", {"payment": "no uuid"})
third = run("order.cancel", {"order": 12345})
desk.start()
found = Offers(desk.pipeline, "priya", "test").search("lui")
told = [first.value, first.subject.kind, second.status, third.refusal.message, sorted(desk.actions.kinds)]
told += [[s.key for s in found.subjects], found.faults]
done = run("order.cancel", {"order": order})
told.append([done.subject.key, done.subject.label])
"""
    )
    assert told[:3] == [True, "payment", "refused"]
    assert told[3] == "There is no order 12345."
    assert told[4] == ["archived", "order", "payment", "user"]
    assert told[5:7] == [["order:1", "user:2"], []]
    assert told[7] == ["order:1", "order A-1"]


def test_choices_come_from_a_queryset_as_it_is_now(site: Site):
    told = site.inside(
        PEOPLE
        + """
from firsthand.core.looking import Looking
User.objects.filter(username="priya").update(is_superuser=True)
post, closed = Carrier.objects.create(name="Post"), Carrier.objects.create(name="Closed", open=False)
desk.start()
request = desk.request("order.carrier", {"order": order.pk}, "priya", "test")
told = [Looking(desk.pipeline).offered(request, "carrier")]
for carrier in (post, closed):
    told.append(run("order.carrier", {"order": order.pk, "carrier": carrier.pk}).status)
"""
    )
    assert told == [[[1, "Post"]], "succeeded", "refused"]


def test_what_lives_elsewhere_or_is_async_is_performed_without_that_transaction(sqlite_site: Site):
    told = sqlite_site.inside("""
user("priya", "support", is_staff=True)
old, order = Archived.objects.create(number="old"), Order.objects.create(number="A-1")
told = [run("archive.look", {"archived": old.pk}).value, run("order.tell", {"order": order.pk}).value]
told.append([desk.actions.get(name).manner.mode for name in ("archive.look", "order.tell", "order.cancel")])
""")
    assert told == [False, "A-1", ["once", "once", "transactional"]]


def test_no_connection_stays_open_behind_a_run_of_another_thread(site: Site):
    told = site.inside(
        PEOPLE
        + """
import threading
from django.db import connections
open = []
def elsewhere():
    run("order.cancel", {"order": order.pk})
    open.extend(each.alias for each in connections.all(initialized_only=True) if each.connection)
thread = threading.Thread(target=elsewhere); thread.start(); thread.join()
order.refresh_from_db()
here = [each.alias for each in connections.all(initialized_only=True) if each.connection]
told = [order.state, open, here]
"""
    )
    assert told == ["cancelled", [], ["default"]]


@pytest.mark.parametrize("where", ["in the function", "before the commit"])
def test_a_process_killed_while_it_performs_leaves_nothing_of_it(site: Site, where: str):
    killed = """
if where == "before the commit":
    from firsthand.core.marking import Transaction
    finish = Transaction.finish
    Transaction.finish = lambda *args: (finish(*args), os._exit(9))
run("order.cancel", {"order": order.pk, "note": "kill" if where == "in the function" else ""})
"""
    site.inside(f"{PEOPLE}\nwhere = {where!r}\n{killed}", returned=9)
    told = site.inside("""
desk.start(); desk.journal.settle(); desk.verify_unknown()
told = [Order.objects.get().state, Payment.objects.count(), desk.journal.run(1).status]
""")
    assert told == ["open", 0, "failed"]


def test_a_process_killed_right_after_the_commit_is_found_to_have_succeeded(site: Site):
    site.inside(
        PEOPLE
        + """
from firsthand.storage.journal import SqlJournal
SqlJournal.finish = lambda *args: os._exit(9)
run("order.cancel", {"order": order.pk})
""",
        returned=9,
    )
    told = site.inside("""
desk.start(); desk.journal.settle(); desk.verify_unknown()
run = desk.journal.run(1)
told = [Order.objects.get().state, Payment.objects.count(), run.status, run.value]
""")
    assert told == ["cancelled", 1, "succeeded", "order A-1 cancelled"]


def test_two_runs_on_one_object_go_one_after_the_other(site: Site):
    told = site.inside(
        PEOPLE
        + """
import threading
from collections import Counter
ended = []
def cancel():
    ended.append(run("order.cancel", {"order": order.pk}).status)
threads = [threading.Thread(target=cancel) for _ in range(8)]
[each.start() for each in threads]; [each.join() for each in threads]
told = [Counter(ended), Payment.objects.count()]
"""
    )
    assert told == [{"succeeded": 1, "refused": 7}, 1]


def test_the_hosts_settings_are_left_alone(sqlite_site: Site):
    told = sqlite_site.inside("""
import logging, time
from django.conf import settings
from django.utils import timezone
run_before = [settings.TIME_ZONE, str(timezone.get_current_timezone()), os.environ["TZ"], logging.getLogger().level]
user("priya", "support"); order = Order.objects.create(number="A-1")
run("order.cancel", {"order": order.pk})
now = [settings.TIME_ZONE, str(timezone.get_current_timezone()), os.environ["TZ"], logging.getLogger().level]
told = [run_before == now, now[0], logging.getLogger().handlers, logging.getLogger("firsthand").handlers]
""")
    assert told == [True, "Asia/Kolkata", [], []]


def test_nothing_is_performed_within_a_transaction_of_the_hosts_that_could_take_it_back(site: Site):
    told = site.inside(
        PEOPLE
        + """
from django.db import transaction
with transaction.atomic():
    inner = run("order.cancel", {"order": order.pk})
order.refresh_from_db()
told = [inner.status, "called within a transaction" in inner.refusal.message, order.state]
told.append(run("order.cancel", {"order": order.pk}).status)
"""
    )
    assert told == ["refused", True, "open", "succeeded"]


def test_a_batch_goes_row_by_row_each_in_a_transaction_of_its_own(site: Site):
    told = site.inside(
        PEOPLE
        + """
made = [Order.objects.create(number=f"B-{n}", state="paid" if n == 1 else "open") for n in range(4)]
rows = [{"order": each.pk, "note": "raise" if each is made[3] else ""} for each in made]
batch = desk.run_all("order.cancel", rows, by="priya", reason="customer asked")
told = [batch.status, [each.state for each in Order.objects.filter(number__startswith="B").order_by("pk")]]
told += [Payment.objects.count(), sorted(row[0] for row in desk.journal.database.read("SELECT status FROM runs"))]
"""
    )
    assert told[1:] == [["cancelled", "paid", "cancelled", "open"], 2, ["failed", "succeeded", "succeeded"]]
