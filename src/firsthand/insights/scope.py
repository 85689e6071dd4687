"""Of which runs is a question asked: a range of days, and all of them or those of a namespace, a tag or an action."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date

from firsthand.core.errors import FirsthandError
from firsthand.followers.counting import DAY, EPOCH
from firsthand.storage.history import Filter, History

FieldValue = str | tuple[str, ...]
Fields = Mapping[str, FieldValue]
"""A filter as an address or a command line writes it, of ``FIELDS``; only ``counted_for`` may have several values."""

FIELDS = (
    "action", "namespace", "tag", "actor", "subject", "counted_for", "kind", "trait", "reason", "outcome",
    "requested_by", "asked_by", "asked", "since", "until",
)  # fmt: skip
"""What a filter can be written of. Days are UTC and included; outcomes may be several, with commas between."""

PLAIN = ("tag", "actor", "subject", "kind", "trait", "reason", "requested_by", "asked_by")


@dataclass(frozen=True, slots=True)
class Scope:
    """A range of days, both included (UTC), and at most one of a namespace, a tag and an action."""

    since: date | None = None
    until: date | None = None
    namespace: str | None = None
    tag: str | None = None
    action: str | None = None

    def __post_init__(self) -> None:
        if sum(each is not None for each in (self.namespace, self.tag, self.action)) > 1:
            raise FirsthandError(
                "Figures are of one namespace, or one tag, or one action.", "Give one of them, or none for all runs."
            )

    def as_fields(self) -> dict[str, str]:
        """Return the filter of the scope's runs, as text."""
        return {each.name: str(value) for each in fields(self) if (value := getattr(self, each.name)) is not None}


class Names:
    """Former and present names of actions, as the catalogue has them: the history of an action is that of all."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.present = history.aliases()

    def of(self, name: str) -> str:
        """Return an action's present name."""
        return self.present.get(name, name)

    def all_of(self, name: str) -> tuple[str, ...]:
        """Return all names of an action, given one of them: the present one first."""
        now = self.of(name)
        return (now, *(old for old, name in self.present.items() if name == now))

    def joined(self, actions: Iterable[str]) -> dict[str, list[str]]:
        """Return all names of each of some actions, given by present name."""
        found = {name: [name] for name in actions}
        for old, name in self.present.items():
            if name in found:
                found[name].append(old)
        return found

    def in_namespace(self, namespace: str) -> tuple[str, ...]:
        """Return all names of the actions that are in a namespace now and that there are runs of."""
        return tuple(name for name in self.history.action_names() if namespace_of(self.of(name)) == namespace)


def namespace_of(action: str) -> str:
    """Return the name up to its last dot; nothing for an action without one."""
    return action.rpartition(".")[0]


def filter_of(history: History, given: Fields) -> Filter:
    """Return the filter that some fields describe; raises ``FirsthandError`` for one that cannot be."""
    if unknown := [name for name in given if name not in FIELDS]:
        raise FirsthandError(f"Runs have no filter {unknown[0]}.", f"There are {', '.join(FIELDS)}.")
    texts = {name: one(given[name]) if name in given else None for name in PLAIN}
    outcomes = tuple(one(given["outcome"]).split(",")) if "outcome" in given else ()
    since, until = (day_of(day(given[name])) if name in given else None for name in ("since", "until"))
    if since is not None and until is not None and since > until:
        raise FirsthandError("The last day is before the first.", "Give the earlier of the two as the first.")
    found = Filter(
        actions=actions_of(Names(history), given),
        outcomes=outcomes,
        counted_for=several(given.get("counted_for", ())),
        asked="asked" in given,
        since=since * DAY if since is not None else None,
        until=(until + 1) * DAY if until is not None else None,
    )
    return replace(found, **texts)  # type: ignore[arg-type]


def actions_of(names: Names, given: Fields) -> tuple[str, ...]:
    """Return all names of the actions that some fields want; one that no action has where there is none."""
    found = names.all_of(one(given["action"])) if "action" in given else None
    if "namespace" in given:
        within = names.in_namespace(one(given["namespace"]))
        found = within if found is None else tuple(name for name in found if name in within)
        return found or ("",)
    return found or ()


def one(value: FieldValue) -> str:
    """Return the one text of a field."""
    return value if isinstance(value, str) else value[-1]


def several(value: FieldValue | Sequence[str]) -> tuple[str, ...]:
    """Return the texts of a field."""
    return (value,) if isinstance(value, str) else tuple(value)


def day(value: FieldValue) -> date:
    """Return the day of a field; raises ``FirsthandError`` where it is none."""
    text = one(value)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise FirsthandError(f"{text[:50]!r} is no day.", "Write it as 2026-01-31.") from None


def day_of(day: date) -> int:
    """Return a day as days since 1970; those before count as the first."""
    return max((day - EPOCH).days, 0)


def as_text(days: int) -> str:
    """Return days since 1970 as ISO 8601 writes the day."""
    return (EPOCH.fromordinal(EPOCH.toordinal() + days)).isoformat()


def known(names: Names, wanted: Iterable[str], hidden: frozenset[str]) -> tuple[str, ...]:
    """Return those names whose action is not hidden."""
    return tuple(name for name in wanted if names.of(name) not in hidden)
