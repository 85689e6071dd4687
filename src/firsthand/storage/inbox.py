"""What waits for somebody: asks to take, runs whose end is not known, and their own runs by hand."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from firsthand.core.runs import Run
from firsthand.storage.codec import run_of
from firsthand.storage.history import NOT_SUCCEEDED, RUNS, History

WAITING = f"""{RUNS} WHERE {NOT_SUCCEEDED} AND status = :status
    AND action IN (SELECT value FROM json_each(:actions)) AND (:actor IS NULL OR actor = :actor)
    AND (:but IS NULL OR asked_by IS NULL OR asked_by <> :but)
    ORDER BY at, id LIMIT :limit"""
"""Open runs, or unknown ones; the partial index of status has them in this order, and only them."""


def waiting(
    history: History,
    status: str,
    actions: Collection[str],
    limit: int,
    *,
    actor: str | None = None,
    but: str | None = None,
) -> list[Run[Any]]:
    """Return the runs of some actions that are in a status, oldest first; ``but`` is who did not ask for them."""
    values = {"status": status, "actions": json.dumps(sorted(actions)), "limit": limit, "actor": actor, "but": but}
    return [run_of(row, history.id) for row in history.database.read(WAITING, values)]
