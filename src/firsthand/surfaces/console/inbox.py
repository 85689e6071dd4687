"""The inbox: what waits for somebody, what became of what they asked for, and where they are named."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.responses import Response

from firsthand.core.journal import Event
from firsthand.core.runs import Run
from firsthand.followers.mentions import Mentions
from firsthand.storage.history import Filter
from firsthand.storage.inbox import waiting
from firsthand.surfaces.console.later import overdue
from firsthand.surfaces.console.visit import Visit

MOST = 50
"""Lines that each part of the page shows at most."""

MOMENT = 0.05
"""Seconds that the page gives the mentions to catch up."""


def inbox(visit: Visit) -> Response:
    """Show what waits for whoever looks."""
    performable = [entry for entry in visit.entries.values() if visit.may(entry) == "perform"]
    names, me = names_of(performable), visit.person.id
    by_hand = names_of(entry for entry in performable if entry.get("manual"))
    return visit.render(
        "inbox.html",
        asks=waiting(visit.history, "asked", names, MOST + 1, but=me),
        unknown=waiting(visit.history, "unknown", names, MOST + 1),
        by_hand=waiting(visit.history, "performing", by_hand, MOST + 1, actor=me),
        overdue=overdue(visit, MOST + 1),
        stopped=visit.stopped[:MOST],
        mine=mine(visit), mentions=mentions(visit), most=MOST, once=secrets.token_urlsafe(16),
    )  # fmt: skip


def names_of(entries: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the names of actions, former ones too: their runs go by those."""
    return [name for entry in entries for name in (str(entry["name"]), *entry.get("aliases", ()))]


def mine(visit: Visit) -> list[Run[Any]]:
    """Return what this person asked for, newest first, and what became of it."""
    return visit.history.feed(Filter(asked_by=visit.person.id, without=tuple(sorted(visit.hidden))), MOST, whole=False)


def mentions(visit: Visit) -> list[tuple[Event, str]]:
    """Return the newest events that name this person, each with what it says."""
    follower = Mentions(visit.journal)
    follower.advance(MOMENT)
    events = follower.of(visit.person.id, MOST, visit.hidden)
    return [(event, str(event.data.get("notes" if event.kind == "recorded" else "text", ""))) for event in events]


def count(visit: Visit) -> Response:
    """Show how much waits, where anything has happened since a page was made."""
    last = visit.history.mark()
    if visit.asked("after") == last:
        return Response(status_code=304)
    return visit.render("inbox_count.html", last=last)


PAGES = (
    ("GET", "/inbox", inbox),
    ("GET", "/inbox/count", count),
)
