"""Paper for commands: tables and colours on a terminal, plain text in a pipe, JSON where asked for."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

from firsthand.surfaces.words import UNSAFE, safe

COLOURS = {
    "succeeded": "green", "refused": "yellow", "failed": "red", "unknown": "red", "asked": "cyan",
    "performing": "cyan", "queued": "cyan", "recorded": "cyan", "declined": "yellow", "withdrawn": "bright_black",
}  # fmt: skip


def on_terminal() -> bool:
    """Say whether a person reads this."""
    return sys.stdout is not None and sys.stdout.isatty()


def converses() -> bool:
    """Say whether a person can be asked: standard input and output are both a terminal's."""
    return sys.stdin is not None and sys.stdin.isatty() and on_terminal()


UNHEARD: list[OSError | ValueError] = []


@contextmanager
def heard() -> Iterator[None]:
    """Print; where nobody reads any more, or nothing can be written, go on in silence.

    What was performed was performed, whoever hears of it: the exit code tells. ``UNHEARD`` has what went wrong, for
    commands that only read.
    """
    try:
        yield
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, ValueError) as error:
        UNHEARD.append(error)
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        sys.stdout = os.fdopen(silence, "w")


def coloured() -> bool:
    """Say whether colours are wanted: on a terminal, unless NO_COLOR is set."""
    return on_terminal() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def say(text: str = "", *, error: bool = False) -> None:
    """Print a line, whatever could change the terminal spelt out."""
    with heard():
        click.echo(safe(text), err=error)


def painted(text: str, colour: str | None) -> str:
    """Return a text in a colour, where colours are wanted."""
    return click.style(safe(text), fg=colour) if colour and coloured() else safe(text)


def say_painted(text: str, colour: str | None) -> None:
    """Print a line in a colour."""
    with heard():
        click.echo(painted(text, colour))


def say_json(value: object) -> None:
    """Print JSON that is safe on a terminal too: what could change it is escaped, as JSON allows."""
    text = json.dumps(value, ensure_ascii=False, indent=2 if on_terminal() else None, default=str)
    with heard():
        click.echo(UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text))


def say_as_it_is(text: str) -> None:
    """Print text that a program reads, as it is; on a terminal, whatever could change it is spelt out."""
    with heard():
        click.echo(safe(text) if on_terminal() else text, nl=False)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[int] = ()) -> None:
    """Print a table: drawn on a terminal, columns of spaces in a pipe. Status words are coloured."""
    cells = [[" ".join(safe(cell).split()) for cell in row] for row in rows]
    if on_terminal():
        draw(heads, cells, right)
        return
    widths = [max(len(head), *(len(row[at]) for row in cells)) if cells else len(head) for at, head in enumerate(heads)]
    for row in [list(heads), *cells]:
        aligned = [
            cell.rjust(width) if at in right else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        with heard():
            click.echo("  ".join(aligned).rstrip())


def draw(heads: Sequence[str], cells: Sequence[Sequence[str]], right: Sequence[int]) -> None:
    """Draw a table with rich, which is imported only here and for progress."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for at, head in enumerate(heads):
        drawn.add_column(head, justify="right" if at in right else "left", overflow="fold")
    for row in cells:
        drawn.add_row(*(Text(cell, style="cyan" if "█" in cell else COLOURS.get(cell, "")) for cell in row))
    with heard():
        console().print(drawn)


def console() -> Any:
    """Return rich's console for standard output."""
    from rich.console import Console

    return Console(color_system="auto" if coloured() else None, highlight=False)


class Bar:
    """A progress bar on a terminal; nothing in a pipe."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.progress: Any = None
        self.task: Any = None

    def update(self, done: float, total: float, said: str = "") -> None:
        """Show how far it is."""
        if not on_terminal():
            return
        if self.progress is None:
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (
                TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"),
                TextColumn("{task.fields[said]}"), TimeRemainingColumn(),
            )  # fmt: skip
            self.progress = Progress(*columns, console=console())
            self.progress.start()
            self.task = self.progress.add_task(safe(self.title), total=total, said=said)
        self.progress.update(self.task, completed=done, total=total, said=said)

    def close(self) -> None:
        """Leave the bar as it is."""
        if self.progress is not None:
            self.progress.stop()
            self.progress = None
