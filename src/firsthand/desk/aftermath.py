"""What a desk offers for runs whose process died: finding out whether they happened, and saying so."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from firsthand.core.runs import Run
from firsthand.core.settling import Settling
from firsthand.desk.started import Started


class Aftermath:
    """The part of a desk for runs that ended unknown."""

    def settle(
        self: Started,
        run: int,
        outcome: str,
        words: str,
        *,
        by: str,
        surface: str = "python",
        once: str | None = None,
    ) -> Run[Any]:
        """Say of a run that ended unknown whether it happened: succeeded, or failed where it did not.

        ``words`` say how you know. Raises ``Refused`` for whoever may not perform the action, and where the run is
        not unknown (any more).
        """
        self.start()
        return Settling(self.pipeline).settle(run, outcome, words, self.pipeline.actor(by, surface), once)

    def verify_unknown(self: Started, without: Collection[int] = ()) -> list[Run[Any]]:
        """Find out of every run that ended unknown whether it happened, as far as its action can tell.

        Return those that are settled by it; the runs ``without`` are left for later. A worker does this by itself.
        """
        self.start()
        return Settling(self.pipeline).settle_unknown(without)
