"""When a notice may reach somebody: never in their quiet hours, whatever the clocks do, and never lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firsthand.core.actors import Person
from firsthand.core.errors import FirsthandError
from firsthand.core.notices import GATHERED, KINDS, WAITS_FOR_YOU, Preferences, is_address
from firsthand.core.runs import microseconds, moment

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia")
CHANGES = [
    datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC), datetime(2026, 3, 8, 7, tzinfo=UTC),
    datetime(2026, 11, 1, 6, tzinfo=UTC), datetime(2026, 4, 4, 15, tzinfo=UTC), datetime(2011, 12, 30, 10, tzinfo=UTC),
]  # fmt: skip
"""When clocks change in one of the zones; in Apia a whole day was left out."""

near_changes = st.builds(
    lambda at, minutes: at + timedelta(minutes=minutes), st.sampled_from(CHANGES), st.integers(-3_000, 3_000)
)
moments = near_changes | st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
times = st.times().map(lambda each: f"{each:%H:%M}")
preferences = st.builds(
    Preferences, digest=st.sampled_from(["none", "hourly", "daily"]), hour=st.integers(0, 23), quiet_from=times,
    quiet_to=times, zone=st.sampled_from(ZONES),
)  # fmt: skip


def is_quiet(wanted: Preferences, at: datetime) -> bool:
    local = at.astimezone(ZoneInfo(wanted.zone)).time()
    begin, end = time.fromisoformat(wanted.quiet_from), time.fromisoformat(wanted.quiet_to)
    return begin <= local < end if begin < end else begin != end and (local >= begin or local < end)


@given(preferences, st.sampled_from(sorted(KINDS)), moments)
def test_a_notice_is_never_early_never_in_quiet_hours_and_never_over_four_days_late(wanted, kind, at) -> None:
    due = moment(wanted.due(kind, microseconds(at)))
    assert at + GATHERED <= due <= at + timedelta(days=4)
    assert not is_quiet(wanted, due)


@given(preferences, st.sampled_from(WAITS_FOR_YOU), moments)
def test_what_waits_for_somebody_comes_at_once_outside_of_quiet_hours_digest_or_not(wanted, kind, at) -> None:
    if not is_quiet(wanted, at + GATHERED):
        assert moment(wanted.due(kind, microseconds(at))) == at + GATHERED


@given(st.sampled_from(ZONES), st.integers(0, 23), moments)
def test_a_daily_digest_comes_once_a_day_for_all_that_happened(zone, hour, at) -> None:
    wanted = Preferences(digest="daily", hour=hour, zone=zone)
    due = moment(wanted.due("watched", microseconds(at)))
    assert at < due <= at + timedelta(hours=50)
    assert wanted.due("watched", microseconds(due - timedelta(minutes=2))) == microseconds(due)


def test_an_hour_that_the_clocks_leave_out_or_show_twice_delays_nothing_by_a_day() -> None:
    night = Preferences(quiet_from="22:00", quiet_to="02:30", zone="Europe/Berlin")
    assert night.after_quiet(datetime(2026, 3, 29, 0, 30, tzinfo=UTC)) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert night.after_quiet(datetime(2026, 10, 25, 0, 10, tzinfo=UTC)) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert night.after_quiet(datetime(2026, 10, 25, 1, 10, tzinfo=UTC)) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_who_has_no_address_gets_nothing_unless_their_id_is_one() -> None:
    named, nameless = Person("priya@acme.com", "Priya"), Person("priya", "Priya")
    assert Preferences().reached_at(named) == "priya@acme.com"
    assert Preferences().reached_at(nameless) == ""
    assert Preferences().reached_at(replace(nameless, email="priya@host.com")) == "priya@host.com"
    assert Preferences().reached_at(replace(nameless, email="priya@host.com\nBcc: all@acme.com")) == ""
    assert Preferences(address="p@acme.com").reached_at(nameless) == "p@acme.com"
    assert Preferences(address="p@acme.com", mail=False).reached_at(named) == ""


@pytest.mark.parametrize("text", ["a@b", "priya.nair+desk@mail.acme.com", "o'hara@acme.com"])
def test_these_are_addresses(text: str) -> None:
    assert is_address(text)


@pytest.mark.parametrize(
    "text",
    ["", "a", "@b", "a@", "a b@c", "a@b c", "a@b\r\nBcc: c@d", "a@b\n", "a@b,c@d", "<a@b>", "a@-b", "a@b..c", "é@b"],
)
def test_these_are_not(text: str) -> None:
    assert not is_address(text)


@pytest.mark.parametrize(
    "wrong",
    [
        {"address": "a@b\r\nBcc: c@d"}, {"without": ("all",)}, {"digest": "weekly"}, {"hour": 24},
        {"quiet_from": "22:00"}, {"quiet_from": "25:00", "quiet_to": "07:00"}, {"zone": "Mars/Base"},
        {"zone": "../../etc/passwd"}, {"zone": ""},
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_in_words(wrong: dict[str, object]) -> None:
    with pytest.raises(FirsthandError) as raised:
        Preferences(**wrong).check()  # type: ignore[arg-type]
    assert raised.value.fix


@given(preferences)
def test_they_are_kept_as_json_whatever_another_version_adds(wanted: Preferences) -> None:
    assert Preferences.of({**wanted.as_dict(), "of_a_later_version": 1}) == wanted
