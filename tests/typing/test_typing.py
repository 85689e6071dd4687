import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from firsthand.testing import trial

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


def mypy(*arguments: str, cache: str = ".mypy_cache") -> str:
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--no-error-summary",
        "--cache-dir",
        str(ROOT / cache),
        *arguments,
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    assert bool(done.stdout) == bool(done.returncode)
    return done.stdout


def test_what_a_team_writes_passes_mypy_strict_and_has_the_types_that_it_seems_to():
    assert mypy(str(HERE / "support.py")) == ""


def test_the_package_passes_mypy_strict():
    assert mypy("-p", "firsthand") == ""


def test_what_is_wrong_is_found():
    path = HERE / "wrong.py"
    found = {int(line.split(":")[1]) for line in mypy(str(path)).splitlines() if ": error:" in line}
    lines = path.read_text().splitlines()
    assert found == {number for number, line in enumerate(lines, 1) if line.endswith("# wrong")}


@pytest.fixture
def support():
    spec = importlib.util.spec_from_file_location("typed_support", HERE / "support.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_a_team_writes_runs(support):
    support.test_an_ended_subscription_is_not_cancelled()
    with trial(support.desk, priya="support", lena="lead") as t:
        run = t.run(support.cancel, {"account": 42}, by="priya", reason="customer asked")
        assert run.value == "Ends on 03 May."
        refund = {"invoice": 98, "amount": "51"}
        assert t.run(support.refund, refund, by="priya", reason="outage").refusal.code == "clause_failed"
        assert t.run(support.refund, refund, by="lena", reason="outage").value == "Refunded 51."
        too_much = t.run(support.refund, refund | {"amount": "101"}, by="lena", reason="outage")
        assert (too_much.refusal.message, too_much.refusal.fix) == ("The invoice was only 100.", "Refund at most that.")
