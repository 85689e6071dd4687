"""Schedules as people see them: nothing that axe finds, nothing wider than a phone, and no script is needed."""

from datetime import UTC, datetime, timedelta

from playwright.sync_api import Browser

from firsthand.work.schedules import tick

from .served import Site, seen

PRIYA, SAM = "priya@acme.com", "sam@acme.com"
LONG = "A note that goes on and on, withoutaspaceinthemiddleofitsothatnothingcanbreakit" * 4


def fill(site: Site) -> None:
    """Make an active, a paused and a stopped schedule, with runs of one of them."""
    said = {"by": SAM, "zone": "Europe/Berlin", "reason": "customer asked", "notes": LONG}
    for number in range(3):
        made = site.desk.schedule("subscription.cancel", {"account": 42 + number}, cron="30 8 * * 1-5", **said)
        if number == 1:
            site.desk.schedules.pause(made.id, by=SAM)
    tick(site.desk, site.journal, int((datetime.now(UTC) + timedelta(days=4)).timestamp() * 1_000_000))


def test_schedules_are_seen_on_a_wide_screen_and_on_a_phone_in_light_and_dark(browser: Browser, demo: Site, tmp_path):
    if not demo.journal.schedules.all():
        fill(demo)
    addresses = ["/schedules", *(f"/schedules/{each.id}" for each in demo.journal.schedules.all()), "/inbox"]
    faults = []
    for width in (1200, 360):
        with seen(browser, demo, SAM, viewport={"width": width, "height": 800}) as window:
            for number, at in enumerate([*addresses, "/actions/subscription.cancel"]):
                window.open(at)
                for scheme in ("light", "dark"):
                    window.page.emulate_media(color_scheme=scheme)
                    faults += [f"{at} {width} {scheme} {each}" for each in window.axe()]
                    window.page.screenshot(path=tmp_path / f"{number}-{width}-{scheme}.png", full_page=True)
                wide = window.page.evaluate("document.documentElement.scrollWidth")
                assert wide <= width, (at, wide)
    assert faults == []


def test_a_schedule_is_made_and_paused_without_a_script(browser: Browser, demo: Site):
    with seen(browser, demo, SAM, java_script_enabled=False) as window:
        page = window.page
        window.open("/actions/subscription.cancel?account=42&reason=customer%20asked")
        page.get_by_text("By calendar").click()
        page.get_by_label("Cron expression").fill("0 7 * * *")
        page.locator("#cron-zone").fill("Europe/Berlin")
        page.get_by_role("button", name="Show the next times").click()
        assert page.get_by_text(", 07:00 CE").count() == 5
        page.get_by_role("button", name="Schedule it").click()
        page.get_by_role("button", name="Pause").click()
        assert page.get_by_text("Nothing comes: it is paused.").is_visible()
        page.get_by_role("button", name="Resume").click()
        page.get_by_role("button", name="Leave it out").click()
        page.get_by_role("button", name="Retire for good").click()
        assert page.get_by_text("Nothing comes: it is retired.").is_visible()
