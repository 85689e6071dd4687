"""A double click, a form that is sent twice, and the back button are one run."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from .served import Seen, Site, seen

CANCEL = "/actions/subscription.cancel?account=45&reason=customer+asked"
ASK = "/actions/account.merge?keep=47&duplicate=48&reason=customer+asked"


@pytest.fixture
def priya(browser: Browser, demo: Site) -> Iterator[Seen]:
    with seen(browser, demo, "priya@acme.com") as window:
        yield window


@pytest.fixture
def new(demo: Site) -> Callable[[], int]:
    """How many runs there are since the test began."""
    before = demo.journal.history.last_run()
    return lambda: demo.journal.history.last_run() - before


def run_page(page: Page) -> str:
    page.wait_for_url("**/runs/*")
    return page.url.partition("?")[0]


def test_a_double_click_is_one_run(priya: Seen, new: Callable[[], int]):
    page = priya.open("/actions/invoice.resend_receipt?invoice=98&reason=customer+asked")
    page.dblclick("button.primary[value=run]")
    run_page(page)
    assert new() == 1


@pytest.mark.parametrize("scripted", [True, False], ids=["with scripts", "without"])
def test_the_back_button_and_another_click_are_one_run(
    browser: Browser, demo: Site, new: Callable[[], int], scripted: bool
):
    with seen(browser, demo, "priya@acme.com", java_script_enabled=scripted) as window:
        page = window.open(ASK)
        page.click("button.primary[value=ask]")
        first = run_page(page)
        page.go_back()
        page.locator("button.primary[value=ask]").wait_for()
        page.click("button.primary[value=ask]")
        assert run_page(page) == first
    assert new() == 1


def test_a_form_sent_again_as_it_was_is_one_run(priya: Seen, demo: Site, new: Callable[[], int]):
    page = priya.open(CANCEL)
    with page.expect_request(lambda request: request.method == "POST" and request.url.endswith(".cancel")) as sent:
        page.click("button.primary[value=run]")
    first = run_page(page)
    headers = {"content-type": "application/x-www-form-urlencoded", "origin": str(demo)}
    for _ in range(2):
        again = page.request.post(f"{demo}/actions/subscription.cancel", data=sent.value.post_data, headers=headers)
        assert again.url.partition("?")[0] == first
    assert new() == 1


def test_reloading_what_came_of_a_form_is_no_second_run(priya: Seen, new: Callable[[], int]):
    page = priya.open("/actions/account.unlock?account=43&reason=travelling")
    page.click("button.primary[value=run]")
    run_page(page)
    page.reload()
    page.go_back()
    page.go_forward()
    assert new() == 1


def test_a_comment_sent_twice_stands_there_once(priya: Seen, demo: Site):
    run = demo.journal.history.last_run()
    page = priya.open(f"/runs/{run}")
    page.fill("#words", "Said twice, by mistake")
    page.dblclick("text=Comment >> nth=-1")
    page.get_by_text("Said twice, by mistake").first.wait_for()
    page.go_back()
    said = [event for event in demo.journal.history.events(run) if event.data.get("text") == "Said twice, by mistake"]
    assert len(said) == 1


def test_one_who_looks_for_a_new_form_may_do_it_again(priya: Seen, new: Callable[[], int]):
    for _ in range(2):
        page = priya.open("/actions/invoice.resend_receipt?invoice=99&reason=customer+asked")
        page.click("button.primary[value=run]")
        run_page(page)
    assert new() == 2
