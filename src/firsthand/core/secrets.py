"""Secret inputs: found by their type, and replaced wherever they turn up in what is about to be recorded."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Annotated, Any, get_args, get_origin, get_type_hints
from urllib.parse import quote, quote_plus

from pydantic import BaseModel, Secret, SecretBytes, SecretStr

STARS = "**********"


def is_secret(annotation: Any, seen: frozenset[Any] = frozenset()) -> bool:
    """Say whether a type is, or somewhere inside has, one of pydantic's secret types."""
    origin = get_origin(annotation) or annotation
    if isinstance(origin, type) and issubclass(origin, (SecretStr, SecretBytes, Secret)):
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
    if is_dataclass(origin):
        return any(is_secret(each, seen) for each in get_type_hints(origin, include_extras=True).values())
    return False


def reveal(value: object) -> Iterable[str]:
    """Yield every secret inside a value, as text."""
    if isinstance(value, (SecretStr, SecretBytes, Secret)):
        yield from leaves(value.get_secret_value())
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from reveal(getattr(value, name))
    elif is_dataclass(value) and not isinstance(value, type):
        for each in fields(value):
            yield from reveal(getattr(value, each.name))
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from reveal(part)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for part in value:
            yield from reveal(part)


def leaves(value: object) -> Iterable[str]:
    """Yield all texts and numbers inside a raw value that stands where a secret belongs."""
    if isinstance(value, bytes):
        yield value.decode("utf-8", "replace")
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from leaves(part)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for part in value:
            yield from leaves(part)
    elif isinstance(value, (SecretStr, SecretBytes, Secret)):
        yield from leaves(value.get_secret_value())
    elif value is not None and not isinstance(value, bool):
        yield str(value)


class Mask:
    """What must not be recorded of one run, in every spelling in which it could turn up."""

    def __init__(self) -> None:
        self.spellings: set[str] = set()

    def add(self, secrets: Iterable[str]) -> None:
        """Take in secrets, each also as JSON, Python, URLs and base64 spell it."""
        for secret in secrets:
            if secret:
                coded = base64.b64encode(secret.encode("utf-8", "replace")).decode().rstrip("=")
                spelt = {secret, repr(secret)[1:-1], json.dumps(secret)[1:-1], coded}
                if secret.isprintable() and not any("\ud800" <= each <= "\udfff" for each in secret):
                    spelt |= {quote(secret, safe=""), quote_plus(secret)}
                self.spellings |= spelt

    def text(self, text: str) -> str:
        """Return the text without the secrets."""
        for spelling in sorted(self.spellings, key=len, reverse=True):
            text = text.replace(spelling, STARS)
        return text

    def tree(self, value: object) -> object:
        """Return a JSON value without the secrets, in keys and numbers too."""
        if not self.spellings:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.tree(part) for key, part in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.tree(part) for part in value]
        if isinstance(value, (int, float)) and str(value) in self.spellings:
            return STARS
        return value
