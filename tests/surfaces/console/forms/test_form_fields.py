"""Fields are made of inputs: their kinds, what they are called, what an empty one stands for."""

import datetime as dt
import enum
import uuid
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from pydantic import AnyUrl, BaseModel, Field, Secret, SecretStr

from firsthand.surfaces.console.forms.entries import entered
from firsthand.surfaces.console.forms.fields import fields_of, name_of, plain_words, segments_of
from firsthand.surfaces.console.forms.filling import started
from firsthand.surfaces.console.forms.reading import read
from firsthand.surfaces.console.forms.schemas import merged

from .forms_seen import described, fields, submitted


class Size(enum.Enum):
    SMALL = "small"
    LARGE = "large"


class Node(BaseModel):
    name: str
    next: "Node | None" = None


class Wide(BaseModel):
    at_period_end: bool = True
    howMany: int = Field(1, title="How many of them")
    size: Size = Size.SMALL


KINDS = {
    str: "text", Annotated[str, Field(max_length=2000)]: "long", int: "integer", float: "number", Decimal: "decimal",
    Decimal | None: "decimal", bool: "bool", bool | None: "choice", Size: "choice", Size | None: "choice",
    Literal["a"]: "fixed", set[Size]: "several", list[Size]: "list", dt.date: "date", dt.datetime: "datetime",
    dt.time: "time", dt.timedelta: "duration", AnyUrl: "url", uuid.UUID: "uuid", uuid.UUID | None: "uuid",
    SecretStr: "secret", Secret[int]: "secret", bytes: "file", Wide: "group", Wide | None: "variants",
    tuple[int, str]: "group", list[int]: "list", dict[str, int]: "mapping", int | str: "variants", Any: "json",
    list[Any]: "list", dict: "mapping", None: "fixed",
}  # fmt: skip


@pytest.mark.parametrize(("annotation", "kind"), KINDS.items(), ids=[str(each) for each in KINDS])
def test_each_type_has_its_kind_of_field(annotation, kind):
    assert fields(one=annotation)[0].kind == kind


def test_names_are_said_in_plain_words_and_an_authors_title_is_left_as_it_is():
    assert plain_words("at_period_end") == "At period end"
    assert plain_words("customerID") == "Customer ID"
    group = fields(where_to=Wide)[0]
    assert group.label == "Where to"
    assert [each.label for each in group.fields] == ["At period end", "How many of them", "Size"]


def test_a_recursive_type_takes_json_where_it_would_come_again():
    node = fields(node=Node)[0]
    assert [each.kind for each in node.fields] == ["text", "json"]


def test_what_is_nested_too_deep_takes_json():
    annotation = int
    for _ in range(9):
        annotation = list[annotation]
    field, depth = fields(deep=annotation)[0], 0
    while field.fields:
        field, depth = field.fields[0], depth + 1
    assert (field.kind, depth) == ("json", 5)


def test_a_type_with_very_many_fields_takes_json_for_the_rest():
    properties = {f"p{n}": {"type": "array", "items": {"$ref": "#/$defs/B"}} for n in range(100)}
    inner = {
        "type": "object",
        "properties": {f"q{n}": {"type": "array", "items": {"$ref": "#/$defs/C"}} for n in range(100)},
    }
    last = {"type": "object", "properties": {f"r{n}": {"type": "string"} for n in range(100)}}
    schema = {"type": "object", "properties": properties, "$defs": {"B": inner, "C": last}}
    field = fields_of([{"name": "wide", "schema": schema, "required": True}])[0]
    assert count(field) < 2_500


def count(field):
    return 1 + sum(count(each) for each in field.fields)


def test_schemas_of_all_of_are_put_together():
    assert merged({"properties": {"a": {}}, "required": ["a"]}, {"properties": {"b": {}}, "required": ["b"]}) == {
        "properties": {"a": {}, "b": {}}, "required": ["a", "b"],
    }  # fmt: skip


def test_names_with_points_and_the_like_are_names_of_one_field():
    assert segments_of(name_of("inputs", "a.b %c", "é")) == ["inputs", "a.b %c", "é"]


@pytest.mark.parametrize(
    ("annotation", "more", "given"),
    [
        (str, {}, "left out"),
        (str, {"default": "now"}, ""),
        (int, {"default": 5}, "left out"),
        (int, {}, "left out"),
        (int | None, {"default": 5}, None),
        (int | None, {}, None),
        (str | None, {}, None),
        (SecretStr | None, {"default": None}, "left out"),
        (SecretStr | None, {}, None),
        (SecretStr, {}, "left out"),
        (bytes, {}, "left out"),
        (bool | None, {"default": True}, None),
        (bool, {"default": True}, False),
        (bool, {}, False),
        (list[int], {"default": [1]}, []),
        (list[int], {}, []),
        (set[Size], {}, []),
        (list[int] | None, {}, None),
        (dict[str, int], {}, {}),
        (Size, {}, "left out"),
        (Any, {}, "left out"),
    ],
)
def test_an_empty_field_stands_for_one_thing(annotation, more, given):
    one = described(one=annotation)[0]
    if more:
        one |= {"required": False} | ({"default": more["default"]} if more["default"] is not None else {})
    inputs = read(fields_of([one]), entered([("inputs.one", "")])).inputs
    assert inputs == ({} if given == "left out" else {"one": given})


def test_a_new_form_that_is_sent_as_it_is_gives_the_defaults():
    inputs = [
        {"name": "end", "schema": {"type": "boolean"}, "required": False, "default": True},
        {
            "name": "amount",
            "schema": {"anyOf": [{"type": "number"}, {"type": "string"}]},
            "required": False,
            "default": "1.50",
        },
        {
            "name": "tags",
            "schema": {"type": "array", "items": {"type": "string"}},
            "required": False,
            "default": ["a", "b"],
        },
        {"name": "wide", "schema": described(wide=Wide)[0]["schema"], "required": True},
    ]
    its_fields = fields_of(inputs)
    assert read(its_fields, submitted(its_fields, started(its_fields))).inputs == {
        "end": True, "amount": "1.50", "tags": ["a", "b"],
        "wide": {"at_period_end": True, "howMany": "1", "size": "small"},
    }  # fmt: skip
