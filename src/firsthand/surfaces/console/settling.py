"""Settling: somebody says of a run that ended unknown whether it happened."""

from __future__ import annotations

from starlette.responses import Response

from firsthand.core import refusals
from firsthand.core.errors import Refused
from firsthand.core.reasons import says_something
from firsthand.core.settling import ENDS
from firsthand.surfaces.console.runs import run_of, whole_page
from firsthand.surfaces.console.visit import Visit


def settle(visit: Visit) -> Response:
    """Record whether it happened. What is missing is said on the run's page, with nothing lost."""
    run, outcome, words = run_of(visit), visit.said("outcome"), visit.said("words")
    problem = missing(outcome, words) if run.status == "unknown" else None
    if problem is None:
        try:
            once = visit.said("once") or None
            visit.desk.settle(run.id, outcome, words, by=visit.person.id, surface="console", once=once)
        except Refused as refusal:
            problem, run = refusal, run_of(visit)
    if problem:
        settling = {"outcome": outcome, "words": words, "problem": problem}
        return whole_page(visit, run, 422 if run.status == "unknown" else 409, settling=settling, problem=problem)
    return visit.redirect(f"/runs/{run.id}")


def missing(outcome: str, words: str) -> Refused | None:
    """Return what a form that was not filled in needs, which is not worth an entry in the record."""
    if outcome not in ENDS:
        return Refused("It is not said whether it happened.", "Choose one of the two.")
    return None if says_something(words) else refusals.settled_without_words()


PAGES = (("POST", "/runs/{id}/settle", settle),)
