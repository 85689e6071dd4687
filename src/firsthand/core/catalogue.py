"""What a desk offers, as recorded at start, and what changed since it started last."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from firsthand.core.actions import Action

Entry = Mapping[str, Any]


def entries_of(actions: Iterable[Action]) -> dict[str, Entry]:
    """Return the catalogue's entries by action name."""
    return {action.name: action.describe() for action in actions}


def changes_between(before: Mapping[str, Entry], after: Mapping[str, Entry]) -> list[dict[str, object]]:
    """Return what changed, one mapping a change: an action added or removed, or a field with before and after.

    Where an action stands in the source is not a change.
    """
    changes: list[dict[str, object]] = []
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            changes.append({"action": name, "change": "added" if old is None else "removed"})
            continue
        for key in sorted(old.keys() | new.keys()):
            if key != "source" and old.get(key) != new.get(key):
                change = {"action": name, "change": key, "before": old.get(key), "after": new.get(key)}
                changes.append({"action": name, "change": key} if key in ("code", "inputs", "steps") else change)
    return changes


def may(entry: Entry, roles: Collection[str]) -> str:
    """Return what somebody of these roles may do with an action's entry: ``perform`` it, ``ask`` for it, or nothing."""
    if set(roles) & set(entry["roles"]):
        return "perform"
    return "ask" if "everybody" in entry["ask"] or set(roles) & set(entry["ask"]) else ""


def by_all_names(entries: Mapping[str, Entry]) -> dict[str, Entry]:
    """Return the entries by name and by former name; a former name that an action has again is that one's."""
    return {old: entry for entry in entries.values() for old in entry.get("aliases", ())} | dict(entries)


def hidden_from(roles: Collection[str], *every: Mapping[str, Entry]) -> frozenset[str]:
    """Return the names, former ones too, of the entries that somebody of these roles may not know of."""
    named = [each for entries in every for each in by_all_names(entries).items()]
    return frozenset(name for name, entry in named if not may(entry, roles))
