"""Runs and events as rows, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from json.encoder import c_make_encoder, encode_basestring  # type: ignore[attr-defined]
from typing import Any

from firsthand.core.journal import Event
from firsthand.core.runs import Failure, Refusal, Run, Subject, moment

SLOW = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
CHUNKS = c_make_encoder and c_make_encoder(None, SLOW.default, encode_basestring, None, ":", ",", False, False, False)
"""The encoder that ``json`` makes anew for every call, made once: a call takes about 3 µs instead of 8."""


def encode(value: object) -> str:
    """Return a value as JSON without spaces and NaN; keys stand as given: the columns of a table have an order."""
    return "".join(CHUNKS(value, 0)) if CHUNKS else SLOW.encode(value)


NUL = "\N{SYMBOL FOR NULL}"
"""What stands for a NUL character on PostgreSQL, whose texts cannot have one; JSON keeps it, where it is spelt."""


def spelt(value: Any) -> Any:
    """Return a value whose NUL characters are spelt, if it is a text."""
    return value.replace("\0", NUL) if isinstance(value, str) and "\0" in value else value


AS_JSON = frozenset({"tags", "subjects", "inputs", "value", "refusal", "error"})
"""Columns of ``runs`` that hold JSON."""

COLUMNS = (
    "id", "at", "action", "actor", "status", "surface", "environment", "desk", "requested_by", "asked_by", "ticket",
    "reason", "notes", "digest", "tags", "subjects", "inputs", "value", "output", "refusal", "error",
    "performing_at", "ended_at", "process", "mode", "due", "fence", "batch", "schedule",
)  # fmt: skip
"""Columns of ``runs`` as ``run_of`` takes them; ``subject`` is the first of ``subjects``."""

RECORDED = (
    "action",
    "actor",
    "surface",
    "environment",
    "desk",
    "requested_by",
    "asked_by",
    "ticket",
    "reason",
    "notes",
)
"""What is known of a run when it is recorded."""


def columns_of(changes: Mapping[str, object]) -> dict[str, Any]:
    """Return a step's changes as columns."""
    columns = {
        name: encode(value) if name in AS_JSON and value is not None else value for name, value in changes.items()
    }
    if keys := subject_keys(changes):
        columns["subject"] = keys[0]
    return columns


def subject_keys(changes: Mapping[str, Any]) -> list[str]:
    """Return the keys of the subjects in a step's changes, each once."""
    subjects = changes.get("subjects")
    return list(dict.fromkeys(f"{each['kind']}:{each['id']}" for each in subjects)) if subjects else []


def run_of(row: Sequence[Any], journal: str) -> Run[Any]:
    """Return the run of a row of ``COLUMNS``."""
    columns = dict(zip(COLUMNS, row, strict=True))
    for name in AS_JSON:
        if columns[name] is not None:
            columns[name] = json.loads(columns[name])
    for name in ("at", "performing_at", "ended_at", "due"):
        if columns[name] is not None:
            columns[name] = moment(columns[name])
    columns["mode"] = columns["mode"] or "once"
    columns["tags"] = tuple(columns["tags"] or ())
    columns["subjects"] = tuple(Subject(**each) for each in columns["subjects"] or ())
    columns["output"] = columns["output"] or ""
    columns["refusal"] = Refusal(**columns["refusal"]) if columns["refusal"] else None
    columns["error"] = Failure(**columns["error"]) if columns["error"] else None
    return Run(**columns, key=key_of(journal, columns["id"]))


def key_of(journal: str, run: int) -> str:
    """Return a run's key: the same for every try of it, and of no other run of any journal."""
    return f"{journal[:12]}-{run}"


def event_of(row: Sequence[Any]) -> Event:
    """Return the event of a row of id, at, kind, actor, run and data."""
    id, at, kind, actor, run, data = row
    return Event(id, moment(at), kind, actor, run, json.loads(data))
