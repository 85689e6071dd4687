"""Chromium and the demo with its year of history, prepared once and copied."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import launched
from playwright.sync_api import Browser
from served import Site, served

from firsthand.demo.starting import make
from firsthand.demo.support import desk


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One Chromium for all of these tests."""
    with launched() as chromium:
        yield chromium


@pytest.fixture(scope="session")
def year(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder with the demo's shop and journal, only to be copied; all of pytest's workers share it."""
    from datetime import UTC, datetime

    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "a-year"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "made").exists():
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
