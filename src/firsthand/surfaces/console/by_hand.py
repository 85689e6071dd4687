"""Performing by hand: the steps of a run are ticked in place, somebody says how it ended; and how long it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from shlex import quote
from statistics import median
from typing import Any

from starlette.responses import Response

from firsthand.core import refusals
from firsthand.core.errors import Refused
from firsthand.core.manual import Manual
from firsthand.core.reasons import says_something
from firsthand.core.runs import Run, moment
from firsthand.core.ticking import ENDS
from firsthand.storage.history import Filter
from firsthand.surfaces.console.catalogue import MONTH, runs_of
from firsthand.surfaces.console.rendering import length
from firsthand.surfaces.console.runs import Told, run_of, whole_page
from firsthand.surfaces.console.visit import Visit

MEASURED = 50
"""Newest runs whose time is looked at."""


@dataclass(frozen=True, slots=True)
class Use:
    """How often a manual action is run, in 30 days, and how long one takes, in seconds, as its newest runs did."""

    manual: Manual
    runs: int
    since: date
    measured: int
    each: float

    @property
    def takes(self) -> str:
        """How long one takes, in words."""
        return about(self.each)

    @property
    def all(self) -> float:
        """How many seconds they took together."""
        return self.runs * self.each

    @property
    def together(self) -> str:
        """The same in words."""
        return about(self.all)

    @property
    def command(self) -> str:
        """What writes the code for it."""
        return f"firsthand new --from {quote(self.manual.name)}"


def about(seconds: float) -> str:
    """Return a length of time in words, of some minutes without its seconds."""
    whole = round(seconds / 60)
    return length(seconds) if seconds < 120 else f"{whole} min" if whole < 60 else f"{whole // 60} h {whole % 60} min"


def uses_of(visit: Visit, manuals: Sequence[Manual]) -> list[Use]:
    """Return the use of manual actions: a bounded read for each, whatever the number of runs."""
    since = moment(visit.desk.clock()).date() - MONTH
    runs = runs_of(visit.journal, [each.name for each in manuals], since)
    found = []
    for each in manuals:
        took = seconds_of(visit.history.feed(Filter((each.name,), outcome="succeeded"), MEASURED, whole=False))
        found.append(Use(each, runs[each.name], since, len(took), median(took) if took else 0))
    return found


def seconds_of(runs: Sequence[Run[Any]]) -> list[float]:
    """Return how long runs took, as far as that is known: of those taken over from a log it is not."""
    known = [(run.performing_at, run.ended_at) for run in runs]
    return [(end - start).total_seconds() for start, end in known if start and end]


def use_of(visit: Visit, entry: Mapping[str, Any]) -> Use | None:
    """Return the use of an action of the catalogue, where it is a manual one."""
    manual = visit.journal.manuals.get(str(entry["name"])) if entry.get("manual") else None
    return uses_of(visit, [manual])[0] if manual else None


# A run


def tick(visit: Visit) -> Response:
    """Tick a step, or take its tick back; in place where htmx asks."""
    run, refusal = run_of(visit), None
    step = visit.said("step")
    try:
        visit.desk.tick(
            run.id, int(step) if step.isdecimal() and len(step) < 9 else 0, by=visit.person.id,
            done=visit.said("done") == "yes", surface="console",
        )  # fmt: skip
    except Refused as problem:
        refusal = problem
    if visit.live:
        run = run_of(visit)
        told = Told(visit, run, visit.history.events(run.id))
        status = 409 if refusal else 200
        return visit.render("run_ticked.html", status, told=told, run=run, steps=told.steps, problem=refusal)
    if refusal:
        return whole_page(visit, run_of(visit), 409, problem=refusal)
    return visit.redirect(f"/runs/{run.id}")


def finish(visit: Visit) -> Response:
    """Say how a run by hand ended. What is missing is said on the page, with nothing lost; sent twice it is one end."""
    run, outcome, words = run_of(visit), visit.said("outcome"), visit.said("words")
    if run.outcome == outcome and (outcome, visit.person.id) in ended_by(visit, run):
        return visit.redirect(f"/runs/{run.id}")
    problem = missing(outcome, words) if run.outcome is None else None
    if problem is None:
        try:
            visit.desk.finish(run.id, outcome, words, by=visit.person.id, surface="console")
        except Refused as refusal:
            problem, run = refusal, run_of(visit)
    if problem:
        ending = {"outcome": outcome, "words": words, "problem": problem}
        return whole_page(visit, run, 409 if run.outcome else 422, ending=ending)
    return visit.redirect(f"/runs/{run.id}")


def ended_by(visit: Visit, run: Run[Any]) -> set[tuple[str, str | None]]:
    """Return who has said how a run ended, and how."""
    return {(event.kind, event.actor) for event in visit.history.events(run.id) if event.kind in ENDS}


def missing(outcome: str, words: str) -> Refused | None:
    """Return what a form that was not filled in needs, which is not worth an entry in the record."""
    if outcome not in ENDS:
        return Refused("It is not said how it ended.", "Choose one of the three.")
    if outcome != "succeeded" and not says_something(words):
        return refusals.end_without_words(outcome)
    return None


PAGES = (
    ("POST", "/runs/{id}/tick", tick),
    ("POST", "/runs/{id}/finish", finish),
)
