"""People of a project are told at the addresses that Django knows, through its own mail server, by their roles now."""

import pytest

from tests.surfaces.notify.servers import Mailbox

from .sites import Site

TELLING = """
from firsthand.surfaces.notify.deliverer import Deliverer

user("sam", "support", email="sam@acme.com")
asked = desk.ask("order.lead", {"order": Order.objects.create(number="A-1").pk}, by="sam", reason="customer asked")
later = desk.clock() + 120_000_000
desk.use(desk.journal, lambda: later)
deliverer = Deliverer(desk, desk.journal, desk.settings())

def deliver():
    deliverer.follow()
    while deliverer.deliver_mail() == 0.0:
        pass
"""


@pytest.fixture
def mailbox():
    with Mailbox() as box:
        yield box


def use(site: Site, given: str) -> None:
    """Add lines to the project's settings, and an action that a lead alone may perform."""
    settings = site.folder / "shop" / "settings.py"
    settings.write_text(f"{settings.read_text()}\nFIRSTHAND['URL'] = 'https://acme.com/support'\n{given}\n")
    support = site.folder / "orders" / "support.py"
    action = """
@desk.action("order.lead", who=["lead", "orders.delete_order"])
def lead(order: Order): ...
"""
    support.write_text(support.read_text() + action)


def test_an_ask_is_told_to_those_who_may_take_it_though_they_never_were_at_the_desk(site: Site, mailbox: Mailbox):
    use(site, f"EMAIL_HOST, EMAIL_PORT = 'localhost', {mailbox.port}; DEFAULT_FROM_EMAIL = 'Shop <shop@acme.com>'")
    site.inside(
        """
user("lena", "lead", email="lena@acme.com"); user("tom", "lead")
user("gone", "lead", email="gone@acme.com", is_active=False)
user("max", email="max@acme.com").user_permissions.add(Permission.objects.get(codename="delete_order"))
user("luis", email="luis@example.com")
"""
        + TELLING
        + "deliver(); told = None"
    )
    assert sorted(to for _, to in mailbox.envelopes) == ["RCPT TO:<lena@acme.com>", "RCPT TO:<max@acme.com>"]
    letter = mailbox.taken[0]
    assert letter["From"] == "Shop <shop@acme.com>"
    assert "https://acme.com/support/runs/1" in letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_who_lost_the_role_meanwhile_is_told_nothing(site: Site, mailbox: Mailbox):
    use(site, f"MAILERS = {{'default': {{'OPTIONS': {{'host': 'localhost', 'port': {mailbox.port}}}}}}}")
    site.inside(
        """
zoe, max, lena = (user(each, "lead", "support", email=f"{each}@acme.com") for each in ("zoe", "max", "lena"))
"""
        + TELLING
        + """
deliverer.follow()
zoe.groups.remove(Group.objects.get(name="lead"))
User.objects.filter(pk=max.pk).update(is_active=False)
User.objects.filter(pk=lena.pk).update(email="lena@new.com")
deliver()
told = None
"""
    )
    assert [to for _, to in mailbox.envelopes] == ["RCPT TO:<lena@new.com>"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("", ["", "", "", "", ""]),
        ("EMAIL_HOST = 'mail.acme.com'", ["mail.acme.com", "25", "none", "", ""]),
        (
            "EMAIL_HOST, EMAIL_PORT, EMAIL_USE_TLS, EMAIL_HOST_USER = 'mail.acme.com', 587, True, 'shop'",
            ["mail.acme.com", "587", "starttls", "shop", ""],
        ),
        ("EMAIL_HOST, EMAIL_BACKEND = 'mail.acme.com', 'django.core.mail.backends.dummy.EmailBackend'", [""] * 5),
        (
            "MAILERS = {'default': {'OPTIONS': {'host': 'm.acme.com', 'use_ssl': True, 'password': 'p'}}}",
            ["m.acme.com", "", "tls", "", "p"],
        ),
        ("MAILERS = {'default': {'BACKEND': 'django.core.mail.backends.console.EmailBackend'}}", [""] * 5),
    ],
)
def test_the_projects_own_mail_server_is_used_where_it_names_one(sqlite_site: Site, given: str, told: list[str]):
    use(sqlite_site, given)
    names = ("smtp_host", "smtp_port", "smtp_security", "smtp_user", "smtp_password")
    found = sqlite_site.inside(f"said = desk.settings(); told = [getattr(said, each) for each in {names}]")
    assert found == (told if told[0] else ["", "", "starttls", "", ""])
    host = told[0] or "Nobody gets mail"
    assert host in sqlite_site.manage("firsthand", "notify")
    assert "own.acme.com (starttls)" in sqlite_site.manage("firsthand", "notify", FIRSTHAND_SMTP_HOST="own.acme.com")


def test_the_consoles_pages_say_whether_people_get_mail_and_where(sqlite_site: Site):
    use(sqlite_site, "EMAIL_HOST = 'mail.acme.com'")
    pages = sqlite_site.inside("""
client = Client()
client.force_login(user("lena", "lead", email="lena@acme.com", is_superuser=True))
told = [client.get(f"/support/{each}/notifications").content.decode() for each in ("account", "settings")]
""")
    assert "lena@acme.com" in pages[0]
    assert "<span>Mail goes out through" in pages[1]  # one flow of words, not a row of boxes
    assert "mail.acme.com" in pages[1]
