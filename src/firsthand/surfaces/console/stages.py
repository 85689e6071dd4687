"""The stages of a run: the six steps as they happened, as the run and its events tell them, and what came after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from firsthand.core.journal import Event
from firsthand.core.runs import OUTCOMES, Run, moment
from firsthand.surfaces.console.rendering import length
from firsthand.surfaces.words import Names, line

CHECKS = "Authorize", "Look up", "Check"
"""The steps between the record and performing: they leave no event, but are known by how far the run came."""

PERFORM, OUTCOME = "Perform", "Record the outcome"

NOBODY = Names()
NONE = "The inputs and the reason were right; it has no circumstances"

FIRST = ("unknown_action", "no_right")
"""Codes of refusals of the first of these steps; before performing every other one is the last's."""

LOOKS = {"succeeded": "", "unknown": "warn", "refused": "warn", "declined": "warn", "withdrawn": "off"}
"""Outcome → how it looks; failed looks bad."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a run. ``look`` is empty where all went well, else off, bad, warn or now."""

    name: str
    words: str = ""
    look: str = ""
    at: datetime | None = None
    by: str | None = None


def stages(
    run: Run[Any], events: Sequence[Event], entry: Mapping[str, Any] | None = None, names: Names = NOBODY
) -> list[Stage]:
    """Return the stages of a run, in the order in which they happened; those to come are last.

    ``entry`` is the action as the catalogue has it now, if it still does.
    """
    checked = checks_of(run, entry, names)
    found = [stage for event in events for stage in stages_of(run, event, checked)]
    return found if run.outcome else [*found, *to_come(run)]


def stages_of(run: Run[Any], event: Event, checked: Mapping[str, str]) -> Iterator[Stage]:
    """Yield what an event adds to the stages."""
    at, by, data = event.at, event.actor, event.data
    waits, found = "now" if run.status == "asked" else "", str(data.get("status"))
    told = {
        "recorded": ("Record", "The intent was committed before anything was decided.", ""),
        "imported": ("Imported", "It was done before, and taken over from a log.", ""),
        "asked": ("Asked", "What can be checked before somebody takes it was checked.", waits),
        "queued": ("Queued", queued_words(data), "now" if run.status == "queued" else ""),
        "taken": ("Taken", "Everything is checked again.", ""),
        "settled": ("Settled", settled_words(data), LOOKS.get(found, "bad")),
        "commented": ("Comment", line(str(data.get("text", "")), 140), "off"),
        "refused_try": (f"Tried to {data.get('tried')} it", line(str(data.get("message", ""))), "warn"),
        "late": ("Late outcome", f"It came when the run was {data.get('found')}: {found}.", "warn"),
    }  # fmt: skip
    if event.kind in told:
        name, words, look = told[event.kind]
        yield Stage(name, words, look, at, by)
    elif event.kind == "performing":
        yield from (Stage(name, words) for name, words in checked.items())
        yield Stage(PERFORM, *how_it_went(run, by_hand="steps" in data), at, by)
    elif event.kind in ("declined", "withdrawn"):
        yield Stage(event.kind.capitalize(), why(event.data), LOOKS[event.kind], at, by)
    elif event.kind in OUTCOMES:
        if run.performing_at is None:
            yield from stopped(event, checked)
        yield Stage(OUTCOME, event.kind, LOOKS.get(event.kind, "bad"), at, by)


def queued_words(data: Mapping[str, Any]) -> str:
    """Return until when a run waits."""
    due = data.get("due")
    until = f" from {moment(due):%-d %b %Y %H:%M} UTC on" if isinstance(due, int) else ""
    return f"It waits for a worker{until}; everything is checked again then."


def settled_words(data: Mapping[str, Any]) -> str:
    """Return what was found out of a run whose process died, and how."""
    found = {"succeeded": "It happened", "failed": "It did not happen"}
    said = found.get(status := str(data.get("status")), f"It {status}")
    return line(f"{said}: {data['words']}" if data.get("words") else f"{said}.", 400)


def how_it_went(run: Run[Any], *, by_hand: bool) -> tuple[str, str]:
    """Return words and look of performing."""
    if run.outcome is None:
        return "By hand, step by step." if by_hand else "The author's function is at work.", "now"
    if run.status == "unknown":
        return "Its process died: whether it happened is not known.", "warn"
    took = length((run.ended_at - run.performing_at).total_seconds()) if run.performing_at and run.ended_at else ""
    words = f"{'By hand, in' if by_hand else 'It took'} {took}." if took else ""
    return words, LOOKS.get(run.status, "bad")


def stopped(event: Event, checked: Mapping[str, str]) -> Iterator[Stage]:
    """Yield the steps of a run that stopped before it was performed; the one that stopped it says why."""
    code = (event.data.get("refusal") or {}).get("code")
    known = event.actor is not None  # a process that died says nothing of how far it came
    stop = CHECKS[0] if code in FIRST else CHECKS[-1]
    past = False
    for name in CHECKS:
        if past or not known:
            yield Stage(name, "Not reached." if known else "Not known.", "off")
        elif name == stop:
            past = True
            yield Stage(name, why(event.data), LOOKS.get(event.kind, "bad"))
        else:
            yield Stage(name, checked[name])
    yield Stage(PERFORM, "Not reached: nothing happened.", "off")


def to_come(run: Run[Any]) -> Iterator[Stage]:
    """Yield the steps that an open run has before it; one that is recorded is at the first of them."""
    names = [OUTCOME] if run.status == "performing" else [*CHECKS, PERFORM, OUTCOME]
    for name in names:
        yield Stage(name, "", "now" if run.status == "recorded" and name == names[0] else "off")


def why(data: Mapping[str, Any]) -> str:
    """Return what stopped a run, in words."""
    refusal, error = data.get("refusal"), data.get("error")
    if refusal:
        return line(str(refusal.get("message", "")), 400)
    return line(f"{error.get('type', '')}: {error.get('message', '')}", 400) if error else ""


def checks_of(run: Run[Any], entry: Mapping[str, Any] | None, names: Names) -> dict[str, str]:
    """Return the words of each step before performing for a run that passed it: what is on record, and the entry's.

    The entry is as the action is now: where its code has changed since, that is said.
    """
    now = "" if entry and entry["code"] == run.digest else ", as it is written now"
    may = f"{names.person(run.actor or run.asked_by)} may."
    code = f", code {run.digest[:12]}" if run.digest else ""
    tags = f", tagged {', '.join(run.tags)}" if run.tags else ""
    found = {"Authorize": may, "Look up": f"{run.action}{code}{tags}.", "Check": "All held."}
    if entry:
        held = entry["when"]
        found["Authorize"] = f"{may} Who may{now}: {entry['who']}"
        found["Check"] = f"{circumstances(len(held))} held{now}: {' '.join(held)}" if held else f"{NONE}{now}."
    return {name: line(words, 1_000) for name, words in found.items()}


def circumstances(number: int) -> str:
    """Return a number of circumstances in words."""
    return "1 circumstance" if number == 1 else f"{number} circumstances"
