"""``feed``, ``show`` and ``stats``: reading the journal, without the desk's code."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from firsthand.core.errors import FirsthandError
from firsthand.core.journal import Event
from firsthand.core.runs import OUTCOMES, Run, microseconds
from firsthand.storage.history import Filter
from firsthand.storage.journal import SqlJournal
from firsthand.surfaces.terminal import printing
from firsthand.surfaces.terminal.completion import action_names, reasons
from firsthand.surfaces.terminal.context import names_of, open_journal
from firsthand.surfaces.terminal.options import parse_id
from firsthand.surfaces.words import WHOLE, Names, event_sentence, line, sentence, subject_words

STATUSES = [*OUTCOMES, "asked", "recorded", "performing"]
DAY = click.DateTime(["%Y-%m-%d"])
POLL = 1.0
"""Seconds between two looks of ``feed --follow``."""


@click.command()
@click.option("--action", shell_complete=action_names, help="Only this action's runs, under its old names too.")
@click.option("--actor", help="Only what this person did (their id).")
@click.option("--subject", metavar="KIND:ID", help="Only what was done to this subject.")
@click.option("--reason", shell_complete=reasons, help="Only runs with this reason.")
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
    runs = journal.history.feed(wanted, limit)
    position = journal.history.last_event()
    names = names_of(journal)
    if as_json and follow:
        follow_on(journal, wanted, names, position, as_json=True)
    elif as_json:
        printing.say_json([run.as_dict() for run in runs])
    else:
        show_feed(journal, wanted, runs, names, limit, bare=not any(given.values()), follow=follow)
        if follow:
            follow_on(journal, wanted, names, position, as_json=False)


def show_feed(
    journal: SqlJournal, wanted: Filter, runs: Sequence[Run[Any]], names: Names, limit: int, *, bare: bool, follow: bool
) -> None:
    """Print runs and, where nothing but days is asked for, what happened to the desk and its people in between."""
    entries: list[Run[Any] | Event] = list(runs)
    if wanted == Filter(since=wanted.since, until=wanted.until):
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
    """Return the filter of the options: an action with its aliases, days as times."""
    since, until, action = given.pop("since"), given.pop("until"), given.pop("action")
    names: tuple[str, ...] = ()
    if action:
        entries = dict(journal.history.catalogue())
        present = next((name for name, entry in entries.items() if action in entry.get("aliases", ())), action)
        names = (present, *entries.get(present, {}).get("aliases", ()))
    return Filter(
        actions=names,
        since=microseconds(since.replace(tzinfo=UTC)) if since else None,
        until=microseconds(until.replace(tzinfo=UTC) + timedelta(days=1)) if until else None,
        **given,
    )


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


def follow_on(journal: SqlJournal, wanted: Filter, names: Names, position: int, *, as_json: bool) -> None:
    """Show runs as they end, until stopped."""
    ends = {"asked", "succeeded", "refused", "failed", "declined", "withdrawn", "unknown", "settled"}
    while pause():
        events = journal.history.events_after(position, 500)
        for event in events:
            position = event.id
            run = journal.run(event.run) if event.run is not None and event.kind in ends else None
            if run and matches(run, wanted):
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


def matches(run: Run[Any], wanted: Filter) -> bool:
    """Say whether a run is one that the filter wants."""
    if wanted.actions and run.action not in wanted.actions:
        return False
    if wanted.subject and wanted.subject not in [subject.key for subject in run.subjects]:
        return False
    pairs = ((wanted.actor, run.actor), (wanted.reason, run.reason), (wanted.outcome, run.status))
    return all(want is None or want == have for want, have in pairs)


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
    for title, text in (("Output", found.output), ("Traceback", found.error.traceback if found.error else "")):
        if text:
            printing.say(f"\n{title}:")
            printing.say("\n".join(f"  {each}" for each in text.rstrip().split("\n")))
    if found.value is not None and not isinstance(found.value, str):
        printing.say("\nReturned:")
        printing.say_json(found.value)
    printing.say("\nSteps:")
    for event in events:
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


BY = ["action", "namespace", "tag", "actor", "requested_by", "asked_by", "subject", "reason", "outcome", "day"]


@click.command()
@click.option("--by", type=click.Choice(BY), default="action", show_default=True, help="What to count by.")
@click.option("--since", type=DAY, metavar="DAY", help="From this day on (UTC).")
@click.option("--until", type=DAY, metavar="DAY", help="Up to this day, it included (UTC).")
@click.option("--limit", type=click.IntRange(1), help="Only the most frequent so many.")
@click.option("--json", "as_json", is_flag=True, help='Print a list of {"key": ..., "runs": ...}, most first.')
def stats_command(by: str, since: datetime | None, until: datetime | None, limit: int | None, as_json: bool) -> None:
    """Count runs by action, person, subject, reason and more, most first."""
    from firsthand.followers.tally import Tally
    from firsthand.insights.counts import counts

    journal = open_journal()
    if not journal.database.read_only:
        Tally(journal).advance(10.0)
    found = counts(journal, by, since.date() if since else None, until.date() if until else None, limit=limit)
    if found.counted_until:
        printing.say(
            f"Counted are runs until {found.counted_until:%Y-%m-%d %H:%M} UTC; the rest is on its way.", error=True
        )
    if as_json:
        printing.say_json([{"key": key, "runs": runs} for key, runs in found])
        return
    names = names_of(journal)
    shown = {"action": names.action, "actor": names.person, "asked_by": names.person}.get(by, str)
    most = max((runs for _, runs in found), default=1)
    bars = 24 if printing.on_terminal() else 0
    rows = [(line(shown(key), 60), f"{runs:,}", "█" * round(runs / most * bars)) for key, runs in found]
    printing.table([by.replace("_", " "), "runs", ""], rows, right=(1,))
