"""Schedules: the list, one with its next moments and its runs, and making one from an action's form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.responses import Response

from firsthand.core.errors import Refused
from firsthand.core.refusals_of_schedules import schedule_invalid
from firsthand.core.runs import microseconds, moment
from firsthand.core.schedules import Schedule
from firsthand.surfaces.console.visit import NotFound, Visit

MOST = 200
"""Schedules that the list shows."""

NEWEST, COMING = 20, 5
"""Runs and next moments that the page of one shows."""

DOES = ("schedule", "coming")
"""Buttons of an action's form that are about its schedule."""

VERBS = ("pause", "resume", "take_over", "retire")


@dataclass
class Calendared:
    """When an action's form, or a schedule's, says that runs begin: as typed, and the moments that come of it."""

    cron: str = ""
    zone: str = "UTC"
    coming: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, visit: Visit) -> Calendared:
        """Return what a form says; nothing yet where it is new."""
        return cls(visit.said("cron"), visit.said("cron_zone") or "UTC")

    def look(self, visit: Visit) -> Refused | None:
        """Find the moments that come; return what is wrong with what was typed."""
        schedules = visit.desk.schedules
        if faults := schedules.calendar.faults(self.cron, self.zone, visit.desk.clock()):
            return schedule_invalid(faults)
        wanted = Schedule("", self.cron, self.zone, visit.person.id)
        self.coming = [shown(each, self.zone) for each in schedules.coming(wanted, COMING)]
        return None


@dataclass(frozen=True)
class Line:
    """A schedule as the list shows it: its next moment in its own zone, and its newest run."""

    schedule: Schedule
    next: str
    last: Any


def shown(at: int | datetime, zone: str) -> str:
    """Return a moment as the clocks of a zone show it: ``Mon 5 Jan 2026, 08:00 CET``."""
    local = (moment(at) if isinstance(at, int) else at).astimezone(ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M %Z}"


def made(
    visit: Visit, action: str, inputs: Mapping[str, object], own: Mapping[str, str | None], when: Calendared, once: str
) -> int:
    """Make a schedule of what an action's form says, or change the one that it is of; raises ``Refused``.

    Its id is returned.
    """
    said: dict[str, Any] = {name: value or None for name, value in own.items()}
    if before := edited(visit, action):
        wanted = replace(
            before, cron=when.cron, zone=when.zone, by=visit.person.id, inputs=inputs, version=version_of(visit), **said
        )
        return visit.desk.schedules.change(wanted, "console").id
    schedule = visit.desk.schedule(
        action, inputs, by=visit.person.id, cron=when.cron, zone=when.zone, surface="console", once=once, **said
    )
    return schedule.id


def edited(visit: Visit, action: str) -> Schedule | None:
    """Return the schedule of an action that its form is filled in from, and changes."""
    id = visit.said("schedule") or visit.asked("schedule")
    found = visit.journal.schedules.get(int(id)) if id.isdecimal() and len(id) < 10 else None
    return found if found and found.action == action and found.state != "retired" else None


def version_of(visit: Visit) -> int:
    """Return the version that a form was filled in from; 0, which is none, where that is no number."""
    version = visit.said("version")
    return int(version) if version.isdecimal() and len(version) < 10 else 0


# Pages


def all_page(visit: Visit) -> Response:
    """List the schedules of all actions that the visitor may know of, those that are due next first."""
    retired = bool(visit.asked("retired"))
    found = [each for each in visit.journal.schedules.all(retired=retired) if each.action not in visit.hidden]
    lines = [line_of(visit, each) for each in found[:MOST]]
    return visit.render("schedules.html", lines=lines, more=len(found) - len(lines), retired=retired)


def line_of(visit: Visit, schedule: Schedule) -> Line:
    """Return a schedule as the list shows it."""
    newest = visit.journal.schedules.runs(schedule.id, 1)
    due = shown(schedule.due, schedule.zone) if schedule.due else ""
    return Line(schedule, due, newest[0] if newest else None)


def page(visit: Visit) -> Response:
    """Show one schedule."""
    schedule = schedule_of(visit)
    return show(visit, schedule, Calendared(schedule.cron, schedule.zone))


def show(
    visit: Visit, schedule: Schedule, when: Calendared, status: int = 200, refusal: Refused | None = None
) -> Response:
    """Return the page of a schedule, its form filled in as it was sent."""
    schedules = visit.desk.schedules
    coming = schedules.coming(schedule, COMING) if schedule.state == "active" else []
    return visit.render(
        "schedule.html", status, schedule=schedule, when=when, refusal=refusal,
        moments=[(each, shown(each, schedule.zone)) for each in coming],
        runs=visit.journal.schedules.runs(schedule.id, NEWEST),
        versions=visit.journal.schedules.versions(schedule.id, NEWEST),
        entry=visit.entry(schedule.action), may=schedules.may(schedule, visit.person),
        own=schedule.by == visit.person.id,
    )  # fmt: skip


def schedule_of(visit: Visit) -> Schedule:
    """Return the schedule that the address names, if the visitor may know of its action."""
    id = visit.request.path_params["id"]
    found = visit.journal.schedules.get(int(id)) if id.isdecimal() and len(id) < 10 else None
    if found is None or found.action in visit.hidden:
        raise NotFound("There is no such schedule.", "Look for it among the schedules.")
    return found


# Changing


def change(visit: Visit) -> Response:
    """Set another time; the schedule is on the authority of whoever changed it from then on."""
    schedule, when = schedule_of(visit), Calendared.of(visit)
    wanted = replace(schedule, cron=when.cron, zone=when.zone, by=visit.person.id, version=version_of(visit))
    if visit.said("do") == "coming":
        refusal = when.look(visit)
        return show(visit, schedule, when, 422 if refusal else 200, refusal)
    try:
        visit.desk.schedules.change(wanted, "console")
    except Refused as refusal:
        return show(visit, schedule_of(visit), when, 409 if refusal.code == "changed_meanwhile" else 422, refusal)
    return visit.redirect(f"/schedules/{schedule.id}")


def doing(verb: str) -> Callable[[Visit], Response]:
    """Return the page that pauses, resumes, takes over or retires a schedule; sent twice it is done once."""
    after = {"pause": "paused", "retire": "retired"}.get(verb, "active")

    def do(visit: Visit) -> Response:
        schedule = schedule_of(visit)
        done = schedule.state == after and (after != "active" or schedule.by == visit.person.id)
        if not done:
            getattr(visit.desk.schedules, verb)(schedule.id, by=visit.person.id, surface="console")
        return visit.redirect(f"/schedules/{schedule.id}")

    return do


def skip(visit: Visit) -> Response:
    """Leave the next moment out; sent twice only that one is left out."""
    schedule, given = schedule_of(visit), visit.said("moment")
    due = int(given) if given.isdecimal() and len(given) < 19 else 0
    if schedule.due is None or microseconds(schedule.due) <= due:
        visit.desk.schedules.skip(schedule.id, due, by=visit.person.id, surface="console")
    return visit.redirect(f"/schedules/{schedule.id}")


PAGES: tuple[tuple[str, str, Callable[[Visit], Response]], ...] = (
    ("GET", "/schedules", all_page),
    ("GET", "/schedules/{id}", page),
    ("POST", "/schedules/{id}", change),
    ("POST", "/schedules/{id}/skip", skip),
    *(("POST", f"/schedules/{{id}}/{verb}", doing(verb)) for verb in VERBS),
)
