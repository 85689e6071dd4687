"""Files: given as an input, or returned; on record by name, type, size and digest."""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firsthand.core.text import recordable

if TYPE_CHECKING:
    from pydantic_core import CoreSchema

    from firsthand.core.secrets import Mask

PLAIN = "application/octet-stream"
"""The type of a file of which nothing better is known."""

LONGEST_NAME = 200
HALF = r"[a-z0-9][\w!#$&^.+-]{0,80}"
SCHEMA = {"type": "string", "format": "binary", "contentMediaType": PLAIN, "title": "File"}
"""What the JSON schema of an input says, so that a form shows an upload and a terminal takes a path."""


@dataclass(frozen=True)
class File:
    """A file by name, content and media type.

    As the type of an input: a form takes an upload, the terminal a path, Python a ``File`` or ``{"name": ...,
    "type": ..., "content": ...}`` with the content in base64. Its content is never on record, so an ask cannot keep it.

    A returned file, or several in a list or a dict, is on record with its content, up to ``LONGEST`` characters of
    JSON together (256 KiB: a file of about 192 KiB), to be had again with the run; over that without. Secrets are
    masked in it where it is text in UTF-8; any other file that has a secret in its bytes is kept without its content.
    Nobody looks into what is compressed or encrypted: a secret in a spreadsheet, a PDF or a ZIP stays in it.
    """

    name: str
    content: bytes = field(repr=False)
    type: str = PLAIN

    def __post_init__(self) -> None:
        if not isinstance(self.content, bytes):
            raise TypeError("the content of a File is bytes")
        object.__setattr__(self, "name", clean_name(self.name))
        object.__setattr__(self, "type", clean_type(self.type))

    @classmethod
    def read(cls, path: Path, most: int) -> File:
        """Return the file at a path, its type by its name. At most one byte over ``most`` is read."""
        import mimetypes

        with path.open("rb") as file:
            content = file.read(most + 1)
        return cls(path.name, content, mimetypes.guess_type(path.name)[0] or PLAIN)

    def as_recorded(self) -> dict[str, object]:
        """Return what is on record of it as an input: all but its content."""
        return {"file": self.name, "type": self.type, "size": len(self.content), "sha256": digest_of(self.content)}

    def as_value(self, mask: Mask, *, whole: bool) -> dict[str, object]:
        """Return what is on record of it as a returned value, without secrets; ``whole`` says whether with content."""
        name, type, content = mask.text(self.name), mask.text(self.type), self.masked(mask)
        if content is None:
            left_out = "The content is not kept: a secret is in it."
            return {"file": clean_name(name), "type": type, "size": len(self.content), "left_out": left_out}
        told = File(name, content, type).as_recorded()
        if not whole:
            return {**told, "left_out": "The content is not kept: it is too large for the record."}
        return {**told, "content": base64.b64encode(content).decode()}

    def masked(self, mask: Mask) -> bytes | None:
        """Return the content without secrets; None where they cannot be taken out of it."""
        if not mask:
            return self.content
        try:
            return mask.text(self.content.decode()).encode()
        except UnicodeDecodeError:
            hidden = any(spelling.encode("utf-8", "replace") in self.content for spelling in mask.spellings)
            return None if hidden else self.content

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> CoreSchema:
        from pydantic_core import core_schema

        as_recorded = core_schema.plain_serializer_function_ser_schema(cls.as_recorded)
        return core_schema.no_info_plain_validator_function(file_of, serialization=as_recorded)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: Any) -> dict[str, Any]:
        return dict(SCHEMA)


def file_of(given: object) -> File:
    """Return the file that an input gives; raises ``ValueError`` for anything else."""
    if isinstance(given, File):
        return given
    if isinstance(given, Mapping) and {"name", "content"} <= given.keys() <= {"name", "type", "content"}:
        name, type, content = given["name"], given.get("type") or PLAIN, given["content"]
        if isinstance(name, str) and isinstance(type, str) and isinstance(content, str):
            return File(name, decoded(content), type)
    raise ValueError("this must be a file")


def file_in(value: object) -> File | None:
    """Return the file that a run's recorded value is, with its content; None where it is none, or is without."""
    if not isinstance(value, Mapping) or not {"file", "type", "sha256", "content"} <= value.keys():
        return None
    try:
        content = decoded(str(value["content"]))
    except ValueError:
        return None
    whole = digest_of(content) == value["sha256"]
    return File(str(value["file"]), content, str(value["type"])) if whole else None


def digest_of(content: bytes) -> str:
    """Return the SHA-256 of some content, in hexadecimal digits."""
    import hashlib

    return hashlib.sha256(content).hexdigest()


def decoded(content: str) -> bytes:
    """Return content given in base64; raises ``ValueError``."""
    try:
        return base64.b64decode(content, validate=True)
    except binascii.Error as error:
        raise ValueError("this must be a file, its content in base64") from error


def clean_name(name: str) -> str:
    """Return a file's name without folders, and without characters that are not seen."""
    last = re.split(r"[/\\]", name)[-1]
    shown = "".join(each for each in last if unicodedata.category(each)[0] != "C").strip().lstrip(".").strip()
    stem, dot, ending = shown.rpartition(".")
    if len(shown) > LONGEST_NAME and dot and len(ending) < 20:
        return f"{stem[: LONGEST_NAME - len(ending) - 2]}….{ending}"
    return recordable(shown, LONGEST_NAME) or "file"


def clean_type(type: str) -> str:
    """Return a media type as a header may carry it; ``application/octet-stream`` for one that is none."""
    given = type.partition(";")[0].strip().lower()
    return given if re.fullmatch(f"{HALF}/{HALF}", given, re.ASCII) else PLAIN


def is_file(schema: Mapping[str, Any]) -> bool:
    """Say whether the JSON schema of an input is a file's, required or not."""
    return schema.get("contentMediaType") == PLAIN or any(is_file(each) for each in schema.get("anyOf", ()))
