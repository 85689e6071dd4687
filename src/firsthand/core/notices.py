"""Notices: what somebody is told of, how they want to be told, and when that may reach them.

Reading needs this module, so it imports neither pydantic nor what calls authors' code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from firsthand.core.actors import Person
from firsthand.core.errors import FirsthandError
from firsthand.core.runs import microseconds, moment

KINDS: Mapping[str, str] = {
    "asked": "somebody asks for what you may perform",
    "waiting": "an ask, or a run of yours, waits for too long",
    "unknown": "a run that you may settle ended unknown",
    "mentioned": "somebody names you with an @",
    "schedule": "a schedule of yours was paused, or a run of it did not succeed",
    "answered": "what became of what you asked for",
    "batch": "a batch of yours ended or was paused",
    "watched": "something happened that you watch",
}
"""What a person may be told of."""

WAITS_FOR_YOU = ("asked", "waiting", "unknown", "mentioned", "schedule")
"""The kinds that wait for somebody: they are never held back for a digest."""

DIGESTS = ("none", "hourly", "daily")

GATHERED = timedelta(minutes=1)
"""How long the first notice waits for others that come in the same message."""

ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")
"""What can be an address for mail: nothing that could end a line of its head, or begin another field."""

TIME = re.compile(r"([01]?[0-9]|2[0-3]):[0-5][0-9]")
SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Preferences:
    """How a person wants to be told.

    ``address`` is for mail; empty is the one that their host knows, or their id, where that is an address. ``mail``
    off: by no mail at all. ``without`` are the kinds that they do not want. Quiet hours and the digest's ``hour`` are
    told in the time zone ``zone``; ``quiet_from`` and ``quiet_to`` are times such as ``22:00``, or both empty.
    """

    address: str = ""
    mail: bool = True
    without: tuple[str, ...] = ()
    digest: str = "none"
    hour: int = 8
    quiet_from: str = ""
    quiet_to: str = ""
    zone: str = "UTC"

    def check(self) -> None:
        """Raise ``FirsthandError`` where something is not right."""
        if self.address and not is_address(self.address):
            raise FirsthandError("That is no address for mail.", "Write one such as priya@acme.com.")
        if unknown := sorted(set(self.without) - KINDS.keys()):
            raise FirsthandError(f"There are no notices of the kind {unknown[0]}.", f"There are {', '.join(KINDS)}.")
        if self.digest not in DIGESTS:
            raise FirsthandError(f"There is no digest {self.digest}.", f"Choose one of {', '.join(DIGESTS)}.")
        if not 0 <= self.hour <= 23:
            raise FirsthandError("The hour of a digest is from 0 to 23.", "Choose another.")
        if bool(self.quiet_from) != bool(self.quiet_to):
            raise FirsthandError("Quiet hours have a beginning and an end.", "Give both, or neither.")
        for each in (self.quiet_from, self.quiet_to):
            if each and not TIME.fullmatch(each):
                raise FirsthandError(f"{each!r} is no time.", "Write it as 22:00.")
        zone_of(self.zone)

    def wants(self, kind: str) -> bool:
        """Say whether notices of a kind are wanted."""
        return kind not in self.without

    def reached_at(self, person: Person) -> str:
        """Return the address that mail to somebody goes to; empty for none."""
        if not self.mail:
            return ""
        return self.address or next((each for each in (person.email, person.id) if is_address(each)), "")

    def due(self, kind: str, at: int) -> int:
        """Return when what happened at a time may reach them, both in microseconds since 1970."""
        soonest = moment(at) + GATHERED
        if kind not in WAITS_FOR_YOU and self.digest != "none":
            soonest = max(soonest, self.next_digest(moment(at)))
        return microseconds(self.after_quiet(soonest))

    def next_digest(self, after: datetime) -> datetime:
        """Return when the next digest after a moment is: at a full hour, or at the hour of the day."""
        zone = zone_of(self.zone)
        if self.digest == "hourly":
            local = after.astimezone(zone)
            return (local.replace(minute=0, second=0, microsecond=0).astimezone(UTC)) + timedelta(hours=1)
        return next_time(after, time(self.hour), zone)

    def after_quiet(self, at: datetime) -> datetime:
        """Return a moment, or, where that is in the quiet hours, their end."""
        if not self.quiet_from or self.quiet_from == self.quiet_to:
            return at
        begin, end = clock(self.quiet_from), clock(self.quiet_to)
        zone = zone_of(self.zone)
        while is_within(at.astimezone(zone).time(), begin, end):
            at = next_time(at, end, zone)
        return at

    def as_dict(self) -> dict[str, Any]:
        """Return them as JSON can carry them."""
        return {**asdict(self), "without": list(self.without)}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Preferences:
        """Return what ``as_dict`` made, by this version or another."""
        names = {each.name for each in fields(cls)}
        known = {name: value for name, value in told.items() if name in names}
        return replace(cls(**known), without=tuple(known.get("without", ())))


def is_address(text: str) -> bool:
    """Say whether a text can be an address for mail."""
    return bool(ADDRESS.fullmatch(text)) and ".." not in text


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone; raises ``FirsthandError``."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:
        raise FirsthandError(f"There is no time zone {name!r}.", "Write one such as Europe/Berlin.") from error


def clock(text: str) -> time:
    """Return the time of day of ``22:00``."""
    hours, _, minutes = text.partition(":")
    return time(int(hours), int(minutes))


def is_within(local: time, begin: time, end: time) -> bool:
    """Say whether a time of day is in a range, which may go past midnight."""
    return begin <= local < end if begin < end else local >= begin or local < end


def next_time(after: datetime, wanted: time, zone: ZoneInfo) -> datetime:
    """Return the first moment after one at which the clocks of a zone show a time.

    A time that the clocks leave out is taken as that much later; of one that they show twice both count.
    """
    day = after.astimezone(zone).date() - timedelta(days=1)
    while True:
        for fold in (0, 1):
            found = datetime.combine(day, wanted, zone).replace(fold=fold).astimezone(UTC)
            if found > after:
                return found
        day += timedelta(days=1)
