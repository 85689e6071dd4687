"""What is told of a run that waits within the very transaction by which it does: an engine in the same database."""

from __future__ import annotations

from collections.abc import Callable

from firsthand.core.journal import Step
from firsthand.storage.database import Connection

Beside = Callable[[Connection, int, int], None]
"""Told of a run that waits, and when it is due in microseconds since 1970; what it cannot do fails no transaction."""


def telling(work: Callable[[Connection], bool], step: Step, beside: Beside) -> Callable[[Connection], bool]:
    """Return the work of a step by which a run waits, and of telling so where it does."""
    due = step.changes.get("due")

    def told(connection: Connection) -> bool:
        if taken := work(connection):
            beside(connection, step.run, due if isinstance(due, int) else step.at)
        return taken

    return told
