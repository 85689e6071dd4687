"""Secret inputs: found by their type, and replaced wherever they turn up in what is about to be recorded."""

from __future__ import annotations

import base64
import json
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from html import escape
from itertools import chain
from math import isfinite, isnan
from typing import Annotated, Any, get_args, get_origin, get_type_hints
from urllib.parse import quote, quote_plus

from pydantic import BaseModel, Secret, SecretBytes, SecretStr
from typing_extensions import is_typeddict

from firsthand.core.text import spelt

STARS = "**********"


SECRETS = (SecretStr, SecretBytes, Secret)
COLLECTIONS = (Mapping, list, tuple, set, frozenset, deque)

FRAGMENT, LONG, LONGEST = 8, 16, 16 * 1024
"""Characters of a fragment, and of the shortest and the longest secret whose fragments are masked."""


def is_secret(annotation: Any, seen: frozenset[Any] = frozenset()) -> bool:
    """Say whether a type is, or somewhere inside has, one of pydantic's secret types."""
    annotation = getattr(annotation, "__supertype__", getattr(annotation, "__value__", annotation))
    origin = get_origin(annotation) or annotation
    if isinstance(origin, type) and issubclass(origin, SECRETS):
        return True
    if origin is Annotated:
        return is_secret(get_args(annotation)[0], seen)
    if any(is_secret(argument, seen) for argument in get_args(annotation)):
        return True
    if not isinstance(origin, type) or origin in seen:
        return False
    seen |= {origin}
    if issubclass(origin, BaseModel):
        return any(is_secret(each.annotation, seen) for each in origin.model_fields.values())
    if is_dataclass(origin) or is_typeddict(origin) or issubclass(origin, tuple):
        return any(is_secret(each, seen) for each in get_type_hints(origin, include_extras=True).values())
    return False


def reveal(value: object) -> Iterable[str | bytes]:
    """Yield every secret inside a value."""
    if isinstance(value, SECRETS):
        yield from leaves(value.get_secret_value())
    elif isinstance(value, BaseModel):
        yield from reveal(vars(value))
    elif is_dataclass(value) and not isinstance(value, type):
        yield from reveal([getattr(value, each.name) for each in fields(value)])
    else:
        for part in parts(value):
            yield from reveal(part)


def leaves(value: object) -> Iterable[str | bytes]:
    """Yield all texts and numbers inside a raw value that stands where a secret belongs."""
    if isinstance(value, (str, bytes)):
        yield value
    elif isinstance(value, SECRETS):
        yield from leaves(value.get_secret_value())
    elif isinstance(value, COLLECTIONS):
        for part in parts(value):
            yield from leaves(part)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def parts(value: object) -> Iterable[object]:
    """Return the parts of a mapping, its keys too, or of a collection."""
    if isinstance(value, Mapping):
        return chain(value.keys(), value.values())
    return value if isinstance(value, COLLECTIONS) else ()


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

    Of a long secret any ``FRAGMENT`` characters in a row are masked too: libraries shorten what they quote.
    """

    def __init__(self) -> None:
        self.spellings: set[str] = set()
        self.fragments: set[str] = set()

    def add(self, secrets: Iterable[str | bytes]) -> None:
        """Take in secrets, in all their spellings."""
        for secret in secrets:
            if secret:
                spellings = spellings_of(secret)
                self.spellings |= spellings
                if LONG <= len(secret) <= LONGEST:
                    self.fragments |= {piece for each in spellings for piece in pieces(each)}

    def text(self, text: str) -> str:
        """Return the text in valid UTF-8 and without the secrets."""
        for spelling in sorted(self.spellings, key=len, reverse=True):
            text = text.replace(spelling, STARS)
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

    def tree(self, value: object) -> Any:
        """Return a JSON value as it may be recorded: without the secrets, in keys and numbers too, and in UTF-8."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.tree(part) for key, part in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.tree(part) for part in value]
        if isinstance(value, int) and value.bit_length() > LONGEST:
            return f"<{type(value).__name__} of {value.bit_length():,} bits>"
        if self.spellings and isinstance(value, (int, float)) and str(value) in self.spellings:
            return STARS
        if isinstance(value, float) and not isfinite(value):
            return "NaN" if isnan(value) else "Infinity" if value > 0 else "-Infinity"
        return value
