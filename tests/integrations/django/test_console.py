"""The console under a URL of a Django project: signed in by its sessions, for as long as the user may."""

from __future__ import annotations

from .sites import Site

SIGNED_IN = """
import re, time
order = Order.objects.create(number="A-1", customer=user("luis"))
priya = user("priya", "support")
client = Client()
client.force_login(priya)

def token(page):
    return re.search(r'name="csrf" value="([^"]+)"', page.content.decode())[1]

def opened(at="/support/actions/order.cancel"):
    page = client.get(f"{at}?order={order.pk}")
    fields = dict(re.findall(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page.content.decode()))
    return page, fields

def sent(fields, at="/support/actions/order.cancel", **more):
    given = {**fields, "inputs.order": order.pk, "inputs.note": "", "reason": "customer asked", "do": "run", **more}
    return client.post(at, given, HTTP_ORIGIN="http://testserver", HTTP_SEC_FETCH_SITE="same-origin")

def state():
    return Order.objects.get().state

"""


def test_a_user_who_may_performs_an_action_and_sees_the_run(site: Site):
    told = site.inside(
        SIGNED_IN
        + """
page, fields = opened()
answer = sent(fields)
run_page = client.get(answer["location"])
told = [page.status_code, answer.status_code, answer["location"], state()]
run = desk.journal.run(1)
told.append(["order A-1 cancelled" in run_page.content.decode(), run.actor, run.surface])
""",
    )
    assert told == [200, 303, "/support/runs/1", "cancelled", [True, "priya", "console"]]


def test_whoever_is_not_signed_in_goes_to_the_projects_own_sign_in_and_comes_back(sqlite_site: Site):
    told = sqlite_site.inside("""
user("sam", is_staff=True)
client = Client()
way = client.get("/support/actions?q=a%20b")
told = [way.status_code, way["location"]]
way = client.post("/admin/login/", {"username": "sam", "password": "secret", "next": "/support/actions?q=a%20b"})
told += [way["location"], client.get(way["location"]).status_code]
told += [client.get("/support/")["x-frame-options"], client.get("/support").headers["location"]]
""")
    assert told == [
        303,
        "/admin/login/?next=%2Fsupport%2Factions%3Fq%3Da%2520b",
        "/support/actions?q=a%20b",
        200,
        "DENY",
        "/support/",
    ]


def test_a_user_who_is_signed_out_inactive_demoted_or_gone_can_do_nothing_with_an_open_page(site: Site):
    told = site.inside(
        SIGNED_IN
        + """
told = []
def tried(change, back):
    _, fields = opened()
    assert fields
    change()
    answer, look = sent(fields), client.get("/support/")
    told.append([answer.status_code, look.status_code, state()])
    back()

def active(yes):
    User.objects.filter(pk=priya.pk).update(is_active=yes)

tried(client.session.flush, lambda: client.force_login(priya))
tried(lambda: active(False), lambda: (active(True), client.force_login(priya)))
tried(priya.groups.clear, lambda: priya.groups.add(Group.objects.get()))
tried(lambda: priya.set_password("another") or priya.save(), lambda: client.force_login(priya))
tried(lambda: User.objects.filter(pk=priya.pk).delete(), lambda: None)
told.append(len(desk.journal.history.feed(desk.journal.history.feed.__globals__["Filter"](), 10)))
"""
    )
    assert told == [
        [401, 303, "open"], [401, 303, "open"], [403, 403, "open"], [401, 303, "open"], [401, 303, "open"], 0,
    ]  # fmt: skip


def test_a_user_who_loses_the_role_but_not_the_desk_is_refused_on_record(sqlite_site: Site):
    told = sqlite_site.inside(
        SIGNED_IN
        + """
User.objects.filter(pk=priya.pk).update(is_staff=True)
_, fields = opened()
priya.groups.clear()
answer = sent(fields)
told = [answer.status_code, desk.journal.run(1).status, desk.journal.run(1).refusal.code, state()]
"""
    )
    assert told == [303, "refused", "no_right", "open"]


def test_a_form_of_another_site_or_without_its_token_does_nothing(sqlite_site: Site):
    told = sqlite_site.inside(
        SIGNED_IN
        + """
_, fields = opened()
at = "/support/actions/order.cancel"
given = {**fields, "inputs.order": order.pk, "reason": "customer asked", "do": "run"}
told = [
    client.post(at, given, HTTP_ORIGIN="http://evil.example").status_code,
    client.post(at, given).status_code,
    client.post(at, {**given, "csrf": "x"}, HTTP_ORIGIN="http://testserver").status_code,
    client.get("/support/", HTTP_HOST="evil.example").status_code,
    client.put("/support/").status_code,
    state(),
]
"""
    )
    assert told == [403, 403, 403, 400, 405, "open"]


def test_two_desks_are_two_consoles_each_under_its_own_prefix_with_its_own_files(sqlite_site: Site):
    told = sqlite_site.inside("""
import re
user("sam", is_staff=True)
client = Client(); client.force_login(User.objects.get())
told = []
for at, name in (("/support/", "Shop"), ("/back/office/", "Back office")):
    page = client.get(at + "actions").content.decode()
    css = re.search(r'href="([^"]+\\.css[^"]*)"', page)[1]
    file = client.get(css)
    kept = "immutable" in file["cache-control"]
    told.append([name in page, css.startswith(at + "static/"), file.status_code, file["content-type"], kept])
told.append(client.get("/back/office/actions/order.cancel").status_code)
prefixed = client.get("/back/office/actions", SCRIPT_NAME="/app")
told.append('href="/app/back/office/' in prefixed.content.decode())
""")
    expected = [True, True, 200, "text/css; charset=utf-8", True]
    assert told == [expected, expected, 404, True]


def test_under_asgi_it_runs_on_the_hosts_own_loop(sqlite_site: Site):
    told = sqlite_site.inside("""
import asyncio
from django.test import AsyncClient
loops = []
@desk.action("loop.note", who="staff")
async def note() -> None:
    loops.append(asyncio.get_running_loop())
import re
user("sam", is_staff=True)
async def main():
    client = AsyncClient()
    await client.aforce_login(await User.objects.aget())
    page = await client.get("/support/actions/loop.note")
    hidden = r'type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"'
    given = {**dict(re.findall(hidden, page.content.decode())), "reason": "customer asked", "do": "run"}
    answer = await client.post("/support/actions/loop.note", given, headers={"origin": "http://testserver"})
    return [page.status_code, answer.status_code, loops == [asyncio.get_running_loop()]]
told = asyncio.run(main()) + [desk.journal.run(1).status]
""")
    assert told == [200, 303, True, "succeeded"]
