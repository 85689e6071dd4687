"""The Django tutorial, word for word: its commands, its lines, a real server and a real browser, by the clock."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from ..integrations.django.served import free, until_it_listens
from .pages import environment

PAGE = Path(__file__).parents[2] / "docs" / "tutorial-django.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(sh|diff|python)(?: file=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MOST = 12
"""Lines that may be written."""


def written() -> int:
    """Return how many lines the tutorial has one write, blank ones left out."""
    lines = [
        line
        for language, file, text in BLOCK.findall(TEXT)
        for line in text.splitlines()
        if file and (language == "python" or line.startswith("+")) and line.strip("+ ")
    ]
    return len(lines)


def edited(path: Path, diff: str) -> None:
    """Change a file as a diff says, which must fit it exactly once."""
    lines = diff.splitlines()
    before = "\n".join(line[1:] for line in lines if line[:1] in " -")
    after = "\n".join(line[1:] for line in lines if line[:1] in " +")
    text = path.read_text()
    assert text.count(before) == 1, before
    path.write_text(text.replace(before, after))


def followed(folder: Path) -> str:
    """Do all that is to be done before the server is started, and return the command that starts it."""
    for language, file, text in BLOCK.findall(TEXT):
        if language == "diff":
            edited(folder / file, text)
        elif file:
            (folder / file).write_text(text)
        for command in text.splitlines() if language == "sh" else ():
            if command == "python manage.py runserver":
                return command
            if not command.startswith("pip install"):  # it is what this interpreter has
                done = subprocess.run(
                    ["bash", "-c", command], cwd=folder, env=environment(), capture_output=True, text=True, check=False
                )
                assert done.returncode == 0, f"$ {command}\n{done.stdout}{done.stderr}"
    raise AssertionError("it starts no server")


def says(*words: str) -> tuple[str, ...]:
    """Return words that the tutorial says, as it says them."""
    for each in words:
        assert f"**{each}**" in TEXT or f"`{each}`" in TEXT, each
    return words


def perform(page: Page, port: int) -> None:
    """Do in the browser what the tutorial says."""
    log_in, field, notes, run, found = says("Log in", "User", "Notes", "Unlock user", "you can sign in again.")
    at = re.search(r"`http://127.0.0.1:8000(/support/[^`]*)`", TEXT)
    assert at is not None
    page.goto(f"http://127.0.0.1:{port}{at[1]}")
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
    assert 0 < written() <= MOST


def test_who_follows_the_tutorial_performs_an_action_in_the_browser(tmp_path: Path, browser: Browser) -> None:
    began = time.monotonic()
    command, port = followed(tmp_path), free()
    with subprocess.Popen(
        ["bash", "-c", f"exec {command} --noreload {port}"], cwd=tmp_path,
        env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as server:  # fmt: skip
        try:
            until_it_listens(server, port)
            page = browser.new_page()
            perform(page, port)
            print(f"from the first command to the first performed action: {time.monotonic() - began:.1f} s")
            page.goto(f"http://127.0.0.1:{port}/admin/auth/user/1/change/")
            (heading,) = says("Support")
            expect(page.get_by_text(heading, exact=False).first).to_be_visible()
            expect(page.get_by_text("you ran Unlock user on user 1 (you)").first).to_be_visible()
            page.close()
        finally:
            server.kill()
