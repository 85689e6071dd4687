"""What the transactions of a desk's transactional actions promise: that nobody outruns a check, or not."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import suppress

from firsthand.core.actions import Action, Actions
from firsthand.core.calling import call
from firsthand.core.errors import AuthorError, Refused
from firsthand.core.marking import Happened, Transaction
from firsthand.core.runs import Run, moment

LOCKS = ("FOR UPDATE", "FOR NO KEY UPDATE", "with_for_update", "select_for_update")
"""What stands in a loader that locks the rows that it loads."""


def broken_promises(actions: Actions, journal: str) -> Iterator[str]:
    """Yield, a sentence each, what is not right about the transactions of transactional actions.

    Their resources are opened for that, and rolled back; ``journal`` is the id of the journal.
    """
    told: dict[object, str | None] = {}
    for action in actions.by_name.values():
        given = action.manner.resource
        if given is None:
            continue
        if given not in told:
            told[given] = problem_of(actions, action, journal)
        problem = told[given]
        if problem == "":
            if not any(locks(each.kind.loader.function) for each in action.inputs.values() if each.kind):
                yield (
                    f"{action.name}: its transaction is not SERIALIZABLE and no loader of its subjects locks what it "
                    "loads (FOR UPDATE), so that two runs at once may both pass its checks."
                )
        elif problem:
            yield f"{action.name}: {problem}"


def problem_of(actions: Actions, action: Action, journal: str) -> str | None:
    """Return what is wrong with an action's transaction; an empty text where it is less than serializable."""
    opened, serializable = actions.opened(Run(0, action.name, "", moment(0), None, "doctor", "")), False
    try:
        with suppress(Happened), opened:
            transaction = Transaction(opened.get(action.manner.resource), action.manner.resource)
            transaction.begin()
            if not transaction.holds(journal):
                transaction.outcome("doctor")
            isolation = None if transaction.sqlite else transaction.row("SHOW transaction_isolation")
            serializable = isolation in (None, ("serializable",))
            raise Happened({})
    except (AuthorError, Refused) as error:
        said = f" {error.fix}" if error.fix else ""
        return f"its transaction could not be looked at: {error.message}{said}"
    return None if serializable else ""


def locks(loader: object) -> bool:
    """Say whether a loader's source locks the rows that it loads."""
    try:
        source = call(inspect.getsource, inspect.unwrap(loader))  # type: ignore[arg-type]
    except AuthorError:
        return False
    return any(each in source for each in LOCKS)
