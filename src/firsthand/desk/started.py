"""What the parts of a desk need of the whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from firsthand.core.attempts import Request
from firsthand.core.pipeline import Pipeline

if TYPE_CHECKING:
    from firsthand.core.actions import Why
    from firsthand.core.batch import Batch
    from firsthand.core.batches import Batches
    from firsthand.core.scheduling import Scheduling


class Started(Protocol):
    """A desk, as its parts see it."""

    why: Why
    declares: tuple[str, ...]
    clock: Callable[[], int]

    @property
    def journal(self) -> Any:
        """The journal."""

    @property
    def pipeline(self) -> Pipeline:
        """The six steps."""

    @property
    def batches(self) -> Batches:
        """What can be done to batches."""

    @property
    def schedules(self) -> Scheduling:
        """What can be done to schedules."""

    @property
    def draft_batch(self) -> Callable[..., Batch]:
        """Draft a batch."""

    @property
    def look_beside(self) -> Callable[..., None]:
        """Look at the rows of a batch on a thread of its own."""

    @property
    def confirm_batch(self) -> Callable[..., Batch]:
        """Confirm a batch."""

    @property
    def perform_batch(self) -> Callable[..., Batch]:
        """Perform a batch."""

    def start(self) -> None:
        """Work out the actions and record the catalogue, once."""

    def name_of(self, action: Any) -> str:
        """Return an action's name."""

    def request(self, action: Callable[..., Any] | str, inputs: Any, by: str, surface: str, **said: Any) -> Request:
        """Return the request of a call."""
