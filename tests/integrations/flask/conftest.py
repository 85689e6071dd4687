"""The shop, made anew for each test: on SQLite, and on PostgreSQL where that matters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests import postgres

from . import shop
from .client import Client


def made(folder: Path, database: str = "", **config: object) -> Flask:
    """Return the shop with an order, and Priya, who supports."""
    given = {"SQLALCHEMY_DATABASE_URI": database} if database else {}
    app = shop.create_app({"FOLDER": folder / "instance", **given, **config})
    with app.app_context():
        shop.db.session.add(shop.User(id="priya", roles="support"))
        shop.db.session.add(shop.Order(number="A-1"))
        shop.db.session.commit()
    return app


def empty() -> str:
    """Return the URL of an empty database of PostgreSQL, as SQLAlchemy writes it."""
    return postgres.empty().replace("postgresql://", "postgresql+psycopg://").removesuffix("&synchronous=off")


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """The shop's own database: that of each kind in turn."""
    if request.param == "sqlite":
        yield ""
        return
    url = empty()
    yield url
    postgres.dropped(url)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    """The shop on SQLite, under test."""
    app = made(tmp_path, TESTING=True)
    yield app
    ended(app)


@pytest.fixture
def client(app: Flask) -> Client:
    """A browser in which Priya is signed in."""
    client = Client(app)
    client.sign_in("priya")
    return client


def ended(app: Flask) -> None:
    """Close what the shop has open."""
    with app.app_context():
        for engine in shop.db.engines.values():
            engine.dispose()
    shop.desk.journal.close()  # type: ignore[attr-defined]
