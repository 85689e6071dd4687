"""The feed's filters: how they stand in an address, and which runs they are."""

from __future__ import annotations

from dataclasses import replace

from firsthand.insights.scope import FIELDS, Fields, FieldValue, filter_of
from firsthand.storage.history import Filter
from firsthand.surfaces.console.visit import Visit

LABELS = {
    "action": "action", "actor": "by", "subject": "on", "counted_for": "on", "reason": "reason", "outcome": "that",
    "tag": "tagged", "requested_by": "for", "asked_by": "asked by", "asked": "asked for", "namespace": "in",
    "kind": "on any", "trait": "whose", "since": "from", "until": "up to",
}  # fmt: skip
"""Field of the address → how it is said."""


def given(visit: Visit) -> dict[str, FieldValue]:
    """Return the filters that stand in the address, by name; only ``counted_for`` may stand there several times."""
    found: dict[str, FieldValue] = {}
    for name in FIELDS:
        values = tuple(value for each in visit.request.query_params.getlist(name) if (value := each.strip()))
        if values:
            found[name] = values if name == "counted_for" and len(values) > 1 else values[-1]
    return found


def wanted_of(visit: Visit, found: Fields) -> Filter:
    """Return the runs that the filters want, without those of actions hidden from this person."""
    return replace(filter_of(visit.history, found), without=tuple(sorted(visit.hidden)))


def place(text: str) -> tuple[int, int] | None:
    """Return the place in the feed, time and id of a run, that an address names with ``before``."""
    at, _, id = text.partition("-")
    return (int(at), int(id)) if all(each.isdecimal() and len(each) < 19 for each in (at, id)) else None
