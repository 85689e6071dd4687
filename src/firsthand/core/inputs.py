"""An action's inputs: the parameters of its function, parsed by pydantic, told in our words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, Optional, get_args, get_origin

from pydantic import PydanticSchemaGenerationError, PydanticUserError, TypeAdapter, ValidationError
from pydantic.errors import PydanticInvalidForJsonSchema
from pydantic.fields import FieldInfo
from pydantic_core import SchemaError

from firsthand.core import refusals
from firsthand.core.binding import REQUIRED, Parameter, Wiring, may_be_none, metadata
from firsthand.core.calling import call
from firsthand.core.errors import AuthorError, Refused
from firsthand.core.files import File
from firsthand.core.resources import Opened
from firsthand.core.secrets import STARS, Mask, given, is_secret, names_of, reveal, types_in
from firsthand.core.subjects import Kind
from firsthand.core.text import is_utf8

PLAIN = (str, int, bool)
"""Types that are JSON as they are; an annotated one may have a serializer of its author's."""

LIMIT = 1024 * 1024
"""Bytes that all inputs of a run may have together."""

DEEPEST = 100
"""How many lists and mappings of an input may stand in each other."""


@dataclass(frozen=True, slots=True)
class Choices:
    """In ``Annotated[str, Choices(plans_for)]``: the values that the input may have now.

    The function takes any other input by name and resources by type, and returns the values, or pairs of value and
    label. Choices are enforced, not only offered.
    """

    function: Callable[..., Iterable[Any]]


@dataclass(frozen=True)
class Input:
    """One input: a parameter of the action's function, or a subject given by its id."""

    name: str
    annotation: Any
    default: Any = REQUIRED
    kind: Kind | None = None
    choices: Wiring | None = None

    @property
    def required(self) -> bool:
        """Whether it has to be given."""
        return self.default is REQUIRED

    @cached_property
    def secret(self) -> bool:
        """Whether its type is, or holds, a secret."""
        return is_secret(self.annotation)

    @cached_property
    def holds_file(self) -> bool:
        """Whether its type is, or holds, a file."""
        return File in types_in(self.annotation, set())

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of the fields inside its type, which no secret hides."""
        return names_of(self.annotation)

    @cached_property
    def adapter(self) -> TypeAdapter[Any]:
        """The parser of its type; raises ``TypeError`` for a type that no form can give."""
        try:
            return TypeAdapter(self.annotation)
        except (PydanticSchemaGenerationError, PydanticUserError, SchemaError) as error:
            raise TypeError(
                f"the input {self.name} has a type that cannot be filled in: {shown_type(self.annotation)}; "
                "use one that pydantic parses, or register a subject or a resource of that type"
            ) from error

    @cached_property
    def schema(self) -> dict[str, Any]:
        """Its JSON schema."""
        try:
            return self.adapter.json_schema()
        except PydanticInvalidForJsonSchema:
            return {}

    def parse(self, raw: object) -> Any:
        """Return the value that a raw input stands for; its type's own validators are the author's code."""
        return call(self.adapter.validator.validate_python, raw)

    def masked(self, value: object) -> object:
        """Return a parsed value as JSON may keep it, its secrets starred out."""
        if value is None or (self.annotation in PLAIN and type(value) is self.annotation):
            return value
        dump = self.adapter.dump_python
        try:
            return call(dump, value, mode="json", by_alias=True, round_trip=True, warnings=False)
        except (AuthorError, Refused):
            return f"<{type(value).__name__}>"

    def describe(self) -> dict[str, object]:
        """Return what the catalogue keeps of it."""
        described: dict[str, object] = {"name": self.name, "schema": self.schema, "required": self.required}
        if self.secret:
            described["secret"] = True
        if self.kind:
            described["subject"] = self.kind.name
        if self.choices:
            described["choices"] = True
        if not self.required and self.default is not None and not self.secret:
            described["default"] = self.masked(self.default)
        return described


def shown_type(annotation: Any) -> str:
    """Return a type as people write it."""
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)


def input_of(parameter: Parameter, kind: Kind | None) -> Input:
    """Make the input of a parameter; a ``Field(...)`` that stands as its default is taken into its type."""
    annotation, default = parameter.annotation, parameter.default
    if isinstance(default, FieldInfo):
        field_info = default
        default = REQUIRED if field_info.is_required() else field_info.get_default(call_default_factory=True)
        annotation = Annotated[annotation, field_info]
    if kind:
        nullable = default is None or may_be_none(annotation)
        annotation = Optional[kind.id_annotation] if nullable else kind.id_annotation  # noqa: UP045 - of any type
        annotation = Annotated[annotation, *marks] if (marks := metadata(parameter.annotation)) else annotation
    return Input(parameter.name, annotation, default, kind)


def choices_in(annotation: Any) -> Choices | None:
    """Return the ``Choices`` of an annotated type."""
    if get_origin(annotation) is Annotated:
        return next((each for each in metadata(annotation) if isinstance(each, Choices)), None)
    return next((found for each in get_args(annotation) if (found := choices_in(each))), None)


@dataclass(slots=True)
class Parsed:
    """Inputs as parsed: ``values`` for the function, ``masked`` for the record, ``faults`` as sentences."""

    values: dict[str, Any] = field(default_factory=dict)
    masked: dict[str, object] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def parse(inputs: Collection[Input], raw: Mapping[str, object], mask: Mask, *, partly: bool = False) -> Parsed:
    """Parse what was given for an action's inputs; ``partly`` forgives what is missing.

    What is secret in it is added to the mask. What was given for a name that is no input is not kept: it may be a
    mistyped secret.
    """
    parsed = Parsed()
    names = {each.name for each in inputs}
    for name in raw:
        if name not in names:
            parsed.faults.append(f"{name}: there is no such input; there are {', '.join(sorted(names)) or 'none'}.")
    for each in inputs:
        if each.name in raw:
            parse_one(each, raw[each.name], parsed, mask)
        elif not each.required:
            if each.secret:
                call(mask.add, reveal(each.default))
            parsed.values[each.name] = each.default
            parsed.masked[each.name] = each.masked(each.default)
        elif not partly:
            parsed.faults.append(f"{each.name}: this is missing.")
    return parsed


def parse_one(each: Input, raw: object, parsed: Parsed, mask: Mask) -> None:
    """Parse one input into what is parsed so far."""
    if each.kind and each.kind.is_loaded(raw):
        parsed.values[each.name] = raw
        parsed.masked[each.name] = each.kind.id_of(raw)
        return
    if not utf8_throughout(raw):
        raise refusals.not_utf8("inputs")
    try:
        value = each.parse(raw)
    except AuthorError as error:
        if each.secret:
            call(mask.add, given(each.annotation, raw))
        if not isinstance(error.error, ValidationError):
            raise
        unread = f"<{type(raw).__name__}>" if each.holds_file else raw_as_json(raw)
        parsed.masked[each.name] = STARS if each.secret else unread
        parsed.faults.extend(faults_of(each, error.error))
    else:
        if each.secret:
            call(mask.add, reveal(value))
        parsed.values[each.name] = value
        parsed.masked[each.name] = each.masked(value)


def choices_of(opened: Opened, choices: Wiring, inputs: Mapping[str, object]) -> list[tuple[object, str]]:
    """Return choices as pairs of value and label: of values, of pairs, or of a mapping."""
    given = opened.call(choices, inputs)
    return list(call(lambda: [pair_of(each) for each in (given.items() if isinstance(given, Mapping) else given)]))


def pair_of(choice: object) -> tuple[object, str]:
    """Return a choice as value and label."""
    pair = choice if isinstance(choice, tuple) and len(choice) == 2 else (choice, choice)
    return pair[0], str(pair[1])


def is_offered(each: Input, value: object, offered: list[object]) -> bool:
    """Say whether a value is offered; a subject by its id, a collection also where all in it are."""
    if kind := each.kind:
        return kind.given_id(value) in [kind.given_id(one) for one in offered]
    if isinstance(value, (list, tuple, set, frozenset)) and value not in offered:
        return all(one in offered for one in value)
    return value in offered


def utf8_throughout(value: object) -> bool:
    """Say whether every text inside a raw value can be recorded."""
    if isinstance(value, str):
        return is_utf8(value)
    if value is None or isinstance(value, (int, float)):
        return True
    if isinstance(value, Mapping):
        return all(utf8_throughout(key) and utf8_throughout(part) for key, part in value.items())
    if isinstance(value, (list, tuple, set, frozenset)):
        return all(utf8_throughout(part) for part in value)
    return True


def raw_as_json(raw: object) -> object:
    """Return a raw value as JSON may keep it."""
    if raw is None or isinstance(raw, (bool, int, float, str)):
        return raw
    if isinstance(raw, Mapping):
        return {key if isinstance(key, str) else f"<{type(key).__name__}>": raw_as_json(raw[key]) for key in raw}
    if isinstance(raw, (list, tuple)):
        return [raw_as_json(part) for part in raw]
    return f"<{type(raw).__name__}>"


def size_of(value: object, depth: int = 0) -> int:
    """Return about how many bytes a raw value would take as JSON; refuses one that goes too deep."""
    if depth > DEEPEST:
        raise refusals.inputs_too_deep(DEEPEST)
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode("utf-8", "surrogatepass"))
    if isinstance(value, int):
        return value.bit_length() // 3
    if isinstance(value, (bytes, bytearray)):
        return len(value)
    if isinstance(value, File):
        return len(value.content)
    if isinstance(value, Mapping):
        return sum(size_of(key) + size_of(part, depth + 1) + 2 for key, part in value.items())
    if isinstance(value, (list, tuple, set, frozenset)):
        return sum(size_of(part, depth + 1) + 1 for part in value)
    return 8


WORDS = {
    "missing": "this is missing.",
    "int_parsing": "this must be a whole number.",
    "int_type": "this must be a whole number.",
    "int_from_float": "this must be a whole number.",
    "float_parsing": "this must be a number.",
    "float_type": "this must be a number.",
    "decimal_parsing": "this must be a number with a point, such as 12.50.",
    "decimal_type": "this must be a number with a point, such as 12.50.",
    "bool_parsing": "this must be yes or no.",
    "bool_type": "this must be yes or no.",
    "string_type": "this must be text.",
    "date_parsing": "this must be a day, such as 2026-05-03.",
    "date_from_datetime_parsing": "this must be a day, such as 2026-05-03.",
    "datetime_parsing": "this must be a time, such as 2026-05-03T14:30.",
    "datetime_from_date_parsing": "this must be a time, such as 2026-05-03T14:30.",
    "time_parsing": "this must be a time of day, such as 14:30.",
    "uuid_parsing": "this must be a UUID.",
    "list_type": "this must be a list.",
    "dict_type": "this must be a mapping.",
    "extra_forbidden": "there is no such input.",
}
"""Errors of pydantic's in our words; the others are put together from what the type asks for."""

WORDS_WITH = {
    "greater_than": "this must be more than {gt}.",
    "greater_than_equal": "this must be at least {ge}.",
    "less_than": "this must be less than {lt}.",
    "less_than_equal": "this must be at most {le}.",
    "multiple_of": "this must be a multiple of {multiple_of}.",
    "string_too_short": "this must have at least {min_length} characters.",
    "string_too_long": "this must have at most {max_length} characters.",
    "too_short": "there must be at least {min_length}.",
    "too_long": "there may be at most {max_length}.",
    "literal_error": "this must be {expected}.",
    "enum": "this must be {expected}.",
    "decimal_max_places": "this may have at most {decimal_places} decimal places.",
    "decimal_max_digits": "this may have at most {max_digits} digits.",
    "decimal_whole_digits": "this may have at most {whole_digits} digits before the point.",
    "string_pattern_mismatch": "this must match {pattern}.",
}


def faults_of(each: Input, error: ValidationError) -> list[str]:
    """Return what is wrong with an input, never repeating what was typed.

    A type that its author checks may say more (``raise ValueError("...")``); for secrets that is left out.
    """
    faults = []
    for found in error.errors(include_url=False, include_input=False):
        place = ".".join((each.name, *(str(step) for step in found["loc"])))
        kind, context = found["type"], found.get("ctx", {})
        if kind in ("too_short", "too_long") and context.get("field_type") in ("Value", "String"):
            kind = f"string_{kind}"
        if kind in WORDS_WITH:
            words = WORDS_WITH[kind].format(**context)
        elif kind in WORDS:
            words = WORDS[kind]
        elif kind in ("value_error", "assertion_error") and not each.secret:
            words = str(context.get("error", "this is not valid")).strip().rstrip(".") + "."
        else:
            words = f"this is not valid ({kind.replace('_', ' ')})."
        faults.append(f"{place}: {words}")
    return faults
