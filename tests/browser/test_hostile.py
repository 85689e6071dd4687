"""No stored text is ever a part of a page: hostile data in every field, on every page that shows it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from firsthand import Desk
from firsthand.core.actors import Person

from .hostile import LONG, MARKUP, NAME, TEXTS, WHO, fill, hostile_desk
from .pages import LISTS, pages, path
from .served import Seen, Site, seen, served

SHOWN = [text for text in TEXTS if not set(text) & set("\n\0")]
"""Texts that can stand in an address."""


@pytest.fixture(scope="module")
def runs() -> dict[str, int]:
    return {}


@pytest.fixture(scope="module")
def site(browser: Browser, runs: dict[str, int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(hostile_desk(), tmp_path_factory.mktemp("hostile")) as site:
        runs |= fill(site.desk, site.journal)
        yield site


@pytest.fixture(scope="module")
def ada(browser: Browser, site: Site) -> Iterator[Seen]:
    with seen(browser, site, WHO) as window:
        yield window


def looked_at(window: Seen, *addresses: str) -> None:
    """Look at pages, narrow and wide, and be sure that nothing happens and nothing sticks out."""
    for at in addresses:
        window.open(at)
        assert "233331" not in window.page.content(), at
        window.clean()
        window.fits()


def test_pages_show_hostile_data_as_the_text_that_it_is(site: Site, ada: Seen):
    every = pages(site, WHO)
    looked_at(ada, *(at for name, at in every.items() if not name.startswith("run ")))


def test_runs_show_hostile_data_as_the_text_that_it_is(ada: Seen, runs: dict[str, int]):
    looked_at(ada, *(path("runs", run) for run in runs.values()))


def test_subjects_and_people_with_hostile_names_have_pages(ada: Seen):
    looked_at(ada, *(path("subjects", "account", text) for text in SHOWN), path("people", NAME))


def test_what_comes_later_is_text_too(site: Site, ada: Seen, runs: dict[str, int]):
    page = ada.open("/")
    ada.search("xss")
    page.locator("#hits [hx-get]").wait_for(state="detached")
    ada.clean()
    page.keyboard.press("Escape")
    new = site.desk.run(
        "not.now", {"account": MARKUP}, by=NAME, reason=MARKUP, notes=MARKUP + LONG, requested_by=MARKUP
    ).id
    page.locator(f"#run-{new}").wait_for()
    ada.clean()
    ada.fits()
    page = ada.open(path("runs", runs["performing"]))
    site.journal.append(
        "commented", actor=NAME, at=site.desk.clock(), run=runs["performing"], data={"text": MARKUP + "new"}
    )
    page.get_by_text(MARKUP + "new").last.wait_for()
    ada.clean()


def test_what_is_wrong_with_a_form_is_text_too(ada: Seen):
    page = ada.open(path("actions", NAME))
    page.fill("[id='inputs.account']", MARKUP)
    page.fill("[id='inputs.text']", MARKUP + LONG)
    page.fill("[id='notes']", MARKUP)
    page.fill("[id='requested_by']", MARKUP)
    with page.expect_navigation():
        page.click("button[value=check]")
    page.locator(".wrong, #checks").first.wait_for()
    ada.clean()
    ada.fits()
    assert page.input_value("[id='inputs.text']") == MARKUP + LONG


def test_whoever_is_not_signed_in_sees_text_too(browser: Browser, site: Site):
    token = site.console.accounts.invite(NAME, "root")
    with seen(browser, site) as window:
        for at, status in (
            ("/sign-in", 200),
            (f"/invitation/{token}", 200),
            (f"/invitation/{MARKUP.replace('/', '')}", 410),
        ):
            window.open(at, status)
            window.clean()
            window.fits()
        page = window.open("/sign-in")
        page.fill("[name=person]", MARKUP)
        page.fill("[name=password]", MARKUP)
        page.click("button.primary")
        page.locator("[role=alert]").wait_for()
        window.clean()


def test_a_desk_of_four_thousand_actions_is_as_easy_to_use(browser: Browser, tmp_path: Path):
    desk = Desk("Acme", why=["asked"])

    def act() -> None:
        """Do it."""

    for number in range(4_000):
        desk.action(f"space{number % 40}.verb{number}", who="lead", tags=[f"tag{number % 100}"])(act)
    with served(desk, tmp_path) as site:
        site.journal.people.add(Person("ada", "Ada", ("lead",)), "root")
        with seen(browser, site, "ada") as window:
            page = window.open("/actions")
            window.fits()
            assert page.locator("table.actions tbody tr").count() < 1_000
            page.fill("#q", "verb3999")
            page.locator("text=3999").first.wait_for()
            window.search("verb2718")
            page.locator("#hits a", has_text="2718").first.wait_for()
            page.keyboard.press("Enter")
            page.wait_for_url("**/actions/space*.verb2718")
            window.open("/")
            window.fits()


def test_a_form_of_fifty_inputs_is_sent_and_recorded_whole(browser: Browser, tmp_path: Path):
    desk, names = Desk("Acme", why=["asked"]), [f"field_number_{number}" for number in range(50)]
    scope: dict[str, object] = {}
    exec(f"def many({', '.join(f'{name}: str' for name in names)}) -> int: return 50", scope)
    desk.action("many.inputs", who="lead")(scope["many"])  # type: ignore[arg-type]
    with served(desk, tmp_path) as site:
        site.journal.people.add(Person("ada", "Ada", ("lead",)), "root")
        with seen(browser, site, "ada") as window:
            page = window.open("/actions/many.inputs")
            window.fits()
            for name in names:
                page.fill(f"[id='inputs.{name}']", name.upper())
            page.select_option("#reason", "asked")
            page.click("button.primary[value=run]")
            page.wait_for_url("**/runs/1")
            window.fits()
        run = site.journal.run(1)
        assert run is not None
        assert run.inputs == {name: name.upper() for name in names}


def test_a_desk_without_actions_and_runs_has_its_pages(browser: Browser, tmp_path: Path):
    with served(Desk("Acme"), tmp_path) as site:
        site.journal.people.add(Person("ada", "Ada"), "root")
        with seen(browser, site, "ada") as window:
            looked_at(window, *LISTS.values(), "/people/ada")
