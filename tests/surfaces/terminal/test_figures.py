"""``stats``: the dashboard's figures at the terminal, as tables, JSON and CSV, and counts by one thing."""

import csv
import io

import pytest

from .terminals import Terminal


@pytest.fixture
def busy(terminal: Terminal) -> Terminal:
    """A terminal after four runs."""
    terminal("run", "subscription.cancel", "--account", "42", "--reason", "customer asked", "--requested-by", "=1+1")
    terminal("run", "subscription.cancel", "--account", "42", "--reason", "fraud")
    terminal("run", "account.unlock", "--account", "43", "--reason", "travelling")
    terminal("run", "invoice.refund", "--invoice", "98", "--amount", "5", "--reason", "outage")
    return terminal


def test_figures_are_counted_most_first(busy: Terminal) -> None:
    def stats(by: str, *options: str) -> list[tuple[str, int]]:
        return [(row["key"], row["runs"]) for row in busy("stats", "--by", by, "--json", *options).json]

    assert stats("action")[0] == ("subscription.cancel", 2)
    assert dict(stats("namespace")) == {"subscription": 2, "account": 1, "invoice": 1}
    assert stats("tag") == [("billing", 3), ("access", 1)]
    assert stats("actor") == [("priya@acme.com", 4)]
    assert stats("requested_by") == [("=1+1", 1)]
    assert stats("subject")[0] == ("account:42", 2)
    assert dict(stats("outcome")) == {"succeeded": 3, "refused": 1}
    assert [runs for _, runs in stats("day")] == [4]
    assert stats("reason", "--until", "2000-01-01") == []
    assert stats("action", "--limit", "1") == [("subscription.cancel", 2)]
    assert stats("reason", "--namespace", "subscription") == [("customer asked", 1), ("fraud", 1)]
    assert stats("action", "--tag", "access") == [("account.unlock", 1)]
    assert stats("outcome", "--action", "invoice.refund") == [("succeeded", 1)]


def test_without_by_the_whole_dashboard_is_told(busy: Terminal) -> None:
    said = busy("stats").out
    for title in ("In all:", "How often:", "Who performs:", "Why:", "Which subjects need most:"):
        assert title in said
    assert "Cancel subscription" in said
    assert "Priya" in said
    assert "Who asks:" not in said


def test_json_has_the_same_figures_each_with_the_filter_of_its_runs(busy: Terminal) -> None:
    every = busy("stats", "--json").json
    assert every["scope"] == {}
    assert every["total"][0]["runs"] == 4
    row = next(row for row in every["actions"] if row["action"] == "subscription.cancel")
    assert (row["runs"], row["performed"], row["refused"]) == (2, 1, 1)
    assert row["filter"] == {"action": "subscription.cancel"}
    one = busy("stats", "--json", "--action", "subscription.cancel").json
    assert one["scope"] == {"action": "subscription.cancel"}
    assert [each["reason"] for each in one["reasons"]] == ["customer asked", "fraud"]


def test_csv_has_the_same_figures_and_no_formula(busy: Terminal) -> None:
    tables: dict[str, list[dict[str, str]]] = {}
    for part in busy("stats", "--csv").out.replace("\r\n", "\n").split("\n\n"):
        name, _, rest = part.strip("\n").partition("\n")
        tables[name] = list(csv.DictReader(io.StringIO(rest)))
    every = busy("stats", "--json").json
    assert {*tables} == {*every} - {"scope", "counted_until", "unit"}
    assert tables["requesters"] == [{"person": "'=1+1", "runs": "1", "share": "0.25"}]
    for name, rows in tables.items():
        told = [{key: str(value) for key, value in row.items() if key != "filter"} for row in every[name]]
        assert [{key: value.removeprefix("'") for key, value in row.items()} for row in rows] == told
    by = busy("stats", "--by", "requested_by", "--csv").out
    assert by.splitlines() == ["requested_by,runs", "'=1+1,1"]


def test_json_and_csv_exclude_each_other_and_so_do_two_scopes(busy: Terminal) -> None:
    assert "not both" in busy("stats", "--json", "--csv").err
    assert "one namespace, or one tag, or one action" in busy("stats", "--tag", "a", "--action", "b").err


def test_an_action_hidden_from_whoever_sits_here_is_not_told_of(terminal: Terminal) -> None:
    source = (
        "from firsthand import Desk\n"
        "desk = Desk('Acme', why=['fraud'])\n"
        "@desk.action('secret.thing', who='support', ask='support')\n"
        "def works() -> str:\n    return 'x'\n"
    )
    (terminal.folder / "support.py").write_text(source)
    terminal.environment["FIRSTHAND_DESK"] = "support:desk"
    assert terminal("run", "secret.thing", "--reason", "fraud").code == 0
    assert "secret" in terminal("stats", "--json").out
    terminal("people", "change", "priya@acme.com", "--role", "visitor")
    assert "secret" not in terminal("stats", "--json").out
    assert terminal("stats", "--json").json["total"][0]["runs"] == 0
    assert terminal("stats", "--by", "action", "--json").json == []


def test_a_hidden_action_that_has_left_the_code_is_not_told_of_either(terminal: Terminal) -> None:
    source = (
        "from firsthand import Desk\n"
        "desk = Desk('Acme', why=['fraud'])\n"
        "@desk.action('{}', who='{}', ask='support')\n"
        "def works() -> str:\n    return 'x'\n"
    )
    terminal.environment["FIRSTHAND_DESK"] = "support:desk"
    for name, who in (("secret.thing", "support"), ("other.thing", "visitor")):
        (terminal.folder / "support.py").write_text(source.format(name, who))
        assert terminal("run", name, "--reason", "fraud").code in (0, 3)
    assert "secret" in terminal("declare").err
    assert terminal("stats", "--by", "action", "--json").json[-1] == {"key": "secret.thing", "runs": 1}
    terminal("people", "change", "priya@acme.com", "--role", "visitor")
    assert "secret" not in terminal("stats", "--json").out
    assert terminal("stats", "--by", "action", "--json").json == [{"key": "other.thing", "runs": 1}]
    assert "secret" not in terminal("declare").err
    assert "secret.thing" in terminal("feed").out, "the feed tells whoever holds the file, by name alone"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", " =", "＝"])
def test_a_cell_that_could_be_a_formula_begins_with_an_apostrophe(start: str) -> None:
    from firsthand.surfaces.sheets import cell, csv_text

    assert cell(f"{start}1") == f"'{start}1"
    assert cell(-1) == "-1"
    assert csv_text(["=a"], [["b", None, True]]) == "'=a\r\nb,,true\r\n"
