"""The code in the docs is run, and what it prints is what they say."""

import os
from pathlib import Path

import pytest

from .pages import BLOCK, run_page

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_says_is_so(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in [name for name in os.environ if name.startswith("FIRSTHAND")]:
        monkeypatch.delenv(name)
    run_page(page, tmp_path)


def test_the_tutorial_has_code_to_run() -> None:
    assert len(BLOCK.findall((ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8"))) >= 8
