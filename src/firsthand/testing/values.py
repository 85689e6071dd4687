"""Values for inputs, made from their JSON schema: the author's own ``examples`` first, then the plainest that fits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import cycle, islice
from secrets import choice
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Any

from firsthand.core.files import File

Schema = Mapping[str, Any]

TEXTS = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T09:00:00Z",
    "time": "09:00:00",
    "duration": "P1D",
    "email": "somebody@example.com",
    "uri": "https://example.com/",
    "uuid": "7f3b2a10-0000-4000-8000-000000000000",
    "ipv4": "192.0.2.1",
    "json-string": "{}",
}
"""Texts of the formats that pydantic names."""

MEMBERS = ("anyOf", "oneOf", "allOf")

DEEPEST = 4
"""Definitions that may stand in each other."""

PLAIN = "example"

MIXED = (ascii_lowercase, ascii_uppercase, digits)
"""What a secret is made of, in turn, so that no part of it is the same in other letters."""

LONG = 24
"""Characters of a secret that is made, where its type lets it have so many."""


class Unmade(Exception):
    """No value can be made for a schema; its message says for what."""


@dataclass(frozen=True, slots=True)
class Values:
    """Values for one schema, whose definitions are in ``defs``; ``depth`` is how many of them stand in each other."""

    defs: Schema = field(default_factory=dict)
    depth: int = 0

    @classmethod
    def of(cls, schema: Schema) -> Any:
        """Return a value for a schema; raises ``Unmade``."""
        return cls(schema.get("$defs", {})).value(schema)

    def value(self, schema: Schema) -> Any:
        """Return a value for a part of it."""
        if "$ref" in schema:
            if self.depth > DEEPEST:
                raise Unmade("of a type that has itself inside")
            return replace(self, depth=self.depth + 1).value(self.named_by(schema))
        for name in ("examples", "enum"):
            if schema.get(name):
                return schema[name][0]
        if "const" in schema:
            return schema["const"]
        for name in MEMBERS:
            if name in schema:
                return self.value(next((each for each in schema[name] if each.get("type") != "null"), schema[name][0]))
        return self.of_type(schema)

    def of_type(self, schema: Schema) -> Any:
        """Return a value by what ``type`` says."""
        kind = schema.get("type")
        if kind == "string":
            return text(schema)
        if kind in ("integer", "number"):
            return number(schema, whole=kind == "integer")
        if kind == "boolean":
            return False
        if kind == "array":
            return self.rows(schema)
        if kind == "object":
            return self.named(schema)
        if kind == "null":
            return None
        raise Unmade("a type that its schema does not tell")

    def rows(self, schema: Schema) -> list[Any]:
        """Return a list, as short as it may be, but not empty where it can be helped."""
        first = [self.value(each) for each in schema.get("prefixItems", ())]
        least = max(schema.get("minItems", 0), min(1, schema.get("maxItems", 1)) if self.depth < 2 else 0)
        items = schema.get("items")
        return first + [self.value(items) for _ in range(least - len(first)) if items]

    def named(self, schema: Schema) -> dict[str, Any]:
        """Return a mapping with what it needs, and all that is secret in it."""
        known, needed = schema.get("properties", {}), schema.get("required", ())
        wanted = [name for name, each in known.items() if name in needed or self.hides(each)]
        more = schema.get("additionalProperties")
        further = {PLAIN: self.value(more)} if isinstance(more, dict) and self.hides(more) else {}
        return {**{name: self.value(known[name]) for name in wanted}, **further}

    def hides(self, schema: Schema) -> bool:
        """Say whether there is a secret in a part of it."""
        if "$ref" in schema:
            return self.depth < DEEPEST and replace(self, depth=self.depth + 1).hides(self.named_by(schema))
        parts = [part for name in MEMBERS for part in schema.get(name, ())]
        parts += [*schema.get("properties", {}).values(), schema.get("items"), schema.get("additionalProperties")]
        return bool(schema.get("writeOnly")) or any(self.hides(each) for each in parts if isinstance(each, dict))

    def named_by(self, schema: Schema) -> Schema:
        """Return the definition that a part of it names."""
        named: Schema = self.defs[str(schema["$ref"]).rpartition("/")[2]]
        return named


def text(schema: Schema) -> Any:
    """Return a text; one that is secret is like no other."""
    least, most = schema.get("minLength", 0), schema.get("maxLength", 10_000)
    if schema.get("writeOnly"):
        return "".join(choice(each) for each in islice(cycle(MIXED), max(least, min(LONG, most))))
    if schema.get("format") == "binary":
        return File("example.txt", b"An example.\n", "text/plain")
    if "pattern" in schema:
        raise Unmade(f"a text that matches {schema['pattern']}")
    known = TEXTS.get(schema.get("format", ""), PLAIN)
    return known if least <= len(known) <= most else (known * (least // len(known) + 1))[: max(least, min(1, most))]


def number(schema: Schema, *, whole: bool) -> float:
    """Return a number: 1 where that may be, else the least or the largest that may."""
    step = schema.get("multipleOf") or (1 if whole else 0.01)
    low = schema.get("minimum", schema.get("exclusiveMinimum", -math.inf) + step)
    high = schema.get("maximum", schema.get("exclusiveMaximum", math.inf) - step)
    wanted = min(max(low, 1), high)
    if schema.get("multipleOf"):
        wanted = min(math.ceil(wanted / step) * step, math.floor(high / step) * step if high < math.inf else math.inf)
    return int(wanted) if float(wanted).is_integer() else round(wanted, 10)
