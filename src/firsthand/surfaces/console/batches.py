"""Batches: rows are given, looked at, confirmed, and followed until each has its outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from starlette.datastructures import UploadFile
from starlette.responses import Response, StreamingResponse

from firsthand.core.batch import Batch
from firsthand.core.errors import Refused
from firsthand.surfaces.batch_words import fault_words, pace_words, preflight_words, progress_words, results, rows_words
from firsthand.surfaces.console.visit import NotFound, Visit
from firsthand.surfaces.sheets import csv_text

PAGE = 50
SOON = 1.0
"""Seconds after which the batch's page is shown, whether or not all its rows are looked at."""

SAID = ("reason", "notes", "requested_by", "ticket")
VERBS = ("pause", "resume", "cancel")


# A new one


def form(visit: Visit) -> Response:
    """Show the form of a new batch."""
    return fill_in(visit, 200)


def fill_in(visit: Visit, status: int, problem: Refused | None = None) -> Response:
    """Show the form, with what was filled in before and what is wrong with it."""
    entry = entry_of(visit)
    action = visit.desk.actions.get(str(entry["name"]))
    given = {name: visit.said(name) for name in (*SAID, "ids")}
    query = action is not None and action.manner.subjects is not None
    columns = [each for each in action.inputs.values() if not each.secret] if action else []
    return visit.render(
        "batch_new.html", status, entry=entry, given=given, problem=problem, query=query, columns=columns
    )


def entry_of(visit: Visit) -> Mapping[str, Any]:
    """Return the entry of an action in code that this person may perform."""
    entry = visit.entry(visit.request.path_params["name"])
    if entry is None or entry.get("manual") or visit.may(entry) != "perform":
        raise NotFound("There is no such action, or you may not perform it.", "Look for it among the actions.")
    return entry


def draft(visit: Visit) -> Response:
    """Take the rows in and have them looked at; where they cannot be read, say which one."""
    entry, file, ids = entry_of(visit), visit.form.get("file"), visit.said("ids")
    said: dict[str, Any] = {name: visit.said(name) or None for name in SAID}
    if isinstance(file, UploadFile) and file.filename:
        said |= {"csv": file.file, "source": file.filename}
    elif ids:
        said["ids"] = ids
    elif visit.said("from") != "query":
        return fill_in(visit, 422, Refused("There are no rows.", "Choose a CSV file, or paste ids."))
    try:
        batch = visit.desk.draft_batch(
            str(entry["name"]), by=visit.person.id, surface="console", background=True, **said
        )
    except Refused as problem:
        return fill_in(visit, 422, problem)
    visit.desk.look_beside(batch.id, SOON)
    return visit.redirect(f"/batches/{batch.id}")


# One


def batch_of(visit: Visit) -> Batch:
    """Return the batch that the address names, as this person may see it."""
    id = visit.request.path_params["id"]
    batch = visit.journal.batches.get(int(id)) if id.isdecimal() and len(id) < 10 else None
    if batch is None or (batch.actor != visit.person.id and visit.entry(batch.action) is None):
        raise NotFound("There is no such batch.", "Look at the batches there are.")
    return batch


def page(visit: Visit) -> Response:
    """Show a batch: its preflight, how far it is, and its rows; or, live, what has changed."""
    return show(visit, batch_of(visit))


def show(visit: Visit, batch: Batch, status: int = 200, problem: Refused | None = None) -> Response:
    """Show a batch's page, or the part of it that changes."""
    if batch.status == "preflight":  # whoever looked at its rows may have died
        visit.desk.look_beside(batch.id)
    progress = visit.journal.batches.progress(batch, visit.desk.clock())
    mark = f"{batch.status}-{progress.done}-{sum(progress.counts.values())}"
    if visit.live and visit.asked("after") == mark:
        return Response(status_code=304)
    entry, after = visit.entry(batch.action), visit.asked("row")
    rows = visit.journal.batches.rows(batch.id, int(after) if after.isdecimal() and len(after) < 10 else 0, PAGE + 1)
    may = entry is not None and visit.may(entry) == "perform"
    columns = list(dict.fromkeys(name for row in rows[:PAGE] for name in row.inputs))
    return visit.render(
        "batch_live.html" if visit.live else "batch.html", status, batch=batch, progress=progress, mark=mark,
        entry=entry, found=preflight_words(batch), far=progress_words(progress), pace=pace_words(progress),
        faults=[(each, fault_words(each), rows_words(each.count, each.rows)) for each in batch.faults],
        rows=rows[:PAGE], columns=columns, more=len(rows) > PAGE,
        runs=visit.journal.batches.runs(rows), problem=problem,
        mine=batch.actor == visit.person.id, may=may or batch.actor == visit.person.id,
    )  # fmt: skip


def confirm(visit: Visit) -> Response:
    """Have the rows performed that this person has seen would go through."""
    batch = batch_of(visit)
    limits = {name: number(visit.said(name)) for name in ("throttle", "stop_after")}
    return changed(
        visit, batch, lambda: visit.desk.confirm_batch(
            batch.id, visit.said("digest"), by=visit.person.id, surface="console", **limits
        ),
    )  # fmt: skip


def change(visit: Visit) -> Response:
    """Pause, resume or cancel a batch."""
    batch, verb = batch_of(visit), visit.request.path_params["verb"]
    if verb not in VERBS:
        raise NotFound("This cannot be done to a batch.", "Go back to it.")
    wanted = getattr(visit.desk, f"{verb}_batch")
    return changed(visit, batch, lambda: wanted(batch.id, by=visit.person.id, surface="console"))


def changed(visit: Visit, batch: Batch, wanted: Callable[[], Batch]) -> Response:
    """Change a batch and show it; a refusal is said on its page."""
    try:
        wanted()
    except Refused as problem:
        return show(visit, batch_of(visit), 409, problem)
    return visit.redirect(f"/batches/{batch.id}")


def number(text: str) -> int | None:
    """Return a number that was typed; what is none is 0, which is refused."""
    return None if not text else int(text) if text.isdecimal() and len(text) < 10 else 0


def table(visit: Visit) -> Response:
    """Return every row as CSV, with what became of it; or those that would not go through."""
    batch = batch_of(visit)
    unfit = visit.request.path_params["what"] == "unfit"
    action = visit.desk.actions.ever(batch.action)
    rows = results(visit.desk.batches, batch, list(action.inputs) if action else [], unfit=unfit)
    name = f"batch-{batch.id}{'-unfit' if unfit else ''}.csv"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return StreamingResponse(lines(rows), media_type="text/csv; charset=utf-8", headers=headers)


def lines(rows: Iterable[list[object]]) -> Iterator[str]:
    """Yield rows as lines of CSV, no cell of which a spreadsheet takes for a formula."""
    for row in rows:
        yield csv_text((), [row])


def newest(visit: Visit) -> Response:
    """List the newest batches that this person may know of."""
    found = [each for each in visit.journal.batches.newest(200) if visit.entry(each.action)]
    return visit.render("batches.html", batches=found)


PAGES = (
    ("GET", "/batch/{name:path}", form),
    ("POST", "/batch/{name:path}", draft),
    ("GET", "/batches", newest),
    ("GET", "/batches/{id}", page),
    ("GET", "/batches/{id}/{what}.csv", table),
    ("POST", "/batches/{id}/confirm", confirm),
    ("POST", "/batches/{id}/{verb}", change),
)
