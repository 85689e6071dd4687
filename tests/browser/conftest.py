"""The demo with its year of history, prepared once and copied."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from firsthand.demo.starting import make
from firsthand.demo.support import desk

from .served import Site, Window, seen, served


@pytest.fixture(scope="session")
def year(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder with the demo's shop and journal, only to be copied; all of pytest's workers share it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "a-year"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "made").exists():
            for half in folder.glob("*.db*"):
                half.unlink()
            make(folder, datetime.now(UTC))
            (folder / "made").touch()
    return folder


@pytest.fixture(scope="module")
def demo(year: Path, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The demo's console, on a copy of its year."""
    folder = tmp_path_factory.mktemp("demo")
    for name in ("shop.db", "firsthand.db"):
        shutil.copy(year / name, folder / name)
    before = os.environ.get("FIRSTHAND_DEMO_SHOP")
    os.environ["FIRSTHAND_DEMO_SHOP"] = str(folder / "shop.db")
    try:
        with served(desk, folder) as site:
            yield site
    finally:
        os.environ.pop("FIRSTHAND_DEMO_SHOP")
        if before:
            os.environ["FIRSTHAND_DEMO_SHOP"] = before


@pytest.fixture
def window(browser: Browser, demo: Site) -> Iterator[Window]:
    """Open windows on the demo, as many as a story has people."""
    with ExitStack() as stack:
        yield lambda person=None, **how: stack.enter_context(seen(browser, demo, person, **how))
