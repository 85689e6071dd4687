"""Actions: what the team may perform, by namespace and tag, found as one types."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from starlette.responses import Response

from firsthand.core.catalogue import may
from firsthand.core.runs import moment
from firsthand.core.text import listed
from firsthand.insights.figures import Figures, summed
from firsthand.insights.scope import Scope
from firsthand.storage.journal import SqlJournal
from firsthand.storage.manual import Unwritten
from firsthand.surfaces.console.matching import Entry, fitting
from firsthand.surfaces.console.visit import Visit

MOST = 200
"""Rows that a page shows; whoever sees that there are more narrows the search."""

FEW = 24
"""Tags to choose from, those of most actions."""

MONTH = timedelta(days=29)
"""How far back the figures go, beside today."""

LONGEST = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which actions the page is to show, as its address says. ``may`` is what ``person``, or the visitor, may do."""

    q: str = ""
    namespace: str = ""
    tags: tuple[str, ...] = ()
    may: str = ""
    manual: bool = False
    person: str = ""

    @classmethod
    def of(cls, visit: Visit) -> Wanted:
        """Read it from the address."""
        tags = dict.fromkeys(tag for tag in visit.request.query_params.getlist("tag") if tag)
        may = visit.asked("may")
        return cls(
            visit.asked("q")[:LONGEST], visit.asked("namespace"), tuple(tags), may if may in ("perform", "ask") else "",
            bool(visit.asked("manual")), visit.asked("person"),
        )  # fmt: skip

    def query(self, **changes: Any) -> dict[str, object]:
        """Return it, with changes, as an address holds it."""
        new = replace(self, **changes)
        return {
            "q": new.q, "namespace": new.namespace, "tag": new.tags, "may": new.may,
            "manual": "1" if new.manual else "", "person": new.person,
        }  # fmt: skip

    def toggled(self, tag: str) -> tuple[str, ...]:
        """Return the tags with one more, or without it where it is there."""
        return tuple(each for each in self.tags if each != tag) if tag in self.tags else (*self.tags, tag)

    @property
    def narrows(self) -> bool:
        """Whether anything besides the text narrows the list."""
        return self != Wanted(q=self.q)


@dataclass(frozen=True, slots=True)
class Row:
    """An action in the list: what the visitor may do with it, its runs in 30 days, and when it was run last."""

    entry: Entry
    may: str
    runs: int
    last: datetime | None


@dataclass(frozen=True, slots=True)
class Group:
    """Rows under one heading: a namespace, or nothing where the best comes first."""

    namespace: str | None
    rows: list[Row]


def actions(visit: Visit) -> Response:
    """Show the actions that the address wants; only the list where htmx asks, as one types."""
    wanted = Wanted.of(visit)
    found = found_of(visit, wanted)
    since = moment(visit.desk.clock()).date() - MONTH
    return visit.render(
        "actions_found.html" if visit.live else "actions.html", headers={"vary": "hx-request"},
        wanted=wanted, groups=groups(rows_of(visit, found[:MOST], since), wanted), total=len(found), since=since,
        more=len(found) - MOST, tags=tags_of(visit, wanted), namespaces=sorted({*map(space_of, visit.entries)}),
        unwritten=[] if visit.live or wanted != Wanted() else unwritten(visit), declarers=declarers(visit),
    )  # fmt: skip


def found_of(visit: Visit, wanted: Wanted) -> list[Entry]:
    """Return the entries that the visitor may know of and wants: by namespace, or best first where they type."""
    entries = [entry for entry in visit.entries.values() if fits(visit, wanted, entry)]
    if wanted.q:
        return [entry for _, entry in fitting(entries, wanted.q)]
    return sorted(entries, key=lambda entry: (space_of(entry["name"]), entry["name"]))


def fits(visit: Visit, wanted: Wanted, entry: Entry) -> bool:
    """Say whether an action passes all that narrows the list but the text."""
    return (
        (not wanted.namespace or space_of(entry["name"]) == wanted.namespace)
        and (not wanted.tags or set(wanted.tags) <= set(entry["tags"]))
        and (not wanted.may or may(entry, roles_of(visit, wanted.person)) == wanted.may)
        and (not wanted.manual or is_manual(entry))
    )


def roles_of(visit: Visit, person: str) -> Sequence[str]:
    """Return the roles of a person, by default the visitor's; nobody's for one who is not known or has left."""
    if not person:
        return visit.person.roles
    known = visit.journal.people.get(person)
    return known.roles if known else ()


def is_manual(entry: Entry) -> bool:
    """Say whether an action has no code, but steps in words."""
    return bool(entry.get("manual"))


def space_of(name: str) -> str:
    """Return the namespace of an action's name, nothing where it has none."""
    return name.rpartition(".")[0]


def unwritten(visit: Visit) -> list[Unwritten]:
    """Return the names that are performed by hand and written down nowhere, those of most runs."""
    return visit.journal.manuals.unwritten(FEW, visit.hidden)


def declarers(visit: Visit) -> str:
    """Return in words whom to ask to write down a manual action."""
    people = visit.journal.people.all()
    return listed([person.name for person in people if person.active and person.administers][:3], "or")


def tags_of(visit: Visit, wanted: Wanted) -> list[tuple[str, int]]:
    """Return the tags of most actions, with how many, and those chosen."""
    every = Counter(tag for entry in visit.entries.values() for tag in entry["tags"])
    most = sorted(every.items(), key=lambda each: (-each[1], each[0]))[:FEW]
    chosen = [(tag, every[tag]) for tag in wanted.tags if tag not in dict(most)]
    return chosen + most


def groups(rows: Iterable[Row], wanted: Wanted) -> list[Group]:
    """Return the rows under their namespaces; in one group, best first, where somebody types."""
    rows = list(rows)
    if wanted.q:
        return [Group(None, rows)] if rows else []
    return [Group(space, list(each)) for space, each in groupby(rows, key=lambda row: space_of(row.entry["name"]))]


def rows_of(visit: Visit, entries: Iterable[Entry], since: date) -> list[Row]:
    """Return actions with their figures: a bounded read, whatever the number of runs."""
    entries = list(entries)
    names = [name for entry in entries for name in names_of(entry)]
    runs, last = runs_of(visit.journal, names, since), visit.history.newest("action", names)
    return [
        Row(
            each, visit.may(each), sum(runs[name] for name in names_of(each)),
            max((last[name] for name in names_of(each) if name in last), default=None),
        )
        for each in entries
    ]  # fmt: skip


def names_of(entry: Entry) -> tuple[str, ...]:
    """Return all names of an action."""
    return entry["name"], *entry["aliases"]


def runs_of(journal: SqlJournal, names: Iterable[str], since: date) -> Counter[str]:
    """Return the runs of each name since a day."""
    with journal.database.snapshot():
        return summed(Figures(journal, Scope(since)).pairs("action", names), lambda name, _: name)


PAGES = (("GET", "/actions", actions),)
