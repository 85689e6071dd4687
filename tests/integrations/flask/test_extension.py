"""By Flask's conventions: factories, configuration, ``app.extensions``, other extensions, several desks and apps."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

import pytest
from flask import Flask, current_app, session
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from flask_wtf import CSRFProtect

from firsthand import Desk, FirsthandError, Person
from firsthand.integrations.flask import Firsthand, id_of
from firsthand.settings import Settings
from firsthand.testing import trial

from . import shop
from .client import Client
from .conftest import ended, made

HELD: list[Desk] = []


@pytest.fixture(autouse=True)
def closed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Have no settings around, and close the journals of the desks of a test."""
    monkeypatch.chdir(tmp_path)
    yield
    for each in HELD:
        each.journal.close()  # type: ignore[attr-defined]
    HELD.clear()


def desk_of(name: str = "Small") -> Desk:
    """Return a desk whose one action tells which application it is performed in."""
    desk = Desk(name, why=["customer asked"])

    @desk.action("app.tell", who="support")
    def tell() -> str:
        """Tell where it is performed."""
        return current_app.name

    @desk.people
    def person(id: str) -> Person | None:
        return Person(id, id, roles=["support"])

    HELD.append(desk)
    return desk


def plain(folder: Path, name: str = "plain", **config: object) -> Flask:
    """Return an application with a sign-in and nothing else."""
    app = Flask(name, instance_path=str(folder / name))
    app.config.update({"SECRET_KEY": "secret", "TESTING": True, **config})

    @app.post("/sign-in")
    def sign_in() -> object:
        from flask import redirect, request

        session["user"] = request.form["name"]
        return redirect("/")

    return app


def user() -> object:
    return session.get("user")


def signed_in(app: Flask, at: str = "/support") -> Client:
    client = Client(app, at)
    client.sign_in("priya")
    return client


def value(desk: Desk, id: int = 1) -> object:
    run = desk.journal.run(id)
    return run and run.value


def test_two_desks_of_one_application_are_two_consoles_journals_and_commands(tmp_path: Path):
    app, front, back = plain(tmp_path), desk_of("Front"), desk_of("Back office")
    Firsthand(app, front, identify=user)
    Firsthand(app, back, identify=user, name="office", url_prefix="/back/office")
    assert [type(app.extensions[each]).__name__ for each in ("firsthand", "office")] == ["Part", "Part"]
    assert signed_in(app).perform("app.tell").location == "/support/runs/1"
    client = signed_in(app, "/back/office")
    assert "Back office" in client.get().text
    assert client.perform("app.tell").location == "/back/office/runs/1"
    assert front.journal.id != back.journal.id  # type: ignore[attr-defined]
    with app.test_request_context():
        from flask import url_for

        assert url_for("firsthand.console") == "/support/"
        assert url_for("office.console", page="runs/1") == "/back/office/runs/1"
    assert {"firsthand", "office"} <= set(app.cli.commands)


def test_two_applications_of_one_process_each_perform_in_their_own(tmp_path: Path):
    desks = [desk_of("One"), desk_of("Two")]
    apps = [plain(tmp_path, name) for name in ("one", "two")]
    for app, desk in zip(apps, desks, strict=True):
        Firsthand(app, desk, identify=user)
    for app in (*apps, *apps):
        assert signed_in(app).perform("app.tell").status_code == 303
    assert [[value(desk, id) for id in (1, 2)] for desk in desks] == [["one", "one"], ["two", "two"]]


def test_one_extension_makes_each_new_application_of_a_factory_the_desks_own_and_the_old_one_says_so(tmp_path: Path):
    desk = desk_of()
    extension = Firsthand(desk=desk, identify=user)
    apps = [plain(tmp_path, name) for name in ("first", "second")]
    before = set(threading.enumerate())
    for app in apps:
        extension.init_app(app)
        assert signed_in(app).perform("app.tell").status_code == 303
        assert value(desk) == app.name, "each has a journal of its own"
    started = [each for each in threading.enumerate() if each not in before and each.name == "firsthand-followers"]
    assert len(started) == 1, "the console of the first follows nothing any more"
    with pytest.raises(FirsthandError, match="part of another application"):
        signed_in(apps[0]).get()


def test_a_desk_on_trial_is_on_trial_within_the_application_and_as_before_afterwards(tmp_path: Path):
    desk, app = desk_of(), plain(tmp_path)
    Firsthand(app, desk, identify=user)
    own = desk.journal
    with trial(desk, priya="support") as t:
        assert t.run("app.tell", by="priya", reason="customer asked").value == "plain"
    assert desk.journal is own


@pytest.mark.parametrize(
    ("config", "environ", "place"),
    [
        ({}, {}, "sqlite:///{instance}/firsthand.db"),
        ({"FIRSTHAND_DATABASE": "sqlite:///own.db"}, {}, "sqlite:///{instance}/own.db"),
        ({"FIRSTHAND_DATABASE": "sqlite:////var/own.db"}, {}, "sqlite:////var/own.db"),
        ({"FIRSTHAND_DATABASE": "postgresql:///own"}, {}, "postgresql:///own"),
        ({}, {"FIRSTHAND_DATABASE": "sqlite:///said.db"}, "sqlite:///{folder}/said.db"),
        ({"FIRSTHAND_DATABASE": "sqlite:///own.db"}, {"FIRSTHAND_DATABASE": "x"}, "sqlite:///{instance}/own.db"),
    ],
)
def test_the_journal_is_where_the_configuration_says_else_the_environment_else_in_the_instance_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: dict[str, str], environ: dict[str, str], place: str
):
    for name, said in environ.items():
        monkeypatch.setenv(name, said)
    app, desk = plain(tmp_path, **{**config, "TESTING": False}), desk_of()
    Firsthand(app, desk)
    assert app.extensions["firsthand"].settings.database == place.format(instance=app.instance_path, folder=tmp_path)


def test_a_file_says_where_the_journal_is_as_it_does_to_the_terminal(tmp_path: Path):
    (tmp_path / "firsthand.toml").write_text('database = "sqlite:///firsthand.db"\n')
    app = plain(tmp_path, TESTING=False)
    Firsthand(app, desk_of())
    assert app.extensions["firsthand"].settings.database == Settings.load().database


def test_url_and_environment_are_configured_and_the_second_desk_by_its_own_name(tmp_path: Path):
    said = {"FIRSTHAND_URL": "http://localhost/support", "FIRSTHAND_ENVIRONMENT": "staging", "OFFICE_ENVIRONMENT": "qa"}
    app, front, back = plain(tmp_path, **said), desk_of("Front"), desk_of("Back office")
    Firsthand(app, front, identify=user)
    Firsthand(app, back, identify=user, name="office", url_prefix="/office")
    assert (front.environment, back.environment) == ("staging", "qa")
    assert [app.extensions[each].settings.url for each in ("firsthand", "office")] == ["http://localhost/support", ""]
    client = signed_in(app)
    assert client.get().status_code == 200
    assert client.get(headers={"Host": "elsewhere.example"}).status_code == 400


def test_a_journal_of_a_test_is_gone_with_its_application(tmp_path: Path):
    app = plain(tmp_path)
    Firsthand(app, Desk("Gone"))
    folder = Path(app.extensions["firsthand"].settings.database.removeprefix("sqlite:///").partition("?")[0]).parent
    assert folder.is_dir()
    assert not (tmp_path / "plain").exists()
    del app
    gc.collect()
    assert not folder.exists()


def test_without_a_desk_or_with_a_name_that_is_taken_it_says_so(tmp_path: Path):
    app = plain(tmp_path)
    with pytest.raises(FirsthandError, match="no desk"):
        Firsthand(app)
    Firsthand(app, desk_of())
    with pytest.raises(FirsthandError, match="has an extension 'firsthand' already"):
        Firsthand(app, desk_of())


def test_without_identify_people_sign_in_with_a_password_of_firsthands_own(tmp_path: Path):
    desk = Desk("Own", why=["customer asked"])
    HELD.append(desk)

    @desk.action("app.tell", who="support")
    def tell() -> str:
        """Tell where it is performed."""
        return current_app.name

    app = plain(tmp_path)
    Firsthand(app, desk)
    runner = app.test_cli_runner()
    assert runner.invoke(args=["firsthand", "people", "add", "sam", "--role", "support"]).exit_code == 0
    invited = runner.invoke(args=["firsthand", "people", "invite", "sam", "--url", "http://localhost/support"])
    client = Client(app)
    link = invited.output.strip().removeprefix("http://localhost/support")
    from ..django.served import HIDDEN

    fields = dict(HIDDEN.findall(client.get(link).text))
    password = {"password": "correct-horse-9", "again": "correct-horse-9"}
    said = client.browser.post(f"/support{link}", data={**fields, **password}, headers={"Origin": "http://localhost"})
    assert (said.status_code, said.location) == (303, "/support/")
    assert client.perform("app.tell").location == "/support/runs/1"


def test_csrfprotect_guards_the_applications_forms_and_not_the_consoles_in_whatever_order(tmp_path: Path):
    for number, first in enumerate((True, False)):
        app, desk = Flask("csrf", instance_path=str(tmp_path / str(number))), desk_of()
        app.config.update(SECRET_KEY="secret", TESTING=True)
        csrf = CSRFProtect(app) if first else CSRFProtect()
        Firsthand(app, desk, identify=lambda: "priya")
        if not first:
            csrf.init_app(app)
        app.add_url_rule("/own", "own", lambda: "done", methods=["POST"])
        client = Client(app)
        assert client.browser.post("/own").status_code == 400
        assert client.perform("app.tell").status_code == 303
        assert client.send("app.tell", {}).status_code == 403, "the console has a token of its own"


class Member(UserMixin):
    """A user of Flask-Login's."""

    def __init__(self, id: str, active: bool = True) -> None:
        self.id = id
        self.active = active

    @property
    def is_active(self) -> bool:
        return self.active


def test_flask_logins_current_user_is_who_is_there_until_signed_out_or_inactive(tmp_path: Path):
    app, desk, members = plain(tmp_path), desk_of(), {"priya": Member("priya")}
    manager = LoginManager(app)
    manager.user_loader(members.get)
    app.add_url_rule("/in", "log_in", lambda: str(login_user(members["priya"])))
    app.add_url_rule("/out", "log_out", lambda: str(logout_user()))
    Firsthand(app, desk, identify=lambda: current_user, sign_in_url="log_in")
    client = Client(app)
    assert client.get().location == "/in?next=%2Fsupport%2F"
    client.browser.get("/in")
    assert client.perform("app.tell").status_code == 303
    members["priya"].active = False
    assert client.get().location == "/in?next=%2Fsupport%2F"
    members["priya"].active = True
    client.browser.get("/out")
    assert client.get().location == "/in?next=%2Fsupport%2F"


@pytest.mark.parametrize(
    ("who", "id"),
    [
        (None, None), ("", ""), ("priya", "priya"), (7, "7"),
        (UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        (Person("priya", "Priya"), "priya"), (Person("priya", "Priya", active=False), None),
        (Member("priya"), "priya"), (Member("priya", active=False), None),
        (SimpleNamespace(id=7), "7"), (SimpleNamespace(is_authenticated=False), None),
    ],
)  # fmt: skip
def test_whom_identify_names(who: object, id: str | None):
    assert id_of(who) == id


@pytest.mark.parametrize("who", [True, 1.5, object(), SimpleNamespace(id=None), ["priya"]])
def test_what_names_nobody_is_an_error_and_lets_nobody_in(tmp_path: Path, who: object):
    app = plain(tmp_path, TESTING=False, FIRSTHAND_DATABASE=f"sqlite:///{tmp_path}/journal.db")
    Firsthand(app, desk_of(), identify=lambda: who)
    assert Client(app).get().status_code == 500


def test_nothing_of_the_application_is_changed_but_what_it_was_given(tmp_path: Path):
    app = plain(tmp_path)
    before = (dict(app.config), list(app.logger.handlers), logging.getLogger().handlers[:], app.url_map._rules[:])
    Firsthand(app, desk_of(), identify=user)
    signed_in(app).perform("app.tell")
    rules = [each.rule for each in app.url_map.iter_rules() if each not in before[3]]
    assert rules == ["/support/", "/support/<path:page>"]
    assert (dict(app.config), app.logger.handlers, logging.getLogger().handlers) == before[:3]
    assert logging.getLogger("firsthand").handlers == []
    assert not app.before_request_funcs
    assert not app.after_request_funcs
    assert set(app.extensions) == {"firsthand"}


def test_a_database_in_memory_as_tests_have_it_works_too(tmp_path: Path):
    app = made(tmp_path, TESTING=True, SQLALCHEMY_DATABASE_URI="sqlite://")
    client = Client(app)
    client.sign_in("priya")
    assert client.perform("order.void", order=1, note="raise").status_code == 303
    assert client.perform("order.void", order=1, note="").status_code == 303
    statuses = [run and run.status for run in map(shop.desk.journal.run, (1, 2))]
    assert statuses == ["failed", "succeeded"]
    ended(app)
