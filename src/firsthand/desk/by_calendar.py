"""What a desk offers for runs by calendar: making schedules, and what can be done to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from firsthand.core.schedules import Schedule
from firsthand.core.scheduling import Scheduling
from firsthand.desk.started import Started


class ByCalendar:
    """The part of a desk for schedules."""

    def schedule(
        self: Started,
        action: Callable[..., Any] | str,
        inputs: Mapping[str, object] | None = None,
        *,
        by: str,
        cron: str,
        zone: str,
        reason: str | Enum | None = None,
        notes: str | None = None,
        requested_by: str | None = None,
        ticket: str | None = None,
        surface: str = "python",
        once: str | None = None,
    ) -> Schedule:
        """Have an action performed by calendar, on the authority of ``by``, and return the schedule.

        ``cron`` has five fields (minute, hour, day, month, weekday) in the time of ``zone``, such as
        ``Europe/Berlin``. Runs are begun by a worker, each checked anew. Raises ``Refused`` where the action could not
        be performed like that by ``by``; its circumstances are looked at when its time has come. Sent again under the
        key ``once`` it is the schedule that it was at first.
        """
        self.start()
        said = {"reason": reason, "notes": notes, "requested_by": requested_by, "ticket": ticket}
        wanted = self.request(action, inputs, by, surface, **said)
        texts = {name: getattr(wanted, name) for name in said}
        return self.schedules.make(Schedule(wanted.action, cron, zone, by, wanted.inputs, **texts), surface, once)

    @property
    def schedules(self: Started) -> Scheduling:
        """What can be done to schedules: ``pause``, ``resume``, ``take_over``, ``skip``, ``change`` and ``retire``."""
        from firsthand.work.calendar import Calendar

        self.start()
        return Scheduling(self.pipeline, Calendar())
