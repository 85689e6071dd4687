"""A console that is a part of its host: it begins and ends with it, wherever it stands, and leaves the rest alone."""

from __future__ import annotations

import asyncio
import logging
import re
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from firsthand import Desk, DeskError, Person, Settings
from firsthand.integrations import attending, starlette
from firsthand.integrations.fastapi import mount
from firsthand.storage.journal import SqlJournal
from tests import postgres

from ...surfaces.notify.servers import Mailbox, until
from ..django.served import Visitor
from .service import Order, Service, serving


def priya() -> str:
    return "priya@acme.com"


def mounted(service: Service, path: str = "/support") -> None:
    mount(service.app, service.desk, path, identify=priya)


def own_threads() -> set[str]:
    """Return the names of the threads that run while a console does."""
    return {each.name for each in threading.enumerate() if each.name.startswith("firsthand-")} - {
        "firsthand-loop",
        "firsthand-output",
    }


def test_it_begins_after_its_host_and_ends_before_it_whose_state_is_its_own(sqlite_service: Service) -> None:
    @sqlite_service.app.get("/pool")
    def pool(request: Request) -> str:
        return str(request.state.pool)

    follow = attending.Attending.start, attending.Attending.stop
    mounted(sqlite_service)
    seen = sqlite_service.seen

    def noted(name: str, plain: Any) -> Any:
        return lambda self: (plain(self), seen.append(name))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attending.Attending, "start", noted("console up", follow[0]))
        patch.setattr(attending.Attending, "stop", noted("console down", follow[1]))
        with serving(sqlite_service.app) as port:
            assert Visitor(port).ask("GET", "/pool")[2] == '"of the host"'
            assert {"firsthand-followers", "firsthand-worker-1", "firsthand-following"} <= own_threads()
    assert seen == ["host up", "console up", "console down", "host down"]
    assert own_threads() == set()
    assert sqlite_service.desk.engine is not None


def test_a_host_may_be_started_again_and_without_workers(sqlite_service: Service) -> None:
    mount(sqlite_service.app, sqlite_service.desk, "/support", identify=priya, workers=0)
    for order in (1, 2):
        with serving(sqlite_service.app) as port:
            assert "firsthand-worker-1" not in own_threads()
            assert Visitor(port).perform("order.cancel", order=order)[0] == 303
    assert sqlite_service.done() == (2, 2)


def test_what_is_wrong_with_the_desk_stops_the_host_at_its_start(sqlite_service: Service) -> None:
    @sqlite_service.desk.action("nobody.may")
    def nobody_may() -> None: ...

    mounted(sqlite_service)

    async def started() -> None:
        async with sqlite_service.app.router.lifespan_context(sqlite_service.app):
            raise AssertionError("it has started")

    with pytest.raises(DeskError, match="does not say who may perform it"):
        asyncio.run(started())
    assert sqlite_service.seen[-1:] != ["host down"]
    assert own_threads() == set()


def test_a_journal_that_is_away_stops_no_host_and_is_tried_again(
    sqlite_service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(attending, "PAUSE", 0.1)
    sqlite_service.desk.open(Settings(database=f"sqlite:///{tmp_path / 'there' / 'journal.db'}?synchronous=off"))
    mounted(sqlite_service)
    with caplog.at_level(logging.WARNING, "firsthand"), serving(sqlite_service.app) as port:
        assert Visitor(port).ask("GET", "/openapi.json")[0] == 200
        assert Visitor(port).ask("GET", "/support/")[0] == 503
        assert "The desk Shop cannot begin" in caplog.text
        (tmp_path / "there").mkdir()
        until = time.monotonic() + 20
        while "firsthand-worker-1" not in own_threads():
            assert time.monotonic() < until
            time.sleep(0.05)
        assert Visitor(port).perform("order.cancel", order=1)[0] == 303
    assert own_threads() == set()


def test_what_waits_is_performed_beside_the_host(service: Service) -> None:
    mounted(service)
    with serving(service.app):
        run = service.desk.run("order.cancel", {"order": 4}, by=priya(), reason="customer asked", background=True)
        assert service.desk.wait(run, 20).status == "succeeded"
    assert service.done() == (1, 1)


def test_who_may_take_an_ask_is_told_of_it_by_the_host(sqlite_service: Service) -> None:
    sqlite_service.change("INSERT INTO users (email, roles, active) VALUES ('tom@acme.com', 'sales', true)")
    desk, mounted_at = sqlite_service.desk, "https://shop.example/support"
    with Mailbox() as mailbox:
        own = {"database": sqlite_service.journal, "url": mounted_at, **mailbox.settings}
        desk.open(Settings(**own))
        mounted(sqlite_service)
        with serving(sqlite_service.app) as port:
            assert Visitor(port).ask("GET", "/support/")[0] == 200  # so that the journal knows Priya
            ask = desk.ask("order.cancel", {"order": 1}, by="tom@acme.com", reason="customer asked")
            clock = desk.clock
            desk.clock = lambda: clock() + 120_000_000
            until(lambda: mailbox.taken, 20)
    assert [each["To"] for each in mailbox.taken] == [priya()]
    assert f"{mounted_at}/runs/{ask.id}" in mailbox.taken[0].as_string()


PROXIES = {
    "uvicorn is told": ({}, {"root_path": "/api"}, ""),
    "the host is told, and the proxy takes the path away": ({"root_path": "/api"}, {}, ""),
    "the host is told, and the proxy leaves the path": ({"root_path": "/api"}, {}, "/api"),
}


@pytest.mark.parametrize("how", PROXIES)
def test_behind_a_proxy_its_addresses_are_those_that_a_browser_needs(tmp_path: Path, how: str) -> None:
    app_said, server_said, kept = PROXIES[how]
    app = FastAPI(**app_said)  # type: ignore[arg-type]
    mount(app, office(tmp_path), "/support", identify=priya)
    with serving(app, **server_said) as port:  # type: ignore[arg-type]
        visitor = Visitor(port)
        status, _, page = visitor.ask("GET", f"{kept}/support/actions/touch")
        assert status == 200
        links = set(re.findall(r'(?:href|src|action)="(/[^"]*)"', page))
        assert {each for each in links if not each.startswith("/api/support/")} == set()
        css = next(each for each in links if ".css" in each)
        assert visitor.ask("GET", css.removeprefix("/api") if not kept else css)[0] == 200


def office(folder: Path, name: str = "Office") -> Desk:
    """Return a desk with an action, whose people are Priya."""
    desk = Desk(name, why=["customer asked"])
    desk.open(Settings(database=f"sqlite:///{folder / name}.db?synchronous=off"))

    @desk.people
    def person(id: str) -> Person | None:
        return Person(id, "Priya", "support") if id == priya() else None

    @desk.action("touch", who="support")
    def touch() -> str:
        """Touch it."""
        return f"Touched at {name}."

    return desk


def test_the_hosts_page_to_sign_in_stands_behind_the_same_proxy(tmp_path: Path) -> None:
    app = FastAPI(root_path="/api")

    def nobody() -> None:
        return None

    mount(app, office(tmp_path), "/support", identify=nobody, sign_in_url="/login")
    with serving(app) as port:
        assert Visitor(port).ask("GET", "/support/inbox")[1] == "/api/login?next=%2Fapi%2Fsupport%2Finbox"


def test_two_desks_are_two_consoles(tmp_path: Path) -> None:
    app = FastAPI()
    for path, name in (("/support", "Office"), ("/back/office", "Warehouse")):
        mount(app, office(tmp_path, name), path, identify=priya)
    with serving(app) as port:
        visitor = Visitor(port)
        for path, name in (("/support", "Office"), ("/back/office", "Warehouse")):
            assert name in visitor.ask("GET", f"{path}/actions/touch")[2]
        _, there = visitor.perform("touch")
        page = visitor.ask("GET", there)[2]
        assert "Touched at Office." in page
        assert f"http://127.0.0.1:{port}/support/runs/1</textarea>" in page  # for the ticket
    assert own_threads() == set()


def test_the_hosts_pages_errors_and_documentation_are_left_alone(sqlite_service: Service) -> None:
    app = sqlite_service.app
    before, handlers = app.openapi()["paths"], dict(app.exception_handlers)
    app.openapi_schema = None
    loggers = logging.getLogger().handlers[:], logging.getLogger("uvicorn.error").level
    mounted(sqlite_service)
    with serving(app) as port:
        visitor = Visitor(port)
        assert visitor.ask("GET", "/nothing") == (404, "", '{"detail":"Not Found"}')
        assert "There is no such page." in visitor.ask("GET", "/support/nothing")[2]
        assert visitor.ask("GET", "/support")[:2] == (307, f"http://127.0.0.1:{port}/support/")
        status, _, page = visitor.ask("PUT", "/support/")
        assert (status, "detail" in page, "<html" in page) == (405, False, True)
    assert app.openapi()["paths"] == before
    assert app.exception_handlers == handlers
    assert loggers == (logging.getLogger().handlers[:], logging.getLogger("uvicorn.error").level)


def test_in_starlette_a_function_of_the_request_tells_who_is_there(tmp_path: Path) -> None:
    def who(request: Request) -> str | None:
        if request.headers.get("how"):
            raise HTTPException(int(request.headers["how"]))
        return request.session.get("id")

    async def sign_in(request: Request) -> Response:
        request.session["id"] = priya()
        return PlainTextResponse("in")

    sessions = Middleware(SessionMiddleware, secret_key="not a secret")
    app = Starlette(routes=[Route("/sign-in", sign_in, methods=["POST"])], middleware=[sessions])
    starlette.mount(app, office(tmp_path), "/support", identify=who, sign_in_url="/login")
    with serving(Starlette(routes=[Mount("/outer", app)], lifespan=app.router.lifespan_context)) as port:
        visitor = Visitor(port)
        assert visitor.ask("GET", "/outer/support/inbox")[0] == 303
        visitor.ask("POST", "/outer/sign-in", {})
        assert visitor.ask("GET", "/outer/support/actions/touch")[0] == 200
        assert Visitor(port, how="401").ask("GET", "/outer/support/")[0] == 303
        assert Visitor(port, how="403").ask("GET", "/outer/support/")[0] == 403
        assert Visitor(port, how="418").ask("GET", "/outer/support/")[0] == 418


def test_without_identify_people_sign_in_with_a_password_of_their_own(tmp_path: Path) -> None:
    app = FastAPI()
    mount(app, office(tmp_path), "/support")
    with serving(app) as port:
        assert Visitor(port).ask("GET", "/support/inbox")[1] == "/support/sign-in?next=%2Finbox"


@pytest.fixture
def database() -> Iterator[str]:
    """The URL of an empty PostgreSQL database."""
    url = postgres.empty()
    yield url
    postgres.dropped(url)


def test_an_async_session_and_its_pool_are_used_on_the_hosts_loop_alone(database: str) -> None:
    """Endpoints, forms and workers share one pool, whose connections belong to the loop that opened them."""
    url = database.removesuffix("&synchronous=off").replace("postgresql://", "postgresql+psycopg_async://")
    engine = create_async_engine(url, pool_size=1, max_overflow=0)
    desk, loops = Desk("Office", why=["customer asked"]), set()
    journal = desk.open(Settings(database=database))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with engine.begin() as connection:
            await connection.execute(text("CREATE TABLE touched (n INT)"))
        yield
        await engine.dispose()

    async def get_session() -> AsyncIterator[AsyncSession]:
        async with AsyncSession(engine) as session:
            yield session

    desk.resource(get_session)

    @desk.people
    async def person(id: str, session: AsyncSession) -> Person | None:
        await session.execute(text("SELECT 1"))
        return Person(id, "Priya", "support")

    @desk.action("touch", who="support")
    async def touch(n: int, session: AsyncSession) -> int:
        """Touch it."""
        loops.add(asyncio.get_running_loop())
        await session.execute(text("INSERT INTO touched VALUES (:n)"), {"n": n})
        await session.commit()
        return n

    app = FastAPI(lifespan=lifespan)
    mount(app, desk, "/support", identify=priya)

    @app.post("/from/async")
    async def from_async() -> str:
        run = await desk.arun(touch, {"n": 1}, by=priya(), reason="customer asked")
        return run.status

    @app.post("/from/def")
    def from_def() -> str:
        return desk.run(touch, {"n": 2}, by=priya(), reason="customer asked").status

    with serving(app) as port:
        visitor = Visitor(port)
        assert visitor.ask("POST", "/from/async", {})[2] == '"succeeded"'
        assert visitor.ask("POST", "/from/def", {})[2] == '"succeeded"'
        assert visitor.perform("touch", n=3)[0] == 303
        waiting = desk.run(touch, {"n": 4}, by=priya(), reason="customer asked", background=True)
        assert desk.wait(waiting, 20).status == "succeeded"
    assert len(loops) == 1
    assert sorted(n for (n,) in journal.database.read("SELECT n FROM public.touched")) == [1, 2, 3, 4]
    journal.close()


def test_a_dependency_that_gives_a_session_is_a_resource_as_it_is(sqlite_service: Service) -> None:
    desk, seen = Desk("Plain", why=["customer asked"]), sqlite_service.seen
    journal = desk.open(Settings(database=f"{sqlite_service.journal}"))
    desk.resource(sqlite_service.session)
    desk.directory = sqlite_service.desk.directory

    @desk.action("close", who="support")
    def close(session: Session) -> str:
        session.get(Order, 1).state = "cancelled"  # type: ignore[union-attr]
        session.commit()
        return "closed"

    assert desk.run("close", by=priya(), reason="customer asked").outcome == "succeeded"
    assert sqlite_service.done() == (1, 0)
    assert seen == ["session closed"]
    assert isinstance(journal, SqlJournal)
    journal.close()
