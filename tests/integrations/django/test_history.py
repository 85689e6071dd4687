"""What a project's own logs have of the past becomes runs, once."""

from __future__ import annotations

from .sites import Site

FOUND = """
rows = desk.journal.database.read("SELECT action, actor, subject, status, surface, notes FROM runs ORDER BY at, id")
told = [list(row) for row in rows]
"""


def test_the_admins_log_is_taken_in_once_and_stands_in_the_objects_history(site: Site):
    site.inside("""
boss = User.objects.create_superuser("boss", password="secret")
client = Client(); client.force_login(boss)
client.post("/admin/orders/order/add/", {"number": "A-1", "state": "open", "customer": boss.pk})
order = Order.objects.get()
client.post(f"/admin/orders/order/{order.pk}/change/", {"number": "A-1", "state": "paid", "customer": boss.pk})
client.post(f"/admin/orders/order/{order.pk}/delete/", {"post": "yes"})
told = None
""")
    assert "Took 3 runs." in site.manage("firsthand", "import", "--from", "admin-log")
    assert "Took 0 runs, 3 were there already." in site.manage("firsthand", "import", "--from", "admin-log")
    rows = site.inside(FOUND)
    assert [row[0] for row in rows] == ["admin.order.add", "admin.order.change", "admin.order.delete"]
    assert {tuple(row[1:5]) for row in rows} == {("boss", "order:1", "succeeded", "import")}
    assert rows[1][5] == "Changed State."
    assert "admin.order.change" in site.manage("firsthand", "feed", "--subject", "order:1", "--json")


def test_auditlogs_entries_are_taken_in_with_what_was_changed(sqlite_site: Site):
    settings = sqlite_site.folder / "shop" / "settings.py"
    settings.write_text(settings.read_text() + '\nINSTALLED_APPS.append("auditlog")\n')
    models = sqlite_site.folder / "orders" / "models.py"
    models.write_text(
        models.read_text() + "\n\nfrom auditlog.registry import auditlog  # noqa: E402\n\nauditlog.register(Order)\n"
    )
    sqlite_site.manage("migrate", "-v", "0")
    sqlite_site.inside("""
from auditlog.context import set_actor
order = Order.objects.create(number="A-1")
with set_actor(user("priya", "support")):
    order.state = "paid"; order.save()
told = None
""")
    assert "Took 2 runs." in sqlite_site.manage("firsthand", "import", "--from", "auditlog")
    rows = sqlite_site.inside(FOUND)
    assert [row[:3] for row in rows] == [
        ["auditlog.order.create", "unknown", "order:1"],
        ["auditlog.order.update", "priya", "order:1"],
    ]
    assert rows[1][5] == "state: open → paid"


def test_the_site_goes_on_writing_while_a_long_log_is_taken_in_odd_entries_and_all(site: Site):
    told = site.inside("""
from threading import Thread
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from firsthand.integrations.django import history

boss, gone = user("boss"), ContentType.objects.create(app_label="old", model="thing")
said = ["", "[not json", '{"a": 1}', '[{"changed": {"fields": ["State"]}}]', "\N{SNOWMAN}\u202e"]
LogEntry.objects.bulk_create(
    LogEntry(user=boss, content_type=[gone, None][n % 2], object_id=[None, "7"][n % 3 > 0], object_repr="a\\nb" * 30,
             action_flag=n % 4, change_message=said[n % 5])
    for n in range(30)
)

def write():
    Order.objects.create(number=f"A-{Order.objects.count()}")
    connection.close()

class Taking(history.Taking):
    def take(self, rows):
        site = Thread(target=write)
        site.start()
        site.join(5)
        assert not site.is_alive(), "the site waits for the import"
        super().take(rows)

history.Taking, history.BATCH = Taking, 10
done = history.import_log(desk, desk.journal, "admin-log", by="root")
rows = desk.journal.database.read("SELECT subject FROM runs")
told = [done.taken, Order.objects.count(), sorted({row[0] or "" for row in rows})]
""")
    assert told == [30, 3, ["object:", "object:7", "thing:", "thing:7"]]


def test_a_log_that_there_is_not_is_said_to_be_none(sqlite_site: Site):
    assert "auditlog is not installed" in sqlite_site.manage("firsthand", "import", "--from", "auditlog", code=1)
    assert "There are admin-log, auditlog" in sqlite_site.manage("firsthand", "import", "--from", "nonsense", code=1)
