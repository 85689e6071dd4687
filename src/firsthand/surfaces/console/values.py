"""How a returned value is shown: as a text, a link, pairs, a table, a list, or JSON; files in it can be had."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from firsthand.surfaces.sheets import csv_text
from firsthand.surfaces.words import UNSAFE

MOST_ROWS = 200
MOST_COLUMNS = 40


@dataclass(frozen=True, slots=True)
class Kept:
    """A file on record: its place among the value's files, and why its content is not there, if it is not."""

    place: int
    name: str
    size: int
    left_out: str = ""

    def __str__(self) -> str:
        return f"{self.name}, {sized(self.size)}"


@dataclass(frozen=True, slots=True)
class Shown:
    """A value as the page shows it: ``kind`` says how, the rest is what for that kind.

    ``total`` is how many rows there are in all, of which ``rows`` has the first. ``files`` are those in the value.
    """

    kind: str
    text: str = ""
    heads: Sequence[str] = ()
    rows: Sequence[Sequence[Any]] = ()
    total: int = 0
    files: Sequence[Kept] = ()


def shown(value: Any) -> Shown:
    """Return how a value is to be shown."""
    files = [kept(each, place) for place, each in enumerate(files_in(value))]
    return replace(formed(with_files(value, count())), files=files)


def formed(value: Any) -> Shown:
    """Return how a value is to be shown whose files are known."""
    if value is None:
        return Shown("nothing")
    if isinstance(value, Kept):
        return Shown("files")
    if isinstance(value, str):
        return Shown("link" if is_address(value) else "text", value)
    if isinstance(value, Mapping) and value:
        return Shown("pairs", rows=list(value.items())[:MOST_ROWS], total=len(value))
    if is_table(value):
        heads = columns(value)
        rows = [[row[head] for head in heads[:MOST_COLUMNS]] for row in value[:MOST_ROWS]]
        return Shown("table", heads=heads, rows=rows, total=len(value))
    if isinstance(value, list) and value and not any(isinstance(each, (Mapping, list)) for each in value):
        return Shown("list", rows=[[each] for each in value[:MOST_ROWS]], total=len(value))
    return Shown("json", as_json(value))


def is_address(text: object) -> bool:
    """Say whether a value is nothing but the address of a page, which a link may lead to."""
    if not isinstance(text, str) or not text.startswith(("http://", "https://")) or len(text) > 2_000:
        return False
    if UNSAFE.search(text) or any(map(str.isspace, text)):
        return False
    try:
        return bool(urlsplit(text).hostname)
    except ValueError:
        return False


def is_table(value: Any) -> bool:
    """Say whether a value is rows with the same columns."""
    if not isinstance(value, list) or not value or not all(isinstance(row, Mapping) and row for row in value):
        return False
    return not any(map(is_file, value)) and all(row.keys() == value[0].keys() for row in value)


def columns(rows: Any) -> list[str]:
    """Return the names of a table's columns."""
    return [str(each) for each in rows[0]]


def cell(value: object) -> str:
    """Return what stands in a cell: nothing for nothing, a word for yes and no, JSON for what is nested."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if is_file(value):
        return str(kept(value, 0))
    return as_json(value, None) if isinstance(value, (Mapping, list)) else str(value)


def as_json(value: object, indent: int | None = 2) -> str:
    """Return a value as JSON for people."""
    return json.dumps(value, ensure_ascii=False, indent=indent, default=str)


# Files


def is_file(value: object) -> bool:
    """Say whether a part of a value is a file on record."""
    if not isinstance(value, Mapping):
        return False
    return {"file", "type", "size"} <= value.keys() and bool({"sha256", "left_out"} & value.keys())


def files_in(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the files of a value, in its order."""
    if is_file(value):
        yield value
    elif isinstance(value, (Mapping, list)):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from files_in(each)


def with_files(value: Any, places: Iterator[int]) -> Any:
    """Return a value with its files as what can be had of them, numbered as ``files_in`` has them."""
    if is_file(value):
        return kept(value, next(places))
    if isinstance(value, Mapping):
        return {name: with_files(each, places) for name, each in value.items()}
    return [with_files(each, places) for each in value] if isinstance(value, list) else value


def kept(value: Any, place: int) -> Kept:
    """Return what can be had of a file on record."""
    size = value["size"] if isinstance(value["size"], int) else 0
    return Kept(place, str(value["file"]), size, str(value.get("left_out", "")))


def sized(size: int) -> str:
    """Return a file's size in words."""
    return f"{size:,} bytes" if size < 10_000 else f"{size / 1000:,.0f} kB"


def table_csv(rows: Any) -> str:
    """Return a table as CSV; what is nested in a cell is JSON, a file is its name."""
    heads = columns(rows)
    return csv_text(heads, ([for_sheet(row[head]) for head in heads] for row in rows))


def for_sheet(value: object) -> object:
    """Return a value for a sheet's cell: words and numbers as they are."""
    value = with_files(value, count())
    return cell(value) if isinstance(value, (Mapping, list, Kept)) else value
