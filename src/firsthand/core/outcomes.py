"""What a run's end leaves on record: the returned value, the refusal, or the error, as text and JSON can carry it."""

from __future__ import annotations

import traceback
from collections.abc import Collection, Iterator
from typing import Any

from pydantic_core import to_jsonable_python

from firsthand.core import calling
from firsthand.core.calling import call
from firsthand.core.errors import AuthorError, Refused
from firsthand.core.files import File
from firsthand.core.inputs import Input, Parsed, size_of
from firsthand.core.refusals import CODES
from firsthand.core.runs import Failure, Refusal
from firsthand.core.secrets import UNMASKED, Mask, names_in, parts
from firsthand.core.text import recordable

LONGEST = 256 * 1024
"""Characters that a run's output, its traceback, or its returned value as JSON may have on record, each."""

PLAIN = (str, bytes, int, float, type(None))
"""Types whose values hold nothing else."""


def value_as_json(value: object, mask: Mask) -> object:
    """Return what the author's function returned as JSON can carry it; what cannot be is named by its type."""
    if value is None or type(value) is bool:
        return value
    if type(value) is str:
        return recordable(mask.text(value), LONGEST)
    try:
        if type(value) in (File, dict, list, tuple) and call(holds_file, value):
            return call(files_as_json, value, mask)
        whole = value if isinstance(value, PLAIN) else call(unread, value)
        plain = call(to_jsonable_python, whole, fallback=shown, inf_nan_mode="strings", bytes_mode="base64")
        told = mask.tree(plain, call(names_in, whole) if mask else ())
    except (AuthorError, Refused):
        return shown(value)
    if isinstance(told, str):
        return recordable(told, LONGEST)
    try:
        size = size_of(told)
    except Refused:
        return shown(value)
    return told if size <= LONGEST else f"<{type(told).__name__} of {size:,} bytes, too large for the record>"


def holds_file(value: object) -> bool:
    """Say whether a value is a file, or a list or a dict that holds one."""
    if isinstance(value, (dict, list, tuple)):
        return any(holds_file(part) for part in parts(value))
    return isinstance(value, File)


def files_as_json(value: object, mask: Mask) -> object:
    """Return a value that holds files, with their content; without, where that is too large for the record."""
    for whole in (True, False):
        told = file_as_json(value, mask, whole=whole)
        if (size := size_of(told)) <= LONGEST:
            return told
    return f"<{type(value).__name__} of {size:,} bytes, too large for the record>"


def file_as_json(value: object, mask: Mask, *, whole: bool) -> object:
    """Return a value with its files as they are recorded."""
    if isinstance(value, File):
        return value.as_value(mask, whole=whole)
    if isinstance(value, dict):
        return {mask.text(str(key)): file_as_json(part, mask, whole=whole) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [file_as_json(part, mask, whole=whole) for part in value]
    return value_as_json(value, mask)


def unread(value: object) -> object:
    """Return a value with what can be read but once (a generator, a file) named by its type, and so left whole."""
    if isinstance(value, dict):
        return {key: unread(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [unread(part) for part in value]
    return shown(value) if reads_once(value) else value


def reads_once(value: object) -> bool:
    """Say whether a value is an iterator or holds one."""
    if isinstance(value, PLAIN):
        return False
    return isinstance(value, Iterator) or any(reads_once(part) for part in parts(value))


def shown(value: object) -> str:
    """Return a value's type, for one that JSON cannot carry; its ``repr`` may tell too much."""
    return f"<{type(value).__name__}>"


def text(value: object) -> str:
    """Return a text that an author gave; anything else by its type."""
    return value if isinstance(value, str) else shown(value)


def refusal_of(refusal: Refused, mask: Mask, checks: Collection[str] = ()) -> Refusal:
    """Return a refusal as recorded; no secret hides one of the codes or of the names of the action's checks."""
    said = (refusal.code, refusal.message, refusal.fix, refusal.check or "")
    known = (*CODES, *checks)
    code, message, fix, check = (recordable(mask.text(text(each)), 2_000) or "" for each in said)
    code, check = (said[place] if said[place] in known else masked for place, masked in ((0, code), (3, check)))
    return Refusal(code, message, fix, check or None)


def failure_of(error: AuthorError, mask: Mask) -> Failure:
    """Return what the author's code raised, with its traceback from there on, without values of variables."""
    try:
        message, lines = call(words_of, error)
    except (AuthorError, Refused):
        message = lines = ""
    return Failure(error.message, recordable(mask.text(message), 2_000) or "", mask.text(lines)[-LONGEST:])


def words_of(error: AuthorError) -> tuple[str, str]:
    """Return the message and the traceback of what the author's code raised."""
    raised = error.traceback
    while raised and raised.tb_frame.f_code.co_filename == calling.__file__:
        raised = raised.tb_next
    told = traceback.TracebackException(type(error.error), error.error, raised)
    return "".join(told.format_exception_only()).strip().partition(": ")[2], "".join(told.format())


def kept(each: Input, parsed: Parsed, mask: Mask) -> Any:
    """Return an input as it is recorded, without secrets; a subject's id is what it is found by, so it stays whole."""
    found = each.kind is not None and each.name in parsed.values
    return (UNMASKED if found else mask).tree(parsed.masked[each.name], each.names)
