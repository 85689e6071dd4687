"""Whatever moment a process is killed at: no record is lost, no effect is without a run, none is told wrongly.

Here a process is killed once at each point, and some at random; ``scripts/crash`` kills by the thousand.
"""

from pathlib import Path

import pytest

from .killing import kill_at_points, kill_at_random
from .looking import Row
from .points import KINDS, WAYS, Kind, points_of

LOADS = {
    Kind("sqlite", "once"): "callers",
    Kind("sqlite", "transactional", "own"): "workers",
    Kind("postgresql", "idempotent"): "workers",
    Kind("postgresql", "transactional", "postgresql"): "callers",
}


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def told(kind: Kind) -> str:
    return f"{kind.database}, {kind}"


def wrong(found: dict[str, Row]) -> dict[str, list[str]]:
    return {point: row.wrong for point, row in found.items() if row.wrong}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", KINDS, ids=told)
def test_wherever_it_is_killed_a_run_ends_as_its_mode_promises(kind: Kind, way: str, tmp_path: Path) -> None:
    found = kill_at_points(tmp_path, kind, way, 1)
    assert wrong(found) == {}
    assert set(found) == set(points_of(kind, way))


@pytest.mark.parametrize("kind", LOADS, ids=told)
def test_killed_at_random_moments_under_load_nothing_is_lost_and_nothing_told_wrongly(
    kind: Kind, tmp_path: Path
) -> None:
    found = kill_at_random(tmp_path, kind, LOADS[kind], 12, "4")
    assert wrong(found) == {}
    assert found["at random"].statuses["succeeded"] > 12
