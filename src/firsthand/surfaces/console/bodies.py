"""What is posted: read whole within a limit, looked at, and only then parsed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping
from urllib.parse import parse_qsl

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.types import Receive

from firsthand.surfaces.console.limits import FIELDS, LARGEST, MULTIPART, TurnAway, too_large

PATIENCE = 30.0
"""Seconds in which a form must be here whole."""

DEEPEST = 64
"""How deep a field's name, or JSON in a field, may nest."""

LONGEST_NAME = 1_000
MARKS = re.compile(r'[\[\]{}"]|\\.', re.DOTALL)


async def read_body(receive: Receive) -> bytes:
    """Return what is sent, counted while it comes; raises ``TurnAway``."""
    chunks, size = [], 0
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise TurnAway("size", 400, "The form did not come whole.")
                chunk = message.get("body", b"")
                size += len(chunk)
                if size > LARGEST:
                    raise too_large()
                chunks.append(chunk)
                if not message.get("more_body", False):
                    return b"".join(chunks)
    except TimeoutError as error:
        raise TurnAway("size", 408, "The form did not come whole in time.") from error


async def parsed(body: bytes, kind: str, content_type: str) -> FormData:
    """Return the fields of a body whose size is within the limit; raises ``TurnAway``."""
    if not body:
        return FormData()
    form = await parts(body, content_type) if kind == MULTIPART else fields(body)
    for name, value in form.multi_items():
        look_at_depth(name, value)
    return form


def fields(body: bytes) -> FormData:
    """Return the fields of an urlencoded body, counted before they are parsed."""
    if body.count(b"&") >= FIELDS:
        raise too_many()
    try:
        return FormData([*parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict")])
    except UnicodeDecodeError as error:
        raise not_text() from error


async def parts(body: bytes, content_type: str) -> FormData:
    """Return the fields and files of a multipart body, counted before they are parsed.

    The parser is told Latin-1, which takes every byte as it is, and what it gives is read as UTF-8 here: told UTF-8, it
    would take what is none for Latin-1 without a word.
    """
    _, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    if not 0 < len(boundary) <= 200 or options.get(b"charset", b"utf-8").lower() != b"utf-8":
        raise malformed()
    if body.count(b"--" + boundary) > FIELDS + 1:
        raise too_many()
    headers = Headers({"content-type": f'{MULTIPART}; charset=latin-1; boundary="{boundary.decode("latin-1")}"'})
    try:
        form = await MultiPartParser(
            headers, whole(body), max_files=FIELDS, max_fields=FIELDS, max_part_size=LARGEST
        ).parse()
        return FormData([(as_utf8(name), decoded(value)) for name, value in form.multi_items()])
    except (MultiPartException, FormParserError) as error:
        raise malformed() from error
    except UnicodeDecodeError as error:
        raise not_text() from error


async def whole(body: bytes) -> AsyncGenerator[bytes, None]:
    """Yield a body at once."""
    yield body


def decoded(value: str | UploadFile) -> str | UploadFile:
    """Return a field's text, or a file with its name, read as UTF-8."""
    if isinstance(value, str):
        return as_utf8(value)
    value.filename = as_utf8(value.filename or "")
    return value


def as_utf8(text: str) -> str:
    """Return a text that was read as Latin-1 read as UTF-8."""
    return text.encode("latin-1").decode("utf-8")


def look_at_depth(name: str, value: object) -> None:
    """Raise ``TurnAway`` where a name, or what looks like JSON, nests deeper than anything that is meant."""
    if len(name) > LONGEST_NAME or name.count(".") + name.count("[") > DEEPEST:
        raise too_deep()
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{") and nests_deeper(value, DEEPEST):
        raise too_deep()


def nests_deeper(text: str, deepest: int) -> bool:
    """Say whether brackets nest deeper than so, strings left out; in one pass."""
    if text.count("[") + text.count("{") <= deepest:
        return False
    depth, within = 0, False
    for found in MARKS.finditer(text):
        mark = found[0]
        if mark == '"':
            within = not within
        elif not within and mark in "[{":
            depth += 1
            if depth > deepest:
                return True
        elif not within and mark in "]}":
            depth -= 1
    return False


def too_many() -> TurnAway:
    """Return that there are too many fields."""
    return TurnAway("fields", 413, f"That is too much at once: at most {FIELDS:,} fields can be sent.", "Send less.")


def too_deep() -> TurnAway:
    """Return that something nests too deep."""
    return TurnAway("depth", 400, f"What was sent nests deeper than {DEEPEST} levels.", "Send something simpler.")


def not_text() -> TurnAway:
    """Return that something is not UTF-8."""
    return TurnAway("text", 400, "What was sent is not text: it is not UTF-8.")


def malformed() -> TurnAway:
    """Return that a form is none."""
    return TurnAway("kind", 400, "What was sent is not a form.")


def token_of(form: FormData, headers: Mapping[str, str]) -> str:
    """Return the token against forged requests: a field of the form, or a header of a script's."""
    value = form.get("csrf") or headers.get("x-csrf-token", "")
    return value if isinstance(value, str) else ""
