"""Manual actions: declared by filling out a form, changed version by version, retired and brought back."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from firsthand.core import refusals
from firsthand.core.declaring import Declaring
from firsthand.core.errors import Refused
from firsthand.core.manual import LONGEST, Manual
from firsthand.core.reasons import OTHER, Reasons
from firsthand.core.steps import steps_of
from firsthand.storage.history import Filter
from firsthand.surfaces.console.by_hand import use_of, uses_of
from firsthand.surfaces.console.catalogue import declarers, runs_of
from firsthand.surfaces.console.people import chosen_roles, known_roles
from firsthand.surfaces.console.versions import changes_of, versions_of
from firsthand.surfaces.console.visit import NotFound, Visit

MOST = 200
"""Manual actions that the list shows: those whose runs take most time first."""

FEW, EVERY = 10, 50
"""Versions that a page shows, at first and where all are wanted."""

LOOKED_AT = 50
"""Newest runs of a name without code that a new declaration is begun from."""

FITTING: Mapping[str, Any] = {
    "name": "a", "who": ("a",), "steps": "a", "why": (), "tags": (), "title": "", "description": "", "owner": None,
    "subject": None,
}  # fmt: skip
"""A value for each field with which nothing is wrong: a fault that goes away with it is that field's."""


@dataclass
class Sheet:
    """The form as it is filled in: lists are texts with one entry a line. ``version`` is the one that is edited."""

    texts: dict[str, str]
    who: tuple[str, ...] = ()
    version: int = 0
    begun: int = 0
    faults: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, manual: Manual, version: int) -> Sheet:
        """Return the form of a declaration; reasons that are only ``other`` are said, since none are the desk's."""
        own = {name: getattr(manual, name) or "" for name in FITTING}
        lists = {"why": "\n".join(manual.why) or OTHER, "tags": "\n".join(manual.tags)}
        return cls({**own, **lists}, manual.who, version)

    @classmethod
    def posted(cls, visit: Visit) -> Sheet:
        """Return the form that was sent."""
        texts = {name: visit.said(name) for name in FITTING if name not in ("who", "steps")}
        steps = visit.form.get("steps")
        texts["steps"] = steps.replace("\r\n", "\n").strip("\n") if isinstance(steps, str) else ""
        return cls(texts, chosen_roles(visit), number(visit.said("version")))

    def wanted(self, visit: Visit) -> Manual:
        """Return the declaration that it makes; without reasons of its own it has the desk's."""
        texts = self.texts
        why = tuple(each for each in Reasons.of(lines_of(texts["why"]) or visit.desk.why).listed if each != OTHER)
        return Manual(
            texts["name"], self.who, texts["steps"], why, lines_of(texts["tags"]), texts["title"],
            texts["description"], texts["owner"] or None, texts["subject"] or None, version=self.version,
        )  # fmt: skip

    @property
    def to_tick(self) -> tuple[str, ...]:
        """The steps as they would be ticked."""
        return () if self.is_too_long else steps_of(self.texts["steps"])

    @property
    def is_too_long(self) -> bool:
        """Whether the text of the steps is longer than one may be."""
        return len(self.texts["steps"]) > LONGEST["steps"]


def lines_of(text: str) -> tuple[str, ...]:
    """Return what stands on the lines of a text, each once."""
    return tuple(dict.fromkeys(each.strip() for each in text.splitlines() if each.strip()))


def number(text: str) -> int:
    """Return a number that was sent, 0 for what is none."""
    return int(text) if text.isdecimal() and len(text) < 9 else 0


def address(name: str) -> str:
    """Return a name as a part of an address."""
    return quote(name, safe="/")


# Pages


def all_page(visit: Visit) -> Response:
    """List the manual actions, those first whose runs take most time: the ones to write in code next."""
    taken = visit.desk.actions.in_code
    every = [each for each in visit.journal.manuals.all() if each.name not in visit.hidden and not taken(each.name)]
    uses = sorted(uses_of(visit, [each for each in every if not each.retired][:MOST]), key=lambda use: -use.all)
    retired = [each for each in every if each.retired]
    return visit.render("manual_list.html", uses=uses, retired=retired[:MOST], declarers=declarers(visit))


def new_page(visit: Visit) -> Response:
    """Show an empty form, begun from what the address and the runs of that name say; one that is there is edited."""
    if not visit.may_declare:
        return told_whom_to_ask(visit)
    name, title = visit.asked("name"), visit.asked("title")
    if current := declared(visit, name):
        return show(visit, Sheet.of(current, current.version), current)
    texts = {**dict.fromkeys(FITTING, ""), "name": name or suggested(title), "title": title}
    sheet = Sheet(texts)
    if name and name not in visit.hidden:
        begin_from_runs(visit, sheet, name)
    return show(visit, sheet, None)


def told_whom_to_ask(visit: Visit) -> Response:
    """Say that somebody may not declare, and who may."""
    refusal = refusals.may_not_declare(visit.desk.declares)
    who = declarers(visit)
    fix = f"Ask {who}." if who else refusal.fix
    return visit.render("error.html", 403, message=refusal.message, fix=fix, live=visit.live)


def suggested(title: str) -> str:
    """Return a name made of a title."""
    return re.sub(r"\W+", "_", title.lower())[:100].strip("_")


def begin_from_runs(visit: Visit, sheet: Sheet, name: str) -> None:
    """Fill in what the runs of a name tell, which was done by hand so far: reasons, tags, the subject's kind."""
    runs = visit.history.feed(Filter((name,), outcomes=("succeeded", "failed")), LOOKED_AT, whole=False)
    sheet.begun = runs_of(visit.journal, [name], date.min)[name] if runs else 0
    reasons = Counter(run.reason for run in runs if run.reason and run.reason != OTHER)
    tags = Counter(tag for run in runs for tag in run.tags)
    kinds = {each.kind for run in runs for each in run.subjects[:1]} & set(visit.desk.actions.kinds)
    sheet.texts |= {"why": "\n".join(name for name, _ in reasons.most_common()), "subject": min(kinds, default="")}
    sheet.texts["tags"] = "\n".join(name for name, _ in tags.most_common())


def page(visit: Visit) -> Response:
    """Show a manual action to be changed, as it is or as an older version was; to others how it came about."""
    current = current_of(visit, visit.request.path_params["name"])
    wanted = number(visit.asked("version"))
    older = one_of(visit, current.name, wanted) if wanted else None
    return show(visit, Sheet.of(older or current, current.version), current, older=older)


def declared(visit: Visit, name: str) -> Manual | None:
    """Return the declaration of a name, a retired one too; one that a hidden action has taken over is not there."""
    return None if name in visit.hidden else visit.journal.manuals.get(name)


def current_of(visit: Visit, name: str) -> Manual:
    """Return the same; raises ``NotFound``."""
    found = declared(visit, name)
    if found is None:
        raise NotFound("There is no such manual action.", "Look for it among the actions, or write it down.")
    return found


def one_of(visit: Visit, name: str, version: int) -> Manual | None:
    """Return one of the newest versions of a name."""
    versions = visit.journal.manuals.versions(name, EVERY)
    return next((each for each in versions if each.version == version), None)


def show(
    visit: Visit, sheet: Sheet, current: Manual | None, status: int = 200, *, refusal: Refused | None = None,
    older: Manual | None = None, theirs: Manual | None = None,
) -> Response:  # fmt: skip
    """Return the page of the form. ``theirs`` is the version that somebody saved while this one was edited."""
    most = EVERY if visit.asked("every") else FEW
    found = visit.journal.manuals.versions(current.name, most + 1) if current else []
    edited = one_of(visit, theirs.name, sheet.version) if theirs else None
    wanted = sheet.wanted(visit)
    sheet.version = theirs.version if theirs else sheet.version
    return visit.render(
        "manual.html", status, sheet=sheet, current=current, older=older, theirs=theirs, refusal=refusal,
        their_changes=changes_of(edited, theirs) if theirs else [],
        my_changes=changes_of(theirs, wanted) if theirs else [],
        versions=versions_of(found), more=current.version - FEW if current and most == FEW else 0,
        roles=sorted({*known_roles(visit), *sheet.who}), kinds=visit.desk.actions.kinds,
        reasons=[each for each in Reasons.of(visit.desk.why).listed if each != OTHER],
        in_code=current is not None and visit.desk.actions.in_code(current.name) is not None,
        declarers=declarers(visit), use=use_of(visit, {"manual": True, "name": current.name}) if current else None,
    )  # fmt: skip


def steps(visit: Visit) -> Response:
    """Return the steps of a text as they will be ticked."""
    if not visit.may_declare:
        return told_whom_to_ask(visit)
    return visit.render("manual_steps.html", sheet=Sheet.posted(visit))


# Changing


def save(visit: Visit) -> Response:
    """Declare what the form says, as a version; or show it again: with what is wrong, or what somebody else saved."""
    sheet = Sheet.posted(visit)
    wanted, declaring = sheet.wanted(visit), Declaring(visit.desk.pipeline, visit.desk.declares)
    current = declared(visit, wanted.name)
    declaring.allow(wanted.name, visit.person)
    if visit.said("do") == "look":
        return show(visit, sheet, current if sheet.version else None)
    sheet.faults = faults_by_field(visit, wanted, declaring)
    if sheet.faults:
        return show(visit, sheet, current if sheet.version else None, 422)
    try:
        declaring.declare(wanted, visit.person)
    except Refused as refusal:
        current = declared(visit, wanted.name)
        if current is None or refusal.code != "changed_meanwhile":
            raise
        if not is_saved(wanted, current, visit):
            return show(visit, sheet, current, 409, refusal=refusal, theirs=current)
    return visit.redirect(f"/actions/{address(wanted.name)}")


def faults_by_field(visit: Visit, wanted: Manual, declaring: Declaring) -> dict[str, list[str]]:
    """Return what is wrong with a declaration, by the field that it is about; what is about none under no name."""
    found: dict[str, list[str]] = {}
    for fault in faults_of(visit, wanted, declaring):
        tried = ((name, replace(wanted, **{name: value})) for name, value in FITTING.items())
        at = next((name for name, other in tried if fault not in faults_of(visit, other, declaring)), "")
        found.setdefault(at, []).append(fault)
    return found


def faults_of(visit: Visit, wanted: Manual, declaring: Declaring) -> list[str]:
    """Return what is wrong with a declaration, as sentences."""
    return [*wanted.faults(), *declaring.faults_here(wanted, visit.person)]


def is_saved(wanted: Manual, current: Manual, visit: Visit) -> bool:
    """Say whether what was sent is what this person has saved just before: a double click, or the form sent again."""
    own = current.by == visit.person.id and current.version == wanted.version + 1
    return own and current.declaration() == wanted.declaration()


def retire(visit: Visit) -> Response:
    """Take a manual action out of the catalogue; sent twice it is done once."""
    name = visit.said("name")
    current = current_of(visit, name)
    if not (current.retired and current.by == visit.person.id):
        visit.desk.retire(name, by=visit.person.id, version=number(visit.said("version")), surface="console")
    return visit.redirect(f"/manual/{address(name)}")


PAGES = (
    ("GET", "/manual", all_page),
    ("GET", "/manual/new", new_page),
    ("GET", "/manual/{name:path}", page),
    ("POST", "/manual", save),
    ("POST", "/manual/steps", steps),
    ("POST", "/manual/retire", retire),
)
