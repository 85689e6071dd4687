"""When a run is to be performed: read from what a person or a program says, never guessed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from firsthand.core import refusals
from firsthand.core.runs import microseconds, moment
from firsthand.core.text import is_utf8, recordable

FROM_NOW = re.compile(r"\+\s*(\d{1,6})\s*(s|m|min|h|d)", re.IGNORECASE)
UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400}

FURTHEST = timedelta(days=5 * 366)
"""How far away a run may be put."""

LATE = timedelta(minutes=5)
"""How long a time may have passed when the run that is to wait for it is recorded."""


def due_of(given: datetime | str, now: int) -> int:
    """Return a time in microseconds since 1970; raises ``Refused`` where it is none, or has no zone.

    Text is ISO 8601 with its offset, a time and the name of its zone (``2026-12-01 09:00 Europe/Berlin``), or a span
    from now (``+90s``, ``+30m``, ``+2h``, ``+3d``).
    """
    shown = recordable(str(given), 100) or ""
    if isinstance(given, str) and (span := FROM_NOW.fullmatch(given.strip())):
        found = moment(now) + timedelta(seconds=int(span[1]) * UNITS[span[2].lower()])
    else:
        found = read(given, shown) if isinstance(given, str) else given
    if not isinstance(found, datetime):
        raise refusals.due_invalid(shown, "is no time")
    if found.utcoffset() is None:
        raise refusals.due_invalid(shown, "has no time zone")
    if not timedelta(days=-36_500) < found - moment(now) < FURTHEST:
        raise refusals.due_invalid(shown, "is too far away")
    return microseconds(found)


def span_of(given: datetime | str) -> str | None:
    """Return a span from now in seconds, as one text for all ways to write it (``+7200s``); None for a time."""
    span = FROM_NOW.fullmatch(given.strip()) if isinstance(given, str) else None
    return f"+{int(span[1]) * UNITS[span[2].lower()]}s" if span else None


def read(text: str, shown: str) -> datetime:
    """Return the time of a text: ISO 8601, with the name of its zone behind it where it has no offset."""
    *words, last = text.split() or [""]
    named = words and last[:1].isalpha() and is_utf8(last)
    try:
        found = datetime.fromisoformat(" ".join(words) if named else text.strip())
    except ValueError as error:
        raise refusals.due_invalid(shown, "is no time") from error
    return in_zone(found, zone_of(last, shown), shown) if named and found.tzinfo is None else found


def zone_of(name: str, shown: str) -> tzinfo:
    """Return a time zone by its name."""
    if name.upper() in ("UTC", "Z"):
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise refusals.due_invalid(shown, "names a time zone that there is not") from error


def in_zone(wall: datetime, zone: tzinfo, shown: str) -> datetime:
    """Return what a clock on the wall there shows; refuses a time that it shows never, or twice, that day."""
    first, second = wall.replace(tzinfo=zone), wall.replace(tzinfo=zone, fold=1)
    if first.utcoffset() == second.utcoffset():
        return first
    never = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wall
    fault = "does not exist there: clocks go forward" if never else "is there twice: clocks go back"
    raise refusals.due_invalid(shown, f"{fault}, so say its offset")


def check_due(due: int | None, now: int) -> None:
    """Refuse to perform at once what somebody wanted at a time that has passed."""
    if due is not None and moment(now) - moment(due) > LATE:
        raise refusals.due_invalid(f"{moment(due):%Y-%m-%d %H:%M} UTC", "has passed")
