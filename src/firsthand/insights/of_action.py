"""How often is each action performed, and when was it run last? For a list of all actions, in one go."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date

from firsthand.insights.figures import Figures, Number
from firsthand.insights.frequency import last_runs
from firsthand.insights.scope import Scope
from firsthand.storage.journal import SqlJournal


@dataclass(frozen=True, slots=True)
class ActionUse:
    """An action's runs in a range of days, how many of them succeeded, and when it was run last at all."""

    runs: Number
    performed: Number
    last: str


def of_actions(
    journal: SqlJournal, since: date, until: date, hidden: frozenset[str] = frozenset()
) -> dict[str, ActionUse]:
    """Return the use of every action that was ever run, by present name, in one snapshot."""
    with journal.database.snapshot():
        figures = Figures(journal, Scope(since, until), hidden)
        runs: Counter[str] = Counter()
        performed: Counter[str] = Counter()
        for (action, status, _), number in figures.by_action().items():
            runs[action] += number
            performed[action] += number * (status == "succeeded")
        names = {figures.names.of(name) for name in journal.history.action_names()} - hidden
        return {
            action: ActionUse(
                figures.number(runs[action], action=action),
                figures.number(performed[action], action=action, outcome="succeeded"),
                last,
            )
            for action, last in last_runs(figures, sorted(names), ever=True).items()
        }
