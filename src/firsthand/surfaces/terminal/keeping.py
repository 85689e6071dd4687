"""``db`` and ``export``: looking after the journal's database, and taking its runs elsewhere."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TextIO

import click

from firsthand.core.errors import FirsthandError
from firsthand.core.marking import POSTGRESQL, SQLITE
from firsthand.core.runs import Run, microseconds
from firsthand.settings import Settings
from firsthand.storage.history import Filter
from firsthand.storage.journal import SqlJournal
from firsthand.storage.opening import moved_to, opened, upgraded, version
from firsthand.surfaces.sheets import csv_text
from firsthand.surfaces.terminal import printing
from firsthand.surfaces.terminal.context import login, open_journal
from firsthand.surfaces.terminal.reading import DAY

if TYPE_CHECKING:
    from firsthand.storage.moving import Moved

PAGE = 1_000


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_context
def db_command(ctx: click.Context, as_json: bool) -> None:
    """Say where the journal is and how large; ``db upgrade`` brings its schema up to date."""
    if ctx.invoked_subcommand:
        return
    journal = open_journal()
    place, size = journal.database.place, journal.database.size()
    runs, events = (journal.database.read(f"SELECT count(*) FROM {name}")[0][0] for name in ("runs", "events"))
    where, schema = moved_to(journal.database), version(journal.database)
    if as_json:
        found = {"path": place, "schema": schema, "runs": runs, "events": events, "bytes": size, "moved_to": where}
        printing.say_json(found)
        return
    printing.say(f"{place}: schema {schema}, {runs:,} runs, {events:,} events, {size:,} bytes")
    if where:
        printing.say(f"It was moved to {where}: this is what it was then.")


@db_command.command()
def upgrade() -> None:
    """Set up a new journal, or bring an older one up to date after a copy."""
    database = opened(Settings.load().database)
    done = upgraded(database)
    if done.anything:
        data = {"version": done.version, "copy": done.copy.name if done.copy else None}
        journal = SqlJournal(Settings.load().database)
        journal.append("upgraded", actor=f"system:{login()}", at=time.time_ns() // 1000, data=data)
    said = f", after a copy to {done.copy}" if done.copy else ""
    printing.say(f"{database.place} is at schema {done.version}{said}.")


@db_command.command()
@click.argument("url")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def move(url: str, as_json: bool) -> None:
    """Move the journal from SQLite to an empty PostgreSQL database, and prove that nothing changed.

    URL is postgresql://user@host:5432/database; a password may stand in ~/.pgpass or PGPASSWORD instead.
    """
    from firsthand.storage.moving import move

    bar, start = printing.Bar("moving"), time.monotonic()

    def progress(doing: str, done: int, total: int) -> None:
        rate = done / max(time.monotonic() - start, 0.001)
        bar.update(done, total, f"{doing}, {done:,} of {total:,} rows, {rate:,.0f} a second")

    journal = SqlJournal(Settings.load().database)
    try:
        moved = move(journal, url, f"system:{login()}", progress)
    finally:
        bar.close()
        journal.close()
    if as_json:
        printing.say_json(
            {
                "from": moved.source,
                "to": moved.target,
                "before": moved.before,
                "rows": moved.rows,
                "spelt": moved.spelt,
                "left": moved.left,
                "tables": [proof._asdict() for proof in moved.tables],
            }
        )
        return
    say_moved(moved)


def say_moved(moved: Moved) -> None:
    """Say what was moved, and what to do now."""
    if moved.before:
        printing.say(f"It was moved to {moved.target} before; the file now says so.")
    else:
        printing.table(
            ("table", "rows", "digest, here and there"),
            [(proof.table, f"{proof.rows:,}", proof.digest) for proof in moved.tables],
            right=(1,),
        )
        printing.say(f"Moved {moved.rows:,} rows to {moved.target}: read back there, and the same as here.")
    if moved.spelt:
        printing.say(
            f"{moved.spelt:,} rows had NUL characters in texts, which are written as \N{SYMBOL FOR NULL} there."
        )
    if moved.left:
        printing.say(f"Tables that are not the journal's stayed: {', '.join(moved.left)}.")
    printing.say(f"Set FIRSTHAND_DATABASE to it. {moved.source} can be read, and is not written any more.")


@db_command.command()
@click.argument("kind", type=click.Choice(["sqlite", "postgresql"]))
def marker(kind: str) -> None:
    """Print the migration that transactional actions need in the database that they change, the application's own."""
    printing.say((SQLITE if kind == "sqlite" else POSTGRESQL).rstrip())


@click.command()
@click.option("--format", "kind", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
@click.option(
    "--output", "-o", type=click.File("w", encoding="utf-8", lazy=True), default="-", help="A file; - is a pipe."
)
@click.option("--since", type=DAY, metavar="DAY", help="From this day on (UTC).")
@click.option("--until", type=DAY, metavar="DAY", help="Up to this day, it included (UTC).")
@click.option("--events/--no-events", default=True, help="With each run its events (JSON only).")
def export_command(kind: str, output: TextIO, since: datetime | None, until: datetime | None, events: bool) -> None:
    """Write out the runs, oldest last, as JSON lines or CSV."""
    journal = open_journal()
    wanted = Filter(
        since=microseconds(since.replace(tzinfo=UTC)) if since else None,
        until=microseconds(until.replace(tzinfo=UTC) + timedelta(days=1)) if until else None,
    )
    write = write_csv if kind == "csv" else write_jsonl
    try:
        write(journal, pages(journal, wanted), output, events)
        output.flush()
    except BrokenPipeError:
        with printing.heard():
            raise
    except OSError as error:
        raise FirsthandError(
            f"The export could not be written: {error.strerror}.", "Make room, and export again."
        ) from error


def pages(journal: SqlJournal, wanted: Filter) -> Iterator[Run[Any]]:
    """Yield the runs that a filter wants, newest first, a page at a time by key."""
    while page := journal.history.feed(wanted, PAGE):
        yield from page
        wanted = replace(wanted, before=(microseconds(page[-1].at), page[-1].id))


def write_jsonl(journal: SqlJournal, runs: Iterator[Run[Any]], output: TextIO, events: bool) -> None:
    """Write a JSON object a line."""
    for run in runs:
        row = run.as_dict()
        if events:
            row["events"] = [event.as_dict() for event in journal.history.events(run.id)]
        output.write(json.dumps(row, ensure_ascii=True) + "\n")


COLUMNS = (
    "id", "at", "action", "outcome", "actor", "requested_by", "asked_by", "subjects", "reason", "notes", "ticket",
    "environment", "surface", "tags", "inputs", "value", "refusal", "error", "ended_at",
)  # fmt: skip


def write_csv(journal: SqlJournal, runs: Iterator[Run[Any]], output: TextIO, events: bool) -> None:
    """Write a CSV file whose cells no spreadsheet takes for formulas."""
    output.write(csv_text(COLUMNS, ()))
    for run in runs:
        row = run.as_dict()
        row["subjects"] = " ".join(subject.key for subject in run.subjects)
        row["tags"] = " ".join(run.tags)
        row["refusal"] = run.refusal.message if run.refusal else None
        row["error"] = f"{run.error.type}: {run.error.message}" if run.error else None
        output.write(csv_text((), [[row[name] for name in COLUMNS]]))
