"""The Django tutorial, word for word: its commands, its lines, a real server and a real browser, by the clock."""

from __future__ import annotations

import time
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from .tutorials import MOST, Tutorial

TUTORIAL = Tutorial("tutorial-django.md", "python manage.py runserver")


def perform(page: Page, port: int) -> None:
    """Do in the browser what the tutorial says."""
    log_in, field, notes, run, found = TUTORIAL.says("Log in", "User", "Notes", "Unlock user", "you can sign in again.")
    page.goto(TUTORIAL.address("/support/[^`]*", port))
    page.get_by_label("Username").fill("you")
    page.get_by_label("Password").fill("correct-horse")
    page.get_by_role("button", name=log_in).click()
    page.wait_for_url("**/support/actions/**")  # and its script
    page.get_by_role("textbox", name=f"{field} required").press_sequentially("you")
    page.locator(".finds").get_by_text("you").first.click()
    page.get_by_label(notes, exact=True).fill("They asked on the phone.")
    page.get_by_role("button", name=run).last.click()
    expect(page.get_by_text(found, exact=True)).to_be_visible()


def test_at_most_twelve_lines_are_written() -> None:
    assert 0 < TUTORIAL.written() <= MOST


def test_who_follows_the_tutorial_performs_an_action_in_the_browser(tmp_path: Path, browser: Browser) -> None:
    began = time.monotonic()
    TUTORIAL.followed(tmp_path)
    with TUTORIAL.served(tmp_path, "--noreload {}") as port:
        page = browser.new_page()
        perform(page, port)
        print(f"from the first command to the first performed action: {time.monotonic() - began:.1f} s")
        page.goto(f"http://127.0.0.1:{port}/admin/auth/user/1/change/")
        (heading,) = TUTORIAL.says("Support")
        expect(page.get_by_text(heading, exact=False).first).to_be_visible()
        expect(page.get_by_text("you ran Unlock user on user 1 (you)").first).to_be_visible()
        page.close()
