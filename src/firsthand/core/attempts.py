"""What a surface hands over, and what is known of it on its way through the six steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from firsthand.core.actions import Action
from firsthand.core.actors import Person
from firsthand.core.errors import Refused
from firsthand.core.output import Output
from firsthand.core.resources import Opened
from firsthand.core.runs import Run
from firsthand.core.secrets import Mask
from firsthand.core.subjects import tried

TEXTS = ("requested_by", "ticket", "reason", "notes")


@dataclass(slots=True)
class Request:
    """What a surface hands over: which action, with which inputs, by whom (a person's id), for whom, and why.

    ``once`` is a key of the surface's choice: whatever a person sends again under it is the run that it was at first.
    It waits in the queue where ``background`` says so (None: where the action does) or until it is ``due``, in
    microseconds since 1970; ``span`` is that as it was said, where it counts from now: sent again under the same key it
    is the same, though it comes to another time. ``schedule`` is of which it is a run. ``listener`` hears
    ``("recorded", run id)``, ``("performing", run id)``, ``("say", text)`` and ``("progress", (done, total))``, on the
    thread that performs it.
    """

    action: str
    inputs: Mapping[str, object]
    by: str
    surface: str
    requested_by: str | None = None
    ticket: str | None = None
    reason: str | None = None
    notes: str | None = None
    listener: Callable[[str, object], None] | None = None
    once: str | None = None
    background: bool | None = None
    due: int | None = None
    span: str | None = None
    schedule: int | None = None


@dataclass(slots=True)
class Attempt:
    """One run on its way through the steps: what is known of it so far.

    ``together`` is the transaction that it is performed in, a ``transactions.Together``, where its mode says so.
    """

    request: Request
    actor: Person
    run: Run[Any]
    opened: Opened
    output: Output
    mask: Mask
    inputs: dict[str, Any] = field(default_factory=dict)
    action: Action | None = None
    partly: bool = False
    fault: Refused | None = None
    together: Any = None

    @property
    def waits(self) -> bool:
        """Whether it is performed in the background or later; a run that a worker has claimed waits no more."""
        background = self.request.background
        if background is None:
            background = self.action is not None and self.action.manner.background
        return self.run.status == "recorded" and (background or self.request.due is not None)

    @property
    def checks(self) -> list[str]:
        """The names of the action's checks."""
        return [each.name for each in self.action.circumstances] if self.action else []


def as_text(given: object) -> str | None:
    """Return what was given for a text as text, whatever it is."""
    return given if given is None or isinstance(given, str) else tried(str, given)
