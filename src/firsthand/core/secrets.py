"""Secret inputs: found by their type, and replaced wherever they turn up in what is about to be recorded."""

from __future__ import annotations

import base64
import json
import re
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from html import escape
from inspect import get_annotations
from itertools import chain
from math import isfinite, isnan
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints
from urllib.parse import quote, quote_plus

from pydantic import BaseModel, Secret, SecretBytes, SecretStr
from pydantic.fields import FieldInfo
from typing_extensions import is_typeddict

from firsthand.core.runs import Subject
from firsthand.core.text import spelt

STARS = "**********"


SECRETS = (SecretStr, SecretBytes, Secret)
UNIONS = (Union, UnionType)
ROWS = (list, tuple, set, frozenset, deque)
COLLECTIONS = (Mapping, *ROWS)

SHORT = 4
"""Characters that a secret has to have to be masked inside of words."""

FRAGMENT, LONG, LONGEST = 8, 16, 16 * 1024
"""Characters of a fragment, and of the shortest and the longest secret whose fragments are masked."""


# What a type says


def is_secret(annotation: Any) -> bool:
    """Say whether a type is, or somewhere inside has, one of pydantic's secret types."""
    return any(issubclass(each, SECRETS) for each in types_in(annotation, set()))


def names_of(annotation: Any) -> frozenset[str]:
    """Return the names of all fields inside a type: they are the author's words, and no secrets."""
    return frozenset(name for each in types_in(annotation, set()) for name in fields_of(each))


def types_in(annotation: Any, seen: set[int]) -> Iterator[type]:
    """Yield a type and the types of all that is in it, each once."""
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    for each in get_args(annotation):
        yield from types_in(each, seen)
    kind = get_origin(annotation) or annotation
    if id(kind) in seen:
        return
    seen.add(id(kind))
    if isinstance(kind, type):
        yield kind
        for each in fields_of(kind).values():
            yield from types_in(each, seen)
    elif named := named_type(kind):
        yield from types_in(named, seen)


def named_type(annotation: Any) -> Any:
    """Return the type that a ``NewType`` or an alias stands for; None for any other."""
    return getattr(annotation, "__supertype__", getattr(annotation, "__value__", None))


def fields_of(kind: type) -> Mapping[str, Any]:
    """Return the fields of a model, a dataclass, a TypedDict or a named tuple, by every name that they go by."""
    known: Mapping[str, FieldInfo] | None = getattr(kind, "__pydantic_fields__", None)
    if known is not None:
        extra = get_annotations(kind).get("__pydantic_extra__")
        named = {name: each.annotation for key, each in known.items() for name in (key, *aliases_of(each))}
        return named if extra is None else {**named, "__pydantic_extra__": get_type_hints(kind)["__pydantic_extra__"]}
    if is_dataclass(kind) or is_typeddict(kind) or issubclass(kind, tuple):
        return get_type_hints(kind)
    return {}


def aliases_of(info: FieldInfo) -> Iterator[str]:
    """Yield the other names of a model's field."""
    for alias in (info.alias, info.validation_alias, info.serialization_alias):
        yield from (each for each in getattr(alias, "choices", [alias]) if isinstance(each, str))


# What a value holds


def reveal(value: object) -> Iterable[str | bytes]:
    """Yield every secret inside a parsed value."""
    if isinstance(value, SECRETS):
        yield from leaves(value.get_secret_value())
    for part in parts(value):
        yield from reveal(part)


def given(annotation: Any, raw: object) -> Iterable[str | bytes]:
    """Yield what of a raw value stands where its type has a secret, and all that does not fit its type."""
    while get_origin(annotation) is Annotated or (not get_args(annotation) and named_type(annotation)):
        annotation = get_args(annotation)[0] if get_args(annotation) else named_type(annotation)
    if not is_secret(annotation):
        return
    kind, arguments = get_origin(annotation) or annotation, get_args(annotation)
    members = arguments if kind in UNIONS else ()
    if fitting := [each for each in members if is_secret(each) and shape(each) is shape(type(raw))]:
        for each in fitting:
            yield from given(each, raw)
    elif not isinstance(kind, type) or shape(kind) is not shape(type(raw)):
        yield from leaves(raw, names_of(annotation))
    elif not isinstance(raw, Mapping) and not arguments and isinstance(raw, kind):
        yield from reveal(raw)
    else:
        yield from given_parts(kind, arguments, raw, names_of(annotation))


def given_parts(kind: type, arguments: tuple[Any, ...], raw: object, names: Collection[str]) -> Iterable[str | bytes]:
    """Yield the same of a raw mapping or collection, part by part, where its type tells them apart."""
    if isinstance(raw, Mapping) and len(arguments) == 2 and issubclass(kind, Mapping):
        for key, part in raw.items():
            yield from chain(given(arguments[0], key), given(arguments[1], part))
    elif isinstance(raw, Mapping) and not arguments:
        known = fields_of(kind)
        for key, part in raw.items():
            yield from given(known[key], part) if key in known else leaves({key: part}, names)
    elif isinstance(raw, ROWS) and (places := places_of(kind, arguments, len(raw))):
        for each, part in zip(places, raw, strict=True):
            yield from given(each, part)
    else:
        yield from leaves(raw, names)


def places_of(kind: type, arguments: tuple[Any, ...], length: int) -> tuple[Any, ...]:
    """Return the type of each part of a collection of that length; none where its type has another."""
    if kind is tuple and Ellipsis not in arguments:
        return arguments if len(arguments) == length else ()
    return arguments[:1] * length


def shape(annotation: Any) -> type:
    """Return ``Mapping`` for a type of named parts, ``Collection`` for one of parts in a row, else ``object``."""
    kind = get_origin(annotation) or annotation
    if not isinstance(kind, type) or issubclass(kind, (str, bytes)):
        return object
    if issubclass(kind, Mapping) or fields_of(kind):
        return Mapping
    return Collection if issubclass(kind, Collection) else object


def leaves(value: object, names: Collection[str] = ()) -> Iterable[str | bytes]:
    """Yield all texts and numbers inside a raw value that stands where a secret belongs, but no keys in ``names``."""
    if isinstance(value, (str, bytes)):
        yield value
    elif isinstance(value, SECRETS):
        yield from leaves(value.get_secret_value())
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from chain(() if key in names else leaves(key), leaves(part, names))
    elif isinstance(value, (BaseModel, *COLLECTIONS)) or is_dataclass(value):
        for part in parts(value):
            yield from leaves(part, names)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def lines_of(secret: str | bytes) -> list[str | bytes]:
    """Return the lines of a secret of several, but for those too short to be told from other words."""
    lines = [line.strip() for line in secret.splitlines()]
    return [line for line in lines if len(line) >= SHORT] if len(lines) > 1 else []


def parts(value: object) -> Collection[object]:
    """Return the parts of a model, a dataclass, a collection or a mapping, its keys too."""
    if isinstance(value, BaseModel):
        return [*vars(value).values(), *(value.model_extra or {}).values()]
    if is_dataclass(value) and not isinstance(value, type):
        return [getattr(value, each.name) for each in fields(value)]
    if isinstance(value, Mapping):
        return [*value.keys(), *value.values()]
    return value if isinstance(value, COLLECTIONS) else ()


def names_in(value: object) -> frozenset[str]:
    """Return the names of the fields of all models and dataclasses inside a value."""
    if isinstance(value, BaseModel):
        own = list(fields_of(type(value)))
    else:
        own = [each.name for each in fields(value)] if is_dataclass(value) and not isinstance(value, type) else []
    return frozenset(own).union(*(names_in(part) for part in parts(value)))


# Masking


def spellings_of(secret: str | bytes) -> set[str]:
    """Return a secret as JSON, Python, HTML, URLs, base64 and hexadecimal spell it."""
    text = secret if isinstance(secret, str) else secret.decode("utf-8", "replace")
    raw = secret if isinstance(secret, bytes) else secret.encode("utf-8", "backslashreplace")
    found = {text, repr(text)[1:-1], json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], escape(text)}
    found |= {repr(raw)[2:-1], raw.hex(), quote(raw, safe=""), quote(raw), quote_plus(raw), *coded(raw)}
    return found | {each.replace("+", "-").replace("/", "_") for each in coded(raw)}


def coded(raw: bytes) -> Iterable[str]:
    """Yield what base64 makes of a secret, alone and, where it is long enough to be known again, inside of more."""
    alone = base64.b64encode(raw).decode()
    yield from (alone, alone.rstrip("="))
    for before, start in ((0, 0), (1, 2), (2, 3)) if len(raw) >= LONG // 2 else ():
        yield base64.b64encode(bytes(before) + raw).decode()[start : (before + len(raw)) * 8 // 6]


def pieces(spelling: str) -> Iterable[str]:
    """Yield the fragments of a spelling, but for those that say nothing, such as a row of dashes."""
    for place in range(len(spelling) - FRAGMENT + 1):
        piece = spelling[place : place + FRAGMENT]
        if len(set(piece)) >= FRAGMENT // 2:
            yield piece


class Mask:
    """What must not be recorded of one run, in every spelling in which it could turn up.

    Of a long secret any ``FRAGMENT`` characters in a row are masked too: libraries shorten what they quote. A secret
    of fewer than ``SHORT`` characters is masked only where it stands alone, as a whole text, number or word: it is
    in so many words that masking it there would spoil the record and, by the gaps, tell it.
    """

    def __init__(self) -> None:
        self.spellings: set[str] = set()
        self.fragments: set[str] = set()
        self.words: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self.spellings or self.words)

    def add(self, secrets: Iterable[str | bytes]) -> None:
        """Take in secrets, in all their spellings, with and without the spaces and lines around them."""
        for secret in {each for given in secrets for each in (given, given.strip(), *lines_of(given))}:
            if 0 < len(secret) < SHORT:
                self.words.add(secret if isinstance(secret, str) else secret.decode("utf-8", "replace"))
            elif secret:
                spellings = spellings_of(secret)
                self.spellings |= spellings
                if LONG <= len(secret) <= LONGEST:
                    self.fragments |= {piece for each in spellings for piece in pieces(each)}

    def text(self, text: str) -> str:
        """Return the text in valid UTF-8 and without the secrets."""
        if not (self.spellings or self.words):
            return spelt(text)
        if text in self.words:
            return STARS
        for spelling in sorted(self.spellings, key=len, reverse=True):
            text = text.replace(spelling, STARS)
        for word in self.words:
            if re.fullmatch(r"\w+", word):
                text = re.sub(rf"(?<!\w)(?<!\w[.,]){word}(?![.,]?\w)", STARS, text)
        return spelt(self.without_fragments(text) if self.fragments else text)

    def without_fragments(self, text: str) -> str:
        """Return the text without pieces of the secrets."""
        kept: list[str] = []
        place = 0
        while place < len(text):
            end = place
            while text[end : end + FRAGMENT] in self.fragments:
                end += 1
            kept.append(STARS if end > place else text[place])
            place = end + FRAGMENT - 1 if end > place else place + 1
        return "".join(kept)

    def subject(self, subject: Subject) -> Subject:
        """Return a subject without the secrets in its label and its traits; its kind and id are what it is found by."""
        if not self:
            return subject
        traits = {name: self.text(value) for name, value in subject.traits.items()}
        return replace(subject, label=self.text(subject.label), traits=traits)

    def tree(self, value: object, names: Collection[str] = ()) -> Any:
        """Return a JSON value as it may be recorded: in UTF-8 and without the secrets, in numbers and keys too.

        Keys that are ``names``, those of fields, stay as they are.
        """
        if isinstance(value, str):
            return self.text(value)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, (int, float)):
            return self.number(value)
        if isinstance(value, Mapping):
            return {key if key in names else self.text(str(key)): self.tree(part, names) for key, part in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.tree(part, names) for part in value]
        return value

    def number(self, value: float) -> object:
        """Return a number as it may be recorded, as JSON can carry it and unless it is a secret."""
        if isinstance(value, int) and value.bit_length() > LONGEST:
            return f"<{type(value).__name__} of {value.bit_length():,} bits>"
        if self and (str(value) in self.spellings or str(value) in self.words):
            return STARS
        if isinstance(value, float) and not isfinite(value):
            return "NaN" if isnan(value) else "Infinity" if value > 0 else "-Infinity"
        return value


UNMASKED = Mask()
"""What hides nothing, for what holds no secrets by its nature."""
