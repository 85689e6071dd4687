"""A run: the six steps as they happened, what came of it, what is said about it, and what may be done with an ask."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from firsthand.core.files import PLAIN, File, file_in
from firsthand.core.journal import Event, output_of
from firsthand.core.runs import Run, moment
from firsthand.core.steps import Steps
from firsthand.surfaces.console.later import is_later, waits_for
from firsthand.surfaces.console.performing import performed
from firsthand.surfaces.console.rendering import length
from firsthand.surfaces.console.stages import Stage, stages
from firsthand.surfaces.console.values import Shown, files_in, is_table, shown, table_csv
from firsthand.surfaces.console.visit import NotFound, Visit
from firsthand.surfaces.words import sentence

MOST_COMMENTS = 200

SAFE_TYPES = frozenset({
    "text/plain", "text/csv", "application/json", "application/pdf", "application/zip",
    "image/png", "image/jpeg", "image/gif", "image/webp",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
})  # fmt: skip
"""Types that files are given out as; others go as bytes without a meaning."""


@dataclass(frozen=True)
class Told:
    """A run with all that its page tells of it."""

    visit: Visit
    run: Run[Any]
    events: Sequence[Event]

    @property
    def after(self) -> int:
        """The newest event that the page tells of."""
        return self.events[-1].id if self.events else 0

    @property
    def stages(self) -> list[Stage]:
        """The six steps, and what came after."""
        return stages(self.run, self.events, self.entry, self.visit.names)

    @cached_property
    def comments(self) -> list[Event]:
        """What was said about it."""
        return [event for event in self.events if event.kind == "commented"]

    @property
    def shown_comments(self) -> list[Event]:
        """The newest comments."""
        return self.comments[-MOST_COMMENTS:]

    @cached_property
    def value(self) -> Shown:
        """What was returned."""
        return shown(self.run.value)

    @cached_property
    def output(self) -> tuple[str, tuple[float, float] | None]:
        """What it has said so far, and how far it is: how much is done, of how much."""
        said, progress = output_of(self.events)
        known = progress is not None and progress[1] > 0 and self.run.status == "performing"
        return self.run.output or said, progress if known else None

    @property
    def going(self) -> str:
        """For how long it has been performed by now, in words."""
        since = self.run.performing_at
        return length((moment(self.visit.desk.clock()) - since).total_seconds()) if since else ""

    @property
    def steps(self) -> Steps | None:
        """The steps of a manual action that a person ticks."""
        return Steps.of(self.events)

    @property
    def may_tick(self) -> bool:
        """Whether the visitor may tick its steps now, and say how it ended; the action may be retired meanwhile."""
        action = self.visit.desk.actions.ever(self.run.action) if self.run.status == "performing" else None
        return bool(action and action.policy.granted(self.visit.person.roles))

    @property
    def may_settle(self) -> bool:
        """Whether the visitor may say whether it happened; the action may be retired meanwhile."""
        action = self.visit.desk.actions.ever(self.run.action)
        return bool(action and action.policy.granted(self.visit.person.roles))

    @property
    def may_withdraw(self) -> bool:
        """Whether the visitor may withdraw a run that waits: whoever wanted it, or may perform it."""
        return self.visit.person.id in (self.run.actor, self.run.asked_by) or self.may_settle

    @property
    def overdue(self) -> str:
        """For how long it has waited for a worker, in words; empty where it is not overdue."""
        return waits_for(self.visit, self.run)

    @property
    def is_later(self) -> bool:
        """Whether its time is still to come."""
        return is_later(self.visit, self.run)

    @property
    def entry(self) -> Mapping[str, Any] | None:
        """The action as it is now, if there still is one."""
        return self.visit.entry(self.run.action)

    @property
    def may(self) -> str:
        """What the visitor may do with the action."""
        return self.visit.may(self.entry) if self.entry else ""

    @property
    def needs_form(self) -> bool:
        """Whether taking the ask needs the action's form: it has secrets, which an ask does not keep."""
        action = self.visit.desk.actions.get(self.run.action)
        return action is not None and any(each.secret for each in action.inputs.values())

    @property
    def ticket(self) -> str:
        """The sentence for the ticket, with the address of the run."""
        asked = self.visit.request.url
        base = self.visit.console.url or f"{asked.scheme}://{asked.netloc}{self.visit.prefix}"
        return f"{sentence(self.run, self.visit.names, 1_000)}\n{base.rstrip('/')}/runs/{self.run.id}"


def run_of(visit: Visit) -> Run[Any]:
    """Return the run of the address; one of an action hidden from this person is not there."""
    id = visit.request.path_params["id"]
    run = visit.journal.run(int(id)) if id.isascii() and id.isdecimal() and len(id) < 19 else None
    if run is None or run.action in visit.hidden:
        raise NotFound("There is no such run.", "Look in the activity for the one that you mean.")
    return run


def page(visit: Visit) -> Response:
    """Show a run; or, to a page that shows it already, what is new about it."""
    run = run_of(visit)
    if visit.live and visit.asked("after"):
        if visit.asked("after") == str(visit.history.last_event_of(run.id)):
            return Response(status_code=304)
        told = Told(visit, run, visit.history.events(run.id))
        return visit.render("run_news.html", told=told, run=run, was=visit.asked("was"))
    return whole_page(visit, run)


def whole_page(visit: Visit, run: Run[Any], status: int = 200, **said: Any) -> Response:
    """Return the page of a run; ``said`` is what came of a form on it."""
    told = Told(visit, run, visit.history.events(run.id))
    return visit.render("run.html", status, told=told, run=run, once=secrets.token_urlsafe(16), **said)


# What was returned, to take along


def value_csv(visit: Visit) -> Response:
    """Return a returned table as CSV."""
    run = run_of(visit)
    if not is_table(run.value):
        raise NotFound("This run has returned no table.", "Look at the run for what it has returned.")
    return download(File(f"run-{run.id}.csv", table_csv(run.value).encode("utf-8"), "text/csv"))


def value_file(visit: Visit) -> Response:
    """Return a returned file; where there are several, the one at the place that the address says."""
    run, place = run_of(visit), visit.asked("place") or "0"
    found = list(files_in(run.value))
    file = file_in(found[int(place)]) if place.isdecimal() and len(place) < 9 and int(place) < len(found) else None
    if file is None:
        raise NotFound("This run has no such file.", "Look at the run for what it has returned.")
    return download(file)


def download(file: File) -> Response:
    """Return a file that the browser keeps and never shows, whatever is in it."""
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; sandbox",
    }
    return Response(file.content, media_type=file.type if file.type in SAFE_TYPES else PLAIN, headers=headers)


# Asks


def take(visit: Visit) -> Response:
    """Perform what a colleague asked for."""
    run, once = run_of(visit), visit.said("once") or None
    desk, by = visit.desk, visit.person.id
    sent = performed(
        visit.console, lambda heard: desk.take(run.id, by=by, surface="console", listener=heard, once=once)
    )
    return visit.to_run(*sent)


def decline(visit: Visit) -> Response:
    """Say no to what a colleague asked for, in words."""
    run, once = run_of(visit), visit.said("once") or None
    visit.desk.decline(run.id, visit.said("words"), by=visit.person.id, surface="console", once=once)
    return visit.redirect(f"/runs/{run.id}")


def withdraw(visit: Visit) -> Response:
    """Take one's own ask back, or a run that waits."""
    run, once = run_of(visit), visit.said("once") or None
    visit.desk.withdraw(run.id, visit.said("words"), by=visit.person.id, surface="console", once=once)
    return visit.redirect(f"/runs/{run.id}")


PAGES = (
    ("GET", "/runs/{id}", page),
    ("GET", "/runs/{id}/value.csv", value_csv),
    ("GET", "/runs/{id}/file", value_file),
    ("POST", "/runs/{id}/take", take),
    ("POST", "/runs/{id}/decline", decline),
    ("POST", "/runs/{id}/withdraw", withdraw),
)
