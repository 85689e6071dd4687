"""Activity: everyone's runs, newest first, with what is new, what is open, and the note of the last shift."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from starlette.responses import Response

from firsthand.core import handing_over
from firsthand.core.journal import Event
from firsthand.core.runs import OUTCOMES, Run, microseconds, moment
from firsthand.insights.scope import Fields
from firsthand.storage.history import Filter
from firsthand.storage.visits import looked
from firsthand.surfaces.console.filtering import LABELS, given, place, wanted_of
from firsthand.surfaces.console.later import overdue
from firsthand.surfaces.console.visit import Visit

PAGE = 50
SCHEDULED = (
    "scheduled", "rescheduled", "schedule_paused", "schedule_resumed", "schedule_taken_over", "schedule_retired",
    "schedule_stopped", "schedule_missed", "schedule_skipped",
)  # fmt: skip
"""Kinds of events of schedules."""

TOLD = (
    "catalogue", "person_added", "person_changed", "handed_over", "declared", "redeclared", "retired", *SCHEDULED,
    "batch_confirmed", "webhook_added", "webhook_changed", "webhook_removed", "webhook_stopped",
)  # fmt: skip
"""Kinds of events that stand among the runs."""

STATUSES = (*OUTCOMES, "asked", "recorded", "queued", "performing")
SHIFT = timedelta(days=7)
"""How long a hand-over note stands if nobody takes over."""


@dataclass(frozen=True, slots=True)
class HandOver:
    """The note of the last shift, and who has taken over since."""

    note: Event
    taken: Event | None


def activity(visit: Visit) -> Response:
    """Show the feed: a page of it, or what is new since an event."""
    found = given(visit)
    wanted = replace(wanted_of(visit, found), alone=not found)
    if visit.live and visit.asked("after"):
        return news(visit, wanted, found)
    before = place(visit.asked("before"))
    runs = visit.history.feed(replace(wanted, before=before), PAGE + 1, whole=False)
    more, runs = len(runs) > PAGE, runs[:PAGE]
    at = visit.desk.clock()
    newest = visit.history.last_run()
    seen = looked(visit.journal, visit.person.id, newest, at) if not found and before is None else None
    return visit.render(
        "activity.html", runs=runs, more=more, found=found, labels=LABELS, statuses=STATUSES, first=before is None,
        lines=lines(runs, between(visit, wanted, runs, before), seen), new=newest - seen if seen is not None else 0,
        hand_over=hand_over(visit), overdue=0 if found or before else len(overdue(visit, PAGE)),
        once=secrets.token_urlsafe(16), reasons=reasons(visit),
        after=visit.history.mark(), newest=newest,
        open=",".join(str(run.id) for run in runs if run.outcome is None),
    )  # fmt: skip


def lines(runs: list[Run[Any]], events: list[Event], seen: int | None) -> list[Run[Any] | Event | None]:
    """Return the feed's lines, newest first; None is the mark above what was seen before."""
    found: list[Run[Any] | Event | None] = [*runs, *events]
    found.sort(key=lambda each: each.at if each else moment(0), reverse=True)
    old = next((place for place, each in enumerate(found) if isinstance(each, Run) and seen and each.id <= seen), 0)
    return [*found[:old], None, *found[old:]] if old else found


def news(visit: Visit, wanted: Filter, found: Fields) -> Response:
    """Return the lines that are new since the page was made, and those that have changed."""
    last = visit.history.mark()
    if visit.asked("after") == last:
        return Response(status_code=304)
    top = visit.asked("top")
    newest = visit.history.last_run()
    since = int(top) if top.isdecimal() and len(top) < 19 else newest
    fresh = visit.history.feed(replace(wanted, after=since), PAGE, whole=False)
    ids = [int(id) for id in visit.asked("open").split(",")[:PAGE] if id.isdecimal() and len(id) < 19]
    open = [run for id in ids if (run := visit.journal.run(id)) and run.action not in visit.hidden]
    still = [run.id for run in (*fresh, *open) if run.outcome is None]
    return visit.render(
        "activity_news.html", fresh=fresh, changed=open, found=found, after=last, newest=newest,
        open=",".join(map(str, still[:PAGE])),
    )  # fmt: skip


def between(visit: Visit, wanted: Filter, runs: list[Run[Any]], before: tuple[int, int] | None) -> list[Event]:
    """Return what happened to the desk and its people in the time that an unfiltered page spans."""
    if wanted != Filter(without=wanted.without, alone=True):
        return []
    oldest = microseconds(runs[-1].at) if len(runs) == PAGE else 0
    events = visit.history.events_of_no_run(oldest, before[0] if before else 2**62, PAGE)
    told = (may_be_told(visit, each) for each in events if each.kind in TOLD)
    return [each for each in told if each is not None]


def may_be_told(visit: Visit, event: Event) -> Event | None:
    """Return an event without what it says of actions that this person may not know of, those that are gone too."""
    if visit.person.administers:
        return event
    if event.kind in ("declared", "redeclared", "retired", "batch_confirmed", *SCHEDULED):
        return event if event.data.get("action") in visit.entries else None
    if event.kind != "catalogue":
        return event
    changes = [each for each in event.data.get("changes", ()) if each.get("action") in visit.entries]
    return replace(event, data={**event.data, "changes": changes}) if changes else None


def reasons(visit: Visit) -> list[str]:
    """Return the reasons that the actions have, for the filter."""
    return sorted({reason for entry in visit.entries.values() for reason in (*entry["why"], "other")})


# Handing over


def hand_over(visit: Visit) -> HandOver | None:
    """Return the note that the last shift left, while it is of use."""
    since = microseconds(moment(visit.desk.clock()) - SHIFT)
    note = visit.history.last_of_kind("handed_over", since)
    if note is None:
        return None
    return HandOver(note, visit.history.taken_over(note))


def write_hand_over(visit: Visit) -> Response:
    """Leave a note for whoever comes next."""
    handing_over.hand_over(
        visit.journal, visit.person, visit.said("text"), visit.desk.clock(), visit.said("once") or None
    )
    return visit.redirect("/")


def take_over(visit: Visit) -> Response:
    """Say that one has read the note, the one that the page showed, and goes on from there."""
    note = visit.said("note")
    read = int(note) if note.isdecimal() and len(note) < 19 else 0
    handing_over.take_over(visit.journal, visit.person, read, visit.desk.clock())
    return visit.redirect("/")


PAGES = (
    ("GET", "/", activity),
    ("POST", "/hand-over", write_hand_over),
    ("POST", "/take-over", take_over),
)
