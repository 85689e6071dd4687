"""``import``: past support work from a CSV file."""

from __future__ import annotations

import time
from pathlib import Path

import click

from firsthand.followers.tally import Tally
from firsthand.settings import Settings
from firsthand.storage.imports import Mapping, import_log
from firsthand.storage.journal import SqlJournal
from firsthand.surfaces.terminal import printing
from firsthand.surfaces.terminal.context import login
from firsthand.surfaces.terminal.main import FAILED


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--actor", required=True, metavar="COLUMN", help="Who did it.")
@click.option("--action", required=True, metavar="COLUMN", help="What was done.")
@click.option("--subject", required=True, metavar="KIND:COLUMN", help="What it was done to.")
@click.option("--at", required=True, metavar="COLUMN", help="When.")
@click.option("--timezone", default="UTC", show_default=True, metavar="ZONE", help="The zone of times without one.")
@click.option("--outcome", metavar="COLUMN", help="How it ended; succeeded if not given.")
@click.option("--reason", metavar="COLUMN", help="Why.")
@click.option("--notes", metavar="COLUMN", help="Why, in words.")
@click.option("--requested-by", metavar="COLUMN", help="Who wanted it.")
@click.option("--tag", "tags", multiple=True, metavar="COLUMN", help="A tag; may be given several times.")
def import_command(file: Path, **mapped: object) -> None:
    """Take in past support work from a CSV file by saying which column is what.

    Run it again after it was stopped, or with a longer file: a row that is in already is not taken twice.
    """
    mapping = Mapping(**mapped)  # type: ignore[arg-type]
    bar = printing.Bar(f"importing {file.name}")
    start = time.monotonic()

    read = 0

    def progress(rows: int, done: int, size: int) -> None:
        nonlocal read
        read = rows
        rate = rows / max(time.monotonic() - start, 0.001)
        bar.update(done, size, f"{rows:,} rows, {rate:,.0f} a second")

    journal = SqlJournal(Settings.load().database)
    try:
        imported = import_log(journal, file, mapping, by=login(), progress=progress)
        Tally(journal).advance(30.0)
    except KeyboardInterrupt:
        printing.say(f"Stopped after {read:,} rows, which are in. Run it again to go on.", error=True)
        raise click.exceptions.Exit(FAILED) from None
    finally:
        bar.close()
    already = f", {imported.there:,} were there already" if imported.there else ""
    printing.say(f"Took {imported.taken:,} runs{already}.")
    if imported.rejected:
        printing.say(f"{imported.rejected:,} rows could not be taken; {imported.rejects} says why.", error=True)
