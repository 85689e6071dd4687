"""Manual actions, walked: written down, performed step by step, ended, changed, and nothing overwritten."""

from playwright.sync_api import expect

from .served import PRIYA, SAM, Site, Window

STEPS = "1. Call **back**\n2. Look at [the bank](https://bank.example.com)\n3. Write to them"


def test_what_is_not_found_is_written_down_performed_and_ended(demo: Site, window: Window):
    page = window(SAM).open("/actions?q=Chase+a+cheque")
    page.get_by_role("link", name="Write it down").click()
    assert page.input_value("#title") == "Chase a cheque"
    page.fill("#name", "cheque.chase")
    page.fill("#steps", STEPS)
    expect(page.locator("#preview")).to_contain_text("3 steps to tick.")
    page.check("input[name=role][value=support]")
    page.fill("#why", "bounced")
    page.select_option("#subject", "account")
    page.locator("button.primary[value=save]").click()
    page.wait_for_url(lambda url: "/new" not in url)
    page = window(PRIYA).open("/actions/cheque.chase?account=45")
    page.select_option("#reason", "bounced")
    page.click("button.primary[value=run]")
    page.wait_for_url("**/runs/*")
    run = int(page.url.rpartition("/")[2])
    page.locator("#ticks button, #ticks input[type=checkbox]").first.click()
    expect(page.locator("#left")).to_contain_text("steps 2, 3 of 3")
    page.get_by_label("It failed").check()
    page.get_by_role("button", name="Record how it ended").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("It is done").check()
    page.get_by_role("button", name="Record how it ended").click()
    expect(page.locator("#about .tag, #about-head .tag, .tag.green").first).to_have_text("succeeded")
    assert demo.journal.run(run).outcome == "succeeded"


def test_two_who_change_it_at_once_do_not_overwrite_each_other(demo: Site, window: Window):
    demo.desk.declare("cheque.cash", by=SAM, who="support", steps=STEPS)
    page, other = window(SAM).open("/manual/cheque.cash"), window(SAM).open("/manual/cheque.cash")
    page.fill("#owner", "billing team")
    page.locator("button.primary[value=save]").click()
    page.get_by_text("version 2").first.wait_for()
    other.fill("#owner", "accounts team")
    other.locator("button.primary[value=save]").click()
    expect(other.locator("main")).to_contain_text("Save mine on top of version 2")
    assert demo.journal.manuals.get("cheque.cash").owner == "billing team"
    assert other.input_value("#owner") == "accounts team"


def test_it_works_without_javascript(demo: Site, window: Window):
    page = window(PRIYA, java_script_enabled=False).open("/")
    run = demo.desk.run("payment.report_fraud", {"account": 45}, by=SAM, reason="customer called").id
    demo.journal.people.change("priya@acme.com", "root", roles=("support", "billing"))
    page.goto(f"{demo}/runs/{run}")
    page.locator("#ticks button").first.click()
    expect(page.locator("#left")).to_contain_text("steps 2, 3, 4, 5, 6 of 6")
    page.get_by_label("It could not be done").check()
    page.fill("#end-words", "The bank is closed today")
    page.get_by_role("button", name="Record how it ended").click()
    assert demo.journal.run(run).outcome == "refused"


def test_the_list_says_which_to_write_in_code_next(window: Window):
    page = window(SAM).open("/manual")
    expect(page.locator("main")).to_contain_text("firsthand new --from payment.report_fraud")
