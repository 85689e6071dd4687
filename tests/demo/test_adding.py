"""The demo's folder has a desk's module of its own, so that trying ``firsthand new`` changes no installed package."""

import shutil
import subprocess
import sys
from pathlib import Path

from firsthand.demo import support
from firsthand.demo.showing import SETTINGS, SUPPORT

from .conftest import Prepared


def said(folder: Path, *command: str) -> str:
    done = subprocess.run([sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, check=False)
    return f"{done.returncode} {done.stdout}{done.stderr}"


def test_what_is_done_by_hand_in_the_demo_is_written_down_in_its_own_folder(prepared: Prepared, tmp_path: Path) -> None:
    package = Path(support.__file__)
    before, folder = package.read_bytes(), tmp_path / "demo"
    shutil.copytree(prepared.folder, folder)
    (folder / "firsthand.toml").write_text(SETTINGS)
    (folder / "support.py").write_text(SUPPORT)
    assert said(folder, "firsthand", "new", "--from", "payment.report_fraud").startswith("0 ")
    assert "payment.report_fraud" in (folder / "support.py").read_text()
    assert said(folder, "pytest", "-q", "-p", "no:cacheprovider").startswith("0 ")
    assert package.read_bytes() == before


def test_an_installed_package_is_never_written_to(prepared: Prepared, tmp_path: Path) -> None:
    package = Path(support.__file__)
    before = package.read_bytes()
    (tmp_path / "firsthand.toml").write_text('desk = "firsthand.demo.support:desk"\n')
    told = said(tmp_path, "firsthand", "new", "account.greet")
    assert told.startswith("1 ")
    assert "where nothing is written" in told
    assert package.read_bytes() == before
    assert [each.name for each in tmp_path.glob("*.py")] == []
