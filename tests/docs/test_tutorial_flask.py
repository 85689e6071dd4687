"""The Flask tutorial, word for word: its commands, its lines, a real server and a real browser, by the clock."""

from __future__ import annotations

import time
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, expect

from .tutorials import MOST, Tutorial

TUTORIAL = Tutorial("tutorial-flask.md", "flask run")


def perform(page: Page, port: int, link: str) -> None:
    """Do in the browser what the tutorial says."""
    enter, field, notes, run, luis, found = TUTORIAL.says(
        "Set it and sign in", "User", "Notes", "Unlock user", "luis", "luis can sign in again."
    )
    page.goto(f"http://127.0.0.1:{port}{urlsplit(link).path}")
    for each in page.locator("input[type=password]").all():
        each.fill("correct-horse-9")
    page.get_by_role("button", name=enter).click()
    page.wait_for_url("**/support/")
    page.goto(TUTORIAL.address("/support/[^`]*", port))
    page.get_by_role("textbox", name=f"{field} required").fill(luis)
    page.get_by_label(notes, exact=True).fill("They asked on the phone.")
    page.get_by_role("button", name=run).last.click()
    expect(page.get_by_text(found, exact=True)).to_be_visible()


def test_at_most_twelve_lines_are_written() -> None:
    assert 0 < TUTORIAL.written() <= MOST


def test_who_follows_the_tutorial_performs_an_action_in_the_browser(tmp_path: Path, browser: Browser) -> None:
    began = time.monotonic()
    link = TUTORIAL.followed(tmp_path)[-1].strip()
    with TUTORIAL.served(tmp_path, "--port {}") as port:
        page = browser.new_page()
        perform(page, port, link)
        print(f"from the first command to the first performed action: {time.monotonic() - began:.1f} s")
        page.close()
    assert (tmp_path / "instance" / "firsthand.db").exists()
