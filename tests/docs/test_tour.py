"""What the README shows is there: its pictures and links, and the help desk log and the shop in the console."""

import os
import re
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

import pytest

from .pages import matches, run, served

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "examples").glob("*/README.md"))]
HELPDESK = Path(os.environ.get("FIRSTHAND_DATA") or ROOT.parent / "shared" / "data") / "helpdesk.csv"
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
PASSWORD = "several words in a row"

Look = Callable[[str], str]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_and_picture_of_a_page_is_there(page: Path) -> None:
    links = [each for each in LINK.findall(page.read_text(encoding="utf-8")) if not each.startswith("https://")]
    assert [each for each in links if not (page.parent / each).is_file()] == []


def test_the_readme_is_short_and_shows_at_most_eight_pictures() -> None:
    assert len(README.splitlines()) <= 130
    assert 1 <= README.count("![") <= 8


class Texts(HTMLParser):
    """The texts of a page's content, and the token of its forms."""

    def __init__(self) -> None:
        super().__init__()
        self.csrf = ""
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if found.get("name") == "csrf":
            self.csrf = found["value"] or ""

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def visitor(port: int, invitation: str) -> Look:
    """Set a password by an invitation, and return what reads the words of a page."""
    site, browser = f"http://127.0.0.1:{port}", build_opener(HTTPCookieProcessor(CookieJar()))

    def opened(path: str, form: dict[str, str] | None = None) -> Texts:
        data = urlencode(form).encode() if form else None
        found = Texts()
        with browser.open(Request(f"{site}{path}", data, {"origin": site}), timeout=60) as answer:
            found.feed(answer.read().decode())
        return found

    at = invitation.strip().partition("8000")[2]
    opened(at, {"csrf": opened(at).csrf, "password": PASSWORD, "again": PASSWORD})
    return lambda path: " ".join(" ".join(opened(path).texts).split())


def commands(first: str, last: str) -> list[str]:
    """Return the README's commands from one to another, both by how they begin."""
    lines = [line.strip().partition("  #")[0] for line in README.splitlines() if line.startswith("    ")]
    start = next(place for place, line in enumerate(lines) if line.startswith(first))
    end = next(place for place, line in enumerate(lines) if place >= start and line.startswith(last))
    return lines[start : end + 1]


def test_the_help_desk_log_is_used_in_the_console_as_the_readme_says(tmp_path: Path) -> None:
    if not HELPDESK.is_file():
        pytest.skip(f"{HELPDESK} is not there; FIRSTHAND_DATA names the folder that has helpdesk.csv")
    shutil.copy(HELPDESK, tmp_path)
    *before, serve = commands("echo 'from firsthand", "firsthand serve")
    desk, add, take_in, invite = before
    assert run(desk, tmp_path) == ""
    assert matches("Added Priya (priya@acme.com), who administers.", run(add, tmp_path))
    assert run(take_in, tmp_path) == "Took 21,348 runs.\n"
    with served(serve, tmp_path) as (_, port):
        look = visitor(port, run(f"FIRSTHAND_DESK=support:desk {invite}", tmp_path))
        assert "Closed on customer Value 24" in look("/")
        assert "customer Value 42" in look("/find?q=customer:Value+42")
        assert "Take in charge ticket" in look("/subjects/customer/Value%2042")
        actions = look("/actions")
        assert "Known names without code" in actions
        assert "Take in charge ticket 5,060" in actions
        assert "21,348" in look("/dashboard?range=all")


def test_the_shop_is_used_in_the_console_as_in_the_terminal(tmp_path: Path) -> None:
    pytest.importorskip("sqlalchemy")
    shop = tmp_path / "chinook"
    shutil.copytree(
        ROOT / "examples" / "chinook", shop, ignore=shutil.ignore_patterns("*.db*", "shop.sqlite", "__pycache__")
    )
    _, people, invite, serve = commands("cd examples/chinook", "firsthand serve")[:4]
    run(people, shop)
    run('firsthand run invoice.refund --invoice 98 --amount 3.98 --reason "double charge"', shop)
    run('firsthand ask invoice.refund --invoice 327 --amount 13.86 --reason "double charge"', shop)
    nancy = run(invite.replace("jane", "nancy"), shop)
    with served(serve, shop) as (_, port):
        jane = visitor(port, run(invite, shop))
        found = jane("/find?q=luisg@embraer.com.br")
        assert "customer 1" in found
        assert len(set(re.findall(r"invoice \d+", found))) == 7
        assert "Not now Refund invoice" in jane("/subjects/invoice/98")
        assert "3.98 was given back" in jane("/subjects/invoice/98")
        assert "Jane Peacock asked for Refund invoice on invoice 327" in visitor(port, nancy)("/inbox")
