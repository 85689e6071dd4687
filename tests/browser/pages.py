"""Which pages there are to look at, on any site: every page of the console, with something on it or with nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from firsthand.core.runs import Run
from firsthand.storage.history import Filter
from firsthand.storage.webhooks import Webhooks

from .served import Site

LISTS = {
    "activity": "/", "activity filtered": "/?outcome=succeeded&tag=nothing", "activity writing": "/?write=1",
    "actions": "/actions", "actions found": "/actions?q=e", "actions not found": "/actions?q=zzzz",
    "find": "/find", "find nothing": "/find?q=zzzz", "find some": "/find?q=a", "subjects": "/subjects",
    "subjects found": "/subjects?q=a", "people": "/people", "people not found": "/people?q=zzzz", "inbox": "/inbox",
    "account": "/account", "settings": "/settings", "settings people": "/settings/people",
    "settings rights": "/settings/rights", "dashboard": "/dashboard", "dashboard of all": "/dashboard?range=all",
    "dashboard of nothing": "/dashboard?action=zzzz", "by hand": "/manual", "by hand new": "/manual/new?title=zzzz",
    "notifications": "/account/notifications", "settings notifications": "/settings/notifications",
    "schedules": "/schedules", "schedules retired": "/schedules?retired=1", "batches": "/batches",
}  # fmt: skip
"""Pages that every site has, whatever is on record."""

DOORS = {"sign in": "/sign-in", "turned away": "/invitation/none"}
"""Pages for whoever is not signed in."""


def path(*parts: object) -> str:
    """Return the address of something by its parts."""
    return "".join(f"/{quote(str(part), safe='')}" for part in parts)


def pages(site: Site, person: str) -> dict[str, str]:
    """Return the address of every page that has something of what is on record, by name."""
    asked = urlencode({"person": person})
    found = {**LISTS, "person": path("people", person), "settings person": f"/settings/person?{asked}"}
    for name, run in runs(site).items():
        found[f"run {name}"] = path("runs", run.id)
        if name == "succeeded":
            found |= dict(about(run))
    for schedule in site.journal.schedules.all(retired=True):
        found[f"schedule {schedule.state}"] = path("schedules", schedule.id)
        found[f"schedule {schedule.state} changed"] = f"{path('actions', schedule.action)}?schedule={schedule.id}"
    for webhook in Webhooks(site.journal).all():
        found[f"webhook {webhook.state}"] = f"/settings/webhook?webhook={webhook.id}"
    for batch in site.journal.batches.newest():
        found |= {f"batch {batch.status}": path("batches", batch.id), "batch new": path("batch", batch.action)}
    shapes = set()
    for name, entry in site.journal.history.catalogue():
        if entry.get("manual"):
            found["by hand edited"] = path("manual", name)
        if (shape := shape_of(entry)) not in shapes:
            shapes.add(shape)
            found[f"action {entry['title']}"] = path("actions", name)
    return {name: at for number, (name, at) in enumerate(found.items()) if at not in list(found.values())[:number]}


def shape_of(entry: Mapping[str, Any]) -> str:
    """Return what kinds of fields an action's form has; one page of each shape is enough to look at."""
    kinds = {f"{sorted(each['schema'])} {each.get('subject')}" for each in entry["inputs"]}
    return f"{sorted(kinds)} {'manual' in entry} {bool(entry['when'])}"


def about(run: Run[object]) -> Iterator[tuple[str, str]]:
    """Yield the pages of what a run is about."""
    for subject in run.subjects[:1]:
        yield "subject", path("subjects", subject.kind, subject.id)
    if run.actor:
        yield "activity of somebody", f"/?{urlencode({'actor': run.actor})}"
        yield "somebody", path("people", run.actor)
    yield "action again", f"{path('actions', run.action)}?{urlencode({'again': run.id})}"


def runs(site: Site) -> Mapping[str, Run[object]]:
    """Return the newest run of each status, and of each way to have returned something."""
    found: dict[str, Run[object]] = {}
    for run in site.journal.history.feed(Filter(), 300):
        found.setdefault(run.status, run)
        if run.status == "succeeded":
            found.setdefault(f"with a {type(run.value).__name__}", run)
        if run.output:
            found.setdefault("with output", run)
    return found
