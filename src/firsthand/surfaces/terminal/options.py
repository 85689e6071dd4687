"""An action's inputs as options of a command, from the recorded catalogue, so that completion needs no code."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from firsthand.core.errors import FirsthandError
from firsthand.core.files import File, is_file

OWN = (
    "reason",
    "notes",
    "requested-by",
    "ticket",
    "input",
    "yes",
    "once",
    "background",
    "at",
    "detach",
    "json",
    "help",
)
"""The run's own options; an input of such a name is given with --input."""

Entry = Mapping[str, Any]

MOST = 1024 * 1024
"""Bytes that a file may have: those that all inputs of a run may have together."""


def option_of(described: Entry) -> click.Option | None:
    """Return the option of an input, or None where one of the run's own has its name."""
    name = str(described["name"])
    flag = name.replace("_", "-")
    if flag in OWN or not flag.isascii() or not flag.replace("-", "").isalnum():
        return None
    kinds = kinds_of(described.get("schema", {}))
    settings: dict[str, Any] = {"help": help_of(described), "default": None}
    spelling = f"--{flag}"
    if kinds == {"boolean"}:
        spelling = f"--{flag}/--no-{flag}"
    elif "array" in kinds:
        settings |= {"multiple": True, "metavar": "VALUE"}
    else:
        settings["multiple"] = True
        settings["metavar"] = str(described.get("subject") or next(iter(sorted(kinds)), "value")).upper()
    if file_type(described):
        settings |= {"metavar": "PATH", "type": click.Path(exists=True, dir_okay=False)}
    choices = enum_of(described.get("schema", {}))
    if choices:
        settings["shell_complete"] = lambda ctx, param, typed: [each for each in choices if each.startswith(typed)]
        settings["metavar"] = "|".join(choices) if len("|".join(choices)) < 40 else "VALUE"
    return click.Option([spelling, f"input_{name}"], **settings)


def help_of(described: Entry) -> str:
    """Return what ``--help`` says of an input."""
    schema = described.get("schema", {})
    words = [str(schema["description"])] if schema.get("description") else []
    if described.get("secret"):
        words.append("Secret: asked for unseen, never recorded.")
    if described.get("required"):
        words.append("[required]")
    elif "default" in described:
        words.append(f"[default: {described['default']}]")
    return " ".join(words)


def kinds_of(schema: Entry) -> set[str]:
    """Return the JSON types that a schema allows, null left out; a reference is an object or a choice."""
    if "$ref" in schema and "$defs" not in schema:
        return {"object"}
    if "$ref" in schema:
        target = schema["$defs"].get(str(schema["$ref"]).rsplit("/", 1)[-1], {})
        return kinds_of(target)
    if "enum" in schema or "const" in schema:
        return {"string"}
    found = {str(schema["type"])} if isinstance(schema.get("type"), str) else set()
    for each in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        found |= kinds_of({**each, "$defs": schema.get("$defs", {})} if "$ref" in each else each)
    return found - {"null"}


def enum_of(schema: Entry) -> list[str]:
    """Return the values of a schema that lists them."""
    if "$ref" in schema:
        return enum_of(schema.get("$defs", {}).get(str(schema["$ref"]).rsplit("/", 1)[-1], {}))
    if "enum" in schema:
        return [str(each) for each in schema["enum"]]
    return next((found for each in schema.get("anyOf", ()) if (found := enum_of(each))), [])


def file_type(described: Entry) -> bool:
    """Say whether an input is a file or a list of files, given by their paths."""
    schema = described.get("schema", {})
    return is_file(schema) or is_file(schema.get("items", {}))


def file_at(path: str) -> File:
    """Return the file at a path; one that is too large for any run is not read to its end."""
    try:
        file = File.read(Path(path), MOST)
    except OSError as error:
        raise click.UsageError(f"{path} cannot be read: {error.strerror}.") from error
    if len(file.content) > MOST:
        raise click.UsageError(f"{path} has more than {MOST:,} bytes, which is the most.")
    return file


def raw_of(described: Entry, given: object) -> object:
    """Return what was typed for an input as the core parses it: text, a list, a file, or JSON where it wants that."""
    kinds = kinds_of(described.get("schema", {}))
    if isinstance(given, tuple) and "array" not in kinds:
        if len(given) > 1:
            raise click.UsageError(f"{described.get('name')} is given {len(given)} times.")
        given = given[0]
    if file_type(described):
        return [file_at(str(each)) for each in given] if isinstance(given, tuple) else file_at(str(given))
    if isinstance(given, tuple):
        if len(given) == 1 and str(given[0]).startswith("["):
            return from_json(str(given[0]))
        return [from_json(str(each)) if str(each).startswith("{") else each for each in given]
    if isinstance(given, str) and "string" not in kinds and given[:1] in ("[", "{"):
        return from_json(given)
    return given


def from_json(text: str) -> object:
    """Return the value of a JSON text, or the text where it is none; the core says what is wrong with it."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def named(pairs: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield name and value of each ``--input NAME=VALUE``; raises ``UsageError`` for one without a value."""
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise click.UsageError("An --input lacks its value; write --input NAME=VALUE.")
        yield name, value


def inputs_of(entry: Entry, parameters: Mapping[str, Any], pairs: tuple[str, ...]) -> dict[str, object]:
    """Return the inputs given as options of their own and with ``--input NAME=VALUE``."""
    described = {str(each["name"]): each for each in entry.get("inputs", ())}
    given: dict[str, object] = {}
    for key, value in parameters.items():
        if key.startswith("input_") and value is not None and value != ():
            name = key.removeprefix("input_")
            given[name] = raw_of(described[name], value)
    for name, value in named(pairs):
        each = described.get(name, {})
        before = given.get(name)
        raw = raw_of(each, (value,))
        if before is not None and not (isinstance(before, list) and isinstance(raw, list)):
            raise click.UsageError(f"{name} is given twice.")
        given[name] = [*before, *raw] if isinstance(before, list) and isinstance(raw, list) else raw
    return given


def parse_id(text: str) -> int:
    """Return a run's number, with or without a leading #; raises ``FirsthandError``."""
    number = text.removeprefix("#")
    if not number.isascii() or not number.isdigit() or len(number) > 18:
        raise FirsthandError(f"“{text}” is not a run's number.", "firsthand feed shows them.")
    return int(number)
