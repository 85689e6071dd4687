"""Every refusal of batches and their rows, each said in one place; their codes stand in `refusals.CODES`."""

from __future__ import annotations

from collections.abc import Sequence

from firsthand.core.errors import Refused
from firsthand.core.text import listed

AGAIN = "Put that right and give the whole file again: nothing was done with it."


def unfit(message: str, fix: str = AGAIN) -> Refused:
    """The rows cannot be read, as they stand."""
    return Refused(message, fix, code="rows_invalid")


def file_not_utf8(number: int) -> Refused:
    """A file's text is in another encoding."""
    return unfit(f"Line {number} is not UTF-8 text.", "Save the file as “CSV UTF-8” and give it again.")


def file_no_text(number: int) -> Refused:
    """A file has what no text has: it is a spreadsheet's own, or in UTF-16."""
    return unfit(
        f"Line {number} has a NUL character, so it is no text.", "Save the file as “CSV UTF-8” and give it again."
    )


def line_too_long(number: int, limit: int) -> Refused:
    """A line goes on and on: it may be no CSV file at all."""
    return unfit(f"Line {number} is longer than {limit:,} bytes.", "Is it a CSV file? Give one with a row a line.")


def heading_missing(known: Sequence[str]) -> Refused:
    """There is nothing in the file's first row."""
    return unfit("Row 1 is empty.", f"Name the columns there: {listed(tuple(known), 'or')}.")


def unknown_columns(names: Sequence[str], known: Sequence[str]) -> Refused:
    """The heading names what is no input; a nameless column is one with cells and no heading."""
    shown = listed(tuple(f"“{name[:50]}”" if name else "a nameless one" for name in names[:10]))
    verb = "are columns" if len(names) > 1 else "is a column"
    return unfit(f"Row 1: {shown} {verb} that the action does not know.", f"There are {listed(tuple(known))}.")


def columns_twice(names: Sequence[str]) -> Refused:
    """The heading names an input more than once."""
    return unfit(f"Row 1 names {listed(tuple(names))} more than once.")


def too_many_columns(given: int, most: int) -> Refused:
    """The file has more columns than any action has inputs."""
    return unfit(f"Row 1 has {given:,} columns; {most} is the most.", "Leave out those that the action does not need.")


def row_ragged(number: int, given: int, wanted: int) -> Refused:
    """A row has more or fewer cells than there are columns."""
    return unfit(f"Row {number} has {given:,} cells; the heading has {wanted}.")


def row_unreadable(number: int, error: str, limit: int) -> Refused:
    """A quote is left open or stands where none may, or a cell has no end."""
    if "field larger" in error:
        return cell_too_long(number, limit)
    if "unexpected end" in error:
        return unfit(f"Row {number} has a quote that is left open until the end of the file.")
    if "new-line" in error:
        return unfit(f"Row {number} ends as old Macs end lines.", "Save the file with Windows or Unix line ends.")
    return unfit(f"Row {number} has a quote in the middle of a cell ({error}).")


def cell_too_long(number: int, limit: int) -> Refused:
    """A cell is longer than one may be, which is mostly a quote that nobody closed."""
    return unfit(f"Row {number} has a cell of more than {limit:,} characters, or a quote that is left open.")


def too_many_rows(most: int) -> Refused:
    """There are more rows than one batch takes."""
    return unfit(f"There are more than {most:,} rows.", "Give them in several parts.")


def no_rows() -> Refused:
    """There is nothing to do anything to."""
    return unfit("There are no rows.", "Give at least one.")


def rows_twice(first: int, second: int) -> Refused:
    """Two rows are about the same."""
    return unfit(
        f"Row {second} is about the same as row {first}.", "Leave one of them out; nothing was done with either."
    )


def row_too_large(number: int, size: int, most: int) -> Refused:
    """A row has more than a run could keep."""
    return unfit(f"Row {number} is {size:,} bytes; {most:,} is the most.")


def row_not_kept(number: int, name: str, kind: str) -> Refused:
    """Code gave a value that cannot be kept until the row's time has come."""
    return unfit(f"Row {number}: {name} is of type {kind}, which cannot be kept.", "Give text or numbers.")


def ids_not_enough(names: Sequence[str]) -> Refused:
    """An action of several inputs wants more than an id for each run."""
    columns = f"a column for each of {listed(tuple(names))}" if names else "rows"
    return unfit("Ids alone are not enough for this action.", f"Give a CSV file with {columns}.")


def no_query(title: str) -> Refused:
    """The author has given no query of subjects."""
    return unfit(f"{title} does not come with a query of its subjects.", "Give a CSV file or ids.")


def not_for_batches(title: str) -> Refused:
    """What people do by hand is not done to many at once."""
    return Refused(f"{title} is done by hand, one at a time.", "Run it for each.", code="batch_closed")


def unknown_batch(id: int) -> Refused:
    """There is no such batch, or none that the actor may know of."""
    return Refused(f"There is no batch {id}.", "Look at the batches there are.", code="unknown_batch")


def not_drafter(id: int) -> Refused:
    """Its rows are performed in the name of whoever drafted it, so nobody else confirms it."""
    return Refused(
        f"Batch {id} is not yours to confirm.", "Whoever drafted it may; or draft one yourself.", code="not_drafter"
    )


def batch_changed(id: int) -> Refused:
    """What was looked at is not what the batch holds."""
    return Refused(
        f"Batch {id} is not what you looked at.", "Look at its preflight again, and confirm that.", code="batch_changed"
    )


def batch_closed(id: int, status: str, verb: str) -> Refused:
    """A batch is not in a state for what is wanted."""
    return Refused(f"Batch {id} is {status}, so you cannot {verb} it.", "Look at the batch.", code="batch_closed")


def nothing_fits(id: int) -> Refused:
    """No row would go through."""
    return Refused(f"No row of batch {id} would go through.", "Put the rows right and draft anew.", code="batch_closed")


def limits_invalid(fault: str) -> Refused:
    """A throttle or a number of failures that is none."""
    return unfit(fault, "Give a whole number from 1 on, or leave it out.")
