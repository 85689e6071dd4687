"""An action's page: what it does, who may, its form with the checklist, and sending it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response

from firsthand.core.actions import Action
from firsthand.core.attempts import Request
from firsthand.core.drafts import Draft, draft
from firsthand.core.errors import Refused
from firsthand.core.looking import Looking
from firsthand.core.runs import Run, Subject
from firsthand.core.schedules import Schedule
from firsthand.core.text import LIMITS
from firsthand.storage.history import Filter
from firsthand.surfaces.console.by_hand import use_of
from firsthand.surfaces.console.dashboard import figures_of
from firsthand.surfaces.console.forms.entries import Entry, entered, with_row, without_row
from firsthand.surfaces.console.forms.fields import Field, fields_of, name_of
from firsthand.surfaces.console.forms.filling import blank_row, prefilled, resumed, started
from firsthand.surfaces.console.forms.reading import read
from firsthand.surfaces.console.forms.showing import Form, form_of
from firsthand.surfaces.console.later import NOW, When
from firsthand.surfaces.console.performing import Listener, performed
from firsthand.surfaces.console.schedules import DOES, Calendared, edited, made, version_of
from firsthand.surfaces.console.visit import NotFound, Visit

OWN = ("reason", "notes", "requested_by", "ticket")
"""What is a run's own, beside the action's inputs."""

RESTARTS = ("add", "remove", "find", "offer")
"""Buttons that only show the form anew."""

NEWEST = 8


@dataclass
class Sheet:
    """One action's form as a person fills it in: ``own`` are the run's own texts, ``ask`` the ask that is taken."""

    action: Action
    fields: tuple[Field, ...]
    entry: Entry
    own: dict[str, str] = field(default_factory=dict)
    once: str = ""
    ask: Run[Any] | None = None
    raw: dict[str, object] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    found: dict[str, Sequence[Subject]] = field(default_factory=dict)
    focus: str = ""
    when: When = NOW
    schedule: Schedule | None = None
    version: int = 0
    calendar: Calendared = field(default_factory=Calendared)

    @property
    def inputs(self) -> Mapping[str, object]:
        """The raw inputs, those of the ask too."""
        return {**(self.ask.inputs or {}), **self.raw} if self.ask else self.raw


def page(visit: Visit) -> Response:
    """Show an action, its form filled in from the address, from a run that is to be done again, or from an ask."""
    entry = entry_of(visit)
    action = visit.desk.pipeline.actions.get(str(entry["name"]))
    if action is None:
        return show(visit, entry, None)
    sheet = opened(visit, action)
    return show(visit, entry, sheet, looked=draft_of(visit, sheet), told=bool(visit.asked("check")))


def entry_of(visit: Visit) -> Mapping[str, Any]:
    """Return the entry of the action that the address names, by a former name too."""
    entry = visit.entry(visit.request.path_params["name"])
    if entry is None:
        raise NotFound("There is no such action.", "Look for it among the actions.")
    return entry


def opened(visit: Visit, action: Action) -> Sheet:
    """Return a new form for a person: with defaults, what the address says, or what a run was given."""
    query = visit.request.query_params
    ask = ask_of(visit, action, query.get("take", ""))
    fields = fields_for(visit, action, ask)
    again = run_of(visit, action, query.get("again", ""))
    schedule = edited(visit, action.name)
    source = ask or again or schedule
    repeated = again or schedule
    entry = resumed(fields, repeated.inputs or {}) if repeated else started(fields)
    entry = prefilled(fields, query.multi_items(), onto=entry)
    own = {name: query.get(name) or (getattr(source, name) if source else None) or "" for name in OWN}
    if again and not ask and "notes" not in query:
        own["notes"] = ""
    sheet = Sheet(action, fields, entry, own, secrets.token_urlsafe(16), ask)
    if schedule:
        sheet.schedule, sheet.version = schedule, schedule.version
        sheet.calendar = Calendared(schedule.cron, schedule.zone)
    sheet.raw = read(fields, entry).inputs
    return sheet


def posted(visit: Visit, action: Action) -> Sheet:
    """Return the form that a person has sent."""
    ask = ask_of(visit, action, visit.said("take"))
    fields = fields_for(visit, action, ask)
    entry = entered(visit.form.multi_items())
    own = {name: (getattr(ask, name) or "") if ask else visit.said(name) for name in OWN}
    sheet = Sheet(action, fields, entry, own, visit.said("once") or secrets.token_urlsafe(16), ask)
    sheet.when, sheet.calendar = When.of(visit), Calendared.of(visit)
    sheet.schedule, sheet.version = edited(visit, action.name), version_of(visit)
    reading = read(fields, entry)
    sheet.raw, sheet.faults = reading.inputs, reading.faults
    return sheet


def fields_for(visit: Visit, action: Action, ask: Run[Any] | None) -> tuple[Field, ...]:
    """Return the fields of an action; of an ask only those that it could not keep, since the others are fixed.

    Whoever may only ask has none of these: an ask keeps no secret.
    """
    entry, every = visit.entry(action.name), [*action.inputs.values()]
    if ask:
        every = [each for each in every if each.secret]
    elif entry is None or visit.may(entry) == "ask":
        every = [each for each in every if not each.secret]
    return fields_of([each.describe() for each in every])


def ask_of(visit: Visit, action: Action, id: str) -> Run[Any] | None:
    """Return the open ask that is to be taken with this form."""
    run = run_of(visit, action, id)
    return run if run and run.status == "asked" else None


def run_of(visit: Visit, action: Action, id: str) -> Run[Any] | None:
    """Return a run of this action by its id, if there is one."""
    run = visit.journal.run(int(id)) if id.isdecimal() and len(id) < 19 else None
    return run if run and run.action in (action.name, *action.aliases) else None


def request_of(visit: Visit, sheet: Sheet) -> Request:
    """Return what the form asks the core to do."""
    own: dict[str, Any] = {name: value or None for name, value in sheet.own.items()}
    return Request(sheet.action.name, sheet.inputs, visit.person.id, "console", **own)


def draft_of(visit: Visit, sheet: Sheet, *, asking: bool = False) -> Draft:
    """Return what is wrong with a form, and what would hold; subjects may be given as they are called."""
    looked = draft(visit.desk.pipeline, request_of(visit, sheet), ask=asking)
    said = {name: text for name, text in called(sheet).items() if name not in looked.subjects}
    wrong = {name: words for name, text in said.items() if (words := chosen_by(visit, sheet, name, text)) is not None}
    if said.keys() - wrong.keys():
        looked = draft(visit.desk.pipeline, request_of(visit, sheet), ask=asking)
    for name in (name for name, words in wrong.items() if words):
        others = [each for each in looked.faults if not each.startswith((f"{name}: ", f"{name}."))]
        looked.faults = [*others, f"{name}: {wrong[name]}"]
    return looked


def called(sheet: Sheet) -> dict[str, str]:
    """Return what stands in the fields of subjects that can be searched for."""
    kinds = {name: each.kind for name, each in sheet.action.inputs.items()}
    found = {name: text.strip() for name, text in sheet.raw.items() if isinstance(text, str)}
    return {name: text for name, text in found.items() if text and (kind := kinds.get(name)) and kind.search}


def chosen_by(visit: Visit, sheet: Sheet, name: str, text: str) -> str | None:
    """Choose the subject that a text in its field calls by its id or its label, and return None.

    Else return what is to be said: of others that a search finds none is taken, since nobody has looked at them.
    """
    try:
        found = search(visit, sheet.action, name, text)
    except Refused as trouble:
        return trouble.message
    exact = [each for each in found if text.casefold() in (each.id.casefold(), each.label.casefold())]
    if len(exact) == 1:
        sheet.raw[name] = exact[0].id
        sheet.entry.put(name, Entry([exact[0].id]))
        return None
    sheet.found.setdefault(input_name(name), found)
    return "choose one of those found." if found else ""


# Showing


def show(
    visit: Visit, entry: Mapping[str, Any], sheet: Sheet | None, looked: Draft | None = None, *, told: bool = False,
    asking: bool = False, refusal: Refused | None = None,
) -> Response:  # fmt: skip
    """Return the page; ``told`` says what is wrong with the form, which a new one does not yet."""
    names = (str(entry["name"]), *entry["aliases"])
    wrong = told and looked is not None and not looked.complete
    return visit.render(
        "action.html", 422 if wrong or refusal else 200, entry=entry, may=visit.may(entry), sheet=sheet, draft=looked,
        form=shown(visit, sheet, looked, told=told) if sheet else None, told=told, asking=asking, refusal=refusal,
        runs=visit.history.feed(Filter(actions=names), NEWEST, whole=False), limits=LIMITS,
        focus=sheet.focus if sheet else "", figures=figures_of(visit, entry),
        use=use_of(visit, entry),
    )  # fmt: skip


def shown(visit: Visit, sheet: Sheet, looked: Draft | None, *, told: bool) -> Form:
    """Return the fields as the page shows them."""
    name = sheet.action.name
    labels, offered = {}, {}
    for each, subject in (looked.subjects if looked else {}).items():
        labels[input_name(each)] = subject.label
    for each, choices in (looked.offered if looked else {}).items():
        offered[input_name(each)] = [(str(value), label) for value, label in choices]
    return form_of(
        sheet.fields, sheet.entry, [*sheet.faults, *(looked.faults if looked else [])] if told else (),
        offered=offered, found=sheet.found, labels=labels, focus=sheet.focus,
        url=lambda path, **query: visit.url(f"/actions/{name}{path}", **query), again=visit.url(f"/actions/{name}"),
    )  # fmt: skip


def input_name(name: str) -> str:
    """Return the name of an input's field."""
    return name_of("inputs", name)


def look(visit: Visit) -> Response:
    """Return the parts of a form that depend on what is filled in: the checklist, choices, who was chosen."""
    entry = entry_of(visit)
    action = runnable(visit, entry)
    sheet = posted(visit, action)
    looked = draft_of(visit, sheet)
    dependent = [f"inputs.{name}" for name, each in action.inputs.items() if each.choices]
    form = shown(visit, sheet, looked, told=False)
    fields = [each for each in form.fields if each.name in dependent and visit.said("changed") != each.name]
    return visit.render(
        "action_look.html", entry=entry, may=visit.may(entry), draft=looked, fields_changed=fields, sheet=sheet,
        subjects=[each for each in form.fields if each.kind == "subject"],
    )  # fmt: skip


def subjects(visit: Visit) -> Response:
    """Return the subjects that a search finds, to choose from."""
    action = runnable(visit, entry_of(visit))
    name = visit.asked("field")
    sheet = opened(visit, action)
    sheet.found = {name: search(visit, action, name, visit.asked(name))}
    form = shown(visit, sheet, None, told=False)
    chosen = form.field(name)
    if chosen is None or chosen.kind != "subject":
        raise NotFound("There is no such field.", "Load the page again.")
    return visit.render("action_subjects.html", field=chosen)


def search(visit: Visit, action: Action, name: str, text: str) -> Sequence[Subject]:
    """Return the subjects that the search of a field's kind finds."""
    each = action.inputs.get(name.removeprefix("inputs."))
    if each is None or each.kind is None or not text:
        return ()
    request = Request(action.name, {}, visit.person.id, "console")
    return Looking(visit.desk.pipeline).found(request, each.kind.name, text)


def runnable(visit: Visit, entry: Mapping[str, Any]) -> Action:
    """Return the action of an entry, if this desk has it."""
    action = visit.desk.pipeline.actions.get(str(entry["name"]))
    if action is None:
        raise NotFound("This desk cannot perform that action.", "Go to the console of the desk that has it.")
    return action


# Sending


def send(visit: Visit) -> Response:
    """Perform the action, or ask for it, or show the form anew with what is to be put right."""
    entry = entry_of(visit)
    action = runnable(visit, entry)
    sheet = posted(visit, action)
    if sheet.ask is None and (asked := visit.said("take")):
        return taken_before(visit, action, asked)
    if any(name in visit.form for name in RESTARTS):
        return show(visit, entry, changed(visit, sheet), draft_of(visit, sheet))
    asking = visit.said("do") == "ask" and sheet.ask is None
    if asking:  # which needs no secret, and would not keep it
        sheet.raw = {name: raw for name, raw in sheet.raw.items() if not is_secret(action, name)}
    looked = draft_of(visit, sheet, asking=asking)
    if visit.said("do") == "check" or sheet.faults or not looked.complete:
        return show(visit, entry, sheet, looked, told=True, asking=asking)
    if visit.said("do") in DOES:
        return scheduled(visit, entry, sheet, looked)
    if not asking and (fault := sheet.when.fault(visit.desk.clock())):
        return show(visit, entry, sheet, looked, refusal=fault)
    id, again = sent(visit, sheet, asking=asking)
    if refusal := other_request(visit, id, sheet.once):
        sheet.once = secrets.token_urlsafe(16)
        return show(visit, entry, sheet, looked, asking=asking, refusal=refusal)
    return visit.to_run(id, again)


def scheduled(visit: Visit, entry: Mapping[str, Any], sheet: Sheet, looked: Draft) -> Response:
    """Make a schedule of a form, or show the times that it would begin at."""
    refusal = sheet.calendar.look(visit)
    if refusal is None and visit.said("do") == "schedule":
        try:
            id = made(visit, sheet.action.name, sheet.inputs, sheet.own, sheet.calendar, sheet.once)
        except Refused as refused:
            sheet.once = secrets.token_urlsafe(16)
            return show(visit, entry, sheet, looked, refusal=refused)
        return visit.redirect(f"/schedules/{id}")
    return show(visit, entry, sheet, looked, refusal=refusal)


def other_request(visit: Visit, id: int, once: str) -> Refused | None:
    """Return the refusal of a form that was sent before with something else in it; it comes back under a new key."""
    run = visit.journal.run(id)
    if run is None or run.refusal is None or run.refusal.code != "key_used":
        return None
    first = visit.journal.sent(visit.person.id, "recorded", once)
    return Refused(
        f"This form was sent before, with something else in it: that is run {first}. Nothing was done now.",
        f"Look at run {first} first. To do this besides, send the form again.",
        code=run.refusal.code,
    )


def is_secret(action: Action, name: str) -> bool:
    """Say whether an input's type is, or holds, a secret."""
    return name in action.inputs and action.inputs[name].secret


def taken_before(visit: Visit, action: Action, id: str) -> Response:
    """Lead to the run of an ask that this form has taken; refuses, since the ask is closed, where another one has.

    Never is what was meant for an ask a run of its own.
    """
    run = run_of(visit, action, id)
    if run is None:
        raise NotFound("There is no such ask.", "Look in the inbox for those that are open.")
    once = visit.said("once") or None
    taken = visit.desk.take(run.id, by=visit.person.id, surface="console", once=once)
    return visit.to_run(taken.id, taken.again)


def sent(visit: Visit, sheet: Sheet, *, asking: bool) -> tuple[int, bool]:
    """Hand a form to the desk; return the id of the run that came of it, and whether it was sent before."""
    desk, by = visit.desk, visit.person.id
    own: dict[str, Any] = {name: value or None for name, value in sheet.own.items()}
    if sheet.ask is not None:
        taking: dict[str, Any] = {"by": by, "secrets": sheet.raw, "surface": "console", "once": sheet.once}
        id = sheet.ask.id
        return performed(visit.console, lambda hear: desk.take(id, listener=hear, **taking))
    own |= {"by": by, "surface": "console", "once": sheet.once}
    if asking:
        asked = desk.ask(sheet.action.name, sheet.inputs, **own)
        return asked.id, asked.again

    own |= sheet.when.said()

    def perform(hear: Listener) -> Run[Any]:
        return desk.run(sheet.action.name, sheet.inputs, listener=hear, **own)

    return performed(visit.console, perform)


def changed(visit: Visit, sheet: Sheet) -> Sheet:
    """Return a form with what one of its own buttons changes: a row more or less, a search, choices."""
    name = sheet.focus = visit.said("add") or visit.said("remove") or visit.said("find") or visit.said("offer")
    if "add" in visit.form:
        grown = form_of(sheet.fields, sheet.entry).field(name)
        if grown and grown.can_add:
            sheet.entry = with_row(sheet.entry, name, blank_row(grown.field))
    elif "remove" in visit.form:
        sheet.entry = without_row(sheet.entry, name)
    elif "find" in visit.form:
        text = visit.form.getlist(name)
        sheet.found = {name: search(visit, sheet.action, name, str(text[0]).strip() if text else "")}
    return sheet


PAGES = (
    ("POST", "/actions/{name:path}/look", look),
    ("GET", "/actions/{name:path}/subjects/{kind}", subjects),
    ("GET", "/actions/{name:path}", page),
    ("POST", "/actions/{name:path}", send),
)
