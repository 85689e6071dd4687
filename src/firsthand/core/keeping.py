"""What a run that waits can keep of its inputs: all but secrets, and what does not come back from the record."""

from __future__ import annotations

from firsthand.core import refusals
from firsthand.core.actions import Action
from firsthand.core.attempts import Attempt
from firsthand.core.calling import call
from firsthand.core.errors import AuthorError, Refused
from firsthand.core.inputs import Input


def check_keepable(attempt: Attempt, action: Action) -> None:
    """Refuse a run that is to wait with inputs that the record cannot give back."""
    given = {name: each for name, each in action.inputs.items() if name in attempt.inputs}
    if secret := [name for name, each in given.items() if each.secret and attempt.inputs[name] is not None]:
        raise refusals.secret_in_queue(secret)
    kept = attempt.run.inputs or {}
    if lost := [each for name, each in given.items() if not each.secret and not keeps(each, attempt, kept.get(name))]:
        raise refusals.inputs_invalid([lost_words(each, "a run that waits") for each in lost])


def is_keepable(attempt: Attempt, action: Action) -> bool:
    """Say whether the record could give back all inputs of a run, so that it can be performed again."""
    try:
        check_keepable(attempt, action)
    except Refused:
        return False
    return True


def keeps(each: Input, attempt: Attempt, kept: object) -> bool:
    """Say whether what is kept of an input gives the same value again later."""
    value = attempt.inputs[each.name]
    if each.kind:  # its id is kept whole, and it is loaded afresh
        return True
    try:
        return bool(call(lambda: bool(each.parse(kept) == value)))
    except (AuthorError, Refused):
        return False


def lost_words(each: Input, waiting: str) -> str:
    """Say that a run that waits cannot keep an input."""
    kind = "a file; let whoever may perform it give that" if each.holds_file else "such a value"
    return f"{each.name}: {waiting} cannot keep {kind}."
