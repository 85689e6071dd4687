"""What a project sets: ``FIRSTHAND = {"NAME": ..., ...}`` in its settings, each of it optional."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections

from firsthand.settings import anchored

KEYS = ("NAME", "ENVIRONMENT", "WHY", "DATABASE", "URL")
"""All that can be set: how the desk is called, where it is, its reasons, where the journal is, and the console."""

LIBPQ = (
    "application_name", "channel_binding", "connect_timeout", "gssencmode", "options", "passfile", "service",
    "sslcert", "sslkey", "sslmode", "sslrootcert", "target_session_attrs",
)  # fmt: skip
"""The options of a database that its driver hands on to the server's library; the journal connects by them too."""


def chosen(name: str, default: Any) -> Any:
    """Return what the project sets, or the default."""
    given = getattr(settings, "FIRSTHAND", {})
    return given.get(name, default) if isinstance(given, Mapping) else default


def name() -> str:
    """Return the desk's name: that of the project, where nothing is set."""
    return str(chosen("NAME", str(settings.ROOT_URLCONF).partition(".")[0].replace("_", " ").capitalize()))


def environment() -> str:
    """Return the environment that is shown on every screen."""
    return str(chosen("ENVIRONMENT", "development" if settings.DEBUG else "production"))


def home() -> Path:
    """Return the project's folder."""
    return Path(getattr(settings, "BASE_DIR", None) or Path.cwd())


def journal_url(database: str) -> str:
    """Return the URL of the journal that belongs to one of the project's databases, or that is a URL itself.

    In PostgreSQL it is in a schema of its own there; for SQLite it is the file ``firsthand.db`` beside that of the
    project. While the project's tests run, it is a file that is gone afterwards.
    """
    if is_testing():
        return f"sqlite:///{passing(os.getpid())}/firsthand.db?synchronous=off"
    if "://" in database:
        return anchored(database, home())
    connection = connections[database]
    if connection.vendor == "postgresql":
        return postgresql_url(connection.get_connection_params() | connection.settings_dict)
    where = connection.settings_dict["NAME"]
    beside = connection.vendor == "sqlite" and not connection.is_in_memory_db()
    return f"sqlite:///{(Path(where).absolute().parent if beside else home()) / 'firsthand.db'}"


def is_testing() -> bool:
    """Say whether the project's tests run: Django's runner and pytest-django set up an environment for them."""
    utils = sys.modules.get("django.test.utils")
    return hasattr(getattr(utils, "_TestState", None), "saved_data")


def postgresql_url(given: Mapping[str, Any]) -> str:
    """Return the URL of one of the project's databases."""
    user, password, host = (str(given.get(each) or "") for each in ("USER", "PASSWORD", "HOST"))
    login = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
    options = {name: str(given[name]) for name in LIBPQ if given.get(name)}
    if host.startswith("/"):
        options["host"], host = host, ""
    at = f"{login}@" * bool(login) + host + (f":{given['PORT']}" if given.get("PORT") else "")
    return f"postgresql://{at}/{quote(str(given.get('NAME') or ''), safe='')}" + f"?{urlencode(options)}" * bool(
        options
    )


@lru_cache
def passing(process: int) -> str:
    """Return a folder that is gone when this process ends, or the one whose fork it is: that may just be killed."""
    above = next(iter(FOLDERS.values()), None)
    folder = tempfile.TemporaryDirectory(prefix="firsthand-", dir=above.name if above else None)
    FOLDERS[process] = folder
    return folder.name


FOLDERS: dict[int, tempfile.TemporaryDirectory[str]] = {}

DEFAULT = DEFAULT_DB_ALIAS
