"""What ``manage.py check`` says of settings and actions that are not right, each with an id and what to do."""

import pytest

from .sites import Site

SETTINGS = {
    'FIRSTHAND = "Shop"': "E002) FIRSTHAND is no dictionary.",
    'FIRSTHAND = {"DATABASE": "nowhere"}': "E004) Its journal cannot be where it is said",
    'FIRSTHAND = {"DATABASE": "mysql://shop:hunter2@db/shop"}': "E004) Its journal cannot be where it is said",
    'FIRSTHAND = {"URL": "acme.com/support"}': "E005) FIRSTHAND['URL'] is no address: 'acme.com/support'.",
    'INSTALLED_APPS = ["firsthand.integrations.django"]; ROOT_URLCONF = "shop.none"': "E003) Nobody can be signed in",
}


@pytest.mark.parametrize("given", SETTINGS)
def test_a_setting_that_is_not_right_is_an_error_of_check(sqlite_site: Site, given: str):
    settings = sqlite_site.folder / "shop" / "settings.py"
    settings.write_text(f"{settings.read_text()}\n{given}\n")
    (sqlite_site.folder / "shop" / "none.py").write_text("urlpatterns = []\n")
    said = sqlite_site.manage("check", code=1)
    assert f"(firsthand.{SETTINGS[given]}" in said
    assert "HINT" in said
    assert "hunter2" not in said


def test_an_app_that_comes_after_the_admins_shows_nothing_there_and_check_says_so(sqlite_site: Site):
    settings = sqlite_site.folder / "shop" / "settings.py"
    settings.write_text(settings.read_text() + "\nINSTALLED_APPS = INSTALLED_APPS[1:] + INSTALLED_APPS[:1]\n")
    assert "(firsthand.W005) The admin's pages do not show support" in sqlite_site.manage("check")
    admin = sqlite_site.folder / "orders" / "admin.py"
    mixed = admin.read_text().replace("OrderAdmin(admin", "OrderAdmin(SupportMixin, admin")
    admin.write_text("from firsthand.integrations.django import SupportMixin\n" + mixed)
    assert "no issues" in sqlite_site.manage("check")


def test_a_permission_that_is_none_and_a_model_that_nobody_can_search_are_warned_of(sqlite_site: Site):
    support = sqlite_site.folder / "orders" / "support.py"
    support.write_text(
        support.read_text()
        + """

@desk.action("carrier.close", who=["orders.change_carrier", "orders.close_carier"])
def close(carrier: Carrier):
    ...
"""
    )
    said = sqlite_site.manage("check", "--database", "default")
    assert "(firsthand.W002) No permission is called 'orders.close_carier', which carrier.close names." in said
    assert "'orders.change_carrier'" not in said
    assert "(firsthand.W004) carrier.close: nobody can search for orders.Carrier, only give its primary key." in said
    assert "orders.Order" not in said


def test_doctor_sees_that_what_loads_models_locks_them(sqlite_site: Site):
    told = sqlite_site.inside("""
from firsthand.core.promises import locks
told = [locks(loader) for loader, _ in desk.subjects()]
""")
    assert told
    assert all(told)
