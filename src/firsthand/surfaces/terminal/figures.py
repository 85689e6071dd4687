"""``stats``: the figures behind the runs, without the desk's code."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

import click

from firsthand.core.errors import FirsthandError
from firsthand.storage.journal import SqlJournal
from firsthand.surfaces.terminal import printing
from firsthand.surfaces.terminal.completion import action_names
from firsthand.surfaces.terminal.context import hidden_here, names_of, open_journal
from firsthand.surfaces.terminal.reading import DAY
from firsthand.surfaces.words import Names, line

if TYPE_CHECKING:
    from firsthand.insights.dashboard import Table
    from firsthand.insights.scope import Scope

BY = ["action", "namespace", "tag", "actor", "requested_by", "asked_by", "subject", "reason", "outcome", "day"]
WHOLE = ("total", "in_time")
"""Tables that a limit does not shorten."""


@click.command()
@click.option("--by", type=click.Choice(BY), help="Count by this alone, most first.")
@click.option("--action", shell_complete=action_names, help="Only this action's runs, under its old names too.")
@click.option("--namespace", help="Only runs of this namespace's actions.")
@click.option("--tag", help="Only runs with this tag.")
@click.option("--since", type=DAY, metavar="DAY", help="From this day on (UTC).")
@click.option("--until", type=DAY, metavar="DAY", help="Up to this day, it included (UTC).")
@click.option("--limit", type=click.IntRange(1), help="Only the most frequent so many.")
@click.option("--json", "as_json", is_flag=True, help='Print JSON; with --by a list of {"key": ..., "runs": ...}.')
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV for a spreadsheet, tables with an empty line between.")
def stats_command(
    by: str | None,
    action: str | None,
    namespace: str | None,
    tag: str | None,
    since: datetime | None,
    until: datetime | None,
    limit: int | None,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Show what the runs tell: how often, who, why, for which subjects; or count them by one thing."""
    from firsthand.followers.tally import Tally
    from firsthand.insights.scope import Scope

    if as_json and as_csv:
        raise FirsthandError("The figures are printed as JSON or as CSV, not both.", "Give one of --json and --csv.")
    journal = open_journal()
    if not journal.database.read_only:
        Tally(journal).advance(10.0)
    scope = Scope(day_of(since), day_of(until), namespace, tag, action)
    if by:
        say_counts(journal, by, scope, limit, as_json=as_json, as_csv=as_csv)
    else:
        say_dashboard(journal, scope, limit, as_json=as_json, as_csv=as_csv)


def day_of(given: datetime | None) -> date | None:
    """Return the day that an option gives."""
    return given.date() if given else None


def say_counts(journal: SqlJournal, by: str, scope: Scope, limit: int | None, *, as_json: bool, as_csv: bool) -> None:
    """Print runs by one thing."""
    from firsthand.insights.counts import counts

    found = counts(journal, by, limit=limit, scope=scope, hidden=hidden_here(journal))
    say_until(found.counted_until)
    if as_json:
        printing.say_json([{"key": key, "runs": runs} for key, runs in found])
    elif as_csv:
        say_csv((by, "runs"), found)
    else:
        names = names_of(journal)
        shown = {"action": names.action, "actor": names.person, "asked_by": names.person}.get(by, str)
        rows = [(shown(key), runs) for key, runs in found]
        say_bars([by.replace("_", " "), "runs", ""], rows)


def say_bars(heads: Sequence[str], rows: Sequence[tuple[str, int]]) -> None:
    """Print a table with a bar for each number where a person reads it."""
    most = max((runs for _, runs in rows), default=1)
    bars = 24 if printing.on_terminal() else 0
    cells = [(line(shown, 60), f"{runs:,}", "█" * round(runs / most * bars)) for shown, runs in rows]
    printing.table(heads, cells, right=(1,))


def say_dashboard(journal: SqlJournal, scope: Scope, limit: int | None, *, as_json: bool, as_csv: bool) -> None:
    """Print all figures of a scope."""
    from firsthand.insights.dashboard import dashboard, tables

    found = dashboard(journal, scope, hidden_here(journal))
    say_until(found.counted_until)
    if as_json:
        printing.say_json(found.as_dict())
        return
    names = names_of(journal)
    for number, each in enumerate(tables(found)):
        rows = each.plain() if each.name in WHOLE else each.plain()[:limit]
        if as_csv:
            printing.say_as_it_is("\r\n" * bool(number))
            printing.say_as_it_is("".join(csv_of(each, rows)))
        elif rows:
            printing.say(f"{each.title}:")
            say_table(each, rows, names)
            printing.say()


def csv_of(table: Table, rows: Sequence[Sequence[object]]) -> Sequence[str]:
    """Return a table as CSV, under its name."""
    from firsthand.surfaces.sheets import csv_text

    return [csv_text((), [(table.name,)]), csv_text(table.columns, rows)]


def say_csv(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print one table as CSV."""
    from firsthand.surfaces.sheets import csv_text

    printing.say_as_it_is(csv_text(columns, rows))


def say_table(table: Table, rows: Sequence[Sequence[object]], names: Names) -> None:
    """Print a table for people: names for ids, shares in percent."""
    words = {"action": names.action} if table.name == "requesters" else {"action": names.action, "person": names.person}
    right = [at for at, cell in enumerate(rows[0]) if not isinstance(cell, str)]
    cells = [
        [line(words.get(column, str)(cell), 60) if isinstance(cell, str) else written(column, cell)
         for column, cell in zip(table.columns, row, strict=True)]
        for row in rows
    ]  # fmt: skip
    printing.table([column.replace("_", " ") for column in table.columns], cells, right=right)


def written(column: str, cell: object) -> str:
    """Return a number for people."""
    if isinstance(cell, float):
        return f"{cell:.1f}" if column == "ratio" else f"{cell:.1%}"
    return f"{cell:,}"


def say_until(counted_until: datetime | None) -> None:
    """Say where not every run is counted."""
    if counted_until:
        printing.say(f"Counted are runs until {counted_until:%Y-%m-%d %H:%M} UTC; the rest is on its way.", error=True)
