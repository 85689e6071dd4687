"""The rows of a batch, from CSV files good and bad, from ids and from code; a fault names its row."""

import csv
import io
import tracemalloc
from collections.abc import Iterator
from decimal import Decimal

import pytest
from pydantic import SecretStr

from firsthand import Refused
from firsthand.core import rows as rows_module
from firsthand.core.rows import Row, csv_rows, given_rows, id_rows

from .shop import Account, Shop


@pytest.fixture
def action(shop: Shop):
    @shop.desk.action("refund", who="support")
    def refund(account: Account, amount: Decimal, note: str = "") -> None: ...

    return shop.desk.actions.get("refund")


@pytest.fixture
def cancel(shop: Shop):
    @shop.desk.action("cancel", who="support")
    def cancel(account: Account, gently: bool = True) -> None: ...

    return shop.desk.actions.get("cancel")


def read(text: str | bytes, action) -> list[Row]:
    return list(csv_rows(io.BytesIO(text.encode() if isinstance(text, str) else text), action))


def refused(text: str | bytes, action) -> str:
    with pytest.raises(Refused) as caught:
        read(text, action)
    assert (caught.value.code, bool(caught.value.fix)) == ("rows_invalid", True)
    return caught.value.message


def test_a_heading_names_inputs_and_rows_count_as_a_spreadsheet_counts(action):
    assert read("account,amount,reason\n1,5,asked\n\n2, 7.50 ,\n", action) == [
        Row(2, {"account": "1", "amount": "5"}, {"reason": "asked"}),
        Row(4, {"account": "2", "amount": "7.50"}),
    ]


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_spreadsheets_write_is_read(action, start, separator, end):
    text = end.join(["account;amount;note", '1;5;"a ""b""; c"', "2;6;ü", ""]).replace(";", separator)
    found = read(start + text.encode(), action)
    assert [row.inputs["note"] for row in found] == [f'a "b"{separator} c', "ü"]


def test_a_line_end_within_a_cell_is_part_of_it_and_the_next_row_counts_by_one(action):
    found = read('account,amount,note\n1,5,"two\nlines"\n2,6,x\n', action)
    assert [(row.number, row.inputs["note"]) for row in found] == [(2, "two\nlines"), (3, "x")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("account,amount\n1,5\n2\n", "Row 3 has 1 cells; the heading has 2."),
        ("account,amount\n1,5,6\n", "Row 2 has 3 cells; the heading has 2."),
        ('account,amount\n1,5\n2,"6\n3,7\n', "Row 3 has a quote that is left open until the end of the file."),
        ('account,amount\n1,"5"6\n', "Row 2 has a quote in the middle of a cell (',' expected after '\"')."),
        ('account,amount\n1,"5\n' + "2,6\n" * 50_000, "Row 2 has a cell of more than 131,072 characters"),
        (b"account,amount\n1,5\n2,\xfc\n", "Line 3 is not UTF-8 text."),
        ("account,amount\n1,5\n".encode("utf-16"), "Line 1 is not UTF-8 text."),
        ("account,amount,\n1,5,\n", "Row 1: a nameless one is a column that the action does not know."),
        ("account,amuont\n1,5\n", "Row 1: “amuont” is a column that the action does not know."),
        ("account,account\n1,5\n", "Row 1 names account more than once."),
        ("account" + ",x" * 100 + "\n", "Row 1 has 101 columns; 100 is the most."),
        ("\n1,5\n", "Row 1 is empty."),
        ("", "Row 1 is empty."),
        ("account,amount\r1,5\r", "Row 1 ends as old Macs end lines."),
        (b"account,amount\n1," + b"5" * 2_000_000, "Line 2 is longer than 1,048,576 bytes."),
    ],
)
def test_a_bad_file_is_refused_and_the_row_is_named(action, text, message):
    csv.field_size_limit(131_072)
    assert refused(text, action).startswith(message)


@pytest.fixture
def roomy() -> Iterator[None]:
    """A process in which somebody has told ``csv`` to take longer cells, as an import does."""
    before = csv.field_size_limit(16 * 1024 * 1024)
    yield
    csv.field_size_limit(before)


@pytest.mark.usefixtures("roomy")
def test_a_long_cell_is_refused_whatever_else_in_the_process_takes_longer_ones(action):
    assert refused("account,amount\n1," + "5" * 140_000, action).startswith("Row 2 has a cell of more than 131,072")
    left_open = 'account,amount\n1,"5\n' + "2,6\n" * 50_000
    assert refused(left_open, action) == "Row 2 has a quote that is left open until the end of the file."


def test_more_rows_than_a_batch_takes_are_refused(action, monkeypatch):
    monkeypatch.setattr(rows_module, "MOST_ROWS", 3)
    assert len(read("account\n1\n2\n3\n", action)) == 3
    assert refused("account\n1\n2\n3\n4\n", action) == "There are more than 3 rows."


def test_a_million_rows_take_constant_memory(action):
    class Endless(io.RawIOBase):
        left = 200_000

        def readline(self, size=-1):
            self.left -= 1
            return b"account,amount\n" if self.left == 199_999 else b"1,5\n" if self.left >= 0 else b""

    tracemalloc.start()
    assert sum(1 for _ in csv_rows(Endless(), action)) == 199_999
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


def test_ids_are_pasted_one_a_line_or_separated_by_commas(cancel):
    assert [row.inputs for row in id_rows("1, 2\n3\r\n\n;4", cancel)] == [{"account": id} for id in "1234"]


def test_ids_alone_are_refused_where_more_is_needed(action):
    with pytest.raises(Refused, match=r"Ids alone are not enough.*a column for each of account and amount"):
        list(id_rows("1,2", action))


def test_code_may_give_ids_loaded_subjects_and_mappings(cancel):
    given = [1, Account(2), {"account": 3, "gently": False}]
    inputs = [{"account": 1}, {"account": "2"}, {"account": 3, "gently": False}]
    assert [row.inputs for row in given_rows(given, cancel)] == inputs


def test_values_of_code_are_kept_as_json(action):
    (row,) = given_rows([{"account": 1, "amount": Decimal("7.50")}], action)
    assert row.inputs == {"account": 1, "amount": "7.50"}
    with pytest.raises(Refused, match="Row 1: amount is of type object"):
        list(given_rows([{"account": 1, "amount": object()}], action))


def test_secret_inputs_are_no_column(shop):
    @shop.desk.action("reset", who="support")
    def reset(account: Account, password: SecretStr) -> None: ...

    action = shop.desk.actions.get("reset")
    for rows in (
        lambda: read("account,password\n1,hunter2\n", action),
        lambda: list(given_rows([{"password": 1}], action)),
    ):
        with pytest.raises(Refused, match="secrets are not kept"):
            rows()
