"""Firsthand as an extension of Flask: ``Firsthand(app, desk)``, or ``init_app`` from an application's factory.

The console is under a prefix of the application, whose sessions say who is there; ``flask firsthand`` is the terminal.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click
from flask import Blueprint, Flask, Response, current_app, has_app_context, request, url_for

from firsthand.core.actors import Person
from firsthand.core.errors import FirsthandError
from firsthand.settings import Settings, anchored, from_files

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from firsthand.desk import Desk

NAME = "firsthand"
"""What the extension of an application's first, or only, desk is called."""

ENDPOINT = "console"


class Firsthand:
    """The extension: puts a desk into applications, each with a console, a terminal and a journal of its own.

    ``identify`` takes nothing, is called within the request, and returns who is signed in: None, an id, a ``Person``,
    or a user with ``get_id()`` or ``id``; without it people sign in with a password of Firsthand's own.
    ``sign_in_url`` is where whoever is not signed in is sent: an endpoint, or a URL. A second desk of one application
    needs a ``name`` of its own, by which its settings, its endpoint and its command are called.
    """

    def __init__(
        self,
        app: Flask | None = None,
        desk: Desk | None = None,
        *,
        identify: Callable[[], Any] | None = None,
        sign_in_url: str | None = None,
        url_prefix: str = "/support",
        name: str = NAME,
    ) -> None:
        self.desk = desk
        self.identify = identify
        self.sign_in_url = sign_in_url
        self.url_prefix = url_prefix
        self.name = name
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask, desk: Desk | None = None) -> None:
        """Make the desk a part of an application; raises ``FirsthandError`` where there is none, or the name is taken.

        The configuration is read now. A desk is a part of one application at a time: of the last one that it was put
        into, as where each test makes an application anew.
        """
        desk = desk or self.desk
        if desk is None:
            raise FirsthandError(
                "There is no desk to put into the application.", "Say which one: Firsthand(app, desk)."
            )
        if self.name in app.extensions:
            raise FirsthandError(
                f"The application has an extension {self.name!r} already.", 'Give this one another: name="office".'
            )
        part = Part(app, desk, self)
        app.extensions[self.name] = part
        app.register_blueprint(part.blueprint(), url_prefix=self.url_prefix)
        app.cli.add_command(part.command())


class Part:
    """A desk as a part of an application."""

    def __init__(self, app: Flask, desk: Desk, extension: Firsthand) -> None:
        self.app = app
        self.desk = desk
        self.extension = extension
        self.name = extension.name
        self.guard = threading.Lock()
        self.made: Starlette | None = None
        self.settings = settings_of(app, self.name)
        if before := part_of(desk):
            before.leave()
        if environment := chosen(app, self.name, "ENVIRONMENT"):
            desk.environment = environment
        desk.around = self.context
        desk.open(self.settings)

    def context(self) -> AbstractContextManager[object]:
        """Return an application's context, in which ``current_app``, ``g`` and ``db.session`` are a run's own."""
        return self.app.app_context()

    def leave(self) -> None:
        """Stop what the console does by itself, since another application has the desk from now on."""
        if self.made is not None:
            self.made.state.console.stop()

    # The console

    def blueprint(self) -> Blueprint:
        """Return the blueprint of the console: one rule for all of its pages, and for its own files."""
        blueprint = Blueprint(self.name, __name__)
        blueprint.url_value_preprocessor(lambda endpoint, values: self.come_first(blueprint))
        for rule, given in (("/", {"page": ""}), ("/<path:page>", {})):
            blueprint.add_url_rule(rule, ENDPOINT, self.view, defaults=given, methods=["GET", "POST"])
        return blueprint

    def come_first(self, blueprint: Blueprint) -> None:
        """Prepare a request before the application's own hooks see it.

        The console's forms carry tokens of its own, so Flask-WTF's are not asked for; and a hook that parses the form
        leaves nothing of it behind unless the request keeps it.
        """
        exempt = getattr(current_app.extensions.get("csrf"), "exempt", None)
        if exempt is not None:
            exempt(blueprint)
        body_of_request()

    def view(self, page: str) -> Response:
        """Answer a request: hand it to the console, whose answer becomes Flask's."""
        from firsthand.integrations.wsgi import WHO, answered_elsewhere, scope_of

        if part_of(self.desk) is not self:
            raise FirsthandError(
                f"The desk {self.desk.name} is a part of another application by now.", "Make a desk for each."
            )
        scope = scope_of(request.environ, request.root_path + request.path, page, request.host, request.scheme)
        identify = self.extension.identify
        scope[WHO] = id_of(identify()) if identify is not None and not page.startswith("static/") else None
        answer = answered_elsewhere(self.console(), scope, body_of_request())
        response = Response(answer.body, answer.status, answer.headers)
        if not any(name == "content-type" for name, _ in answer.headers):
            del response.headers["content-type"]
        return response

    def console(self) -> Starlette:
        """Return the console; made with the first request, when all endpoints are known."""
        from firsthand.asgi import console
        from firsthand.integrations.wsgi import WHO

        with self.guard:
            if self.made is None:
                identify = None if self.extension.identify is None else lambda request: request.scope[WHO]
                self.made = console(self.desk, identify=identify, sign_in_url=self.sign_in_url(), url=self.settings.url)
            return self.made

    def sign_in_url(self) -> str | None:
        """Return where people sign in."""
        said = self.extension.sign_in_url
        return said if said is None or "/" in said else url_for(said)

    # The terminal

    def command(self) -> click.Command:
        """Return ``flask firsthand``, which hands all that it is given to the terminal."""

        def perform(arguments: Sequence[str]) -> None:
            sys.exit(self.terminal(list(arguments)))

        return click.Command(
            self.name, callback=perform, params=[click.Argument(["arguments"], nargs=-1, type=click.UNPROCESSED)],
            context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
            add_help_option=False, help="Perform support actions, and see what was performed.",
        )  # fmt: skip

    def terminal(self, arguments: list[str]) -> int:
        """Run the terminal at this desk and its journal, and return its exit code."""
        from firsthand.integrations.terminal import look_up
        from firsthand.surfaces.terminal.main import perform

        told = {"DATABASE": self.settings.database, "DESK": f"{__name__}:{self.name}", "URL": self.settings.url}
        try:
            with self.context(), environment({f"FIRSTHAND_{name}": value for name, value in told.items()}):
                look_up(self.desk, self.settings, arguments)
                return perform(arguments)
        finally:
            self.desk.open(self.settings)


def part_of(desk: Desk) -> Part | None:
    """Return how a desk is a part of an application; None where it is of none."""
    owner = getattr(desk.around, "__self__", None)
    return owner if isinstance(owner, Part) else None


def __getattr__(name: str) -> Desk:
    """Return a desk of the current application by its name: here the terminal finds it, as ``module:name``."""
    part = current_app.extensions.get(name) if has_app_context() else None
    if isinstance(part, Part):
        return part.desk
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@contextmanager
def environment(told: dict[str, str]) -> Iterator[None]:
    """Have variables in the environment meanwhile."""
    before = dict(os.environ)
    os.environ.update(told)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


# What is set


def chosen(app: Flask, name: str, key: str) -> str:
    """Return what an application's configuration says, such as ``FIRSTHAND_DATABASE``; empty where nothing."""
    return str(app.config.get(f"{name.upper()}_{key}") or "")


def settings_of(app: Flask, name: str) -> Settings:
    """Return the settings of a desk: those of the configuration, else of the environment and ``firsthand.toml``.

    Where nothing says it, the journal is ``firsthand.db`` in the application's instance folder; while it is tested, in
    a folder that is gone afterwards.
    """
    instance = Path(app.instance_path)
    settings = Settings.load()
    if said := chosen(app, name, "DATABASE"):
        settings = replace(settings, database=anchored(said, instance))
    elif app.testing:
        settings = replace(settings, database=f"sqlite:///{passing(app)}/{name}.db?synchronous=off")
    elif name != NAME or not said_elsewhere():
        settings = replace(settings, database=f"sqlite:///{instance / name}.db")
    if settings.database.startswith(f"sqlite:///{instance}/"):
        instance.mkdir(parents=True, exist_ok=True)
    return replace(settings, url=chosen(app, name, "URL") or settings.url * (name == NAME))


def said_elsewhere() -> bool:
    """Say whether the environment or a file says where the journal is."""
    return bool(os.environ.get("FIRSTHAND_DATABASE")) or "database" in from_files(Path.cwd())[0]


def passing(app: Flask) -> str:
    """Return a new folder that is gone when the application is."""
    folder = tempfile.mkdtemp(prefix="firsthand-")
    weakref.finalize(app, shutil.rmtree, folder, ignore_errors=True)
    return folder


# What is given


def body_of_request() -> bytes:
    """Return what is sent with the request, kept for whoever else reads it; nothing of what is too large."""
    from firsthand.surfaces.console.limits import LARGEST

    return request.get_data() if 0 < (request.content_length or 0) <= LARGEST else b""


def id_of(who: Any) -> str | None:
    """Return the id of whom the application says is signed in; None for nobody, an anonymous or an inactive user.

    Raises ``TypeError`` for what has no id.
    """
    if isinstance(who, (NoneType, Person)):
        return who.id if who and who.active else None
    if isinstance(who, (str, int, UUID)) and not isinstance(who, bool):
        return str(who)
    if not getattr(who, "is_authenticated", True) or not getattr(who, "is_active", True):
        return None
    get_id = getattr(who, "get_id", None)
    id = get_id() if callable(get_id) else getattr(who, "id", None)
    if not isinstance(id, (str, int, UUID)):
        raise TypeError(f"identify returned a {type(who).__name__}: return an id, a user with get_id() or id, or None")
    return str(id)


def session_of(db: Any) -> Callable[[], Iterator[Any]]:
    """Return a desk's resource that gives Flask-SQLAlchemy's session: ``desk.resource(session_of(db))``.

    It is ``db.session`` itself, as the code that is called sees it: committed where the run succeeds, rolled back where
    it does not, and removed. The table of marks, by which transactional actions prove what they did, becomes one of
    those of ``db``.
    """
    from sqlalchemy.orm import Session

    add_marks(db)

    def session() -> Iterator[Session]:
        try:
            yield db.session()
            db.session.commit()
        finally:
            db.session.remove()

    session.__annotations__ = {"return": Iterator[Session]}
    return session


def add_marks(db: Any) -> None:
    """Have ``db.create_all()`` and migrations know of the table of marks; on PostgreSQL with its trigger."""
    from sqlalchemy import DDL, BigInteger, Column, Table, Text, event

    from firsthand.core.marking import POSTGRESQL, SQLITE, TABLE

    if TABLE not in db.metadata.tables:
        columns = (
            Column("run", Text, primary_key=True),
            Column("outcome", Text),
            Column("at", BigInteger, nullable=False),
        )
        trigger = DDL(POSTGRESQL.removeprefix(SQLITE))  # type: ignore[no-untyped-call]
        event.listen(Table(TABLE, db.metadata, *columns), "after_create", trigger.execute_if(dialect="postgresql"))
