"""A batch in words, and what became of its rows as a table, for whatever surface tells it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from firsthand.core.batch import Batch, BatchRow, Fault, Progress
from firsthand.core.batches import Batches
from firsthand.core.runs import Run

PART = 500
SAID = ("reason", "notes", "requested_by", "ticket")
BECAME = ("outcome", "message", "what_to_do", "run", "returned")


def results(batches: Batches, batch: Batch, inputs: list[str], *, unfit: bool = False) -> Iterator[list[object]]:
    """Yield the columns and then every row of a batch, with what became of it; some hundred are in memory at once.

    With ``unfit`` those alone that would not go through.
    """
    yield ["row", *inputs, *(name for name in SAID if name not in inputs), *BECAME]
    rows = batches.rows(batch.id, unfit=unfit)
    while part := list(islice(rows, PART)):
        runs: dict[int, Run[Any]] = batches.store.runs(part)
        for row in part:
            said = [row.said.get(name, getattr(batch, name)) for name in SAID if name not in inputs]
            yield [row.number, *(row.inputs.get(name) for name in inputs), *said, *became(batch, row, runs)]


def became(batch: Batch, row: BatchRow, runs: dict[int, Run[Any]]) -> list[object]:
    """Return what became of a row: outcome, why not, what to do, its run, and what that returned."""
    if row.fault:
        return ["would not go through", row.fault["message"], row.fault["fix"], None, None]
    run = runs.get(row.run or 0)
    if run is None:
        words = {"preflight": "not performed", "drafted": "would go through", "cancelled": "cancelled before it began"}
        return [words.get(batch.status, "not begun"), None, None, None, None]
    refusal, error = run.refusal, run.error
    message = refusal.message if refusal else f"{error.type}: {error.message}" if error else None
    return [run.status, message, refusal.fix if refusal else None, run.id, run.value]


def preflight_words(batch: Batch) -> str:
    """Return what a preflight has found, in a sentence, or how far it is."""
    if batch.status == "preflight":
        return f"{batch.looked:,} of {batch.total:,} rows were looked at."
    would = "1 row would go through" if batch.fit == 1 else f"{batch.fit:,} rows would go through"
    return f"{would}, {batch.unfit:,} would not." if batch.unfit else f"{would}."


def fault_words(fault: Fault) -> str:
    """Return why rows would not go through; of several, the first where not the same was said of all."""
    return fault.message if fault.alike else f"such as: {fault.message}"


def rows_words(count: int, rows: tuple[int, ...]) -> str:
    """Return which rows, by their numbers: ``row 3``, ``rows 3, 4 and 12 more``."""
    more = f" and {count - len(rows):,} more" if count > len(rows) else ""
    return f"row{'s' if count > 1 else ''} {', '.join(str(each) for each in rows)}{more}"


def progress_words(progress: Progress) -> str:
    """Return how far a batch is: how many of how many, and how they ended."""
    ended = [f"{n:,} {status}" for status, n in sorted(progress.counts.items(), key=lambda each: -each[1])]
    return f"{progress.done:,} of {progress.fit:,}" + (f": {', '.join(ended)}" if ended else "")


def pace_words(progress: Progress) -> str:
    """Return how fast it goes, and how long it takes yet; nothing where that is not known."""
    left = progress.seconds_left
    if left is None or not progress.done or not progress.left:
        return ""
    rate = f"{progress.a_second:,.0f} a second" if progress.a_second >= 2 else f"{progress.a_second * 60:,.0f} a minute"
    minutes = round(left / 60)
    words = (
        f"{left:.0f} s" if left < 90 else f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
    )
    return f"{rate}, about {words} left"
