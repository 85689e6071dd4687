"""People: everybody, and one person: their roles, what they did and asked for, and what they may do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from starlette.responses import Response

from firsthand.core.actors import Person
from firsthand.core.catalogue import may
from firsthand.core.runs import moment
from firsthand.insights.counts import counts
from firsthand.insights.of_person import Often, of_person
from firsthand.storage.history import Filter
from firsthand.surfaces.console.catalogue import MONTH
from firsthand.surfaces.console.filtering import place
from firsthand.surfaces.console.visit import NotFound, Visit

MOST = 200
"""People that a page shows; whoever sees that there are more narrows the search."""

PAGE = 25

MOST_TOLD = 8
"""Actions of each kind of figures, those of most runs."""

LONGEST = 200


@dataclass(frozen=True, slots=True)
class Row:
    """Somebody in the list; whoever is only known of by their runs has no roles. ``last`` is their newest run."""

    person: Person
    known: bool
    runs: int
    last: datetime | None


def people(visit: Visit) -> Response:
    """Show everybody: those who are known, and those who only occur in the journal."""
    text = visit.asked("q")[:LONGEST]
    since = moment(visit.desk.clock()).date() - MONTH
    known = visit.journal.people.all()
    found = [person for person in sorted(known, key=by_name) if fits(person, text)]
    others = [person for person in only_on_record(visit, {person.id for person in known}) if fits(person, text)]
    ids = {person.id for person in known}
    rows = rows_of(visit, [*found, *others][:MOST], ids, since)
    more = len(found) + len(others) - MOST
    return visit.render("people.html", rows=rows, more=more, q=text, since=since)


def by_name(person: Person) -> tuple[bool, str]:
    """Return by what people are ordered: those who have left come last."""
    return not person.active, person.name.casefold()


def fits(person: Person, text: str) -> bool:
    """Say whether all words of a text stand in somebody's name, id or roles."""
    told = " ".join((person.name, person.id, *person.roles)).casefold()
    return all(word in told for word in text.casefold().split())


def only_on_record(visit: Visit, known: set[str]) -> list[Person]:
    """Return those who performed runs but are none of the known people, most runs first: imports bring such."""
    every = counts(visit.journal, "actor", hidden=visit.hidden)
    return [Person(id, id, active=False) for id, _ in every if id not in known and not id.startswith("system:")]


def rows_of(visit: Visit, persons: Iterable[Person], known: set[str], since: date) -> list[Row]:
    """Return people with their figures."""
    persons = list(persons)
    runs = dict(counts(visit.journal, "actor", since, hidden=visit.hidden))
    last = visit.history.newest("actor", [person.id for person in persons], visit.hidden)
    return [Row(each, each.id in known, runs.get(each.id, 0), last.get(each.id)) for each in persons]


def person(visit: Visit) -> Response:
    """Show one person, or whoever the journal only knows by their runs."""
    id = visit.request.path_params["id"]
    known = next((each for each in visit.journal.people.all() if each.id == id), None)
    use = of_person(visit.journal, id, visit.hidden)
    if known is None and not (use.runs.runs or use.asks_for or use.requests):
        raise NotFound("There is nobody of that name on record.", "Look at who is, under People.")
    wanted = Filter(actor=id, without=tuple(sorted(visit.hidden)))
    before = place(visit.asked("before"))
    runs = visit.history.feed(replace(wanted, before=before), PAGE + 1, whole=False)
    return visit.render(
        "person.html", someone=known or Person(id, id), known=known is not None, use=use,
        asked_for=total(use.asks_for), requested=total(use.requests), often=MOST_TOLD,
        runs=runs[:PAGE], more=len(runs) > PAGE, first=before is None,
        rights=rights(visit, known.roles if known and known.active else ()),
        asks=[run for run in visit.history.asks() if run.asked_by == id and run.action not in visit.hidden][:PAGE],
    )  # fmt: skip


def total(often: Iterable[Often]) -> int:
    """Return how many runs these are in all."""
    return sum(each.runs.runs for each in often)


def rights(visit: Visit, roles: Sequence[str]) -> dict[str, int]:
    """Return how many of the actions that the visitor may know of somebody may perform, and ask for."""
    found = [may(entry, roles) for entry in visit.entries.values()]
    return {each: found.count(each) for each in ("perform", "ask")}


PAGES = (
    ("GET", "/people", people),
    ("GET", "/people/{id:path}", person),
)
