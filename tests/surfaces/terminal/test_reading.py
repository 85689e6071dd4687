"""Reading the journal: feed, actions, who, export, db and doctor."""

import csv
import io
import json
import sqlite3

import pytest

from .terminals import LOGIN, Terminal


@pytest.fixture
def busy(terminal: Terminal) -> Terminal:
    """A terminal after four runs."""
    terminal("run", "subscription.cancel", "--account", "42", "--reason", "customer asked", "--requested-by", "=1+1")
    terminal("run", "subscription.cancel", "--account", "42", "--reason", "fraud")
    terminal("run", "account.unlock", "--account", "43", "--reason", "travelling")
    terminal("run", "invoice.refund", "--invoice", "98", "--amount", "5", "--reason", "outage")
    return terminal


def test_the_feed_is_newest_first_and_its_filters_combine(busy: Terminal) -> None:
    def ids(*options: str) -> list[int]:
        return [run["id"] for run in busy("feed", "--json", *options).json]

    assert ids() == [4, 3, 2, 1]
    assert ids("--limit", "2") == [4, 3]
    assert ids("--action", "subscription.cancel") == [2, 1]
    assert ids("--subject", "account:42", "--outcome", "refused") == [2]
    assert ids("--actor", "priya@acme.com", "--reason", "outage") == [4]
    assert ids("--actor", "sam@acme.com") == []
    assert ids("--since", "2000-01-01", "--until", "2000-01-02") == []
    assert ids("--since", "2000-01-01") == [4, 3, 2, 1]
    assert ids("--namespace", "subscription") == [2, 1]
    assert ids("--tag", "access") == [3]
    assert ids("--requested-by", "=1+1") == [1]
    assert ids("--asked-by", "priya@acme.com") == []
    assert ids("--kind", "account", "--namespace", "account") == [3]
    assert len(busy("feed").out.splitlines()) == 4 + 3
    assert "No runs match" in busy("feed", "--reason", "nothing").err


def test_actions_are_found_by_text_namespace_and_tag(terminal: Terminal) -> None:
    def names(*options: str) -> list[str]:
        return sorted(entry["name"] for entry in terminal("actions", "--json", *options).json)

    assert len(names()) == 15
    assert "subscription.grant_lifetime" not in names()
    assert names("money") == ["invoice.refund"]
    assert names("--namespace", "gift") == ["gift.package", "gift.reset_code"]
    assert names("--tag", "privacy") == ["account.export"]
    assert "firsthand new" in terminal("actions", "fly to the moon").err


def test_who_says_who_you_are_and_who_may(busy: Terminal) -> None:
    assert busy("who").out == "Priya (priya@acme.com): support\n"
    assert "sam@acme.com" in busy("who", "account.merge").out
    assert busy("who", "nothing").code == 1


def test_every_reading_command_has_json(busy: Terminal) -> None:
    assert busy("who", "--json").json["id"] == "priya@acme.com"
    assert [person["id"] for person in busy("who", "account.merge", "--json").json["people"]] == ["sam@acme.com"]
    assert {finding["level"] for finding in busy("doctor", "--json").json} == {"fine"}
    assert busy("db", "--json").json["runs"] == 4
    for command in ("actions", "asks", "feed", "people", "stats --by action"):
        assert isinstance(busy(*command.split(), "--json").json, list)


def test_exports_carry_everything_and_no_formulas(busy: Terminal) -> None:
    lines = [json.loads(line) for line in busy("export").out.splitlines()]
    assert [run["id"] for run in lines] == [4, 3, 2, 1]
    assert [event["kind"] for event in lines[0]["events"]] == ["recorded", "performing", "succeeded"]
    rows = list(csv.DictReader(io.StringIO(busy("export", "--format", "csv").out)))
    assert rows[3]["requested_by"] == "'=1+1"
    assert not [cell for row in rows for cell in row.values() if cell[:1] in "=+-@" and cell]


def test_db_and_doctor_say_that_all_is_well(busy: Terminal) -> None:
    assert "4 runs, " in busy("db").out
    said = busy("doctor")
    assert said.code == 0, said.out
    assert f"SQLite {sqlite3.sqlite_version}" in said.out
    assert "Its file is sound." in said.out
    assert "No other program has the journal open." in said.out


def test_doctor_names_a_foreign_program(busy: Terminal) -> None:
    foreign = sqlite3.connect(busy.folder / "firsthand.db")
    foreign.execute("SELECT 1 FROM runs").fetchall()
    said = busy("doctor")
    assert said.code == 1
    assert "Other programs have the journal open" in said.out
    foreign.close()


def test_db_upgrade_sets_a_journal_up_and_says_when_there_is_nothing_to_do(bare: Terminal) -> None:
    assert bare("feed").code == 1
    assert bare("db", "upgrade").code == 0
    assert bare("db", "upgrade").code == 0
    assert bare("feed", "--json").json == []


def test_people_are_added_changed_and_let_go_on_record(terminal: Terminal) -> None:
    assert terminal("people", "add", "sam@acme.com").code == 1
    assert terminal("people", "add", "kim", "--login", LOGIN).code == 1
    assert terminal("people", "change", "sam@acme.com", "--role", "support", "--role", "lead").code == 0
    assert terminal("people", "remove", "sam@acme.com").code == 0
    people = {person["id"]: person for person in terminal("people", "--json").json}
    assert people["priya@acme.com"]["administers"]
    assert not people["sam@acme.com"]["administers"]
    assert not people["sam@acme.com"]["active"]
    shown = terminal("feed").out
    assert f"{LOGIN} changed Sam: roles: lead, billing → support, lead." in shown
    assert f"{LOGIN} added Priya (support)." in shown


def test_a_change_of_who_may_stands_in_the_feed(bare: Terminal) -> None:
    source = (
        "from firsthand import Desk\n"
        "desk = Desk('Acme', why=['fraud'])\n"
        "@desk.action('it.works', who='{role}')\n"
        "def works() -> str:\n    return 'x'\n"
    )
    bare.environment["FIRSTHAND_DESK"] = "support:desk"
    bare("people", "add", "priya", "--role", "support", "--login", LOGIN)
    for role in ("support", "lead"):
        (bare.folder / "support.py").write_text(source.format(role=role))
        bare("run", "it.works", "--reason", "fraud", PYTHONDONTWRITEBYTECODE="1")
    assert "it.works: who: Support. → Lead." in bare("feed").out


def test_reading_works_without_the_desk_and_on_a_read_only_journal(busy: Terminal) -> None:
    del busy.environment["FIRSTHAND_DESK"]
    busy.environment["FIRSTHAND_DATABASE"] = "sqlite:///firsthand.db?mode=ro"
    assert len(busy("feed", "--json").json) == 4
    assert busy("show", "1").code == 0
    assert busy("stats", "--by", "action", "--json").json[0] == {"key": "subscription.cancel", "runs": 2}


def test_follow_shows_new_runs_as_they_end(terminal: Terminal) -> None:
    import subprocess
    import sys

    following = subprocess.Popen(
        [sys.executable, "-u", "-m", "firsthand", "feed", "--follow", "--json"],
        cwd=terminal.folder, env=terminal.environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        import time

        time.sleep(0.8)
        terminal("run", "subscription.cancel", "--account", "42", "--reason", "fraud")
        assert following.stdout is not None
        assert json.loads(following.stdout.readline())["action"] == "subscription.cancel"
    finally:
        following.kill()
        following.wait()
