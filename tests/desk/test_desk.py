import ast
import importlib
import inspect
import sys
import textwrap
from pathlib import Path

import pytest

import firsthand
from firsthand import Desk, DeskError, FirsthandError, Settings, SettingsError, UnknownActor
from firsthand.testing import trial

ROOT = Path(firsthand.__file__).parent


class Account:
    def __init__(self, id: int) -> None:
        self.id = id


def test_making_a_desk_opens_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    desk = Desk("Acme")

    @desk.action("a", who="support")
    def a() -> None: ...

    assert [action.name for action in desk.actions] == ["a"]
    assert list(tmp_path.iterdir()) == []


def test_a_desk_uses_the_database_of_the_settings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FIRSTHAND_DATABASE", f"sqlite:///{tmp_path / 'set.db'}")
    desk = Desk("A")
    with pytest.raises(UnknownActor):
        desk.run("a", by="priya")
    desk.journal.close()
    assert (tmp_path / "set.db").exists()


def test_a_desk_may_be_told_in_code_where_its_journal_is_and_keeps_to_that(tmp_path, monkeypatch):
    monkeypatch.setenv("FIRSTHAND_DATABASE", f"sqlite:///{tmp_path / 'environment.db'}")
    monkeypatch.setenv("FIRSTHAND_URL", "https://acme.example")
    desk = Desk("A")
    assert desk.settings().database.endswith("environment.db")
    desk.open(Settings.load(database=f"sqlite:///{tmp_path / 'code.db'}"))
    assert (desk.opened_by, desk.settings().url) == (desk.settings(), "https://acme.example")
    assert desk.settings().database.endswith("code.db")
    desk.journal.close()
    desk.use(None)
    assert desk.opened_by is None
    with pytest.raises(SettingsError, match="no setting databse"):
        Settings.load(databse="sqlite:///x.db")


def test_a_desk_with_problems_performs_nothing_and_names_them_all():
    desk = Desk("Acme")
    done = []

    @desk.action("a", who="support")
    def a() -> None:
        done.append(1)

    @desk.action("b")
    def b() -> None: ...

    @desk.resource
    def session():
        yield 1

    @desk.subject()
    def account(id: int): ...

    with trial(desk, priya="support") as t:
        for call in (t.run, t.ask):
            with pytest.raises(DeskError) as caught:
                call(a, by="priya")
    assert done == []
    assert str(caught.value).splitlines() == [
        "The desk cannot start:",
        "- the resource session: it needs a return type, such as -> Iterator[Session].",
        "- the subject account: it needs a return type, such as -> Account | None.",
        "- b: it does not say who may perform it; add who=, to it or to its namespace.",
    ]


def test_what_is_registered_late_is_there_for_the_next_run_and_in_the_catalogue():
    desk = Desk("Acme", why=["asked"])

    @desk.action("a", who="support")
    def a() -> None: ...

    with trial(desk, priya="support") as t:
        assert t.run(a, by="priya", reason="asked").outcome == "succeeded"
        assert t.run("b", {"account": 1}, by="priya").refusal.code == "unknown_action"

        @desk.subject()
        def account(id: int) -> Account | None:
            return Account(id)

        @desk.action("b", who="support")
        def b(account: Account) -> None: ...

        assert t.run(b, {"account": 1}, by="priya", reason="asked").outcome == "succeeded"
        assert [name for name, _ in t.journal.history.catalogue()] == ["a", "b"]


def test_a_function_that_is_no_action_cannot_be_run():
    desk = Desk("Acme")

    def stray() -> None: ...

    with trial(desk, priya="support") as t:
        with pytest.raises(FirsthandError, match=r"stray is not an action of this desk. Register it"):
            t.run(stray, by="priya")
        with pytest.raises(FirsthandError):
            t.ask(stray, by="priya")


def test_a_desk_warns_of_roles_that_nobody_has():
    desk = Desk("Acme")
    for name, who in (
        ("a", "support"),
        ("b", ["lead", "support"]),
        ("c", {"lead": True}),
        ("d", "lead"),
        ("e", "lead"),
    ):
        desk.action(name, who=who, ask="auditor")(lambda: None)
    desk.action("f", who="support", ask="nobody")(lambda: None)
    with trial(desk, priya="support", gus="lead") as t:
        t.journal.people.change("gus", by="root", active=False)
        assert desk.warnings() == [
            "Nobody has the role auditor (actions that name it: 5).",
            "Nobody has the role lead (actions that name it: 4).",
        ]
        t.person("lena", ["lead", "auditor"])
        assert desk.warnings() == []


# Discovering


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package with actions in two modules, one of them nested, and a __main__ that must not run."""
    home = tmp_path / "shopsupport"
    (home / "deep").mkdir(parents=True)
    files = {
        "__init__.py": "", "desk.py": 'from firsthand import Desk\ndesk = Desk("Acme")', "deep/__init__.py": "",
        "one.py": 'from shopsupport.desk import desk\n@desk.action("one", who="support")\ndef one() -> None: ...',
        "deep/two.py": 'from shopsupport.desk import desk\n@desk.action("two", who="support")\ndef two() -> None: ...',
        "__main__.py": "raise SystemExit('ran')",
    }  # fmt: skip
    for name, text in files.items():
        (home / name).write_text(textwrap.dedent(text))
    monkeypatch.syspath_prepend(str(tmp_path))
    yield home
    for name in [name for name in sys.modules if name.split(".")[0] == "shopsupport"]:
        del sys.modules[name]


def test_discover_imports_a_package_and_all_in_it_but_does_not_run_it(package):
    desk = importlib.import_module("shopsupport.desk").desk
    desk.discover("shopsupport")
    desk.discover("shopsupport")
    assert sorted(action.name for action in desk.actions) == ["one", "two"]


def test_discover_takes_a_single_module_too(package):
    desk = importlib.import_module("shopsupport.desk").desk
    desk.discover("shopsupport.one")
    assert [action.name for action in desk.actions] == ["one"]


def test_discover_says_what_cannot_be_imported(package):
    desk = importlib.import_module("shopsupport.desk").desk
    (package / "deep" / "three.py").write_text("import nothing_of_that_name")
    with pytest.raises(ModuleNotFoundError, match="nothing_of_that_name"):
        desk.discover("shopsupport")
    with pytest.raises(ModuleNotFoundError):
        desk.discover("shopsupport.nothing")


# The public names


def test_the_public_names_are_sorted_few_and_all_there():
    assert firsthand.__all__ == sorted(firsthand.__all__)
    assert len(firsthand.__all__) <= 25
    assert set(firsthand.__all__) <= set(dir(firsthand))
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        _ = firsthand.Nothing


@pytest.mark.parametrize("name", firsthand.__all__)
def test_every_public_name_is_documented_and_so_are_its_methods(name):
    value = getattr(firsthand, name)
    text = inspect.getdoc(value)
    assert text
    assert not text.startswith(f"{name}("), "a dataclass's own signature is no documentation"
    if inspect.isclass(value):
        for key, member in vars(value).items():
            if not key.startswith("_") and (inspect.isfunction(member) or isinstance(member, property)):
                assert inspect.getdoc(member), f"{name}.{key}"


def test_what_type_checkers_see_is_what_there_is():
    tree = ast.parse((ROOT / "__init__.py").read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    assert sorted(alias.name for node in block.body for alias in node.names) == firsthand.__all__


def test_a_role_that_nobody_has_is_said_at_start_once_until_the_catalogue_changes(caplog):
    desk = Desk("Acme", why=["asked"])

    @desk.action("a", who=["support", "lead"])
    def a() -> None: ...

    with trial(desk, priya="support") as t:
        for _ in range(2):
            t.run(a, by="priya", reason="asked")
        assert [record.getMessage() for record in caplog.records] == [
            "Nobody has the role lead (actions that name it: 1)."
        ]
