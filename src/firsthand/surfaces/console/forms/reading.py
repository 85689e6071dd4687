"""What a form says, read as the raw inputs that the core parses."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from firsthand.surfaces.console.forms.entries import Entry, Upload, plain
from firsthand.surfaces.console.forms.fields import Field
from firsthand.surfaces.console.forms.filling import FALSE, there
from firsthand.surfaces.console.forms.fits import parsed

LEFT_OUT = object()
"""Not given: the core takes the default, or says that it is missing."""


def content(upload: Upload, whole: bool) -> object:
    """Return what is in a file; the ``whole`` of it has its name and its type."""
    inside = upload.file.read()
    if not whole:
        return inside
    name, kind = upload.filename, upload.content_type or "application/octet-stream"
    return {"name": name, "type": kind, "content": base64.b64encode(inside).decode()}


@dataclass(slots=True)
class Reading:
    """The raw inputs of a form, and as sentences what cannot even be read."""

    inputs: dict[str, object] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def read(fields: Sequence[Field], entry: Entry) -> Reading:
    """Read what was posted as the raw inputs; what no input has the name of is handed on, for the core to say so."""
    reader = Reader(Reading())
    for each in fields:
        value = reader.value(each, entry.at(each.segment), each.segment)
        if value is not LEFT_OUT:
            reader.reading.inputs[each.segment] = value
    known = {each.segment for each in fields}
    reader.reading.inputs.update({name: plain(each) for name, each in entry.below.items() if name not in known})
    return reader.reading


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads one form."""

    reading: Reading

    def value(self, field: Field, entry: Entry, place: str, *, typed: bool = False) -> object:
        """Return the raw value of a field; one of variants is of its alternative's type already where it can be."""
        match field.kind:
            case "group":
                return self.tuple(field, entry, place) if field.positional else self.group(field, entry, place)
            case "list":
                return self.list(field, entry, place, typed=typed)
            case "mapping":
                return self.mapping(field, entry, place, typed=typed)
            case "variants":
                return self.variant(field, entry, place)
        return self.simple(field, entry, place, typed=typed)

    def simple(self, field: Field, entry: Entry, place: str, *, typed: bool) -> object:
        """Return the raw value of a field that has no others in it."""
        match field.kind:
            case "several":
                return several(field, entry)
            case "fixed":
                return field.options[0].value
            case "bool":
                return ticked(entry)
            case "file":
                return empty(field) if entry.upload is None else content(entry.upload, field.whole)
        return self.text(field, entry, place, typed=typed)

    def text(self, field: Field, entry: Entry, place: str, *, typed: bool) -> object:
        """Return the raw value of a field that is a text in the form; only for texts do spaces count."""
        text = entry.text.replace("\r\n", "\n")
        if field.kind in ("text", "long", "secret") and not field.options:
            return text or empty(field)
        if not text.strip():
            return empty(field)
        if field.kind == "json":
            return self.json(text, place)
        if field.options:
            return of_option(field, text)
        return parsed(field.kind, text.strip()) if typed else text

    def group(self, field: Field, entry: Entry, place: str) -> object:
        """Return a group's parts by name, with whatever else was said there."""
        found: dict[str, object] = {}
        for each in field.fields:
            value = self.value(each, entry.at(each.segment), f"{place}.{each.segment}")
            if value is not LEFT_OUT:
                found[each.segment] = value
        known = {each.segment for each in field.fields}
        return {**found, **{name: plain(each) for name, each in entry.below.items() if name not in known}}

    def tuple(self, field: Field, entry: Entry, place: str) -> object:
        """Return a group's parts in their order; one that is left out keeps its place."""
        found = [self.value(each, entry.at(each.segment), f"{place}.{each.segment}") for each in field.fields]
        defaults = [each.default if each.default is not None else "" for each in field.fields]
        return [default if value is LEFT_OUT else value for value, default in zip(found, defaults, strict=True)]

    def list(self, field: Field, entry: Entry, place: str, *, typed: bool) -> object:
        """Return the rows that are there."""
        rows = there(field, entry)
        if not rows and not field.required and field.default is None:
            return LEFT_OUT
        return [
            "" if (value := self.value(field.fields[0], row, f"{place}.{n}", typed=typed)) is LEFT_OUT else value
            for n, (_, row) in enumerate(rows)
        ]

    def mapping(self, field: Field, entry: Entry, place: str, *, typed: bool) -> object:
        """Return the rows that are there by their names."""
        rows = there(field, entry)
        if not rows and not field.required and field.default is None:
            return LEFT_OUT
        found: dict[str, object] = {}
        for _, row in rows:
            key = row.at("key").text
            if not key or key in found:
                self.reading.faults.append(f"{place}: {f'{key} stands here twice' if key else 'a name is missing'}.")
            value = self.value(field.fields[0], row.at("value"), f"{place}.{key}", typed=typed)
            found[key] = "" if value is LEFT_OUT else value
        return found

    def variant(self, field: Field, entry: Entry, place: str) -> object:
        """Return the value of the alternative that was chosen."""
        chosen = next((each for each in field.fields if each.segment == entry.text), None)
        if chosen is None:
            return empty(field)
        return self.value(chosen, entry.at(chosen.segment), place, typed=len(field.fields) > 1)

    def json(self, text: str, place: str) -> object:
        """Return what a text in JSON says."""
        try:
            return json.loads(text, parse_float=exact, parse_constant=no_number)
        except (ValueError, RecursionError):
            self.reading.faults.append(f'{place}: this must be JSON, such as {{"count": 2}} or "some text".')
            return text


def exact(text: str) -> float | Decimal:
    """Return a number with a point as float where that loses nothing."""
    number = float(text)
    return number if Decimal(repr(number)) == Decimal(text) else Decimal(text)


def no_number(name: str) -> object:
    """Refuse what Python's JSON takes and JSON does not."""
    raise ValueError(f"{name} is not JSON")


def empty(field: Field) -> object:
    """Return what it stands for that nothing was filled in."""
    return {"none": None, "text": "", "left out": LEFT_OUT}[field.empty]


def ticked(entry: Entry) -> object:
    """Return whether a box is ticked: a form sends every field, so that one that is not sent is not."""
    text = entry.text.strip().lower()
    return False if not text or text in FALSE else True if text == "true" else entry.text


def several(field: Field, entry: Entry) -> object:
    """Return the options that are ticked."""
    said = [each for each in entry.said if isinstance(each, str) and each]
    if not said and field.nullable:
        return None
    if not said and not field.required and field.default is None:
        return LEFT_OUT
    return [of_option(field, each) for each in said]


def of_option(field: Field, text: str) -> object:
    """Return the value that an option's text, or its label as it is, stands for."""
    found = [each for each in field.options if each.text == text] or [
        each for each in field.options if each.label == text
    ]
    return found[0].value if len(found) == 1 else text
