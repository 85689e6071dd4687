"""The fields of a form: what can be filled in for an action's inputs, made from their JSON schemas."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import quote, unquote

from firsthand.core.files import is_file
from firsthand.surfaces.console.forms.schemas import Schema, alternatives, bounds, holds_secret, is_null, resolved

Kind = Literal[
    "text", "long", "integer", "number", "decimal", "bool", "choice", "several", "date", "datetime", "time",
    "duration", "email", "url", "uuid", "secret", "file", "subject", "group", "list", "mapping", "variants", "json",
    "fixed",
]  # fmt: skip

DEEPEST = 5
"""How many groups, lists and the like stand in each other as fields; what is deeper is given as JSON."""

MOST = 1_000
"""How many fields one input has at most; what is beyond is given as JSON."""

FORMATS: Mapping[str, Kind] = {
    "date": "date", "date-time": "datetime", "time": "time", "duration": "duration", "email": "email", "uri": "url",
    "password": "secret", "binary": "file", "multiline": "long", "textarea": "long", "markdown": "long",
}  # fmt: skip

TYPES: Mapping[str, Kind] = {"integer": "integer", "number": "number", "boolean": "bool", "string": "text"}

VARIANTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "text": ("Text", ("str", "constrained-str")), "long": ("Text", ("str",)), "integer": ("Whole number", ("int",)),
    "number": ("Number", ("float",)), "decimal": ("Decimal number", ("decimal",)), "date": ("Day", ("date",)),
    "datetime": ("Day and time", ("datetime",)), "time": ("Time of day", ("time",)),
    "duration": ("Length of time", ("timedelta",)), "url": ("Web address", ("url",)), "uuid": ("UUID", ("uuid",)),
    "email": ("E-mail address", ("str", "function-after")), "file": ("File", ("bytes",)), "secret": ("Secret", ()),
    "list": ("List", ("list", "set", "frozenset", "tuple")), "several": ("Some of", ("set", "frozenset")),
    "mapping": ("Mapping", ("dict",)), "choice": ("One of", ("literal", "enum", "bool")), "fixed": ("", ("literal",)),
    "json": ("JSON", ("dict", "list", "any")), "group": ("Group", ("tuple",)),
}  # fmt: skip
"""Kind → how it is called among variants, and how the core calls it in the path of a fault."""

COMPOSITE = ("group", "list", "mapping", "several", "variants")

YES_OR_NO = ({"const": True, "title": "Yes"}, {"const": False, "title": "No"})


@dataclass(frozen=True, slots=True)
class Option:
    """One of the values that a field may have: as a form sends it, as it is, and as people read it."""

    text: str
    value: object
    label: str


@dataclass(frozen=True, slots=True)
class Field:
    """What can be filled in at one place.

    ``whole`` says that a file is given with its name and type. ``fields`` are a group's parts, the alternatives of
    variants, or the one row of a list or a mapping. ``required`` says that it has to be given, ``nullable`` that
    nothing (None) is a value of it. A default of None is no default.
    """

    kind: Kind
    segment: str
    label: str
    help: str = ""
    required: bool = True
    nullable: bool = False
    default: object = None
    options: tuple[Option, ...] = ()
    fields: tuple[Field, ...] = ()
    least: int = 0
    most: int | None = None
    positional: bool = False
    subject: str = ""
    dependent: bool = False
    secret: bool = False
    whole: bool = False
    tags: tuple[str, ...] = ()

    @property
    def empty(self) -> Literal["none", "text", "left out"]:
        """What it stands for where nothing was filled in.

        Nothing, where nothing is a value of it; an empty text, where a text with a default was cleared; else it is
        left out, so that the core takes the default, or says that it is missing. A secret or a file is never shown
        again, so that an empty one was not cleared but not given.
        """
        if self.nullable and (self.required or self.kind not in ("secret", "file")):
            return "none"
        return "text" if self.kind in ("text", "long") and isinstance(self.default, str) else "left out"

    @property
    def optional(self) -> bool:
        """Whether it may be left empty."""
        return self.nullable or not self.required

    @property
    def needs(self) -> bool:
        """Whether nothing filled in is a fault; a row that needs something is not there while it is empty."""
        if self.kind == "group":
            return any(each.needs for each in self.fields)
        if self.kind in ("list", "mapping", "several"):
            return self.least > 0
        return self.kind not in ("bool", "fixed") and not self.optional

    @property
    def multipart(self) -> bool:
        """Whether a file can be given somewhere in it."""
        return self.kind == "file" or any(each.multipart for each in self.fields)


def name_of(*segments: str) -> str:
    """Return the name of a field in a form, from its path; what would look like a path in a name is quoted."""
    return ".".join(quote(each, safe="-_~").replace(".", "%2E") for each in segments)


def segments_of(name: str) -> list[str]:
    """Return the path of a field from its name in a form."""
    return [unquote(each) for each in name.split(".")]


def plain_words(name: str) -> str:
    """Return a parameter's name in plain words: ``at_period_end`` gives ``At period end``."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    words = apart.replace("_", " ").split()
    text = " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in words) or name
    return text[:1].upper() + text[1:]


def fields_of(inputs: Sequence[Mapping[str, Any]]) -> tuple[Field, ...]:
    """Return the fields for an action's inputs, as the catalogue describes them."""
    return tuple(field_of(each) for each in inputs)


def field_of(described: Mapping[str, Any]) -> Field:
    """Return the field for one input, as the catalogue describes it."""
    schema, name = described["schema"], str(described["name"])
    label = title_of(name, schema)
    made = Maker(schema.get("$defs", {})).field(
        name, schema, label, required=bool(described["required"]), default=described.get("default")
    )
    if described.get("subject"):
        made = replace(made, kind="subject", subject=str(described["subject"]), fields=())
    if described.get("choices"):
        made = dependent(made)
    if described.get("secret") and not holds_secret(schema):
        made = hidden(made)
    return made


def dependent(field: Field) -> Field:
    """Return a field whose options depend on other inputs, and so come when it is shown."""
    rows = field.fields[0] if field.kind == "variants" and len(field.fields) == 1 else field
    kind: Kind = "several" if rows.kind in ("list", "several") else "choice"
    return replace(field, kind=kind, dependent=True, fields=(), options=())


def hidden(field: Field) -> Field:
    """Return a field as that of a secret, with all that is in it."""
    if field.fields:
        return replace(field, secret=True, default=None, fields=tuple(hidden(each) for each in field.fields))
    kind: Kind = field.kind if field.kind in ("json", "file", "fixed", "several", "bool", "choice") else "secret"
    return replace(field, kind=kind, secret=True, default=None)


def title_of(name: str, schema: Schema) -> str:
    """Return an input's or a part's label: what its author calls it, else its name in plain words.

    What pydantic makes of a name by itself, and the name of a class, are not what its author calls it.
    """
    title = str(schema.get("title") or "")
    by_itself = title == name.title().replace("_", " ").strip()
    is_class = title.isidentifier() and ("properties" in schema or "enum" in schema or "prefixItems" in schema)
    return plain_words(name) if not title or by_itself or is_class else title


class Maker:
    """Makes the fields of one input; it knows the definitions that its schema refers to."""

    def __init__(self, definitions: Mapping[str, Schema]) -> None:
        self.definitions = definitions
        self.made = 0

    def field(
        self, segment: str, schema: Schema, label: str, *, required: bool = True, default: object = None,
        within: tuple[str, ...] = (), depth: int = 0, plain: bool = True, nullable: bool = False, help: str = "",
    ) -> Field:  # fmt: skip
        """Make the field of a schema; where it is too deep, recursive or of no known form, one that takes JSON.

        A yes or no is a ticked box only where it is ``plain``: a row or a variant has to be said to be there.
        """
        self.made += 1
        base = Field("json", segment, label, help, required, nullable, default)
        found = resolved(schema, self.definitions, within)
        if found is None:
            return replace(base, secret=holds_secret(schema, self.definitions))
        whole, within = found
        some, or_none = alternatives(whole)
        help = help or str(whole.get("description") or "")
        if len(some) == 1 and some[0] is not whole:
            return self.field(
                segment, some[0], label, required=required, default=default, within=within, depth=depth, plain=plain,
                nullable=nullable or or_none, help=help,
            )  # fmt: skip
        base = replace(base, nullable=nullable or or_none, help=help)
        if len(some) != 1:
            return self.variants(base, some, whole, within, depth)
        made = self.single(replace(base, help=" ".join(filter(None, (help, bounds(whole))))), whole, within, depth)
        unsaid = made.nullable or (not required and default is None)
        if made.kind == "bool" and (unsaid or not plain):
            made = replace(made, kind="choice", options=options_of(YES_OR_NO))
        if made.kind == "fixed" and unsaid:
            made = replace(made, kind="choice")
        return wrapped(made) if made.kind in COMPOSITE else made

    def single(self, base: Field, schema: Schema, within: tuple[str, ...], depth: int) -> Field:
        """Make the field of a schema that is not one of several."""
        kind = schema.get("type")
        if "const" in schema or "enum" in schema or is_null(schema):
            return enumerated(base, schema)
        if kind in ("array", "object"):
            if depth >= DEEPEST or self.made > MOST:
                return replace(base, secret=holds_secret(schema, self.definitions))
            return (self.array if kind == "array" else self.object)(base, schema, within, depth + 1)
        if not isinstance(kind, str) or kind not in TYPES:
            return base
        if kind != "string":
            return replace(base, kind="decimal" if schema.get("format") == "decimal" else TYPES[kind])
        form = str(schema.get("format") or "")
        found = "uuid" if form.startswith("uuid") else FORMATS.get(form, "text")
        if found == "text" and ((schema.get("maxLength") or 0) > 200 or "contentMediaType" in schema):
            found = "long"
        secret = found == "secret" or bool(schema.get("writeOnly"))
        kind_of_field: Kind = "secret" if secret else found
        default = None if secret else base.default
        return replace(base, kind=kind_of_field, secret=secret, default=default, whole=is_file(schema))

    def array(self, base: Field, schema: Schema, within: tuple[str, ...], depth: int) -> Field:
        """Make the field of a list, a set or a tuple."""
        places, least, most = schema.get("prefixItems"), int(schema.get("minItems") or 0), schema.get("maxItems")
        if places is None:
            row = self.field("", schema.get("items", {}), base.label, within=within, depth=depth, plain=False)
            if row.kind == "choice" and schema.get("uniqueItems") and not row.optional:
                return replace(base, kind="several", options=row.options, least=least, most=most)
            return replace(base, kind="list", fields=(row,), least=least, most=most)
        if most != len(places) or any(each.get("type") == "array" and "prefixItems" not in each for each in places):
            return base
        parts = tuple(
            self.field(
                str(n), each, title_of(f"{base.label} {n + 1}", each), required=n < least,
                default=each.get("default"), within=within, depth=depth, plain=False,
            )
            for n, each in enumerate(places)
        )  # fmt: skip
        return replace(base, kind="group", fields=parts, positional=True)

    def object(self, base: Field, schema: Schema, within: tuple[str, ...], depth: int) -> Field:
        """Make the field of a model or of a mapping; one with both known and free names is given as JSON."""
        known, free = schema.get("properties"), schema.get("additionalProperties")
        patterns = list((schema.get("patternProperties") or {}).values())
        if len(patterns) == 1 and not known:
            free = patterns[0]
        if known is not None and not free and not patterns:
            needed = schema.get("required", ())
            parts = tuple(
                self.field(
                    name, each, title_of(name, each), required=name in needed, default=each.get("default"),
                    within=within, depth=depth,
                )
                for name, each in known.items()
            )  # fmt: skip
            return replace(base, kind="group", fields=parts)
        if known or not isinstance(free, (dict, bool)) or free is False or len(patterns) > 1:
            return base
        row = self.field(
            "value", free if isinstance(free, dict) else {}, "Value", within=within, depth=depth, plain=False
        )
        least, most = int(schema.get("minProperties") or 0), schema.get("maxProperties")
        return replace(base, kind="mapping", fields=(row,), least=least, most=most)

    def variants(
        self, base: Field, some: Sequence[Schema], whole: Schema, within: tuple[str, ...], depth: int
    ) -> Field:
        """Make the field of a union: one of several alternatives is chosen, then filled in."""
        if not some or depth >= DEEPEST or self.made > MOST:
            return replace(base, secret=holds_secret(whole, self.definitions))
        keys = {ref: key for key, ref in (whole.get("discriminator") or {}).get("mapping", {}).items()}
        return replace(
            base, kind="variants", help=str(whole.get("description") or ""),
            fields=tuple(self.variant(n, each, keys, within, depth + 1) for n, each in enumerate(some)),
        )  # fmt: skip

    def variant(
        self, number: int, schema: Schema, keys: Mapping[str, str], within: tuple[str, ...], depth: int
    ) -> Field:
        """Make one alternative of a union, called by its author's title or by its kind."""
        found = resolved(schema, self.definitions, within)
        title = str((found[0] if found else {}).get("title") or "")
        made = self.field(str(number), schema, title, within=within, depth=depth, plain=False)
        words, tags = VARIANTS.get(made.kind, ("", ()))
        ref = str(schema.get("$ref") or "")
        own = tuple(each for each in (keys.get(ref), ref.rpartition("/")[2], title) if each)
        if made.kind == "fixed" and not title:
            words = made.options[0].label
        if made.kind == "choice" and not title and all(isinstance(each.value, bool) for each in made.options):
            words = "Yes or no"
        return replace(made, label=plain_words(title) if title else words, tags=(*own, *tags))


def wrapped(field: Field) -> Field:
    """Return a group, list or mapping that may be nothing as a choice between nothing and it."""
    omittable = field.kind == "group" and not field.required and field.default is None
    if field.kind == "variants" or not (field.nullable or omittable):
        return field
    inner = replace(field, segment="0", required=True, nullable=False, default=None, help="")
    return replace(field, kind="variants", fields=(inner,), options=(), least=0, most=None, positional=False)


def enumerated(base: Field, schema: Schema) -> Field:
    """Make the field of what has one value or one of several."""
    values = [schema["const"]] if "const" in schema else list(schema.get("enum") or [None])
    nullable = base.nullable or (len(values) > 1 and None in values)
    offered = [{"const": each} for each in values if each is not None or len(values) == 1]
    kind: Kind = "fixed" if len(values) == 1 else "choice"
    return replace(base, kind=kind, nullable=nullable, options=options_of(offered))


def options_of(offered: Sequence[Schema]) -> tuple[Option, ...]:
    """Return options; where not all are texts that say something, they are sent as JSON."""
    values = [each["const"] for each in offered]
    as_they_are = all(isinstance(each, str) and each for each in values)
    return tuple(
        Option(str(value) if as_they_are else json.dumps(value), value, str(each.get("title") or shown(value)))
        for each, value in zip(offered, values, strict=True)
    )


def shown(value: object) -> str:
    """Return a value as people read it."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if value is None:
        return "Nothing"
    return (value or "(empty)") if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
