"""Where the journal of a project is, by the project's own databases."""

from __future__ import annotations

import pytest

from .sites import Site


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({"NAME": "acme"}, "postgresql:///acme"),
        (
            {"NAME": "acme", "USER": "a@b", "PASSWORD": "p/w:?", "HOST": "db.example", "PORT": "5433"},
            "postgresql://a%40b:p%2Fw%3A%3F@db.example:5433/acme",
        ),
        (
            {"NAME": "a b", "HOST": "/run/postgresql", "sslmode": "require", "pool": True},
            "postgresql:///a%20b?sslmode=require&host=%2Frun%2Fpostgresql",
        ),
        ({"service": "acme"}, "postgresql:///?service=acme"),
    ],
)
def test_a_database_of_the_projects_is_named_by_a_url_that_the_driver_reads(given: dict[str, object], url: str):
    from firsthand.integrations.django.conf import postgresql_url
    from firsthand.storage.postgresql import parse_url

    assert postgresql_url(given) == url
    assert parse_url(url)


def test_the_journal_is_beside_the_projects_file_unless_it_is_said_elsewhere(sqlite_site: Site):
    told = sqlite_site.inside("""
from django.conf import settings
from firsthand.integrations.django import Desk
told = [desk.settings().database, Desk("x", database="sqlite:///here.db").settings().database]
told.append(Desk("x", using="archive").settings().database)
settings.FIRSTHAND["DATABASE"] = "postgresql://somewhere/else"
told.append(desk.settings().database)
""")
    folder = sqlite_site.folder
    assert told == [
        f"sqlite:///{folder}/firsthand.db", f"sqlite:///{folder}/here.db", f"sqlite:///{folder}/firsthand.db",
        "postgresql://somewhere/else",
    ]  # fmt: skip


def test_all_settings_may_be_left_out(sqlite_site: Site):
    settings = sqlite_site.folder / "shop" / "settings.py"
    settings.write_text(settings.read_text().replace('FIRSTHAND = {"NAME"', 'UNUSED = {"NAME"'))
    told = sqlite_site.inside("told = [desk.name, desk.environment, desk.why]")
    assert told == ["Shop", "production", None]
    assert "no issues" in sqlite_site.manage("check", SHOP_DEBUG="1")
