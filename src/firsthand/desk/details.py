"""What may be said of a run, besides what is done, to what and by whom: the keywords of ``Desk.run`` and the like."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import Enum

from typing_extensions import TypedDict


class Details(TypedDict, total=False):
    """The keywords; each may be left out."""

    requested_by: str | None
    ticket: str | None
    reason: str | Enum | None
    notes: str | None
    once: str | None
    background: bool | None
    at: datetime | str | None
    surface: str
    listener: Callable[[str, object], None] | None
