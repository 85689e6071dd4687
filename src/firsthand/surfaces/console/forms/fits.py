"""Which alternative of a union a value is of."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from uuid import UUID

from firsthand.surfaces.console.forms.fields import Field

NO, WELL, EXACTLY = 0, 1, 2

PARSERS: Mapping[str, tuple[re.Pattern[str], Callable[[str], object]]] = {
    "integer": (re.compile(r"[-+]?[0-9]+"), int),
    "number": (re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?|-?inf|nan"), float),
    "decimal": (re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?|-?Infinity|NaN"), Decimal),
    "date": (re.compile(r"\d{4}-\d\d-\d\d"), date.fromisoformat),
    "datetime": (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*"), datetime.fromisoformat),
    "time": (re.compile(r"\d\d:\d\d.*"), time.fromisoformat),
    "uuid": (re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"), UUID),
}
"""Kind of field → how a text of it looks, and what makes its value."""


def parsed(kind: str, text: str) -> object:
    """Return a text as the value that its kind of field stands for, or as it is where it is none."""
    form, parser = PARSERS.get(kind, (None, str))
    with suppress(ValueError, InvalidOperation):
        return parser(text) if form and form.fullmatch(text) else text
    return text


def fits(field: Field, value: object) -> int:
    """Say how well a value, as JSON has it, fits a field: not, well, or exactly."""
    if value is None:
        return EXACTLY if field.nullable or (field.kind == "fixed" and field.options[0].value is None) else NO
    if field.kind in ("choice", "fixed", "several") and field.options:
        values = value if field.kind == "several" and isinstance(value, list) else [value]
        return EXACTLY if all(any(same(each, one.value) for one in field.options) for each in values) else NO
    if field.kind == "variants":
        return max((fits(each, value) for each in field.fields), default=NO)
    if field.kind == "json":
        return WELL
    if isinstance(value, (dict, list)):
        return composite_fits(field, value)
    return scalar_fits(field, value)


def same(one: object, other: object) -> bool:
    """Say whether two values are equal and of one type: True is not 1."""
    return type(one) is type(other) and one == other


def scalar_fits(field: Field, value: object) -> int:
    """Say how well a value that is no list or mapping fits."""
    kind = field.kind
    if isinstance(value, bool):
        return EXACTLY if kind == "bool" else NO
    if isinstance(value, int):
        return {"integer": EXACTLY, "number": WELL, "decimal": WELL}.get(kind, NO)
    if isinstance(value, float):
        return {"number": EXACTLY, "decimal": WELL}.get(kind, NO)
    if kind in ("integer", "number", "bool", "group", "list", "mapping", "several"):
        return NO
    if kind in PARSERS:
        return NO if isinstance(parsed(kind, str(value)), str) else EXACTLY
    return EXACTLY if kind == "duration" and str(value).startswith(("P", "-P")) else WELL


def composite_fits(field: Field, value: dict[str, object] | list[object]) -> int:
    """Say how well a list or a mapping fits."""
    kind = field.kind
    if isinstance(value, list):
        if kind == "group" and field.positional:
            whole = len(value) <= len(field.fields) and all(each.optional for each in field.fields[len(value) :])
            return worst(zip(field.fields, value, strict=False)) if whole else NO
        return worst((field.fields[0], each) for each in value) if kind == "list" else NO
    if kind == "mapping":
        return min(worst((field.fields[0], each) for each in value.values()), WELL)
    if kind != "group" or field.positional:
        return NO
    parts = {each.segment: each for each in field.fields}
    if any(each.segment not in value for each in field.fields if each.required):
        return NO
    found = worst((parts[name], each) for name, each in value.items() if name in parts)
    return found if all(name in parts for name in value) else min(found, WELL)


def worst(pairs: Iterable[tuple[Field, object]]) -> int:
    """Return how well the worst of some values fits its field."""
    return min((fits(field, value) for field, value in pairs), default=EXACTLY)
