"""What a desk offers for runs that wait: waiting for the end of one, and withdrawing it before it begins."""

from __future__ import annotations

from typing import Any

from firsthand.core.asks import Asks
from firsthand.core.errors import FirsthandError
from firsthand.core.queueing import Queueing
from firsthand.core.runs import Run
from firsthand.desk.started import Started


class Later:
    """The part of a desk for runs that somebody else performs, or a worker, or nobody any more."""

    def wait(self: Started, run: int | Run[Any], seconds: float = 60.0) -> Run[Any]:
        """Return a run once it has ended, or as it stands after so many seconds: look at its ``status``."""
        id = run.id if isinstance(run, Run) else run
        found = Queueing(self.pipeline).wait(id, seconds)
        if found is None:
            raise FirsthandError(f"There is no run {id}.", "firsthand feed lists the newest.")
        return found

    def withdraw(
        self: Started, run: int, words: str = "", *, by: str, surface: str = "python", once: str | None = None
    ) -> Run[Any]:
        """Take back one's own ask, or a run that waits: one's own, or one of an action that one may perform.

        Raises ``Refused`` for anybody else's, and for a run that has begun.
        """
        self.start()
        actor, found = self.pipeline.actor(by, surface), self.pipeline.journal.run(run)
        waits = found is not None and (found.status == "queued" or found.due is not None)
        return (Queueing if waits else Asks)(self.pipeline).withdraw(run, actor, words, once)
