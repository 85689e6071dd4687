"""The rows of a batch: from a CSV file, from pasted ids, or from what an author's code gives; one at a time."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from pydantic_core import PydanticSerializationError, to_jsonable_python

from firsthand.core import refusals
from firsthand.core import refusals_of_batches as unfit
from firsthand.core.actions import Action
from firsthand.core.attempts import TEXTS
from firsthand.core.inputs import Input

MOST_ROWS = 1_000_000
MOST_COLUMNS = 100
LONGEST_LINE = 1024 * 1024
"""Bytes that one line of a file may have."""

LONGEST_CELL = 131_072
"""Characters that one cell may have: what ``csv`` takes unless somebody in this process has told it to take more."""

SEPARATORS = (",", ";", "\t")
IDS = re.compile(r"[,;\s]+")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: ``number`` as a spreadsheet counts (the heading of a CSV file is 1), or from 1 where there is none.

    ``said`` are its own reason, notes, customer and ticket, which come before the batch's.
    """

    number: int
    inputs: Mapping[str, object]
    said: Mapping[str, str] = field(default_factory=dict)


def csv_rows(file: BinaryIO, action: Action) -> Iterator[Row]:
    """Yield the rows of a CSV file in UTF-8, whose heading names the action's inputs; raises ``Refused``.

    Cells are separated by commas, semicolons or tabs, as the heading shows. An empty cell is an input that is not
    given, a row of nothing but empty cells none. Columns may also be ``reason``, ``notes``, ``requested_by`` and
    ``ticket``, where those are no inputs. Memory does not grow with the file.
    """
    lines = decoded(file)
    first = next(lines, "")
    reader = csv.reader(joined(first, lines), delimiter=max(SEPARATORS, key=first.count), strict=True)
    heading: list[str] = []
    for number, cells in counted(reader):
        if not heading:
            heading = headed(cells, action)
            continue
        if len(cells) != len(heading) and cells:
            raise unfit.row_ragged(number, len(cells), len(heading))
        given = {name: text for name, cell in zip(heading, cells, strict=bool(cells)) if (text := cell.strip())}
        if given:
            said = {name: text for name, text in given.items() if name not in action.inputs}
            yield Row(number, {name: text for name, text in given.items() if name not in said}, said)


def decoded(file: BinaryIO) -> Iterator[str]:
    """Yield the lines of a file as text; refuses what is not UTF-8 or no text, and lines without end."""
    number = 0
    while line := file.readline(LONGEST_LINE):
        number += 1
        if len(line) == LONGEST_LINE:
            raise unfit.line_too_long(number, LONGEST_LINE)
        if number == 1:
            if line.startswith((b"\xff\xfe", b"\xfe\xff")):
                raise unfit.file_not_utf8(number)
            line = line.removeprefix(b"\xef\xbb\xbf")
        if b"\0" in line:
            raise unfit.file_no_text(number)
        try:
            yield line.decode()
        except UnicodeDecodeError as error:
            raise unfit.file_not_utf8(number) from error


def joined(first: str, rest: Iterator[str]) -> Iterator[str]:
    """Yield a line that was looked at, and the rest."""
    yield first
    yield from rest


def counted(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a CSV file with their numbers; one that cannot be read is refused by its number."""
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise unfit.row_unreadable(number, str(error), LONGEST_CELL) from error
        if cells is None:
            return
        if max(map(len, cells), default=0) > LONGEST_CELL:
            raise unfit.cell_too_long(number, LONGEST_CELL)
        if number > MOST_ROWS + 1:
            raise unfit.too_many_rows(MOST_ROWS)
        yield number, cells


def headed(cells: Sequence[str], action: Action) -> list[str]:
    """Return the names of a CSV file's columns; refuses one that is no input, that is there twice, or nameless."""
    names = [each.strip() for each in cells]
    known = [*action.inputs, *(name for name in TEXTS if name not in action.inputs)]
    if not any(names):
        raise unfit.heading_missing(known)
    if len(names) > MOST_COLUMNS:
        raise unfit.too_many_columns(len(names), MOST_COLUMNS)
    if unknown := [name for name in names if name not in known]:
        raise unfit.unknown_columns(unknown, known)
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise unfit.columns_twice(twice)
    if secret := [name for name in names if name in action.inputs and action.inputs[name].secret]:
        raise refusals.secret_in_queue(secret)
    return names


def id_rows(text: str, action: Action) -> Iterator[Row]:
    """Yield a row for each of pasted ids, one a line or separated by commas."""
    name = input_of_ids(action).name
    for number, id in enumerate((each for each in IDS.split(text) if each), 1):
        yield Row(number, {name: id})


def input_of_ids(action: Action) -> Input:
    """Return the input that a mere id is for: the only one that must be given, or else the only subject."""
    inputs = action.inputs.values()
    found = [each for each in inputs if each.required] or [each for each in inputs if each.kind]
    if len(found) != 1:
        raise unfit.ids_not_enough([each.name for each in found or inputs])
    return found[0]


def given_rows(given: Iterable[Any], action: Action) -> Iterator[Row]:
    """Yield a row for each of what code gives: mappings of inputs, or ids or loaded subjects alone."""
    for number, each in enumerate(given, 1):
        if number > MOST_ROWS:
            raise unfit.too_many_rows(MOST_ROWS)
        if isinstance(each, Row):
            yield each
            continue
        inputs = each if isinstance(each, Mapping) else {input_of_ids(action).name: each}
        if secret := [name for name in inputs if name in action.inputs and action.inputs[name].secret]:
            raise refusals.secret_in_queue(secret)
        yield Row(number, {str(name): kept(action, name, value, number) for name, value in inputs.items()})


def kept(action: Action, name: str, value: object, number: int) -> object:
    """Return an input as it is kept until it is performed: JSON, a loaded subject as its id."""
    kind = action.inputs[name].kind if name in action.inputs else None
    if kind and kind.is_loaded(value):
        value = kind.id_of(value)
    try:
        return to_jsonable_python(value)
    except (PydanticSerializationError, ValueError) as error:
        raise unfit.row_not_kept(number, name, type(value).__name__) from error
