"""Returned values: whatever JSON they are, they are shown in some way that fits."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firsthand.core.runs import Run
from firsthand.surfaces.console.templating import environment
from firsthand.surfaces.console.values import cell, shown, table_csv

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda each: st.lists(each, max_size=4) | st.dictionaries(st.text(max_size=8), each, max_size=4),
    max_leaves=12,
)
FILE = {"file": "a.csv", "type": "text/csv", "size": 12_345, "sha256": "0"}


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "nothing"), ("", "text"), ("https://a.b/c", "link"), ("https://a.b/c d", "text"), (3, "json"),
        (True, "json"), ([], "json"), ({}, "json"), ({"a": 1}, "pairs"), ([1, "b"], "list"), ([[1]], "json"),
        ([{"a": 1}, {"a": 2}], "table"), ([{"a": 1}, {"b": 2}], "json"), ([{}], "json"), ([{"a": 1}, 2], "json"),
        (FILE, "files"), ([FILE, FILE], "list"), ({"a": FILE}, "pairs"), ([{"n": 1, "f": FILE}], "table"),
    ],
)  # fmt: skip
def test_each_value_has_its_way_to_be_shown(value: Any, kind: str) -> None:
    assert shown(value).kind == kind


@given(JSON)
def test_every_value_can_be_shown(value: Any) -> None:
    found = shown(value)
    assert len(found.rows) <= 200
    for row in found.rows:
        for each in row:
            assert isinstance(cell(each), str)


def test_a_wide_table_shows_its_first_columns() -> None:
    found = shown([{f"c{n}": n for n in range(100)}])
    assert len(found.heads) == 100
    assert len(found.rows[0]) == 40


def test_the_files_of_a_value_are_counted_in_its_order() -> None:
    found = shown({"a": [FILE, "x"], "b": FILE})
    assert str(found.rows[1][1]) == "a.csv, 12 kB"
    assert cell(found.rows[0][1]) == '["a.csv, 12 kB", "x"]'
    assert [each.place for each in found.files] == [0, 1]


def test_a_table_as_csv_has_no_formula_and_no_content_of_files() -> None:
    rows = [{"who": "@SUM(1)", "n": -1, "deep": [FILE], "none": None, "yes": True}]
    assert table_csv(rows).splitlines() == ["who,n,deep,none,yes", '\'@SUM(1),-1,"[""a.csv, 12 kB""]",,true']


@pytest.mark.parametrize(
    "value", [[{"see": "https://a.b/c"}], {"see": "https://a.b/c"}, ["https://a.b/c", "x"], "https://a.b/c"]
)
def test_the_address_of_a_page_is_a_link_wherever_it_stands(value: Any) -> None:
    assert '<a href="https://a.b/c" rel="noreferrer noopener"><bdi>https://a.b/c</bdi></a>' in page_of(value)


@pytest.mark.parametrize("value", [[{"see": "javascript:alert(1)"}], {"see": "data:text/html,x"}, ["//a.b", "/a"]])
def test_nothing_else_is_a_link(value: Any) -> None:
    assert "<a href" not in page_of(value)


def page_of(value: Any) -> str:
    """Return the part of a run's page that shows what it returned."""
    run = Run(1, "a", "succeeded", datetime(2026, 1, 1, tzinfo=UTC), "p", "python", "test", value=value)
    template = environment().get_template("run_value.html")
    return template.render(
        run=run, told=SimpleNamespace(value=shown(value)), url=lambda path, **more: f"url:{path}"
    ).replace('<a class="button', "")
