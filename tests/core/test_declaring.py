"""Manual actions are declared by whoever has the right; nobody's edit is overwritten; every version stays."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from firsthand import Desk, Refused
from firsthand.core.manual import LONGEST, MOST_STEPS, Manual
from firsthand.testing import trial

from .shop import Shop

STEPS = "1. Call the customer\n2. Move the account"


@pytest.fixture
def desk(shop: Shop) -> Desk:
    shop.desk.declares = ("lead",)

    @shop.desk.action("account.close", who="lead", aliases=["account.end"])
    def close(account: int) -> None: ...

    @shop.desk.action("payroll", who="boss", ask="nobody")
    def payroll() -> None: ...

    return shop.desk


@pytest.fixture
def t(desk: Desk):
    with trial(desk, ada=[], priya="support", sam="lead") as t:
        yield t


def declare(desk: Desk, name: str = "account.move", by: str = "sam", **said) -> Manual:
    return desk.declare(name, by=by, **{"who": "support", "steps": STEPS, **said})


def code_of(call, *args, **kwargs) -> str:
    with pytest.raises(Refused) as raised:
        call(*args, **kwargs)
    assert raised.value.fix
    return raised.value.code


def kinds(t) -> list[str]:
    events = t.journal.history.events_of_no_run(0, 2**62, 100)
    return [
        each.kind for each in sorted(events, key=lambda each: each.id) if each.kind not in ("person_added", "catalogue")
    ]


def test_whoever_administers_or_has_the_role_declares_and_all_others_are_refused_on_record(desk, t):
    assert declare(desk).version == 1
    assert declare(desk, "account.look_at", by="ada").version == 1
    assert code_of(declare, desk, "account.steal", by="priya") == "no_right"
    assert code_of(desk.retire, "account.move", by="priya", version=1) == "no_right"
    assert kinds(t)[-4:] == ["declared", "declared", "refused_try", "refused_try"]
    assert t.journal.manuals.get("account.steal") is None
    assert [desk.may_declare(t.journal.person(id)) for id in ("ada", "priya", "sam")] == [True, False, True]


def test_nobody_but_who_administers_may_where_no_role_is_named(desk, t):
    desk.declares = ()
    assert code_of(declare, desk) == "no_right"
    assert declare(desk, by="ada").by == "ada"


def test_an_edit_is_a_version_and_all_versions_stay(desk, t):
    declare(desk, why=["fraud"], tags=["x"], title="Move it", owner="us", subject="account", description="Moves.")
    declare(desk, who=["support", "lead"], version=1, by="ada")
    first, second = reversed(t.journal.manuals.versions("account.move"))
    assert (first.version, first.by, first.who, first.why, first.title) == (
        1,
        "sam",
        ("support",),
        ("fraud",),
        "Move it",
    )
    assert (second.version, second.by, second.who, second.why, second.title) == (
        2, "ada", ("support", "lead"), ("asked", "our mistake"), "",
    )  # fmt: skip
    event = t.journal.history.last_of_kind("redeclared", 0)
    assert event.data["declaration"] == second.declaration()
    assert {
        "action": "account.move",
        "change": "who",
        "before": ["support"],
        "after": ["support", "lead"],
    } in event.data["changes"]


def test_what_changes_nothing_is_no_version(desk, t):
    first = declare(desk)
    assert declare(desk, version=1) == first
    assert kinds(t).count("redeclared") == 0


def test_an_edit_of_an_older_version_is_refused_naming_who_was_faster(desk, t):
    declare(desk)
    declare(desk, version=1, steps="1. Look", by="ada")
    with pytest.raises(Refused, match=r"Ada changed account\.move meanwhile \(version 2\)\.") as raised:
        declare(desk, version=1, steps="1. Wait")
    assert raised.value.code == "changed_meanwhile"
    assert code_of(declare, desk) == "changed_meanwhile"
    assert code_of(declare, desk, version=7, steps="1. Wait") == "changed_meanwhile"
    assert t.journal.manuals.get("account.move").steps == "1. Look"


def test_of_many_who_edit_at_once_exactly_one_wins_each_version_and_none_is_lost(desk, t):
    declare(desk)
    editors, rounds, refused = 8, 6, []

    def edit(editor: int) -> list[int]:
        won = []
        for _ in range(rounds):
            current = t.journal.manuals.get("account.move")
            try:
                saved = declare(desk, version=current.version, steps=f"1. Editor {editor} after {current.version}")
            except Refused as error:
                refused.append(error.code)
            else:
                won.append(saved.version)
                mine = next(
                    each for each in t.journal.manuals.versions("account.move") if each.version == current.version + 1
                )
                assert mine.steps == f"1. Editor {editor} after {current.version}"
        return won

    with ThreadPoolExecutor(editors) as pool:
        list(pool.map(edit, range(editors)))
    versions = [each.version for each in t.journal.manuals.versions("account.move")]
    assert versions == list(range(len(versions), 0, -1))
    assert len(versions) > rounds
    assert len(versions) - 1 + len(refused) == editors * rounds
    assert set(refused) <= {"changed_meanwhile"}
    assert kinds(t).count("redeclared") == len(versions) - 1


@pytest.mark.parametrize(
    "said",
    [
        {"who": []},
        {"who": ["a", "a"]},
        {"who": ["a\nb"]},
        {"who": [f"role {n}" for n in range(51)]},
        {"steps": ""},
        {"steps": "# Only a heading"},
        {"steps": "- x\n" * (MOST_STEPS + 1)},
        {"steps": "x" * (LONGEST["steps"] + 1)},
        {"steps": "1. \x1b[2J"},
        {"steps": "1. \ud800"},
        {"title": "a\nb"},
        {"title": "x" * 201},
        {"description": "\x00"},
        {"tags": [" "]},
        {"why": ["x" * 201]},
        {"subject": "nothing"},
        {"name": ""},
        {"name": "-x"},
        {"name": "x" * 201},
        {"name": "account.close"},
        {"name": "account.end"},
    ],
    ids=lambda said: repr(said)[:40],
)
def test_a_declaration_with_a_fault_is_refused_and_nothing_recorded(said, desk, t):
    before = kinds(t)
    with pytest.raises(Refused) as raised:
        declare(desk, **said)
    assert raised.value.code == "declaration_invalid"
    assert "\x1b" not in raised.value.message
    assert kinds(t) == before
    assert t.journal.manuals.all() == []


def test_a_hidden_name_and_one_that_is_known_are_taken_alike(desk, t):
    said = []
    for name in ("account.close", "payroll"):
        with pytest.raises(Refused) as raised:
            declare(desk, name)
        said.append(raised.value.message.replace(name, "NAME"))
    assert said[0] == said[1]


def test_the_name_of_a_hidden_action_that_is_gone_is_taken_for_whoever_may_not_know_of_it(desk, t):
    t.run("payroll", by="sam", reason="asked")
    t.person("bo", ["boss", "lead"])
    later = Desk("Acme", declares=("lead",))
    later.use(t.journal, desk.clock)
    with pytest.raises(Refused) as raised:
        declare(later, "payroll")
    assert raised.value.message == "The name payroll is taken by another action."
    assert declare(later, "account.close").version == 1, "everybody could know of that one"
    assert declare(later, "payroll", by="bo").version == 1
    assert declare(later, "payroll", title="Pay", version=1).version == 2, "now everybody may know of it"


def test_it_stands_in_the_catalogue_as_any_action_does(desk, t):
    declare(desk, subject="account", tags=["x"])
    entries = dict(t.journal.history.catalogue())
    entry, code = entries["account.move"], entries["account.close"]
    assert set(entry) == {*code, "manual", "steps", "version"}
    assert (entry["manual"], entry["steps"], entry["who"]) == (
        True,
        ["Call the customer", "Move the account"],
        "Support.",
    )
    described = desk.actions.get("account.move").describe()
    assert described["inputs"][0]["subject"] == entry["inputs"][0]["subject"] == "account"
    assert {key: value for key, value in described.items() if key != "inputs"} == {
        key: value for key, value in entry.items() if key != "inputs"
    }
    assert [each.name for each in desk.actions] == ["account.close", "payroll", "account.move"]


def test_a_retired_one_is_gone_until_it_is_declared_again(desk, t):
    declare(desk)
    assert code_of(desk.retire, "account.move", by="sam", version=2) == "changed_meanwhile"
    assert desk.retire("account.move", by="sam", version=1).retired
    assert desk.actions.get("account.move") is None
    assert "account.move" not in dict(t.journal.history.catalogue())
    assert t.run("account.move", by="priya", reason="asked").refusal.code == "unknown_action"
    assert code_of(desk.retire, "account.move", by="sam", version=2) == "unknown_action"
    assert code_of(desk.retire, "nothing", by="sam", version=1) == "unknown_action"
    assert declare(desk, version=2).version == 3
    assert desk.actions.get("account.move").manual
    assert kinds(t)[-3:] == ["declared", "retired", "redeclared"]


def test_code_takes_over_a_name_or_an_alias_and_the_history_goes_on(desk, t):
    declare(desk, "account.move")
    declare(desk, "account.shift")
    run = t.run("account.move", by="priya", reason="asked")

    @desk.action("account.move", who="lead", aliases=["account.shift"])
    def move() -> str:
        return "moved"

    after = t.run("account.move", by="sam", reason="asked")
    assert (after.outcome, after.value) == ("succeeded", "moved")
    assert t.run("account.shift", by="sam", reason="asked").action == "account.move"
    entries = dict(t.journal.history.catalogue())
    assert "manual" not in entries["account.move"]
    assert "account.shift" not in entries
    assert [each.name for each in desk.actions if each.manual] == []
    assert code_of(declare, desk, "account.shift", version=1) == "declaration_invalid"
    assert desk.finish(run.id, "succeeded", by="sam").outcome == "succeeded"


def test_a_desk_that_has_not_started_opens_no_journal_for_its_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    desk = Desk("Acme")
    assert (list(desk.actions), desk.actions.get("x"), desk.work_out().get("x")) == ([], None, None)
    assert list(tmp_path.iterdir()) == []


def test_the_events_alone_give_the_state(desk, t):
    declare(desk)
    declare(desk, "account.look_at", tags=["x"])
    declare(desk, version=1, who="lead")
    desk.retire("account.look_at", by="sam", version=1)
    told: dict[str, Manual] = {}
    for event in t.journal.history.events_after(0, 1_000):
        if event.kind in ("declared", "redeclared", "retired"):
            data = event.data
            told[data["action"]] = Manual.of(
                data["declaration"], name=data["action"], version=data["version"], by=event.actor, at=event.at
            )
    assert list(told.values()) == sorted(t.journal.manuals.all(), key=lambda each: list(told).index(each.name))
    assert all(replace(each) == each for each in told.values())
