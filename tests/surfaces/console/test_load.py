"""The console under load, for a moment: nothing is lost, doubled or locked. Rates are for benchmarks/README.md."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


@pytest.mark.skipif(not BENCHMARKS.exists(), reason="the source distribution has no benchmarks")
def test_people_who_perform_ask_take_comment_and_read_at_once_lose_nothing(tmp_path):
    command = [sys.executable, str(BENCHMARKS / "load.py"), "--seconds", "3", "--clients", "8"]
    given = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run(command, env=given, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Nothing was lost, doubled, locked or broken." in done.stdout
    for what in ("perform", "perform, sent twice", "ask", "take", "comment", "activity", "a run", "poll"):
        assert f"| {what} |" in done.stdout
