"""Everything can be done by keyboard: what has the focus is seen, nothing is skipped, and nothing holds it fast."""

import pytest

from .served import PRIYA, Window

FOCUSED = """() => {
  const at = document.activeElement, around = at.closest(".find, .hits a") ?? at;
  const seen = [at, around].map(getComputedStyle).some((look) => look.outlineStyle !== "none")
    || getComputedStyle(around).backgroundColor !== "rgba(0, 0, 0, 0)";
  const what = `${at.tagName}#${at.id}.${at.className} ${(at.textContent ?? "").trim().slice(0, 30)}`;
  return { what, seen, tag: at.tagName, inside: !!at.closest("main"), dialog: !!at.closest("dialog") };
}"""
"""What has the focus, whether that is seen, and where it is."""

REACHABLE = """() => {
  const all = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
  const stops = (each) => each.checkVisibility() && !each.disabled && each.tabIndex >= 0 && !each.closest("dialog")
    && !(each.type === "radio" && !each.checked);
  return [...document.querySelectorAll(all)].filter(stops).length;
}"""
"""How many places there are to which Tab leads."""

PLACES = ("/", "/actions", "/actions/gift.package?account=45", "/subjects/account/42", "/inbox", "/dashboard")


@pytest.mark.parametrize("at", PLACES)
def test_tab_reaches_everything_in_order_and_is_seen(window: Window, at: str):
    priya = window(PRIYA)
    page = priya.open(at)
    assert page.locator("[tabindex]:not([tabindex='0']):not([tabindex='-1'])").count() == 0
    reachable = page.evaluate(REACHABLE)
    places = []
    for _ in range(min(reachable, 60)):
        page.keyboard.press("Tab")
        places.append(page.evaluate(FOCUSED))
    assert places[0]["what"].startswith("A#.skip")
    assert [each["what"] for each in places if each["tag"] == "BODY"] == []
    assert [each["what"] for each in places if not each["seen"]] == []


def test_the_skip_link_leads_to_the_content(window: Window):
    page = window(PRIYA).open("/actions")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED)["inside"]


def test_the_dialog_keeps_the_focus_and_escape_gives_it_back(window: Window):
    page = window(PRIYA).open("/inbox")
    page.keyboard.press("/")
    page.keyboard.type("refund")
    page.locator("#hits a").first.wait_for()
    for _ in range(12):
        page.keyboard.press("Tab")
        place = page.evaluate(FOCUSED)
        assert place["dialog"] or place["tag"] == "BODY"
    page.locator("#palette-q").focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.closest('.hits') !== null")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.id") == "palette-q"
    page.keyboard.press("Escape")
    assert page.locator("dialog[open]").count() == 0
    page.keyboard.press("Tab")
    assert not page.evaluate(FOCUSED)["dialog"]


def test_typing_into_the_field_goes_on_in_the_dialog(window: Window):
    page = window(PRIYA).open("/inbox")
    page.focus("#find")
    page.keyboard.type("unlock", delay=20)
    assert page.locator("dialog[open]").count() == 1
    assert page.input_value("#palette-q") == "unlock"
    page.locator("#hits a", has_text="Unlock account").first.wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url("**/actions/account.unlock")
