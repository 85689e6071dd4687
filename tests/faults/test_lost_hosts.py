"""A worker is killed, stopped, or cut off from the network: others decide about its runs, and its late word is told."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from firsthand.storage.journal import SqlJournal

from .oracle import Scene
from .proxy import Proxy
from .server import Server
from .working import until, working

LEASE = 2


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a journal of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'journal.db'}"
    server: Server = request.getfixturevalue("server")
    return server.url(server.fresh())


@pytest.fixture
def scene(url: str, tmp_path: Path) -> Iterator[Scene]:
    """A desk that puts runs into the queue, and performs none of them."""
    made = Scene(tmp_path, url)
    yield made
    made.journal.close()


def queued(scene: Scene, action: str) -> int:
    run = scene.perform(action, background=True)
    assert run
    assert run.status == "queued"
    return run.id


def status(journal: SqlJournal, run: int) -> str:
    found = journal.run(run)
    assert found
    return found.status


def test_a_decision_about_the_runs_of_a_worker_that_is_killed_comes_within_ten_seconds(
    scene: Scene, url: str, tmp_path: Path
) -> None:
    once, journal = queued(scene, "account.touch"), scene.journal
    with working(url, tmp_path) as first:
        until((tmp_path / f"began-{once}-{first.pid}").exists, 15)
        with working(url, tmp_path) as second:
            first.kill()
            (tmp_path / f"go-{second.pid}").touch()
            assert until(lambda: status(journal, once) == "unknown", 10) < 10
            again = queued(scene, "account.again")
            until(lambda: status(journal, again) == "succeeded", 10)
    assert scene.effects() == [f"{journal.id}-{again}"] or len(scene.effects()) == 1


def test_a_run_that_may_be_performed_again_is_so_when_its_worker_is_killed(
    scene: Scene, url: str, tmp_path: Path
) -> None:
    again, journal = queued(scene, "account.again"), scene.journal
    with working(url, tmp_path) as first:
        until((tmp_path / f"began-{again}-{first.pid}").exists, 15)
        with working(url, tmp_path) as second:
            first.kill()
            (tmp_path / f"go-{second.pid}").touch()
            assert until(lambda: status(journal, again) == "succeeded", 10) < 10
    assert len(scene.effects()) == 1


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("how", ["stopped", "cut off"])
def test_what_a_worker_holds_that_is_not_heard_of_is_decided_within_the_lease(
    scene: Scene, server: Server, url: str, tmp_path: Path, how: str
) -> None:
    proxy = Proxy("127.0.0.1", server.port)
    its_own = url.replace(f":{server.port}/", f":{proxy.port}/")
    run, journal = queued(scene, "account.again"), scene.journal
    with working(its_own, tmp_path, LEASE) as first, working(url, tmp_path, LEASE) as second:
        until(lambda: [*tmp_path.glob(f"began-{run}-*")], 15)
        if not (tmp_path / f"began-{run}-{first.pid}").exists():
            first, second = second, first
        began = time.monotonic()
        if how == "stopped":
            os.kill(first.pid, signal.SIGSTOP)
        else:
            proxy.swallows = True
        (tmp_path / f"go-{second.pid}").touch()
        until(lambda: status(journal, run) == "succeeded", LEASE + 8)
        assert time.monotonic() - began > LEASE - 1
        by_others = journal.history.events(run)
    proxy.close()
    assert [event.kind for event in by_others][:5] == ["recorded", "queued", "performing", "queued", "performing"]


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("action", ["account.again", "account.touch"])
def test_a_worker_that_goes_on_after_its_lease_changes_nothing_and_leaves_a_trace(
    scene: Scene, url: str, tmp_path: Path, action: str
) -> None:
    """What it says of a run that another has performed is an event; of one that is unknown it settles what happened."""
    run, journal = queued(scene, action), scene.journal
    with working(url, tmp_path, LEASE) as first:
        until((tmp_path / f"began-{run}-{first.pid}").exists, 15)
        os.kill(first.pid, signal.SIGSTOP)
        with working(url, tmp_path, LEASE) as second:
            (tmp_path / f"go-{second.pid}").touch()
            decided = "succeeded" if action == "account.again" else "unknown"
            until(lambda: status(journal, run) == decided, LEASE + 8)
            before = journal.run(run)
            (tmp_path / f"go-{first.pid}").touch()
            os.kill(first.pid, signal.SIGCONT)
            until(lambda: journal.history.events(run)[-1].kind in ("late", "settled"), 10)
    last = journal.history.events(run)[-1]
    assert last.actor == "sam"
    assert last.data["status"] == "succeeded"
    if action == "account.again":
        assert (last.kind, last.data["found"]) == ("late", "succeeded")
        assert journal.run(run) == before
        assert len(scene.effects()) == 2
    else:
        assert last.kind == "settled"
        assert len(scene.effects()) == 1
