"""What becomes of a run whose process died: what is known of it, and what its mode promises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from firsthand.core.journal import Step
from firsthand.core.runs import Run

DIED = {
    "type": "ProcessDied",
    "message": "Its process died before anything was performed: nothing happened.",
    "traceback": "",
}

NOT_BEGUN = {
    "type": "JournalUnavailable",
    "message": "Whether it was on record was not known in time, so nothing was performed.",
    "traceback": "",
}

MOST = 5
"""How often a run is claimed at most: one whose process dies each time may be what it dies of."""


def fate(run: Run[Any], at: int, said: str = "") -> Step:
    """Return the step of an open run whose process is dead; ``said`` is what the run had said by then.

    Nothing has happened to one that was recorded or waits. One that was being performed is performed again where its
    mode is idempotent, under the same key; else it is unknown, until somebody or something finds out.
    """
    if run.status == "recorded":
        return Step(run.id, run.status, "failed", at, None, {"error": DIED})
    told: dict[str, object] = {"output": said} if said else {}
    if run.mode == "idempotent" and run.fence < MOST:
        return again(run, at, told)
    return Step(run.id, run.status, "unknown", at, None, told, fence=run.fence)


def again(run: Run[Any], at: int, told: Mapping[str, object], by: str = "") -> Step:
    """Return the step of a run that is performed again, as soon as a worker is free; ``by`` found that it may be.

    Its event is no "settled": the run has not ended.
    """
    changes = {**told, "due": at, "process": None}
    noted = {"by": by} if by else {}
    return Step(run.id, run.status, "queued", at, None, changes, noted=noted, fence=run.fence)


def begun_before(run: Run[Any]) -> bool:
    """Say whether a run that waits was being performed once already, so that a refusal now tells nothing of then."""
    return run.status == "queued" and run.performing_at is not None
