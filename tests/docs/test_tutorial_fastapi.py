"""The FastAPI tutorial, word for word: its commands, its lines, a real server and a real browser, by the clock."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, expect

from .tutorials import MOST, Tutorial

TUTORIAL = Tutorial("tutorial-fastapi.md", "uvicorn main:app")


def sign_in(page: Page, link: str) -> None:
    """Set a password by the link that was printed."""
    password, again, button = TUTORIAL.says("Password", "The same again", "Set it and sign in")
    page.goto(link)
    page.get_by_label(password, exact=True).fill("correct horse battery")
    page.get_by_label(again).fill("correct horse battery")
    page.get_by_role("button", name=button).click()


def perform(page: Page, port: int) -> None:
    """Do in the browser what the tutorial says."""
    field, user, notes, run, found = TUTORIAL.says("User", "luis", "Notes", "Unlock user", "luis can sign in again.")
    page.goto(TUTORIAL.address("/support/actions/[^`]*", port))
    page.get_by_role("textbox", name=field).fill(user)
    page.get_by_label(notes, exact=True).fill("They asked on the phone.")
    page.get_by_role("button", name=run).last.click()
    expect(page.get_by_text(found, exact=True)).to_be_visible()


def test_at_most_twelve_lines_are_written() -> None:
    assert TUTORIAL.written() == 11 <= MOST


def test_who_follows_the_tutorial_performs_an_action_in_the_browser(tmp_path: Path, browser: Browser) -> None:
    began = time.monotonic()
    link = re.search(r"http://127\.0\.0\.1:8000(/support/invitation/\S+)", TUTORIAL.followed(tmp_path)[-1])
    assert link is not None
    with TUTORIAL.served(tmp_path, "--port {}") as port:
        page = browser.new_page()
        sign_in(page, f"http://127.0.0.1:{port}{link[1]}")
        perform(page, port)
        print(f"from the first command to the first performed action: {time.monotonic() - began:.1f} s")
        page.close()
        with urlopen(TUTORIAL.address("/locked", port)) as answer:
            assert json.load(answer) == list(TUTORIAL.says("mara"))
