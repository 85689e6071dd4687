"""The calendar: the moments of a cron expression in a time zone, through changes of daylight saving.

An expression that names hours goes by the clock on the wall: a time that does not exist on a day comes right after the
gap, a time that comes twice comes the first time only. One for every hour (``*``) goes on as time passes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from firsthand.core.runs import microseconds, moment

LONGEST = 200
FIELDS = 5
MINUTE = timedelta(minutes=1)


class Calendar:
    """What tells the moments of a schedule; see `core.schedules.Calendar`. Moments are microseconds since 1970."""

    def faults(self, cron: str, zone: str, after: int) -> list[str]:
        """Return what is wrong with an expression and a zone, as sentences."""
        found = [fault for fault in (fault_of_cron(cron), fault_of_zone(zone)) if fault]
        if not found and next(self.after(cron, zone, after), None) is None:
            found.append("The cron expression names a day that never comes.")
        return found

    def after(self, cron: str, zone: str, moment: int) -> Iterator[int]:
        """Yield the moments after one; none twice."""
        last = moment
        for each in moments(cron, ZoneInfo(zone), moment):
            if each > last:
                last = each
                yield each

    def last(self, cron: str, zone: str, moment: int) -> int:
        """Return the last moment that is not after one."""
        found = moments(cron, ZoneInfo(zone), moment, back=True)
        return next(each for each in found if each <= moment)


def fault_of_cron(cron: object) -> str | None:
    """Return what is wrong with a cron expression, as a sentence."""
    if not isinstance(cron, str) or len(cron) > LONGEST or not re.fullmatch(r"[\w*/,#\s-]*", cron, re.ASCII):
        return "The cron expression cannot be read."
    if (number := len(cron.split())) != FIELDS:
        return f"The cron expression has {number} fields; it needs five: minute, hour, day, month, weekday."
    try:
        CronSim(cron, datetime(2026, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        return f"The cron expression cannot be read: {str(error).rstrip('.').lower()}."
    return None


def fault_of_zone(zone: object) -> str | None:
    """Return what is wrong with the name of a time zone, as a sentence."""
    shown = f"{zone}"[:60]
    try:
        ZoneInfo(zone if isinstance(zone, str) else "")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return f"There is no time zone “{shown}”; write it as Europe/Berlin or UTC."
    return None


def moments(cron: str, zone: ZoneInfo, start: int, *, back: bool = False) -> Iterator[int]:
    """Yield the moments from one on, forward or back in time; near a change of the clock some come again."""
    local = moment(start).astimezone(zone)
    if cron.split()[1] == "*":
        begin = local.astimezone(UTC) + MINUTE if back else local.astimezone(UTC) - MINUTE
        for each in CronSim(cron, begin.astimezone(zone), reverse=back):
            yield microseconds(each.astimezone(UTC))
        return
    around = timedelta(hours=3) if back else timedelta(hours=-3)
    for each in CronSim(cron, local.replace(tzinfo=None, fold=0) + around, reverse=back):
        yield microseconds(on_the_wall(each, zone))


def on_the_wall(time: datetime, zone: ZoneInfo) -> datetime:
    """Return when a clock on the wall shows a time: the first time, or right after the gap that it falls into."""
    while (found := time.replace(tzinfo=zone).astimezone(UTC)).astimezone(zone).replace(tzinfo=None) != time:
        time += MINUTE
    return found
