"""What somebody tried outside of the six steps, and was refused: an event, for it is no run."""

from __future__ import annotations

from typing import NoReturn

from firsthand.core.actors import Person
from firsthand.core.errors import Refused
from firsthand.core.pipeline import Pipeline
from firsthand.core.text import LIMITS, recordable


def refuse(
    pipeline: Pipeline, refusal: Refused, actor: Person, verb: str, *, run: int | None = None, action: str | None = None
) -> NoReturn:
    """Put on record that ``verb`` was refused, for a run or for an action, and refuse."""
    data: dict[str, object] = {
        "tried": verb,
        "code": refusal.code,
        "message": recordable(refusal.message, LIMITS["comment"]),
    }
    if action is not None:
        data["action"] = recordable(action, LIMITS["action"])
    pipeline.journal.append("refused_try", actor=actor.id, at=pipeline.clock(), run=run, data=data)
    raise refusal
