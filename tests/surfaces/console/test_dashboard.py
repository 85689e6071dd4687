"""The dashboard: each number leads to as many runs, and page, CSV and JSON tell the same figures."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from firsthand.core.runs import microseconds
from firsthand.insights import figures as module
from firsthand.insights.dashboard import Dashboard, dashboard, tables
from firsthand.insights.scope import Scope

from .consoles import House, opened

TODAY = datetime(2026, 5, 20, 12, tzinfo=UTC)
HOSTILE = '<script>alert("1")</script>" onload=x \u202e=1+1'
REASONS = ("customer asked", "other", "our mistake", "customer asked")


class Links(HTMLParser):
    """The links of a page's content, with what they say, by words or by label."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.open: list[str] | None = None
        self.feed(html[html.index("<main") : html.index("</main")])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            given = dict(attrs)
            self.open = [given.get("href") or "", given.get("aria-label") or ""]

    def handle_data(self, data: str) -> None:
        if self.open:
            self.open[1] += f" {data}"

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self.open:
            self.found.append((self.open[0], " ".join(self.open[1].split())))
            self.open = None


def numbers(html: str) -> list[tuple[str, int]]:
    """Return where each number of a page leads that is one of runs."""
    found = []
    for href, words in Links(html).found:
        if href.startswith("/?"):
            number = re.search(r"([\d,]+) runs?\b", words) or re.search(r"[\d,]+", words)
            assert number, (href, words)
            found.append((href, int(re.sub(r"\D", "", number[0]))))
    return found


def count(house: House, address: str) -> int:
    """Return how many runs the activity shows at an address, on all its pages."""
    runs = 0
    while True:
        html = house.get(address)
        runs += len(re.findall(r'<li id="run-\d+"', html))
        older = re.search(r'href="([^"]+)" rel="next"|rel="next" href="([^"]+)"', html)
        if not older:
            return runs
        address = (older[1] or older[2]).replace("&amp;", "&")


def at(house: House, day: datetime) -> None:
    """Let it be some time."""
    house.desk.clock = lambda: microseconds(day)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A console that whoever is in billing looks at: nothing is hidden from her."""
    with opened(tmp_path, who="noor@acme.com") as made:
        at(made, TODAY)
        yield made


@pytest.fixture
def busy(house: House) -> House:
    """Sixty-four runs of every kind in the last 64 days, and two in the year before."""
    desk, shop = house.desk, house.shop
    for days in (*range(64), 200, 500):
        at(house, TODAY - timedelta(days))
        said = {
            "reason": REASONS[days % 4],
            "notes": f"It was so {days}",
            "requested_by": ("luis", "=1+1", None)[days % 3],
        }
        by, account = ("priya@acme.com", "sam@acme.com")[days % 5 == 0], {"account": 42 + (days % 7 == 0)}
        if days % 6 == 5:
            desk.run("statistics.wrong" if days % 4 else "cancel_it", account, by="priya@acme.com", **said)
        elif days % 9 == 4:
            desk.ask("invoice.refund", account | {"amount": 90}, by="priya@acme.com", **said)
        elif days % 11 == 3:
            done, shop.done = shop.done, None
            desk.run("subscription.cancel", account, by="priya@acme.com", **said)
            shop.done = done
        else:
            desk.run("invoice.refund", account | {"amount": 20}, by=by, **said)
    desk.run("ledger.close", by="noor@acme.com", reason="customer asked")
    at(house, TODAY)
    return house


def figures(house: House, *, days: int | None = 30, hidden: frozenset[str] = frozenset(), **of: str) -> Dashboard:
    since = TODAY.date() - timedelta(days - 1) if days else None
    return dashboard(house.journal, Scope(since, TODAY.date() if days else None, **of), hidden)


# Each number leads to its runs


@pytest.mark.parametrize(
    "query",
    ["range=90&more=in_time", "range=all&more=actions", "range=7", "range=year&namespace=subscription",
     "range=90&tag=billing", "range=90&action=invoice.refund", "since=2026-04-01&until=2026-04-30", "since=2025-01-01"],
)  # fmt: skip
def test_every_number_leads_to_as_many_runs(busy: House, query: str) -> None:
    led = numbers(busy.get(f"/dashboard?{query}"))
    assert len(led) > 20
    assert {address: number for address, number in led} == {address: count(busy, address) for address, _ in led}
    assert len({*led}) == len({address for address, _ in led}), "one address, one number"


def test_the_strip_leads_to_the_runs_of_each_number(busy: House) -> None:
    total = figures(busy).total
    page = busy.get("/dashboard")
    strip = page[page.index('<div class="stats') : page.index("<h2")]
    every = (total.runs, total.performed, total.refused, total.failed, total.asked_for, total.other_reason)
    assert [number for _, number in numbers(f"<main{strip}</main>")] == [each.runs for each in every]
    assert all(each.runs for each in every)
    assert [link for link in Links(f"<main{strip}</main>").found if not link[0].startswith("/?")] == [
        ("#performers", "People performing 2 see who"), ("/inbox", "Waiting now 0 for you, in the inbox"),
    ]  # fmt: skip


def test_the_numbers_on_an_action_s_page_lead_to_their_runs(busy: House) -> None:
    page = busy.get("/actions/invoice.refund")
    panel = page[page.index('id="figures"') : page.index("Newest runs")]
    led = dict(numbers(f"<main {panel}</main"))
    assert len(led) == 90 + 5 + 3 + 2
    assert led == {address: count(busy, address) for address in led}


# Which runs


def test_without_more_it_is_about_the_last_thirty_days(busy: House) -> None:
    assert 'href="/dashboard?range=30" aria-current="true"' in busy.get("/dashboard")
    assert busy.client.get("/dashboard.json").json()["scope"] == {"since": "2026-04-21", "until": "2026-05-20"}


@pytest.mark.parametrize(
    ("query", "scope"),
    [("range=7", {"since": "2026-05-14", "until": "2026-05-20"}),
     ("range=year", {"since": "2026-01-01", "until": "2026-05-20"}),
     ("range=all", {}), ("since=2026-03-01&range=7", {"since": "2026-03-01"}),
     ("range=all&tag=billing", {"tag": "billing"}), ("until=2026-01-05", {"until": "2026-01-05"})],
)  # fmt: skip
def test_ranges_end_today_and_days_that_are_given_win(busy: House, query: str, scope: dict[str, str]) -> None:
    assert busy.client.get(f"/dashboard.json?{query}").json()["scope"] == scope
    busy.get(f"/dashboard?{query}")


def test_the_form_s_choice_stands_in_the_address_afterwards(house: House) -> None:
    answer = house.client.get("/dashboard?range=90&since=&until=&of=namespace:subscription")
    assert (answer.status_code, answer.headers["location"]) == (303, "/dashboard?range=90&namespace=subscription")
    assert house.client.get("/dashboard?range=7&of=all").headers["location"] == "/dashboard?range=7"


def test_every_scope_can_be_chosen_names_without_code_too(busy: House) -> None:
    page = busy.get("/dashboard?action=never.heard")
    for value in ("namespace:subscription", "tag:billing", "action:invoice.refund", "action:statistics.wrong"):
        assert f'value="{value}"' in page
    assert 'value="action:never.heard" selected' in page


@pytest.mark.parametrize(
    ("query", "words"),
    [("since=2026-13-45", "is no day"), ("until=<b>", "is no day"),
     ("since=2026-02-02&until=2026-02-01", "before the first"), ("range=forever", "no range of days"),
     ("tag=a&action=b", "one namespace, or one tag, or one action")],
)  # fmt: skip
def test_what_cannot_be_is_said_in_words_and_the_form_stays(house: House, query: str, words: str) -> None:
    answer = house.client.get(f"/dashboard?{query}")
    assert answer.status_code == 422
    assert words in answer.text
    assert 'name="since"' in answer.text
    assert "<b>'" not in answer.text
    for kind in ("csv", "json"):
        answer = house.client.get(f"/dashboard.{kind}?{query}")
        assert answer.status_code == 400
        assert words in answer.text


@pytest.mark.parametrize(
    "query", ["since=0001-01-01", "until=9999-12-31", "since=0001-01-01&until=9999-12-31", "until=0001-01-01"]
)
def test_the_ends_of_the_calendar_are_days_too(busy: House, query: str) -> None:
    busy.get(f"/dashboard?{query}")


# The same figures everywhere


def test_json_is_what_the_terminal_prints(busy: House) -> None:
    assert busy.client.get("/dashboard.json").json() == plain(figures(busy).as_dict())
    told = busy.client.get("/dashboard.json?range=all&action=invoice.refund").json()
    assert told == plain(figures(busy, days=None, action="invoice.refund").as_dict())


def plain(value: object) -> object:
    """Return a value as JSON has it."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list | tuple) else value


def test_csv_of_a_table_has_its_rows_and_no_formula(busy: House) -> None:
    for table in tables(figures(busy, days=90)):
        answer = busy.client.get(f"/dashboard.csv?range=90&table={table.name}")
        head, *rows = csv.reader(io.StringIO(answer.text))
        assert tuple(head) == table.columns
        assert [[each.removeprefix("'") for each in row] for row in rows] == [
            [str(each) for each in row] for row in table.plain()
        ]
        assert not [cell for row in rows for cell in row if cell.startswith("=")]
        assert "attachment" in answer.headers["content-disposition"]


def test_csv_of_everything_has_each_table_under_its_name(busy: House) -> None:
    parts = busy.client.get("/dashboard.csv?range=90").text.split("\r\n\r\n")
    each = {
        table.name: busy.client.get(f"/dashboard.csv?range=90&table={table.name}").text
        for table in tables(figures(busy))
    }
    assert {part.split("\r\n")[0]: part.split("\r\n", 1)[1].rstrip() for part in parts} == {
        name: text.rstrip() for name, text in each.items()
    }
    assert busy.client.get("/dashboard.csv?table=none").status_code == 404


def test_the_page_shows_the_rows_of_the_tables(busy: House) -> None:
    every, page = figures(busy), busy.get("/dashboard")
    for reason in every.reasons:
        assert f"{reason.reason}</bdi></th>" in page
    for each in every.subjects:
        assert each.label in page
    assert "It was so 1<" in page
    assert f"{every.total.other_share:.1%}".replace("%", " %") in page


def test_a_long_table_shows_ten_rows_and_all_of_them_where_asked(house: House) -> None:
    for number in range(15):
        house.desk.run(
            "subscription.cancel",
            {"account": 42},
            by="priya@acme.com",
            reason="customer asked",
            requested_by=f"luis{number:02}",
        )
    page = house.get("/dashboard?range=7")
    assert len(re.findall(r">luis\d\d<", page)) == 10
    assert '<a href="/dashboard?more=requesters&amp;range=7#requesters">All 15</a>' in page
    assert len(re.findall(r">luis\d\d<", house.get("/dashboard?more=requesters&range=7"))) == 15


def test_it_says_how_much_more_that_is_than_before(house: House) -> None:
    for days in (1, 2, 3, 8, 20):
        at(house, TODAY - timedelta(days))
        house.desk.run("invoice.refund", {"account": 42, "amount": 1}, by="sam@acme.com", reason="customer asked")
    at(house, TODAY)
    assert "200 % up on before" in house.get("/dashboard?range=7")
    for query in ("range=all", "range=30"):
        assert "on before" not in house.get(f"/dashboard?{query}"), "then nobody recorded anything"


# Who may see what


def test_runs_of_hidden_actions_count_nowhere(busy: House) -> None:
    told = busy.client.get("/dashboard.json?range=all").json()["total"][0]["runs"]
    busy.client.cookies.set("who", "priya@acme.com")
    page = busy.get("/dashboard?range=all")
    assert "ledger" not in page.lower()
    assert "Close" not in page
    assert "ledger" not in busy.client.get("/dashboard.csv?range=all").text
    assert busy.client.get("/dashboard.json?range=all").json()["total"][0]["runs"] == told - 1
    assert busy.client.get("/dashboard.json?range=all&action=ledger.close").json()["total"][0]["runs"] == 0
    unknown, hidden = (busy.get(f"/dashboard?range=all&action={name}") for name in ("ledger.clsoe", "ledger.close"))
    assert unknown.replace("clsoe", "close").replace("Clsoe", "Close") == hidden


def test_for_whom_actions_are_hidden_each_number_leads_to_as_many_runs_too(busy: House) -> None:
    busy.client.cookies.set("who", "priya@acme.com")
    led = dict(numbers(busy.get("/dashboard?range=90")))
    assert led == {address: count(busy, address) for address in led}


def test_what_only_runs_of_hidden_actions_have_is_named_nowhere(busy: House) -> None:
    busy.desk.run("ledger.close", by="noor@acme.com", reason="our mistake", requested_by="secret customer")
    for page in ("/dashboard", "/dashboard.json", "/dashboard.csv"):
        assert "secret customer" in busy.get(f"{page}?range=all")
    busy.client.cookies.set("who", "priya@acme.com")
    for page in ("/dashboard", "/dashboard.json", "/dashboard.csv"):
        said = busy.get(f"{page}?range=all")
        assert "secret customer" not in said
        assert "noor@acme.com" not in said


def test_where_too_much_of_a_tag_is_hidden_the_form_says_so(busy: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firsthand.insights.unseen.MOST_READ", 0)
    busy.desk.namespace("books", who="billing", ask="nobody", tags=["billing"]).action("close")(lambda: None)
    busy.desk.run("books.close", by="noor@acme.com", reason="our mistake")
    busy.client.cookies.set("who", "priya@acme.com")
    said = busy.client.get("/dashboard?range=all&tag=billing")
    assert said.status_code == 422
    assert "Too many runs with that tag are hidden from you." in said.text
    assert "books" not in said.text


# Odd data


def test_hostile_names_stay_text(house: House) -> None:
    house.shop.accounts[42].email = HOSTILE
    house.desk.run(
        "subscription.cancel", {"account": 42}, by="priya@acme.com", reason="other", notes=HOSTILE, requested_by=HOSTILE
    )
    house.desk.run(HOSTILE, {}, by="priya@acme.com", reason=HOSTILE)
    for query in ("range=7", f"action={HOSTILE}", f"namespace={HOSTILE}", f"tag={HOSTILE}"):
        page = house.client.get("/dashboard", params=dict(each.split("=", 1) for each in [query])).text
        assert "<script>alert" not in page
        assert 'onload=x "' not in page
        assert " style=" not in page
        assert "\u202e" not in page.split("<main")[1].replace('value="', "\n").split("</form>", 2)[-1]


def test_nothing_at_all(house: House) -> None:
    assert "There are no runs yet." in house.get("/dashboard?range=all")
    assert "Nothing was run in these days." in house.get("/dashboard")
    assert house.client.get("/dashboard.csv").status_code == 200
    assert "It was not run in the last 90 days." in house.get("/actions/subscription.cancel")


def test_it_says_until_when_it_counts_where_the_tally_is_behind(busy: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house = busy
    house.client.app.state.console.stop()
    monkeypatch.setattr(module, "LONGEST_TAIL", 0)
    house.desk.run("invoice.refund", {"account": 42, "amount": 1}, by="sam@acme.com", reason="customer asked")
    assert "Counted are runs that ended until" in house.get("/dashboard")


def test_addresses_keep_to_where_the_console_is_mounted(tmp_path: Path) -> None:
    with opened(tmp_path, who="noor@acme.com", prefix="/support") as house:
        house.desk.run("invoice.refund", {"account": 42, "amount": 1}, by="sam@acme.com", reason="customer asked")
        page = house.get("/dashboard")
    assert {href.split("/")[1] for href, _ in Links(page).found if href.startswith("/")} == {"support"}


def test_a_range_stands_in_the_fields_of_its_days_and_stays_a_range_when_it_is_sent_with_them(busy: House) -> None:
    page = busy.get("/dashboard?range=7")
    days = dict(re.findall(r'name="(since|until)" value="([^"]+)"', page))
    assert days.keys() == {"since", "until"}
    answer = busy.client.get("/dashboard", params={"range": "7", "of": "tag:billing", **days})
    assert answer.headers["location"] == "/dashboard?range=7&tag=billing"
    answer = busy.client.get("/dashboard", params={"range": "7", "of": "all", **days, "since": "2020-01-01"})
    assert "since=2020-01-01" in answer.headers["location"]


@pytest.mark.parametrize("of", ["namespace", "action"])
def test_what_there_is_not_is_said(busy: House, of: str) -> None:
    page = busy.get(f"/dashboard?{of}=nosuch")
    assert f"There is no {of} <bdi>nosuch</bdi>." in page
    assert f'href="/dashboard?range=all&amp;{of}=nosuch"' in page
    assert "There is no" not in busy.get("/dashboard?namespace=subscription")
