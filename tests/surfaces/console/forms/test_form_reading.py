"""What is posted is read within limits; rows come and go; an address and a former run fill a form in."""

import io
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from pydantic import BaseModel, SecretStr

from firsthand.surfaces.console.forms.entries import FormTooLarge, entered, with_row, without_row
from firsthand.surfaces.console.forms.fields import fields_of
from firsthand.surfaces.console.forms.filling import blank_row, prefilled, resumed, started
from firsthand.surfaces.console.forms.reading import read

from .forms_seen import described, fields, submitted


class Line(BaseModel):
    sku: str
    count: int = 1


class Sealed(BaseModel):
    name: str
    token: SecretStr


@dataclass
class Chosen:
    filename: str
    file: io.BytesIO


LINES = fields(lines=list[Line])


def test_what_is_posted_becomes_nested_inputs():
    pairs = [("csrf", "x"), ("inputs.amount", "12.50"), ("inputs.lines.0.sku", "a"), ("inputs.lines.0.count", "2")]
    its_fields = fields(amount=float, lines=list[Line])
    assert read(its_fields, entered(pairs)).inputs == {"amount": "12.50", "lines": [{"sku": "a", "count": "2"}]}


def test_what_no_input_is_called_is_handed_on_for_the_core_to_say_so():
    reading = read(LINES, entered([("inputs.bogus", "1"), ("inputs.lines.0.sku", "a"), ("inputs.lines.0.x.y", "2")]))
    assert reading.inputs == {"bogus": "1", "lines": [{"sku": "a", "x": {"y": "2"}}]}


@pytest.mark.parametrize(
    "pairs",
    [
        [("x", "1")] * 2_001,
        [("inputs." + ".".join("a" * 21), "1")],
        [("inputs.lines.999999999.sku", "1")],
        [("inputs.lines.1001.sku", "1")],
    ],
)
def test_a_form_beyond_the_limits_is_refused(pairs):
    with pytest.raises(FormTooLarge):
        read(LINES, entered(pairs))


def test_numbers_of_rows_that_are_no_numbers_of_ours_are_no_rows():
    odd = [("inputs.lines." + each + ".sku", "a") for each in ("-1", "007", "٣", "1e3", " 1", "9" * 5000, "")]
    assert read(LINES, entered(odd)).inputs == {"lines": []}


def test_json_that_is_none_is_a_fault_and_one_too_deep_too():
    its_fields = fields(payload=Any)
    for text in ("{", "NaN", "[" * 200_000, "1" * 5000):
        reading = read(its_fields, entered([("inputs.payload", text)]))
        assert [each.partition(":")[0] for each in reading.faults] == ["payload"]


def test_numbers_in_json_lose_nothing():
    reading = read(fields(payload=Any), entered([("inputs.payload", "[1.10, 0.12345678901234567890123]")]))
    assert [str(each) for each in reading.inputs["payload"]] == ["1.1", "0.12345678901234567890123"]


def test_a_name_that_stands_twice_in_a_mapping_is_a_fault():
    pairs = [(f"inputs.m.{n}.{part}", "1") for n in (0, 1) for part in ("key", "value")]
    assert read(fields(m=dict[str, int]), entered(pairs)).faults == ["m: 1 stands here twice."]


def test_a_row_in_which_nothing_was_filled_in_is_not_there():
    shown = submitted(LINES, started(LINES))
    assert len(shown.at("lines").rows()) == 1
    assert read(LINES, shown).inputs == {"lines": []}


def test_rows_are_added_and_removed_and_what_was_filled_in_stays():
    entry = entered([("inputs.lines.0.sku", "a"), ("inputs.lines.0.count", "7"), ("inputs.lines.1.sku", "b")])
    without_row(with_row(entry, "inputs.lines", blank_row(LINES[0])), "inputs.lines.1")
    again = submitted(LINES, entry)
    assert [number for number, _ in again.at("lines").rows()] == ["0", "2"]
    assert again.at("lines", "2", "count").text == "1"
    assert read(LINES, again).inputs == {"lines": [{"sku": "a", "count": "7"}]}


@pytest.mark.parametrize("name", ["", "inputs", "inputs.nothing.3", "inputs.lines", "x.y"])
def test_removing_what_is_not_there_changes_nothing_else(name):
    entry = entered([("inputs.amount", "1")])
    assert without_row(entry, name).at("amount").text == "1"


def test_a_file_is_read_and_none_is_left_out():
    upload = Chosen("a.txt", io.BytesIO(b"abc"))
    its_fields = fields(file=bytes, files=list[bytes])
    assert read(its_fields, entered([("inputs.files.0", upload)])).inputs["files"] == [b"abc"]
    upload.file.seek(0)
    assert read(its_fields, entered([("inputs.file", upload)])).inputs["file"] == b"abc"
    assert read(its_fields, entered([("inputs.file", Chosen("", io.BytesIO()))])).inputs == {"files": []}


def test_an_address_fills_a_form_in():
    inputs = described(
        account=int, plan=Literal["pro", "free"], tags=list[str], urgent=bool, sure=bool | None, id=int | str
    )
    its_fields = fields_of([*inputs, *described(token=SecretStr, reason=str, line=Line)])
    query = (
        "account=42 ticket=4411 plan=pro tags=a tags=b urgent=yes sure=no id=x token=t reason=r "
        f"inputs.line.sku=q bogus=1 account{'.a' * 5000}=1"
    )
    pairs = [tuple(each.split("=")) for each in query.split()]
    assert read(its_fields, submitted(its_fields, prefilled(its_fields, pairs))).inputs == {
        "account": "42", "plan": "pro", "tags": ["a", "b"], "urgent": True, "sure": False, "id": "x",
        "line": {"sku": "q", "count": "1"},
    }  # fmt: skip
    assert prefilled(its_fields, [("inputs.reason", "r")]).at("reason").text == "r"


def test_a_run_is_repeated_without_its_secrets_and_files():
    its_fields = fields(note=str, token=SecretStr, file=bytes, sealed=Sealed)
    recorded = {"note": "a", "token": "**********", "file": "content", "sealed": {"name": "b", "token": "**********"}}
    entry = submitted(its_fields, resumed(its_fields, recorded))
    assert dict(entry.everything()) == {".note": "a", ".sealed.name": "b"}


def test_recorded_inputs_of_another_shape_do_not_stop_a_form():
    its_fields = fields(lines=list[Line], m=dict[str, int], line=Line, pair=tuple[int, int], one=int | None)
    for odd in (None, True, 1, "x", [1], {"a": 1}, [[1]], {"a": {"b": [None]}}):
        recorded = {each.segment: odd for each in its_fields}
        read(its_fields, submitted(its_fields, resumed(its_fields, recorded)))


def test_choices_that_depend_on_other_inputs_are_offered_and_read():
    one = described(plan=str)[0] | {"choices": True}
    several = described(plans=list[str])[0] | {"choices": True}
    its_fields = fields_of([one, several])
    offered = {"inputs.plan": [("pro", "Pro"), ("free", "Free")], "inputs.plans": [("a", "A"), ("b", "B")]}
    entry = entered([("inputs.plan", "gone"), ("inputs.plans", "b")])
    assert read(its_fields, submitted(its_fields, entry, offered=offered)).inputs == {"plan": "gone", "plans": ["b"]}
