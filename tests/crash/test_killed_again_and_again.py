"""Whatever moment a process is killed at: no record is lost, no effect is without a run, none happens twice."""

import random
from pathlib import Path

import pytest

from .killing import AFTER_EFFECT, NOTHING, POINTS, Scene, look

TIMES = 5
"""Kills at each point here; all 25, and the random ones by the thousand, are made by scripts/crash."""


@pytest.mark.parametrize("mode", ["once", "idempotent"])
@pytest.mark.parametrize("point", POINTS)
def test_what_happened_is_told_rightly_after_kills_at_a_point(point: str, mode: str, tmp_path: Path) -> None:
    scene = Scene(tmp_path, f"sqlite:///{tmp_path / 'journal.db'}", mode)
    scene.set_up()
    assert all(scene.killed_at(point) for _ in range(TIMES))
    found = look(scene)
    assert found.wrong == []
    assert found.statuses.total() == (0 if point in NOTHING else TIMES)
    if mode == "once":
        assert found.effects == (TIMES if point in AFTER_EFFECT else 0)


def test_what_happened_is_told_rightly_after_kills_at_random_moments(tmp_path: Path) -> None:
    scene, chance = Scene(tmp_path, f"sqlite:///{tmp_path / 'journal.db'}"), random.Random(4)
    scene.set_up()
    for _ in range(60):
        scene.killed_under_load(chance)
    found = look(scene)
    assert found.wrong == []
    assert found.statuses["succeeded"] > 60
