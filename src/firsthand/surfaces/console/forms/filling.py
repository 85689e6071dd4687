"""What a form is filled in with before a person sees it: defaults, an address's query, what a run was given."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from firsthand.core.secrets import STARS
from firsthand.surfaces.console.forms.entries import DEEPEST, SPACE, Entry
from firsthand.surfaces.console.forms.fields import Field, segments_of
from firsthand.surfaces.console.forms.fits import PARSERS, fits, parsed, same

RUNS_OWN = ("reason", "notes", "requested_by", "ticket")
"""Names in a query that are the run's own; an input of that name is ``inputs.reason``."""

TRUE, FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


def started(fields: Sequence[Field]) -> Entry:
    """Return what a new form is filled in with: the defaults."""
    return Entry(below={each.segment: blank(each) for each in fields})


def resumed(fields: Sequence[Field], inputs: Mapping[str, object]) -> Entry:
    """Return what a form is filled in with that repeats a run: its inputs as recorded, without secrets and files."""
    root = started(fields)
    for each in fields:
        if each.segment in inputs:
            root.put(each.segment, filled(each, inputs[each.segment]))
    return root


def prefilled(
    fields: Sequence[Field],
    query: Iterable[tuple[str, str]],
    own: Collection[str] = RUNS_OWN,
    onto: Entry | None = None,
) -> Entry:
    """Return what a form is filled in with from an address's query, over the defaults or over an entry.

    ``account=42`` is the input ``account``, as is ``inputs.account=42``, where the run has nothing of that name
    itself. What is no input is left aside, and so are secrets: an address is kept in too many places.
    """
    root, known = onto or started(fields), {each.segment: each for each in fields}
    given: dict[str, list[str]] = {}
    for name, value in query:
        segments = segments_of(name)
        inner = segments[1:] if segments[0] == SPACE and len(segments) > 1 else segments
        if inner is segments and name in own:
            continue
        field = known.get(inner[0])
        if field is None or field.secret or field.kind == "file" or len(inner) > DEEPEST:
            continue
        if len(inner) == 1:
            given.setdefault(inner[0], []).append(value)
        else:
            root.made(*inner).said = [value]
    for name, values in given.items():
        root.put(name, worded(known[name], values))
    return root


def worded(field: Field, values: Sequence[str]) -> Entry:
    """Return what a field is filled in with from texts, as somebody writes them into an address."""
    if field.kind == "list":
        return Entry(below={str(n): worded(field.fields[0], [each]) for n, each in enumerate(values)})
    if field.kind == "variants":
        number = next((n for n, each in enumerate(field.fields) if takes(each, values[-1])), 0)
        alternatives = {each.segment: blank(each) for each in field.fields}
        return Entry([str(number)], {**alternatives, str(number): worded(field.fields[number], values)})
    if field.kind == "several":
        return Entry([option_text(field, each) for each in values])
    if field.kind == "bool":
        return Entry(["true"] if values[-1].lower() in TRUE else [])
    return Entry([option_text(field, values[-1])])


def takes(field: Field, text: str) -> bool:
    """Say whether a text in an address can be what is meant by an alternative of variants."""
    if field.options:
        return any(option_text(field, text) == each.text for each in field.options)
    return not isinstance(parsed(field.kind, text), str) if field.kind in PARSERS else field.kind != "group"


def option_text(field: Field, said: str) -> str:
    """Return how a form sends the option that somebody named in words."""
    for option in field.options:
        if said == option.text or same(said, option.value):
            return option.text
    by_word = {True: TRUE, False: FALSE}
    found = (
        each.text for each in field.options if isinstance(each.value, bool) and said.lower() in by_word[each.value]
    )
    return next(found, said)


def blank(field: Field) -> Entry:
    """Return what a field is filled in with at first: its default, or as many empty rows as it needs."""
    if field.default is not None:
        return filled(field, field.default)
    if field.kind in ("group", "variants"):
        return Entry(below={each.segment: blank(each) for each in field.fields})
    if field.kind in ("list", "mapping"):
        row = blank_row(field)
        rows = field.least or (1 if field.required and needed(field) else 0)
        return Entry(below={str(n): row for n in range(min(rows, 20))})
    return Entry()


def blank_row(field: Field) -> Entry:
    """Return an empty row of a list or a mapping."""
    row = blank(field.fields[0])
    return Entry([""], {"key": Entry(), "value": row}) if field.kind == "mapping" else Entry(["", *row.said], row.below)


def needed(field: Field) -> bool:
    """Say whether a row of a list or a mapping needs something, so that one with nothing in it is not there."""
    return field.kind == "mapping" or field.fields[0].needs


def there(field: Field, entry: Entry) -> list[tuple[str, Entry]]:
    """Return the rows of a list or a mapping that are there: not those in which nothing was filled in.

    Where nothing is a value that a row may have, every row is there.
    """
    rows = entry.rows()
    if not needed(field):
        return rows
    empty = dict(blank_row(field).everything())
    return [(number, row) for number, row in rows if dict(row.everything()) not in ({}, empty)]


def filled(field: Field, value: object) -> Entry:
    """Return what a field is filled in with for a value, as JSON has it; never a secret, never a file."""
    if field.kind == "json":
        left = field.secret or (value is None and field.nullable)
        return Entry([] if left else [json.dumps(value, ensure_ascii=False, indent=2)])
    if value is None or value == STARS or field.kind in ("secret", "file") or (field.secret and not field.fields):
        return blank(replace(field, default=None)) if field.fields else Entry()
    match field.kind:
        case "variants":
            return chosen(field, value)
        case "group":
            return parts(field, value)
        case "list" | "mapping":
            return filled_rows(field, value)
        case "several":
            return Entry([written(field, each) for each in (value if isinstance(value, list) else [value])])
        case "bool":
            return Entry(["true"] if value is True else [])
    return Entry([written(field, value)])


def filled_rows(field: Field, value: object) -> Entry:
    """Return what a list or a mapping is filled in with; each row's mark says that it is there, whatever is in it."""
    row, rows = field.fields[0], []
    if field.kind == "mapping" and isinstance(value, Mapping):
        for key, each in value.items():
            rows.append(Entry([""], {"key": Entry([str(key)]), "value": filled(row, each)}))
    if field.kind == "list" and isinstance(value, list):
        for inner in (filled(row, each) for each in value):
            rows.append(Entry(["", *inner.said], inner.below))
    return Entry(below={str(n): each for n, each in enumerate(rows)})


def chosen(field: Field, value: object) -> Entry:
    """Return what variants are filled in with: the alternative that the value fits best."""
    number = max(range(len(field.fields)), key=lambda n: (fits(field.fields[n], value), -n))
    alternatives = {each.segment: blank(each) for each in field.fields}
    return Entry([str(number)], {**alternatives, str(number): filled(field.fields[number], value)})


def parts(field: Field, value: object) -> Entry:
    """Return what a group is filled in with; a part that the value lacks has its default."""
    if field.positional and isinstance(value, list):
        value = {str(n): each for n, each in enumerate(value)}
    known = value if isinstance(value, Mapping) else {}
    return Entry(
        below={
            each.segment: filled(each, known[each.segment]) if each.segment in known else blank(each)
            for each in field.fields
        }
    )


def written(field: Field, value: object) -> str:
    """Return a value as the form sends it."""
    for option in field.options:
        if same(option.value, value):
            return option.text
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
