"""Which engine wakes workers: by its name, as the settings or a command say."""

from __future__ import annotations

from firsthand.core.errors import SettingsError
from firsthand.settings import ENGINES
from firsthand.work.engines import Engine, Threads


def engine_of(name: str, database: str) -> Engine:
    """Return the engine of a name for the journal at a URL; raises ``SettingsError`` where it cannot be."""
    if name not in ENGINES:
        raise SettingsError(f"There is no engine {name}.", f"There are {', '.join(ENGINES)}.")
    if name == "threads":
        return Threads()
    if database.startswith("sqlite:"):
        raise SettingsError(
            "The engine procrastinate needs the journal on PostgreSQL; it is on SQLite.",
            "Set FIRSTHAND_DATABASE to postgresql://..., or FIRSTHAND_ENGINE to threads.",
        )
    from firsthand.work.procrastinate import Procrastinate

    return Procrastinate(database)
