"""CSV for spreadsheets: wherever one of them sees a cell begin, it sees no formula."""

import csv
import io
import time

import pytest

from firsthand.surfaces.sheets import FORMULAS, cell, csv_text

ODD = [
    "x;=cmd", "x;=cmd;y", "x; =cmd", "x\t=cmd", "x\n=cmd", "x\r\n+cmd", 'x;"=cmd"', 'x;"";" =cmd"', "a,b;@cmd",
    "x;\n-cmd", "x;＝cmd", "=a;=b", '"x";=cmd', "x;;;\t=cmd",
]  # fmt: skip


@pytest.mark.parametrize("text", ODD)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_NONE])
def test_whatever_a_spreadsheet_separates_cells_by_it_sees_no_formula(text: str, separator: str, quoting):
    written = csv_text(["a", "b"], [[1, text], [text, 2]])
    for row in csv.reader(io.StringIO(written), delimiter=separator, quoting=quoting):
        assert not [each for each in row if each.lstrip(' "').startswith(FORMULAS)], (row, written)


def test_texts_without_a_sign_stay_as_they_are():
    for text in ("a;b", "1;2", "mail a@b.c; or call", "a-b", "x = y", "2 lines\nof text"):
        assert cell(text) == text


def test_long_texts_take_no_long_time():
    started = time.perf_counter()
    for text in (";" + " " * 300_000, "\n" * 300_000, ";" * 300_000, '";' * 150_000):
        assert cell(text) == text
    assert time.perf_counter() - started < 5
