"""What a run counts for: of which scopes it is, and in which lists of each, under which key, on which day."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

NARROW = ("outcome", "action", "asked", "actor", "reason", "tag", "trait", "asked_by", "wanted")
"""Dimensions of few keys, counted by day and month; what a key and its part are says ``narrow_of``."""

WIDE = ("requested_by", "subject")
"""Dimensions of very many keys, counted by month and in all."""

ALL_TIME = -1
DAY = 24 * 60 * 60 * 1_000_000
EPOCH = date(1970, 1, 1)

RUN = """runs.at, runs.action, runs.actor, runs.reason, runs.status, runs.tags, runs.requested_by, runs.asked_by,
    runs.subject, json_extract(runs.subjects, '$[0].traits')"""
"""The columns of a run that counts: what ``counted`` takes."""

Place = tuple[str, str, int, str, str]
"""Scope, dimension, period, key and part."""

Counts = Counter[Place]


@lru_cache(maxsize=4096)
def month_of(day: int) -> int:
    """Return the period of the month that a day is in."""
    at = EPOCH + timedelta(day)
    return -(at.year * 12 + at.month - 1)


def kind_of(subject: str | None) -> str:
    """Return the kind of a subject's key; nothing for none."""
    return subject.partition(":")[0] if subject else ""


def scopes_of(action: str, tags: Iterable[str]) -> list[str]:
    """Return the scopes that a run is of: all runs, its action's, its tags'."""
    return ["", f"action:{action}", *(f"tag:{tag}" for tag in tags)]


def tags_of(tags: str | None) -> list[str]:
    """Return a run's tags, each once."""
    return sorted(set(json.loads(tags))) if tags else []


def narrow_of(run: Sequence[Any], tags: Sequence[str], kind: str) -> list[tuple[str, str, str]]:
    """Return dimension, key and part of everything of few keys that is known of a run."""
    _, action, actor, reason, status, _, requested_by, asked_by, _, traits = run
    found = [("outcome", status, kind), ("action", action, f"{status} {kind}")]
    if actor is not None:
        found.append(("actor", actor, ""))
    if reason is not None:
        found.append(("reason", reason, kind))
    if asked_by is not None:
        found += [("asked", action, ""), ("asked_by", asked_by, action)]
    if requested_by is not None:
        found.append(("wanted", requested_by, action))
    if tags:
        found += [("tag", tag, "") for tag in tags]
    if traits and traits != "{}":
        found += [("trait", f"{name}={value}", kind) for name, value in json.loads(traits).items()]
    return found


def placed(runs: Iterable[Sequence[Any]]) -> dict[str, list[tuple[int, str, str, str]]]:
    """Return day, action, key and part of everything of few keys that is known of runs, by dimension."""
    found: dict[str, list[tuple[int, str, str, str]]] = {}
    for run in runs:
        for dimension, key, part in narrow_of(run, tags_of(run[5]), kind_of(run[8])):
            found.setdefault(dimension, []).append((run[0] // DAY, run[1], key, part))
    return found


def kept(scope: str, dimension: str) -> bool:
    """Say whether a scope has a list of a dimension: an action's need none by action, and wishes stand once."""
    return not scope if dimension == "wanted" else dimension != "action" or not scope.startswith("action:")


def counted(runs: Iterable[Sequence[Any]]) -> Counts:
    """Count runs, rows of ``RUN``, in every list that they are of; rows of nothing do not count."""
    counts: Counts = Counter()
    for run in runs:
        at, action, _, _, _, tags, requested_by, _, subject, _ = run
        if at is None:
            continue
        day = at // DAY
        month, kind, tags = month_of(day), kind_of(subject), tags_of(tags)
        narrow = narrow_of(run, tags, kind)
        wide = [each for each in (("requested_by", requested_by), ("subject", subject)) if each[1] is not None]
        for scope in scopes_of(action, tags):
            for dimension, key, part in narrow:
                if kept(scope, dimension):
                    counts[scope, dimension, day, key, part] += 1
                    counts[scope, dimension, month, key, part] += 1
            for dimension, key in wide:
                counts[scope, dimension, month, key, ""] += 1
                counts[scope, dimension, ALL_TIME, key, ""] += 1
    return counts
