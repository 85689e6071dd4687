"""CSV for spreadsheets: no cell of it is ever taken for a formula.

Nor is a part of one where a spreadsheet separates cells by semicolons or tabs, as those set to German or French do. It
sees quotes only at the start of what it takes for a cell, so a line may end for it within one, too.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Sequence

FORMULAS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
PARTS = re.compile(rf'(?<=[;\t\r\n])(?=(?:[^\S\t\r\n]|")*[{re.escape("".join(FORMULAS))}])')
"""Places within a text from which on a spreadsheet could see a formula."""


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table as CSV, its columns first; without columns only the rows."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    if columns:
        writer.writerow([cell(each) for each in columns])
    writer.writerows([cell(each) for each in row] for row in rows)
    return buffer.getvalue()


def cell(value: object) -> str:
    """Return a cell that a spreadsheet shows as it is: what could be a formula in it gets an apostrophe before it."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    text = "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = PARTS.sub("'", text)
    return f"'{text}" if text.lstrip()[:1] in FORMULAS or text[:1] in ("\t", "\r", "\0") else text
