"""Every refusal of schedules, each said in one place; their codes stand in `refusals.CODES`."""

from __future__ import annotations

from collections.abc import Sequence

from firsthand.core.errors import Refused


def schedule_invalid(faults: Sequence[str]) -> Refused:
    """The cron expression or the time zone is none: each fault is a sentence."""
    return Refused(" ".join(faults), "Give it again with that put right.", code="schedule_invalid")


def unknown_schedule(id: object) -> Refused:
    """There is no such schedule, or one whose action is hidden from the actor: the same answer."""
    return Refused(f"There is no schedule {id}.", "Look at the schedules there are.", code="unknown_schedule")


def schedule_changed(id: int, by: str, version: int, state: str) -> Refused:
    """Somebody else was faster; what was edited is an older version."""
    return Refused(
        f"{by} changed schedule {id} meanwhile (version {version}, {state}).",
        f"Look at schedule {id} as it is now, and make your changes to that.",
        code="changed_meanwhile",
    )


def not_in_state(id: int, state: str) -> Refused:
    """A paused schedule cannot be paused, nor an active one resumed; a retired one stays so."""
    return Refused(f"Schedule {id} is {state}.", "Look at it as it is now.", code="schedule_state")


def not_own_schedule(id: int, by: str) -> Refused:
    """A schedule starts runs on the authority of the person it is of; nobody else can give that."""
    return Refused(
        f"Schedule {id} is on the authority of {by}, who alone can resume it.",
        "Take it over: from then on it is on yours.",
        code="no_right",
    )


def not_coming(id: int) -> Refused:
    """What is to be left out is not the next moment any more."""
    return Refused(
        f"That is not the next moment of schedule {id} any more.", "Look at its next moments.", code="schedule_state"
    )
