"""What the core says is wrong with inputs, put where it stands in the form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from firsthand.surfaces.console.forms.entries import SPACE, Entry
from firsthand.surfaces.console.forms.fields import Field, name_of
from firsthand.surfaces.console.forms.filling import there


def faults_by_path(sentences: Iterable[str]) -> Mapping[str, list[str]]:
    """Return faults by their place as the core names it: ``lines.0.count: this must be a whole number.``

    A sentence that names no place stands under the empty one.
    """
    found: dict[str, list[str]] = {}
    for sentence in sentences:
        place, apart, words = sentence.partition(": ")
        named = bool(apart) and " " not in place.partition("[")[0]
        found.setdefault(place if named else "", []).append(words if named else sentence)
    return found


def faults_by_name(fields: Sequence[Field], entry: Entry, sentences: Iterable[str]) -> Mapping[str, list[str]]:
    """Return faults by the name of the field of the form that they are about; those about none under the empty name.

    Of a union the core tells what is wrong with each alternative: only what is about the chosen one is told.
    """
    found: dict[str, list[str]] = {}
    aside: dict[str, list[str]] = {}
    known = {each.segment: each for each in fields}
    for place, words in faults_by_path(sentences).items():
        first, *rest = place.split(".")
        field = known.get(first)
        if field is None:
            found.setdefault("", []).extend(f"{place}: {each}" if place else each for each in words)
            continue
        path = located(field, entry.at(first), rest)
        told = aside if path is None else found
        told.setdefault(name_of(SPACE, first, *(path or ())), []).extend(words)
    for name, words in aside.items():
        if not any(each == name or each.startswith(f"{name}.") for each in found):
            found[name] = list(dict.fromkeys(words))
    return found


def located(field: Field, entry: Entry, steps: list[str]) -> tuple[str, ...] | None:
    """Return where in a field the core's steps lead, as far as they can be followed; None to what was not chosen."""
    if not steps:
        return ()
    match field.kind:
        case "group":
            return in_group(field, entry, steps)
        case "list" if steps[0].isdecimal():
            rows = there(field, entry)
            number = int(steps[0]) if len(steps[0]) < 5 else len(rows)
            if number < len(rows):
                return below(field.fields[0], rows[number][1], (rows[number][0],), steps[1:])
        case "mapping":
            return in_mapping(field, entry, steps)
        case "variants":
            return in_variants(field, entry, steps)
    return ()


def below(field: Field, entry: Entry, way: tuple[str, ...], steps: list[str]) -> tuple[str, ...] | None:
    """Return where steps lead in a field that stands at the end of a way."""
    found = located(field, entry, steps)
    return None if found is None else (*way, *found)


def in_group(field: Field, entry: Entry, steps: list[str]) -> tuple[str, ...] | None:
    """Return where steps lead in a group, whose parts may have points in their names."""
    for each in field.fields:
        length = each.segment.count(".") + 1
        if ".".join(steps[:length]) == each.segment:
            return below(each, entry.at(each.segment), (each.segment,), steps[length:])
    return ()


def in_mapping(field: Field, entry: Entry, steps: list[str]) -> tuple[str, ...] | None:
    """Return where steps lead in a mapping, whose rows have their names filled in."""
    for number, row in there(field, entry):
        key = row.at("key").text
        length = key.count(".") + 1
        if ".".join(steps[:length]) == key:
            if steps[length:] == ["[key]"]:
                return (number, "key")
            return below(field.fields[0], row.at("value"), (number, "value"), steps[length:])
    return ()


def in_variants(field: Field, entry: Entry, steps: list[str]) -> tuple[str, ...] | None:
    """Return where steps lead in variants: into the chosen one, or to another, which is aside."""
    chosen = next((each for each in field.fields if each.segment == entry.text), None)
    if chosen is None:
        return ()
    way, inner = (chosen.segment,), entry.at(chosen.segment)
    if is_called(chosen, steps[0]):
        return below(chosen, inner, way, steps[1:])
    if any(is_called(each, steps[0]) for each in field.fields):
        return None
    return below(chosen, inner, way, steps)


def is_called(field: Field, step: str) -> bool:
    """Say whether a step is how the core calls an alternative: ``Cat``, ``int``, ``list[int]``."""
    return step in field.tags or step.partition("[")[0] in field.tags
