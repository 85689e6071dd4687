"""Procrastinate in the PostgreSQL database of a test's journal: its tables, and what jobs there are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from firsthand.storage.postgresql import parse_url

from ..databases import url


def address(folder: Path) -> str:
    """Return the address of a journal's database, without what is ours."""
    return parse_url(url(folder))[0]


def with_tables(folder: Path) -> None:
    """Give the database procrastinate's tables."""
    from procrastinate import App, SyncPsycopgConnector

    with App(connector=SyncPsycopgConnector(conninfo=address(folder))).open() as app:
        app.schema_manager.apply_schema()


def asked(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query."""
    import psycopg

    with psycopg.connect(address(folder), autocommit=True) as connection:
        cursor = connection.execute(sql)  # type: ignore[call-overload]
        return cursor.fetchall() if cursor.description else []


def jobs(folder: Path) -> list[int]:
    """Return the runs of which there are jobs."""
    return [int(run) for (run,) in asked(folder, "SELECT args ->> 'run' FROM procrastinate_jobs ORDER BY id")]
