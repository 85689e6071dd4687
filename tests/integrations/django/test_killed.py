"""Killed between effect and record: both are there, or neither. scripts/kill-django does it more often."""

from __future__ import annotations

from .killing import POINTS, expected, killed
from .sites import Site

TIMES = 2


def test_effect_and_record_are_there_or_neither_wherever_a_process_is_killed(site: Site):
    found, runs, statuses = killed(site, TIMES)
    assert found == expected(TIMES)
    assert runs == len(POINTS) * TIMES
    assert statuses == {"failed": 4 * TIMES, "succeeded": 2 * TIMES}
