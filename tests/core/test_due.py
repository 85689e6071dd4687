"""A time at which a run is to be performed is read, never guessed."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from firsthand import Refused
from firsthand.core.due import check_due, due_of
from firsthand.core.runs import microseconds, moment

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def read(given: object) -> datetime:
    return moment(due_of(given, microseconds(NOW)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "means"),
    [
        ("2026-12-01 09:00 Europe/Berlin", datetime(2026, 12, 1, 8, 0, tzinfo=UTC)),
        ("2026-12-01T09:00+01:00", datetime(2026, 12, 1, 8, 0, tzinfo=UTC)),
        ("2026-12-01 09:00Z", datetime(2026, 12, 1, 9, 0, tzinfo=UTC)),
        ("2026-12-01 09:00 UTC", datetime(2026, 12, 1, 9, 0, tzinfo=UTC)),
        ("2027-07-01 09:00 Europe/Berlin", datetime(2027, 7, 1, 7, 0, tzinfo=UTC)),
        ("+2h", NOW + timedelta(hours=2)),
        ("+ 90s", NOW + timedelta(seconds=90)),
        ("+30m", NOW + timedelta(minutes=30)),
        ("+3d", NOW + timedelta(days=3)),
        (datetime(2026, 12, 1, 9, tzinfo=timezone(timedelta(hours=2))), datetime(2026, 12, 1, 7, tzinfo=UTC)),
    ],
)
def test_a_time_with_its_zone_and_a_span_from_now_are_understood(given: object, means: datetime):
    assert read(given) == means


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (datetime(2026, 12, 1, 9), "has no time zone"),
        ("2026-12-01 09:00", "has no time zone"),
        ("2026-12-01", "has no time zone"),
        ("tomorrow", "is no time"),
        ("", "is no time"),
        (5, "is no time"),
        ("2026-12-01 09:00 Europe/Berlino", "names a time zone that there is not"),
        ("2026-12-01 09:00 ../../etc/passwd", "is no time"),
        ("2026-12-01 09:00 a/../../etc/passwd", "names a time zone that there is not"),
        ("2027-03-28 02:30 Europe/Berlin", "does not exist there: clocks go forward, so say its offset"),
        ("2027-10-31 02:30 Europe/Berlin", "is there twice: clocks go back, so say its offset"),
        ("2099-01-01 09:00 UTC", "is too far away"),
        ("+999999d", "is too far away"),
        ("0001-01-01T00:00+14:00", "is too far away"),
        ("9999-12-31T23:59-14:00", "is too far away"),
    ],
)
def test_what_is_no_time_or_has_no_zone_is_refused_with_words(given: object, fault: str):
    with pytest.raises(Refused, match=fault) as refused:
        read(given)
    assert refused.value.code == "due_invalid"


def test_a_time_that_has_passed_is_refused_but_not_for_a_slow_clock():
    check_due(microseconds(NOW - timedelta(minutes=4)), microseconds(NOW))
    with pytest.raises(Refused, match=r"2026-11-24 11:54 UTC” has passed"):
        check_due(microseconds(NOW - timedelta(minutes=6)), microseconds(NOW))
