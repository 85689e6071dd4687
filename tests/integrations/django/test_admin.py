"""The admin and ``manage.py``: what was done to an object and may be done now, its actions, checks, the terminal."""

from __future__ import annotations

import getpass
import subprocess
import sys
from pathlib import Path

from .sites import Site

ADMIN = """
order = Order.objects.create(number="A-1", customer=user("luis"))
sam = user("sam", "support", is_staff=True)
for codename in ("view_order", "change_order"):
    sam.user_permissions.add(Permission.objects.get(codename=codename))
client = Client(); client.force_login(sam)
def page():
    return client.get(f"/admin/orders/order/{order.pk}/change/").content.decode()
"""


def test_an_objects_page_shows_what_may_be_done_now_and_what_was_done(site: Site):
    told = site.inside(
        ADMIN
        + """
before = page()
link = f'href="/support/actions/order.cancel?order={order.pk}"'
told = [link in before, "Nothing was done for it yet" in before, "Back office" in before]
run("order.cancel", {"order": order.pk}, by="sam")
after = page()
told += [link in after, "sam ran Cancel order on order 1 (order A-1)" in after, 'href="/support/runs/1"' in after]
told.append(f'href="/support/subjects/order/{order.pk}"' in after)
told.append(client.get(f"/support/subjects/order/{order.pk}").status_code)
told.append("firsthand" in client.get("/admin/orders/order/add/").content.decode())
told.append("Support: Shop" in client.get("/admin/auth/user/").content.decode())
"""
    )
    assert told == [True, True, False, False, True, True, True, 200, False, False]


def test_somebody_whom_the_desk_does_not_know_sees_an_admin_without_it(sqlite_site: Site):
    told = sqlite_site.inside(
        ADMIN
        + """
from firsthand.integrations.django import blocks
told = [len(blocks.blocks_of(order, sam)), len(blocks.blocks_of(order, User.objects.get(username="luis")))]
told.append(len(blocks.blocks_of(Group.objects.get(), sam)))
"""
    )
    assert told == [1, 0, 0]


def test_the_mixin_does_the_same_wherever_the_app_is_listed(sqlite_site: Site):
    settings = sqlite_site.folder / "shop" / "settings.py"
    text = settings.read_text().replace('    "firsthand.integrations.django",\n', "", 1)
    settings.write_text(text.replace('    "orders",\n', '    "orders",\n    "firsthand.integrations.django",\n', 1))
    show = ADMIN + "told = page().count('Support: Shop')"
    assert sqlite_site.inside(show) == 0
    admin = sqlite_site.folder / "orders" / "admin.py"
    mixed = admin.read_text().replace("(admin.ModelAdmin)", "(SupportMixin, admin.ModelAdmin)")
    admin.write_text("from firsthand.integrations.django import SupportMixin\n" + mixed)
    assert sqlite_site.inside(show.replace('user("luis")', "None").replace('user("sam"', 'user("tom"')
                              .replace("A-1", "A-2")) == 1  # fmt: skip


def test_existing_admin_actions_become_support_actions_in_a_line(site: Site):
    support = site.folder / "orders" / "more" / "support.py"
    support = site.folder / "orders" / "support.py"
    support.write_text(
        support.read_text()
        + """
from orders.admin import OrderAdmin, mark_paid

desk.admin_action(mark_paid, model=Order, who="support", when=is_open)
desk.admin_action(OrderAdmin.ship, who="support")
"""
    )
    told = site.inside(
        ADMIN
        + """
first = run("order.mark_paid", {"order": order.pk}, by="sam")
again = run("order.mark_paid", {"order": order.pk}, by="sam")
shipped = run("order.ship", {"order": order.pk}, by="sam")
order.refresh_from_db()
told = [first.status, first.value, again.status, shipped.status, shipped.value, order.state,
        desk.actions.get("order.mark_paid").description]
"""
    )
    assert told == ["succeeded", "1 paid by sam", "refused", "succeeded", None, "shipped", "Mark orders as paid"]


def test_an_admin_action_that_is_given_by_its_name_alone_is_told_how_to_be_given(sqlite_site: Site):
    support = sqlite_site.folder / "orders" / "support.py"
    support.write_text(support.read_text() + '\ndesk.admin_action("mark_paid", who="support")\n')
    assert "'mark_paid' is no function: give the action itself" in sqlite_site.manage("check", code=1)


def test_check_says_what_is_wrong_with_actions_and_what_is_odd(sqlite_site: Site):
    assert "no issues" in sqlite_site.manage("check")
    assert "No group is called 'support'" in sqlite_site.manage("check", "--database", "default")
    support = sqlite_site.folder / "orders" / "support.py"
    support.write_text(
        support.read_text()
        + """

@desk.action("order.bare")
def bare(order: Order, connection: object, colour: Colour = None): ...


@desk.action("archive.drop", who="staff")
def drop(archived: Archived): ...
""".replace("colour: Colour = None", "n: int = 1")
    )
    said = sqlite_site.manage("check", code=1)
    assert "(firsthand.E001) order.bare: it does not say who may perform it" in said
    assert "(firsthand.W001) archive.drop: orders.Archived is written to the database 'archive'" in said
    settings = sqlite_site.folder / "shop" / "settings.py"
    settings.write_text(settings.read_text() + '\nFIRSTHAND["NANE"] = "Shop"\n')
    assert "(firsthand.E002) FIRSTHAND has no NANE." in sqlite_site.manage("check", code=1)


def test_migrate_makes_the_journal_and_leaves_other_databases_alone(sqlite_site: Site):
    assert (sqlite_site.folder / "firsthand.db").exists()
    told = sqlite_site.inside("""
from django.db import connections
told = ["firsthand_effects" in connections[alias].introspection.table_names() for alias in ("default", "archive")]
""")
    assert told == [True, False]
    assert "No changes detected" in sqlite_site.manage("makemigrations", "--check", "--dry-run")


def test_manage_py_is_the_whole_terminal_for_the_user_of_ones_login(site: Site):
    site.inside("""
import pwd
user(pwd.getpwuid(os.getuid()).pw_name, "support", first_name="Priya"); Order.objects.create(number="A-1")
told = None
""")
    assert "order.cancel" in site.manage("firsthand", "actions")
    done = site.manage("firsthand", "run", "order.cancel", "--input", "order=1", "--reason", "customer asked", "--yes")
    assert "order A-1 cancelled" in done
    assert "Priya ran Cancel order on order 1" in site.manage("firsthand", "feed")
    refused = site.manage("firsthand", "run", "user.unlock", "--input", "user=1", "--reason", "customer asked", code=3)
    assert "Staff" in refused
    added = site.manage("firsthand", "people", "add", "ghost", "--role", "support", code=1)
    assert "The people here are those of the application. Change them there." in " ".join(added.split())


def test_a_login_becomes_that_of_a_user_who_never_was_at_the_desk_and_is_them_as_they_are_now(sqlite_site: Site):
    sqlite_site.inside('user("priya", "support", email="priya@acme.com"); told = None')
    stranger = sqlite_site.manage("firsthand", "who", code=1)
    assert "does not know the login" in stranger
    sqlite_site.manage("firsthand", "people", "change", "priya", "--login", getpass.getuser())
    assert "support" in sqlite_site.manage("firsthand", "who")
    assert "goes to priya@acme.com" in sqlite_site.manage("firsthand", "notify", "me")
    sqlite_site.inside("User.objects.update(is_active=False); told = None")
    assert "does not know the login" in sqlite_site.manage("firsthand", "who", code=1)


def test_a_journal_that_cannot_be_had_is_told_in_words_by_every_command(sqlite_site: Site):
    settings = sqlite_site.folder / "shop" / "settings.py"
    settings.write_text(settings.read_text() + '\nFIRSTHAND["DATABASE"] = "mysql://db/shop"\n')
    said = sqlite_site.manage("firsthand", "feed", code=2)
    assert "is not one" in said
    assert "Traceback" not in said


def test_the_projects_own_tests_perform_within_their_own_transactions_and_leave_the_journal_alone(site: Site):
    (site.folder / "orders" / "tests.py").write_text("""
import re

from django.contrib.auth.models import Group, User
from django.test import TestCase

from firsthand.integrations.django import desk
from firsthand.testing import trial
from orders.models import Order, Payment


class Cancelling(TestCase):
    databases = ["default"]

    def setUp(self):
        self.order = Order.objects.create(number="A-1")
        User.objects.create_user("priya").groups.add(Group.objects.create(name="support"))

    def test_it_cancels(self):
        run = desk.run("order.cancel", {"order": self.order}, by="priya", reason="customer asked")
        self.order.refresh_from_db()
        self.assertEqual((run.status, self.order.state), ("succeeded", "cancelled"))

    def test_it_is_refused_to_others_on_trial(self):
        with trial(desk, sam="sales", lena="support") as t:
            said = {"reason": "customer asked"}
            self.assertEqual(t.run("order.cancel", {"order": self.order.pk}, by="sam", **said).status, "refused")
            self.assertEqual(t.run("order.cancel", {"order": self.order.pk}, by="lena", **said).status, "succeeded")
        self.assertEqual(Order.objects.get().state, "cancelled")

    def test_the_console_performs_it_for_a_client(self):
        self.client.force_login(User.objects.get())
        there = "/support/actions/order.cancel"
        page = self.client.get(there).content.decode()
        hidden = dict(re.findall(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page))
        said = {"inputs.order": self.order.pk, "reason": "customer asked", "do": "run"}
        answer = self.client.post(there, {**hidden, **said}, headers={"origin": "http://testserver"})
        self.order.refresh_from_db()
        self.assertEqual((answer.status_code, self.order.state), (303, "cancelled"))

    def test_it_leaves_nothing_when_it_raises(self):
        run = desk.run("order.cancel", {"order": self.order, "note": "raise"}, by="priya", reason="customer asked")
        self.order.refresh_from_db()
        self.assertEqual((run.status, self.order.state, Payment.objects.count()), ("failed", "open", 0))
""")
    journal = Path(site.folder / "firsthand.db").read_bytes()
    said = site.manage("test", "orders")
    assert "Ran 4 tests" in said
    assert "OK" in said
    assert Path(site.folder / "firsthand.db").read_bytes() == journal


def test_the_journals_of_parallel_tests_are_gone_afterwards(sqlite_site: Site):
    (sqlite_site.folder / "orders" / "tests.py").write_text("""
from django.test import TestCase
from firsthand.integrations.django import desk

class One(TestCase):
    def test_it(self):
        self.assertIsNone(desk.journal.person("priya"))

class Two(One): ...
""")
    passing = sqlite_site.folder / "passing"
    passing.mkdir()
    subprocess.run(
        [sys.executable, "manage.py", "test", "orders", "--parallel", "2"], cwd=sqlite_site.folder, check=True,
        env={**sqlite_site.environment, "TMPDIR": str(passing)}, capture_output=True,
    )  # fmt: skip
    assert not list(passing.iterdir())


def test_a_journal_that_cannot_be_set_up_is_said_so_by_migrate(sqlite_site: Site):
    settings = sqlite_site.folder / "shop" / "settings.py"
    settings.write_text(settings.read_text() + '\nFIRSTHAND["DATABASE"] = "sqlite:////nowhere/at/all/firsthand.db"\n')
    said = sqlite_site.manage("migrate", "-v", "0", code=1)
    assert "CommandError: The journal of support cannot be set up." in said
    assert "/nowhere/at/all" in said
