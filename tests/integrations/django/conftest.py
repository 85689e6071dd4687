"""The project, migrated once for each database, and copied for each test."""

import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests import postgres

from .sites import Site, copied

NUMBERS = count(1)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the project and its SQLite databases, only to be copied."""
    site = copied(tmp_path_factory.mktemp("django") / "site")
    site.manage("migrate", "-v", "0")
    site.manage("migrate", "-v", "0", "--database", "archive")
    return site.folder


@pytest.fixture(scope="session")
def template(migrated: Path) -> Iterator[str]:
    """The URL of a PostgreSQL database with the project's tables and its journal, only to be copied."""
    url = postgres.empty()
    Site(migrated, url).manage("migrate", "-v", "0")
    yield url
    postgres.dropped(url)


@pytest.fixture
def sqlite_site(migrated: Path, tmp_path: Path) -> Site:
    """The project on SQLite."""
    shutil.copytree(migrated, tmp_path / "site")
    return Site(tmp_path / "site")


@pytest.fixture(params=["sqlite", "postgresql"])
def site(request: pytest.FixtureRequest, migrated: Path, tmp_path: Path) -> Iterator[Site]:
    """The project on each database in turn."""
    shutil.copytree(migrated, tmp_path / "site")
    if request.param == "sqlite":
        yield Site(tmp_path / "site")
        return
    url = copy_of(request.getfixturevalue("template"))
    yield Site(tmp_path / "site", url)
    postgres.dropped(url)


def copy_of(url: str) -> str:
    """Return the URL of a copy of a database."""
    import psycopg

    plain = urlsplit(url).path[1:]
    name = f"{plain}_{next(NUMBERS)}"
    with psycopg.connect(postgres.running(), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {plain}")  # type: ignore[arg-type]
    return f"{postgres.database_of(url, name)}&synchronous=off"
