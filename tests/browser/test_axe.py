"""axe finds nothing on any page: filled, empty and with hostile data, light and dark."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from firsthand import Desk
from firsthand.core.actors import Person

from .hostile import WHO, fill, hostile_desk
from .pages import LISTS, pages
from .served import Site, seen, served

EVERY = {"rules": {"target-size": {"enabled": True}}}
CONTRAST = {"runOnly": ["color-contrast", "link-in-text-block"]}
"""The rules that the theme, which is only colours, has an influence on."""


def faults(browser: Browser, site: Site, person: str | None, *addresses: str, status: int = 200) -> Iterator[str]:
    """Yield what axe finds on pages: everything in the light, and what dark can change in the dark."""
    with seen(browser, site, person, viewport={"width": 1200, "height": 900}) as window:
        for at in addresses:
            window.open(at, status)
            yield from (f"{at} {each}" for each in window.axe(**EVERY))
            window.page.emulate_media(color_scheme="dark")
            yield from (f"{at} dark {each}" for each in window.axe(**CONTRAST))
            window.page.emulate_media(color_scheme="light")


@pytest.fixture(scope="module")
def empty(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(Desk("Acme"), tmp_path_factory.mktemp("empty")) as site:
        site.journal.people.add(Person("ada", "Ada"), "root")
        yield site


@pytest.fixture(scope="module")
def hostile(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(hostile_desk(), tmp_path_factory.mktemp("hostile")) as site:
        fill(site.desk, site.journal)
        yield site


def test_axe_finds_nothing_on_lists_with_much_on_them(browser: Browser, demo: Site):
    assert list(faults(browser, demo, "sam@acme.com", *LISTS.values())) == []


def test_axe_finds_nothing_on_pages_of_one_thing(browser: Browser, demo: Site):
    every = pages(demo, "sam@acme.com")
    assert list(faults(browser, demo, "sam@acme.com", *(at for at in every.values() if at not in LISTS.values()))) == []


def test_axe_finds_nothing_on_empty_pages(browser: Browser, empty: Site):
    assert list(faults(browser, empty, "ada", *LISTS.values(), "/people/ada")) == []


def test_axe_finds_nothing_on_pages_with_hostile_data(browser: Browser, hostile: Site):
    assert list(faults(browser, hostile, WHO, *pages(hostile, WHO).values())) == []


def test_axe_finds_nothing_at_the_door(browser: Browser, demo: Site):
    token = demo.console.accounts.invite("lena@acme.com", "root")
    assert list(faults(browser, demo, None, "/sign-in", f"/invitation/{token}")) == []
    assert list(faults(browser, demo, None, "/invitation/none", status=410)) == []
    assert list(faults(browser, demo, "sam@acme.com", "/nowhere", "/runs/999999", status=404)) == []


def test_axe_finds_nothing_in_what_is_opened(browser: Browser, demo: Site):
    with seen(browser, demo, "priya@acme.com") as window:
        page = window.open("/")
        window.search("refund")
        assert window.axe(**EVERY) == []
        page = window.open("/actions/invoice.refund")
        page.click("button[value=check]")
        page.locator(".wrong").first.wait_for()
        assert window.axe(**EVERY) == []


def test_axe_finds_nothing_on_a_telephone(browser: Browser, demo: Site, tmp_path: Path):
    with seen(browser, demo, "sam@acme.com", viewport={"width": 360, "height": 740}) as window:
        for at in ("/", "/actions", "/actions/gift.package", "/inbox", "/subjects/account/42", "/settings/people"):
            window.open(at)
            assert window.axe(**EVERY) == [], at
