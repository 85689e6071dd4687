"""Find: an action, a run, a subject, a person or a page, from what somebody types or pastes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from starlette.responses import Response

from firsthand.core.runs import Subject
from firsthand.storage.history import Filter
from firsthand.surfaces.console.matching import EXACT, fitting
from firsthand.surfaces.console.pasted import asked_for
from firsthand.surfaces.console.subjects import address_of, called, found_subjects, is_exactly
from firsthand.surfaces.console.visit import Visit
from firsthand.surfaces.words import line, sentence

MOST = 8
"""Hits of one kind."""

LOOKED_BACK = 50
"""Runs of one's own in which to look for the actions that one performed last."""

LONGEST = 200
RUN = re.compile(r"(?:run\s*)?#?\s*(\d{1,18})", re.IGNORECASE)

EVERY_PAGE = (
    ("/", "activity", "Activity"), ("/actions", "bolt", "Actions"), ("/inbox", "inbox", "Inbox"),
    ("/dashboard", "chart-bar", "Dashboard"), ("/people", "users", "People"), ("/subjects", "database", "Subjects"),
    ("/account", "user", "Your account"),
)  # fmt: skip
FOR_FEW = (("/settings", "settings", "Settings"),)


@dataclass(frozen=True, slots=True)
class Hit:
    """Something found: where it is, as an address spells it, what it is called, and what else tells it from others."""

    path: str
    icon: str
    words: str
    more: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Hits of one kind."""

    title: str
    hits: list[Hit]


def find(visit: Visit) -> Response:
    """Show what is found; in the dialog the subjects come by themselves, since an author's search may take its time."""
    text = visit.asked("q")[:LONGEST]
    groups = groups_of(visit, text)
    if visit.live:
        return visit.render("find_hits.html", headers={"vary": "hx-request"}, groups=groups, q=text, later=bool(text))
    looked = found_subjects(visit, text)
    found, faults = looked.subjects, looked.faults
    exact = [each for each in found if any(is_exactly(each, part) for part in asked_for(text, [each.kind]))]
    if (
        len(exact) == 1
        and not any(group.title == "Runs" and group.hits for group in groups)
        and not names_action(visit, text)
    ):
        return visit.redirect(address_of(exact[0]))
    if found:
        groups.insert(2, subject_group([*exact, *(each for each in found if each not in exact)]))
    return visit.render(
        "find.html",
        headers={"vary": "hx-request"},
        groups=[each for each in groups if each.hits],
        q=text,
        faults=faults,
    )


def find_subjects(visit: Visit) -> Response:
    """Show the subjects that are found, as a part of the dialog."""
    text = visit.asked("q")[:LONGEST]
    found = found_subjects(visit, text)
    groups = [subject_group(found.subjects)] if found.subjects else []
    elsewhere = any(group.hits for group in groups_of(visit, text))
    return visit.render("find_subjects.html", groups=groups, faults=found.faults, elsewhere=elsewhere)


def groups_of(visit: Visit, text: str) -> list[Group]:
    """Return what is found besides subjects; where nothing is typed yet, what one did last, and all pages."""
    if not text:
        return [Group("What you did last", list(recent(visit))), Group("Pages", list(pages(visit, "")))]
    return [
        Group("Runs", list(runs(visit, text))),
        Group("Actions", list(actions(visit, text))),
        Group("People", list(people(visit, text))),
        Group("Pages", list(pages(visit, text))),
    ]


def names_action(visit: Visit, text: str) -> bool:
    """Say whether a text is just what an action is called."""
    return any(rank == EXACT for rank, _ in fitting(visit.entries.values(), text)[:1])


def recent(visit: Visit) -> Iterator[Hit]:
    """Yield the actions that the visitor performed last."""
    mine = Filter(actor=visit.person.id, without=tuple(sorted(visit.hidden)))
    entries = [visit.entry(run.action) for run in visit.history.feed(mine, LOOKED_BACK, whole=False)]
    for name in [*dict.fromkeys(entry["name"] for entry in entries if entry)][:MOST]:
        yield action_hit(visit, name)


def actions(visit: Visit, text: str) -> Iterator[Hit]:
    """Yield the actions that fit best."""
    for _, entry in fitting(visit.entries.values(), text)[:MOST]:
        yield action_hit(visit, entry["name"])


def action_hit(visit: Visit, name: str) -> Hit:
    """Return an action as a hit."""
    entry = visit.entries[name]
    asks = "" if visit.may(entry) == "perform" else ", to ask for"
    return Hit(f"/actions/{quote(name)}", "bolt", visit.names.action(name), f"{line(name, 80)}{asks}")


def runs(visit: Visit, text: str) -> Iterator[Hit]:
    """Yield the run of a number: ``812``, ``#812``, ``run 812``; or those whose addresses are pasted."""
    for number in filter(None, map(RUN.fullmatch, asked_for(text))):
        run = visit.history.run(int(number[1]))
        if run is not None and run.action not in visit.hidden:
            yield Hit(f"/runs/{run.id}", "history", f"Run {run.id}", sentence(run, visit.names, 60))


def people(visit: Visit, text: str) -> Iterator[Hit]:
    """Yield the people whose name or id has all words of a text."""
    parts = [part.casefold().split() for part in asked_for(text)]
    known = visit.console.known().people.items()
    folded = ((id, name, f"{id} {name}".casefold()) for id, name in known)
    fit = [(id, name) for id, name, both in folded if any(all(word in both for word in words) for words in parts)]
    for id, name in sorted(fit, key=lambda each: each[1].casefold())[:MOST]:
        yield Hit(f"/people/{quote(id)}", "user", line(name, 80), line(id, 80))


def pages(visit: Visit, text: str) -> Iterator[Hit]:
    """Yield the pages whose name begins with a text, or has a word that does."""
    every = (*EVERY_PAGE, *(FOR_FEW if visit.person.administers else ()))
    for path, icon, words in every:
        if f" {text.casefold()}" in f" {words.casefold()}":
            yield Hit(path, icon, words)


def subject_group(found: list[Subject]) -> Group:
    """Return subjects as hits."""
    return Group(
        "Subjects", [Hit(address_of(each), "database", called(each), traits(each)) for each in found[: 2 * MOST]]
    )


def traits(subject: Subject) -> str:
    """Return a subject's traits in a few words."""
    return line(", ".join(f"{name}: {value}" for name, value in subject.traits.items()), 80)


PAGES = (
    ("GET", "/find", find),
    ("GET", "/find/subjects", find_subjects),
)
