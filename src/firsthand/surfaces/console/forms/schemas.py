"""JSON schemas as pydantic writes them: references followed, unions taken apart, limits said in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]


def resolved(
    schema: Schema, definitions: Mapping[str, Schema], within: tuple[str, ...]
) -> tuple[Schema, tuple[str, ...]] | None:
    """Return a schema without ``$ref`` and ``allOf``, and the definitions it stands in; None if it is recursive."""
    while "$ref" in schema or "allOf" in schema:
        own = {key: value for key, value in schema.items() if key not in ("$ref", "allOf")}
        parts = list(schema.get("allOf", ()))
        if "$ref" in schema:
            name = str(schema["$ref"]).rpartition("/")[2].replace("~1", "/").replace("~0", "~")
            if name in within or name not in definitions:
                return None
            parts.insert(0, definitions[name])
            within = (*within, name)
        schema = merged(*parts, own)
    return schema, within


def merged(*schemas: Schema) -> Schema:
    """Return what several schemas say together; their properties and what they require are added up."""
    together: dict[str, Any] = {}
    for each in schemas:
        properties = {**together.get("properties", {}), **each.get("properties", {})}
        required = [*together.get("required", ()), *each.get("required", ())]
        together.update(each)
        together.update({"properties": properties} if properties else {})
        together.update({"required": required} if required else {})
    return together


def is_null(schema: Schema) -> bool:
    """Say whether a schema's only value is None."""
    return schema.get("type") == "null"


def alternatives(schema: Schema) -> tuple[list[Schema], bool]:
    """Return what a schema may be one of, and whether it may be None too; a decimal's number and text are one."""
    some = parts_of(schema)
    kept = decimals_joined([each for each in some if not is_null(each)])
    if len(some) == 1 or not kept:
        return [schema], False
    return kept, any(is_null(each) for each in some)


def parts_of(schema: Schema) -> list[Schema]:
    """Return the alternatives of a schema as it lists them."""
    union = schema.get("anyOf") or schema.get("oneOf")
    if union:
        return list(union)
    kinds = schema.get("type")
    return [{**schema, "type": each} for each in kinds] if isinstance(kinds, list) else [schema]


def decimals_joined(some: Sequence[Schema]) -> list[Schema]:
    """Return alternatives with each number that is followed by a text for the same as one decimal."""
    joined: list[Schema] = []
    for each in some:
        text = each.get("type") == "string" and set(each) <= {"type", "pattern"}
        before = joined[-1] if joined else {}
        if text and before.get("type") == "number" and before.get("format") != "decimal":
            joined[-1] = {**before, "format": "decimal"}
        else:
            joined.append(each)
    return joined


def holds_secret(schema: object, definitions: Mapping[str, Schema] | None = None) -> bool:
    """Say whether a secret may stand anywhere in a schema, the definitions that it may refer to included."""
    if definitions and holds_secret(definitions):
        return True
    if isinstance(schema, Mapping):
        return schema.get("writeOnly") is True or any(holds_secret(each) for each in schema.values())
    return isinstance(schema, list) and any(holds_secret(each) for each in schema)


WORDS = (
    ("minimum", "at least {}"), ("exclusiveMinimum", "more than {}"), ("maximum", "at most {}"),
    ("exclusiveMaximum", "less than {}"), ("multipleOf", "a multiple of {}"), ("minLength", "at least {} characters"),
    ("maxLength", "at most {} characters"), ("minItems", "at least {}"), ("maxItems", "at most {}"),
)  # fmt: skip


def bounds(schema: Schema) -> str:
    """Return the limits of a schema in words: ``More than 0, at most 50.``"""
    if schema.get("format") == "uri" or "prefixItems" in schema:
        return ""
    said = [words.format(tidy(schema[key])) for key, words in WORDS if key in schema and not is_given(key, schema[key])]
    if "pattern" in schema and "description" not in schema:
        said.append(f"of the form {schema['pattern']}")
    text = ", ".join(said)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def is_given(key: str, value: object) -> bool:
    """Say whether a limit goes without saying."""
    return key in ("minLength", "minItems") and value in (0, 1)


def tidy(number: object) -> str:
    """Return a number without ``.0``."""
    return f"{number:g}" if isinstance(number, float) and abs(number) < 1e6 else str(number)
