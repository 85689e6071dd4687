"""A process killed between any two steps leaves a run whose fate the next command states rightly."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from firsthand import Person
from firsthand.storage.history import Filter
from firsthand.storage.journal import SqlJournal

HERE = Path(__file__).parent

FATES = {
    "before the intent is committed": (None, 0),
    "after the intent is committed": ("failed", 0),
    "opening the resource": ("failed", 0),
    "loading the subject": ("failed", 0),
    "checking the circumstances": ("failed", 0),
    "before performing is committed": ("failed", 0),
    "after performing is committed": ("unknown", 0),
    "in the action, before its effect": ("unknown", 0),
    "in the action, after its effect": ("unknown", 1),
    "closing the resource": ("unknown", 1),
    "before succeeded is committed": ("unknown", 1),
    "after succeeded is committed": ("succeeded", 1),
}


def environment(tmp_path: Path, point: str = "") -> dict[str, str]:
    url = f"sqlite:///{tmp_path / 'journal.db'}"
    return {
        **os.environ,
        "FIRSTHAND_DATABASE": url,
        "FIRSTHAND_DESK": "support:desk",
        "EFFECTS": str(tmp_path / "effects"),
        "POINT": point,
    }


def set_up(tmp_path: Path) -> None:
    journal = SqlJournal(f"sqlite:///{tmp_path / 'journal.db'}")
    journal.people.add(Person("priya", "Priya", ("support",)), by="test")
    journal.close()


def killed(tmp_path: Path, point: str) -> int:
    return subprocess.run([sys.executable, "support.py"], cwd=HERE, env=environment(tmp_path, point)).returncode


@pytest.mark.parametrize("point", FATES)
def test_the_next_command_states_the_fate_of_a_run_killed(point: str, tmp_path: Path) -> None:
    set_up(tmp_path)
    assert killed(tmp_path, point) == -signal.SIGKILL
    said = subprocess.run(
        [sys.executable, "-m", "firsthand", "feed", "--json"],
        capture_output=True, check=True, text=True, env=environment(tmp_path),
    )  # fmt: skip
    outcome, effects = FATES[point]
    runs = json.loads(said.stdout)
    assert [run["outcome"] for run in runs] == ([] if outcome is None else [outcome])
    effects_file = tmp_path / "effects"
    assert (effects_file.read_text().count("\n") if effects_file.exists() else 0) == effects
    if outcome == "failed":
        assert "nothing happened" in runs[0]["error"]["message"]


def test_a_run_of_a_living_process_is_left_alone(tmp_path: Path) -> None:
    set_up(tmp_path)
    url = f"sqlite:///{tmp_path / 'journal.db'}"
    code = (
        "import os, support\n"
        "support.touch.__globals__['die'] = lambda point: point == 'in the action, before its effect' and "
        "(print('performing', flush=True), input())\n"
        "support.desk.run('account.touch', {'account': 1}, by='priya', reason='customer asked')\n"
    )
    alive = subprocess.Popen(
        [sys.executable, "-c", code], cwd=HERE, env=environment(tmp_path),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert alive.stdout is not None
    assert alive.stdout.readline() == "performing\n"
    other = SqlJournal(url)
    other.settle()
    assert [run.status for run in other.history.open()] == ["performing"]
    alive.communicate("\n")
    assert other.run(1).outcome == "succeeded"  # type: ignore[union-attr]
    other.close()


def test_a_forked_child_is_a_process_of_its_own(tmp_path: Path) -> None:
    set_up(tmp_path)
    code = (
        "import os, signal, support\n"
        "from firsthand.storage.journal import SqlJournal\n"
        "run = lambda: support.desk.run('account.touch', {'account': 1}, by='priya', reason='customer asked')\n"
        "first = run()\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    second = run()\n"
        "    os._exit(0 if second.outcome == 'succeeded' and second.process != first.process else 1)\n"
        "assert os.waitpid(child, 0)[1] == 0\n"
        "third = run()\n"
        "assert third.outcome == 'succeeded' and third.process == first.process\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=HERE, env=environment(tmp_path), check=True)


def test_an_outcome_that_could_not_be_written_is_kept_and_recorded_by_the_next_command(tmp_path: Path) -> None:
    set_up(tmp_path)
    url = f"sqlite:///{tmp_path / 'journal.db'}"
    code = (
        "import sqlite3, support\n"
        "from firsthand.storage import delivery, sqlite\n"
        "delivery.RETRY = sqlite.WAIT = 0.2\n"
        f"foreign = sqlite3.connect({str(tmp_path / 'journal.db')!r}, isolation_level=None)\n"
        "support.touch.__globals__['die'] = lambda point: point == 'in the action, after its effect' and "
        "foreign.execute('BEGIN IMMEDIATE')\n"
        "run = support.desk.run('account.touch', {'account': 1}, by='priya', reason='customer asked')\n"
        "assert run.outcome == 'succeeded', run\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=HERE, env=environment(tmp_path), check=True)
    assert (tmp_path / "journal.db-outcomes").stat().st_size > 0
    journal = SqlJournal(url)
    journal.settle()
    run = journal.run(1)
    assert run is not None
    assert (run.outcome, run.value) == ("succeeded", "touched")
    assert (tmp_path / "journal.db-outcomes").stat().st_size == 0
    journal.close()


def test_a_process_lives_under_every_spelling_of_the_journal_s_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(tmp_path)
    monkeypatch.chdir(tmp_path)
    first, second = SqlJournal("sqlite:///journal.db"), SqlJournal(f"sqlite:///{tmp_path / 'journal.db'}")
    process, _ = first.process, second.process
    second.close()
    monkeypatch.chdir("/")
    code = (
        "import sys\nfrom pathlib import Path\nfrom firsthand.storage.lock import Presence\n"
        "sys.exit(0 if Presence.of(Path(sys.argv[1])).alive(int(sys.argv[2])) else 1)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "journal.db-processes"), str(process)]
    assert subprocess.run(command, check=False).returncode == 0
    assert first.history.feed(Filter(), 1) == []
    first.close()
    assert subprocess.run(command, check=False).returncode == 1


def test_an_outcome_that_was_kept_and_comes_too_late_does_not_hold_up_whoever_has_not_entered(tmp_path: Path) -> None:
    set_up(tmp_path)
    url = f"sqlite:///{tmp_path / 'journal.db'}"
    code = (
        "import sys, support\n"
        "from firsthand.core.journal import Step\n"
        "from firsthand.storage.journal import SqlJournal\n"
        "run = support.desk.run('account.touch', {'account': 1}, by='priya', reason='customer asked')\n"
        "support.desk.journal.keep(Step(run.id, 'performing', 'failed', 1, 'priya'))\n"
        "support.desk.journal.close()\n"
        "SqlJournal(sys.argv[1]).settle()\n"
    )
    subprocess.run([sys.executable, "-c", code, url], cwd=HERE, env=environment(tmp_path), check=True, timeout=20)
    journal = SqlJournal(url)
    run = journal.run(1)
    assert run is not None
    assert run.status == "succeeded"
    assert [event.kind for event in journal.history.events(1)][-1] == "late"
    journal.close()
