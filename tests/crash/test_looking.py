"""The oracle finds what it is there to find: each fault that is made on purpose is told."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firsthand import Run
from firsthand.storage.journal import SqlJournal

from .looking import look
from .points import Kind
from .scene import Scene

Fault = Callable[[Scene, Run[object], SqlJournal], object]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with Scene(tmp_path, Kind("sqlite", "once")) as scene:
        yield scene


def changed(journal: SqlJournal, sql: str) -> None:
    def work(connection: object) -> None:
        connection.execute("DROP TRIGGER events_unchanged")  # type: ignore[attr-defined]
        connection.execute(sql)  # type: ignore[attr-defined]

    journal.database.write(work)


FAULTS: dict[str, Fault] = {
    "its effect happened 2 times": lambda scene, run, _: scene.tell("called", run.id, run.key),
    "belongs to no run": lambda scene, run, _: scene.tell("called", 99, "another"),
    "is not on record": lambda scene, run, _: scene.tell("acknowledged", "run", 99, "succeeded", run.ticket),
    "was acknowledged as failed": lambda scene, run, _: scene.tell("acknowledged", "run", run.id, "failed", run.ticket),
    "its effect did not happen": lambda scene, run, _: (scene.folder / "called").write_text(""),
    "its events say": lambda scene, run, journal: changed(
        journal, f"UPDATE events SET data = '{{}}' WHERE run = {run.id} AND kind = 'succeeded'"
    ),
}


def test_nothing_is_wrong_where_nobody_was_killed(scene: Scene) -> None:
    scene.desk.use(SqlJournal(scene.url))
    scene.perform("here")
    row = look(scene)["here"]
    assert (row.runs, row.acknowledged, row.effects, row.wrong) == (1, 1, 1, [])


@pytest.mark.parametrize("told", FAULTS)
def test_what_is_wrong_is_told(told: str, scene: Scene) -> None:
    journal = SqlJournal(scene.url)
    scene.desk.use(journal)
    run = scene.perform("here")
    FAULTS[told](scene, run, journal)
    journal.close()
    assert told in " ".join(each for row in look(scene).values() for each in row.wrong)


def test_a_child_that_lives_on_is_told(scene: Scene) -> None:
    assert scene.killed_at("after the effect", 1, scene.perform)
    assert not scene.killed_at("after the effect", 2, scene.perform)
