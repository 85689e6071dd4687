"""The runs of a tag that somebody may not know of, which its figures are without: nothing counts them apart."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from firsthand.core.errors import FirsthandError
from firsthand.followers.counting import DAY, RUN
from firsthand.storage.database import Database

MOST_READ = 2_000
"""Runs of hidden actions that are read while somebody waits."""

TAGGED = f"""SELECT {RUN} FROM runs WHERE runs.action IN (SELECT value FROM json_each(?))
    AND runs.at >= ? AND runs.at < ? AND EXISTS (SELECT 1 FROM json_each(runs.tags) WHERE value = ?)"""


class TooManyHidden(FirsthandError):
    """Too many runs of a tag are hidden from somebody to tell them the figures of the others."""


def tagged(
    database: Database, actions: Sequence[str], tag: str, days: tuple[int, int], among: int
) -> list[tuple[Any, ...]]:
    """Return the runs of some actions that have a tag, rows of ``RUN``, ``among`` so many of these actions in all."""
    if among > MOST_READ:
        raise TooManyHidden("Too many runs with that tag are hidden from you.", "Ask for fewer days.")
    return database.read(TAGGED, (json.dumps(actions), days[0] * DAY, (days[1] + 1) * DAY, tag))
