"""What a desk offers for one action and many subjects: batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from firsthand.core.batch import Batch, Progress
from firsthand.core.batches import Batches, RowsOf
from firsthand.core.reasons import name_of as reason_name
from firsthand.core.rows import csv_rows, given_rows, id_rows
from firsthand.desk.started import Started

if TYPE_CHECKING:
    from firsthand.core.actors import Person

Given = Iterable[Any] | Path | None


class Many:
    """The part of a desk for batches. Each method raises ``Refused`` for whoever may not."""

    @property
    def batches(self: Started) -> Batches:
        """Batches over this desk's pipeline."""
        self.start()
        return Batches(self.pipeline, self.journal.batches)

    def run_all(
        self: Started,
        action: Callable[..., Any] | str,
        rows: Given,
        *,
        by: str,
        reason: str | Enum | None = None,
        notes: str | None = None,
        requested_by: str | None = None,
        ticket: str | None = None,
        stop_after: int | None = None,
        throttle: int | None = None,
        background: bool = False,
        surface: str = "python",
    ) -> Batch:
        """Perform an action for each of many rows, and return the batch once it has ended, or was paused.

        ``rows`` are mappings of inputs, ids, loaded subjects, the ``Path`` of a CSV file, or None for the query of
        subjects that the action comes with. Every row is looked at first: those that would not go through are never
        performed, and are no runs; the batch says why. It pauses after ``stop_after`` failures, and performs at most
        ``throttle`` rows a minute. ``background`` leaves the performing to a worker.
        """
        said = {"reason": reason, "notes": notes, "requested_by": requested_by, "ticket": ticket}
        batch = self.draft_batch(action, rows, by=by, surface=surface, **said)
        if not batch.fit:
            return batch
        batch = self.confirm_batch(batch.id, batch.digest, by=by, stop_after=stop_after, throttle=throttle)
        return batch if background else self.perform_batch(batch.id)

    def draft_batch(
        self: Started,
        action: Callable[..., Any] | str,
        rows: Given = None,
        *,
        by: str,
        surface: str = "python",
        csv: BinaryIO | None = None,
        ids: str | None = None,
        source: str = "",
        background: bool = False,
        hears: Callable[[Batch], None] | None = None,
        **said: Any,
    ) -> Batch:
        """Look at every row without performing any, and return the batch with what would go through, and what not.

        Rows as for ``run_all``, or an open ``csv`` file, or ``ids`` as pasted. Nothing is kept where they cannot be
        read. ``background`` leaves the looking to a worker, or to `look_beside`: the batch is in preflight until then.
        """
        self.start()
        actor, name = self.pipeline.actor(by, surface), self.name_of(action)
        if said.get("reason") is not None:
            said["reason"] = reason_name(said["reason"])
        said |= {"background": background, "hears": hears}
        draft = partial(self.batches.draft, name, actor=actor, surface=surface, **said)
        if isinstance(rows, Path):
            with rows.open("rb") as file:
                return draft(rows=partial(csv_rows, file), source=source or rows.name)
        given, told = rows_of(rows, csv, ids) or (self.batches.queried(name, actor, surface), "the action's query")
        return draft(rows=given, source=source or told)

    def look_beside(self: Started, id: int, seconds: float = 0.0) -> None:
        """Look at the rows of a batch on a thread of its own, unless somebody does; wait so many seconds at most."""
        from firsthand.work.batches import look_beside

        look_beside(self.pipeline, self.journal, id).join(seconds)

    def confirm_batch(
        self: Started,
        id: int,
        digest: str,
        *,
        by: str,
        throttle: int | None = None,
        stop_after: int | None = None,
        surface: str = "python",
    ) -> Batch:
        """Have the rows of a drafted batch performed that its ``digest`` is of; a worker does, or `perform_batch`."""
        batches = self.batches
        return batches.confirm(id, digest, self.pipeline.actor(by, surface), throttle=throttle, stop_after=stop_after)

    def pause_batch(self: Started, id: int, *, by: str, surface: str = "python") -> Batch:
        """Begin no more rows of a batch for now."""
        return self.batches.pause(id, self.pipeline.actor(by, surface))

    def resume_batch(self: Started, id: int, *, by: str, surface: str = "python") -> Batch:
        """Go on with a paused batch."""
        return self.batches.resume(id, self.pipeline.actor(by, surface))

    def cancel_batch(self: Started, id: int, *, by: str, surface: str = "python") -> Batch:
        """Perform no more rows of a batch; those that wait are withdrawn."""
        return self.batches.cancel(id, self.pipeline.actor(by, surface))

    def perform_batch(
        self: Started,
        id: int,
        stopped: Callable[[], bool] = lambda: False,
        hears: Callable[[Progress], None] | None = None,
    ) -> Batch:
        """Perform a confirmed batch here, beside any workers, until it has ended, is paused, or ``stopped`` says so."""
        from firsthand.work.batches import perform

        self.start()
        return perform(self.pipeline, self.journal, id, stopped, hears)

    def batch_for(self: Started, id: int, person: Person) -> Batch:
        """Return a batch as somebody may see it."""
        return self.batches.known(id, person, "look at")


def rows_of(rows: Iterable[Any] | None, csv: BinaryIO | None, ids: str | None) -> tuple[RowsOf, str] | None:
    """Return what gives the rows of a batch, and where they are from; None where nothing was given."""
    if csv is not None:
        return partial(csv_rows, csv), "a CSV file"
    if ids is not None:
        return partial(id_rows, ids), "pasted ids"
    return (partial(given_rows, rows), "code") if rows is not None else None
