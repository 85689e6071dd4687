"""The versions of a manual action: who made each and when, and what it changed, line by line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

from firsthand.core.manual import LINES, Manual

AROUND = 2
"""Lines that are shown before and after those that changed."""

LONGEST = 120
"""Lines of one difference that are shown."""

COMPARED = 1_000
"""Lines of each text that are compared; comparing very many takes long."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a difference: ``mark`` is + for one that was added, - for one that was taken away, … for a gap."""

    mark: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One field that changed: from what to what, or with its lines."""

    field: str
    before: str = ""
    after: str = ""
    lines: Sequence[Line] = ()


@dataclass(frozen=True, slots=True)
class Version:
    """One version, with what it changed; the first, which declared it, changed nothing."""

    manual: Manual
    changes: Sequence[Change]
    first: bool


def versions_of(newest: Sequence[Manual]) -> list[Version]:
    """Return versions, newest first, each beside the one before it; the oldest given is only compared with."""
    found = [Version(after, changes_of(before, after), first=False) for after, before in pairwise(newest)]
    first = [Version(newest[-1], (), first=True)] if newest and newest[-1].version == 1 else []
    return found + first


def changes_of(before: Manual | None, after: Manual) -> list[Change]:
    """Return what one version changed of another, or all of it where there was none."""
    old, new = before.declaration() if before else {}, after.declaration()
    changed = [name for name, value in new.items() if (value != old[name] if before else value)]
    return [change_of(name, old.get(name), new[name]) for name in changed]


def change_of(name: str, before: object, after: object) -> Change:
    """Return the change of one field."""
    if name in LINES:
        return Change(name, lines=difference(str(before or ""), str(after or "")))
    if name == "retired":
        return Change("retired" if after else "brought back")
    return Change(name, in_words(before), in_words(after))


def in_words(value: object) -> str:
    """Return a field's value on one line."""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value or "")


def difference(before: str, after: str) -> list[Line]:
    """Return how one text became another, with the lines around each change."""
    found = list(lines_between(before.splitlines()[:COMPARED], after.splitlines()[:COMPARED]))
    return found if len(found) <= LONGEST else [*found[:LONGEST], Line("…")]


def lines_between(before: Sequence[str], after: Sequence[str]) -> Iterator[Line]:
    """Yield the lines of a difference; a gap stands where lines that did not change are left out."""
    for number, group in enumerate(SequenceMatcher(None, before, after).get_grouped_opcodes(AROUND)):
        if number or group[0][1]:
            yield Line("…")
        for kind, start, end, start_after, end_after in group:
            if kind == "equal":
                yield from (Line("", text) for text in before[start:end])
                continue
            yield from (Line("-", text) for text in before[start:end])
            yield from (Line("+", text) for text in after[start_after:end_after])
