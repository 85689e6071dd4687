"""``feed`` and ``show``: reading the journal, without the desk's code."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import click

from firsthand.core.errors import FirsthandError
from firsthand.core.journal import Event, output_of
from firsthand.core.runs import OUTCOMES, Run, microseconds
from firsthand.core.steps import Steps
from firsthand.storage.history import Filter
from firsthand.storage.journal import SqlJournal
from firsthand.storage.tail import Tail
from firsthand.surfaces.terminal import printing
from firsthand.surfaces.terminal.by_hand import say_steps
from firsthand.surfaces.terminal.completion import action_names, reasons
from firsthand.surfaces.terminal.context import names_of, open_journal
from firsthand.surfaces.terminal.options import parse_id
from firsthand.surfaces.words import WHOLE, Names, event_sentence, line, sentence, subject_words

STATUSES = [*OUTCOMES, "asked", "recorded", "queued", "performing"]
DAY = click.DateTime(["%Y-%m-%d"])
POLL = 1.0
"""Seconds between two looks of ``feed --follow``."""


@click.command()
@click.option("--action", shell_complete=action_names, help="Only this action's runs, under its old names too.")
@click.option("--actor", help="Only what this person did (their id).")
@click.option("--subject", metavar="KIND:ID", help="Only what was done to this subject.")
@click.option("--reason", shell_complete=reasons, help="Only runs with this reason.")
@click.option("--namespace", help="Only runs of this namespace's actions.")
@click.option("--tag", help="Only runs with this tag.")
@click.option("--requested-by", metavar="WHO", help="Only what this customer or colleague wanted.")
@click.option("--asked-by", metavar="ID", help="Only what this colleague asked for (their id).")
@click.option("--kind", help="Only what was done to this kind of subject.")
@click.option("--outcome", type=click.Choice(STATUSES), metavar="OUTCOME", help=f"Only those: {', '.join(STATUSES)}.")
@click.option("--since", type=DAY, metavar="DAY", help="Only from this day on (UTC).")
@click.option("--until", type=DAY, metavar="DAY", help="Only up to this day, it included (UTC).")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="At most so many.")
@click.option("--follow", is_flag=True, help="Go on, and show new runs as they end.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print a list of runs as JSON (with --follow one a line, new ones only)."
)
def feed_command(limit: int, follow: bool, as_json: bool, **given: Any) -> None:
    """Show the newest runs, everyone's, newest first; changes of the desk and its people stand in between."""
    journal = open_journal()
    wanted = filter_of(journal, **given)
    if not as_json and not any(given.values()):
        wanted = replace(wanted, alone=True)
    tail = Tail(journal.history)
    runs = journal.history.feed(wanted, limit)
    names = names_of(journal)
    if as_json and follow:
        follow_on(journal, wanted, names, tail, as_json=True)
    elif as_json:
        printing.say_json([run.as_dict() for run in runs])
    else:
        show_feed(journal, wanted, runs, names, limit, bare=not any(given.values()), follow=follow)
        if follow:
            follow_on(journal, wanted, names, tail, as_json=False)


def show_feed(
    journal: SqlJournal, wanted: Filter, runs: Sequence[Run[Any]], names: Names, limit: int, *, bare: bool, follow: bool
) -> None:
    """Print runs and, where nothing but days is asked for, what happened to the desk and its people in between."""
    entries: list[Run[Any] | Event] = list(runs)
    if wanted == Filter(since=wanted.since, until=wanted.until, alone=wanted.alone):
        entries += between(journal, runs, wanted, limit)
        entries.sort(key=lambda each: each.at, reverse=True)
    if printing.on_terminal() and not follow:
        feed_table(entries[:limit], names)
    else:
        for entry in reversed(entries[:limit]) if follow else entries[:limit]:
            show_line(entry, names)
    if not entries and not follow:
        printing.say("There are no runs yet." if bare else "No runs match.", error=True)


def filter_of(journal: SqlJournal, **given: Any) -> Filter:
    """Return the filter of the options."""
    from firsthand.insights import scope

    days = {name: f"{given.pop(name):%Y-%m-%d}" for name in ("since", "until") if given[name]}
    return scope.filter_of(journal.history, {**days, **{name: value for name, value in given.items() if value}})


def between(journal: SqlJournal, runs: Sequence[Run[Any]], wanted: Filter, limit: int) -> list[Event]:
    """Return what happened to the desk and its people in the time that the runs shown span."""
    oldest = microseconds(runs[-1].at) if len(runs) == limit else wanted.since or 0
    return journal.history.events_of_no_run(oldest, wanted.until or 2**62, limit)


def feed_table(entries: Sequence[Run[Any] | Event], names: Names) -> None:
    """Print the feed as a table, for people who look rather than read."""
    rows = []
    for entry in entries:
        at = f"{entry.at.astimezone():%d %b %H:%M}"
        if isinstance(entry, Event):
            rows.append((at, "", line(event_sentence(entry, names), 80), "", "", "", "", ""))
            continue
        on = ", ".join(line(subject.label or subject.key, 40) for subject in entry.subjects)
        by = names.person(entry.actor or entry.asked_by)
        why = line(entry.reason or "", 30)
        wanted = line(entry.requested_by or "", 30)
        rows.append((at, str(entry.id), names.action(entry.action), on, by, wanted, why, entry.status))
    if rows:
        printing.table(["when", "run", "action", "on", "by", "for", "why", "outcome"], rows, right=(1,))


def show_line(entry: Run[Any] | Event, names: Names) -> None:
    """Print one line of the feed."""
    at = f"{entry.at.astimezone():%Y-%m-%d %H:%M}"
    if isinstance(entry, Event):
        printing.say_painted(f"{at}  {'-':>7}  {event_sentence(entry, names)}", "bright_black")
        return
    head = f"{at}  {entry.id:>7}  "
    printing.say_painted(head + sentence(entry, names), printing.COLOURS.get(entry.status))


def follow_on(journal: SqlJournal, wanted: Filter, names: Names, tail: Tail, *, as_json: bool) -> None:
    """Show runs as they end, until stopped."""
    ends = {"asked", "succeeded", "refused", "failed", "declined", "withdrawn", "unknown", "settled"}
    while pause():
        events = tail.read(500)
        for event in events:
            run = journal.run(event.run) if event.run is not None and event.kind in ends else None
            if run and journal.history.is_wanted(run.id, wanted):
                printing.say_json(run.as_dict()) if as_json else show_line(run, names)
        if any(event.run is None for event in events):
            names = names_of(journal)


def pause() -> bool:
    """Wait a moment, and say whether to go on: until somebody stops it."""
    try:
        time.sleep(POLL)
    except KeyboardInterrupt:
        return False
    return not printing.UNHEARD


@click.command()
@click.argument("run")
@click.option("--json", "as_json", is_flag=True, help="Print the run with its events as JSON.")
def show_command(run: str, as_json: bool) -> None:
    """Show one run, whole: what was done, by whom, for whom, why, how it ended, step by step."""
    journal = open_journal()
    id = parse_id(run)
    found = journal.run(id)
    if found is None:
        raise FirsthandError(f"There is no run {id}.", "firsthand feed shows the newest.")
    events = journal.history.events(id)
    if as_json:
        printing.say_json({**found.as_dict(), "events": [event.as_dict() for event in events]})
        return
    names = names_of(journal)
    printing.say_painted(sentence(found, names, WHOLE), printing.COLOURS.get(found.status))
    for name, value in details(found):
        printing.say(f"  {name:<13} {value}")
    for title, text in (
        ("Output", found.output or output_of(events)[0]),
        ("Traceback", found.error.traceback if found.error else ""),
    ):
        if text:
            printing.say(f"\n{title}:")
            printing.say("\n".join(f"  {each}" for each in text.rstrip().split("\n")))
    if found.value is not None and not isinstance(found.value, str):
        printing.say("\nReturned:")
        printing.say_json(found.value)
    if by_hand := Steps.of(events):
        printing.say(f"\nBy hand (version {by_hand.version}):")
        say_steps(by_hand, names)
    printing.say("\nSteps:")
    for event in events:
        if event.kind in ("said", "progress"):
            continue
        printing.say(f"  {event.at.astimezone():%Y-%m-%d %H:%M:%S.%f}  {event_sentence(event, names)}")


def details(run: Run[Any]) -> list[tuple[str, str]]:
    """Return what is known of a run, named."""
    pairs: list[tuple[str, object]] = [
        ("run", run.id), ("action", run.action), ("outcome", run.status), ("by", run.actor), ("asked by", run.asked_by),
        ("requested by", run.requested_by), ("reason", run.reason), ("notes", run.notes), ("ticket", run.ticket),
        *((subject.kind, f"{subject_words(subject)} {traits(subject.traits)}") for subject in run.subjects),
        *((f"input {name}", value) for name, value in (run.inputs or {}).items()),
        ("environment", run.environment), ("surface", run.surface), ("tags", ", ".join(run.tags)),
        ("code", run.digest), ("at", f"{run.at.isoformat()}"), ("took", took(run)),
    ]  # fmt: skip
    return [(name, line(str(value), 10_000)) for name, value in pairs if value not in (None, "")]


def traits(found: Any) -> str:
    """Return a subject's traits in words."""
    return f"[{', '.join(f'{name}: {value}' for name, value in found.items())}]" if found else ""


def took(run: Run[Any]) -> str | None:
    """Return how long performing took."""
    if run.performing_at is None or run.ended_at is None:
        return None
    return f"{(run.ended_at - run.performing_at).total_seconds():.3f} s"
