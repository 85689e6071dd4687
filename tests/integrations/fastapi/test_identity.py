"""Who is there is whom the host's own dependency says, asked with every request, and nobody else."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from fastapi import Depends, HTTPException, Request, Response, Security
from fastapi.responses import RedirectResponse
from fastapi.security import APIKeyCookie, SecurityScopes

from firsthand import Person
from firsthand.integrations.fastapi import mount

from ..django.served import HIDDEN, Visitor
from .service import Service, User, serving

AT = "/support/actions/order.cancel"


def email(user: User) -> str:
    return user.email


def mounted(service: Service, identify: Any, id: Any = None, sign_in_url: str | None = "/login") -> None:
    mount(service.app, service.desk, "/support", identify=identify, id=id, sign_in_url=sign_in_url)


def signed_in(port: int, email: str = "priya@acme.com") -> Visitor:
    visitor = Visitor(port)
    assert visitor.ask("POST", f"/sign-in/{email}", {})[0] == 200
    return visitor


def test_whoever_the_session_names_performs_an_action_and_sees_the_run(service: Service) -> None:
    mounted(service, service.by_cookie(), email)
    with serving(service.app) as port:
        visitor = signed_in(port)
        status, there = visitor.perform("order.cancel", order=3)
        assert (status, there) == (303, "/support/runs/1")
        assert "Order 3 is cancelled." in visitor.ask("GET", there)[2]
    run = service.desk.journal.run(1)
    assert (run.actor, run.surface, run.status) == ("priya@acme.com", "console", "succeeded")
    assert service.done() == (1, 1)


def test_whoever_is_not_signed_in_goes_to_the_hosts_own_page_and_comes_back(sqlite_service: Service) -> None:
    mounted(sqlite_service, sqlite_service.by_cookie(), email)
    with serving(sqlite_service.app) as port:
        status, there, _ = Visitor(port).ask("GET", "/support/actions?q=a%20b")
        assert (status, there) == (303, "/login?next=%2Fsupport%2Factions%3Fq%3Da%2520b")
        assert signed_in(port).ask("GET", "/support/actions?q=a%20b")[0] == 200


def test_a_bearer_token_is_an_identity_and_without_a_page_to_sign_in_nobody_is_sent_anywhere(
    sqlite_service: Service,
) -> None:
    mounted(sqlite_service, sqlite_service.by_bearer(), sign_in_url=None)
    with serving(sqlite_service.app) as port:
        status, there, page = Visitor(port).ask("GET", "/support/")
        assert (status, there) == (401, "")
        assert "Nobody is signed in." in page
        assert Visitor(port, Authorization="Bearer wrong").ask("GET", "/support/")[0] == 401
        assert Visitor(port, Authorization="Bearer token of eve").ask("GET", "/support/")[0] == 403
        assert Visitor(port, Authorization="Bearer token of priya@acme.com").perform("order.cancel", order=1)[0] == 303


CHANGES: dict[str, Callable[[Service, Visitor], object]] = {
    "signed out": lambda service, visitor: visitor.ask("POST", "/sign-out", {}),
    "inactive": lambda service, _: service.change("UPDATE users SET active = false"),
    "gone": lambda service, _: service.change("DELETE FROM users"),
    "demoted": lambda service, _: service.change("UPDATE users SET roles = ''"),
    "forged": lambda _, visitor: visitor.cookies.update(session="forged"),
}


@pytest.mark.parametrize("how", CHANGES)
def test_whoever_is_out_inactive_gone_or_demoted_can_do_nothing_with_an_open_page(service: Service, how: str) -> None:
    mounted(service, service.by_cookie(), email)
    with serving(service.app) as port:
        visitor = signed_in(port)
        _, _, page = visitor.ask("GET", AT)
        fields = {**dict(HIDDEN.findall(page)), "inputs.order": 1, "reason": "customer asked", "do": "run"}
        CHANGES[how](service, visitor)
        status, there, _ = visitor.ask("POST", AT, fields)
        if how == "demoted":
            assert (status, service.desk.journal.run(1).refusal.code) == (303, "no_right")
        else:
            assert (status, there) == (401, "")
            assert visitor.ask("GET", "/support/")[0] == 303
            assert service.desk.journal.run(1) is None
    assert service.done() == (0, 0)


def test_headers_and_cookies_of_ones_own_making_give_no_identity(sqlite_service: Service) -> None:
    mounted(sqlite_service, sqlite_service.by_cookie(), email)
    forged = {
        name: "priya@acme.com"
        for name in (
            "Remote-User",
            "X-Remote-User",
            "X-Forwarded-User",
            "X-Signed-In-As",
            "firsthand.who",
            "Authorization",
        )
    }
    with serving(sqlite_service.app) as port:
        visitor = Visitor(port, **forged)
        visitor.cookies |= {
            "firsthand": "x",
            "session": "eyJlbWFpbCI6ICJwcml5YUBhY21lLmNvbSJ9.x.y",
            "firsthand.who": "x",
        }
        assert visitor.ask("GET", AT)[0] == 303
        assert visitor.ask("POST", AT, {"inputs.order": 1, "do": "run"})[0] == 401
        assert Visitor(port).ask("POST", "/support/sign-in", {"person": "priya@acme.com", "password": ""})[0] == 403
    assert sqlite_service.done() == (0, 0)


def test_a_dependencys_own_resources_are_closed_before_the_page_is_answered(sqlite_service: Service) -> None:
    mounted(sqlite_service, sqlite_service.by_cookie(), email)

    @sqlite_service.desk.action("look", who="support")
    def look() -> str:
        sqlite_service.seen.append("performed")
        return str(sqlite_service.engine.pool.checkedout())  # type: ignore[attr-defined]

    with serving(sqlite_service.app) as port:
        signed_in(port).perform("look")
    assert sqlite_service.seen[1:-1] == ["session closed", "session closed", "performed"]
    assert sqlite_service.desk.journal.run(1).value == "0"


def test_overrides_and_sub_dependencies_hold_as_for_a_route(sqlite_service: Service) -> None:
    identify = sqlite_service.by_cookie()
    mounted(sqlite_service, identify, email)
    with serving(sqlite_service.app) as port:
        assert Visitor(port).ask("GET", "/support/")[0] == 303
        sqlite_service.app.dependency_overrides[identify] = lambda: User(email="priya@acme.com")
        assert Visitor(port).ask("GET", "/support/")[0] == 200
        sqlite_service.app.dependency_overrides.clear()
        assert Visitor(port).ask("GET", "/support/")[0] == 303


def scoped(scopes: SecurityScopes, key: Annotated[str, Security(APIKeyCookie(name="key"))]) -> str | None:
    return key if scopes.scopes == ["support"] else None


def asked_twice(request: Request) -> Person:
    assert request.app.title == "FastAPI"
    assert request.state.pool == "of the host"
    return Person("priya@acme.com", "Whatever", ["lead"], administers=True)


@pytest.mark.parametrize(
    "identify",
    [Security(scoped, scopes=["support"]), Annotated[str, Security(scoped, scopes=["support"])], asked_twice],
)
def test_what_a_route_may_depend_on_may_identify(sqlite_service: Service, identify: Any) -> None:
    mounted(sqlite_service, identify)
    with serving(sqlite_service.app) as port:
        visitor = Visitor(port)
        visitor.cookies["key"] = "priya@acme.com"
        assert visitor.perform("order.cancel", order=1)[0] == 303
    assert sqlite_service.desk.journal.people.known("priya@acme.com").roles == ("support",)  # the desk's people say


def test_a_user_of_whom_nobody_says_what_the_id_is_is_the_hosts_error_and_lets_nobody_in(
    sqlite_service: Service,
) -> None:
    mounted(sqlite_service, sqlite_service.by_cookie())
    with serving(sqlite_service.app) as port:
        assert signed_in(port).ask("GET", "/support/")[0] == 500
    with pytest.raises(TypeError, match="identify is a dependency"):
        mount(sqlite_service.app, sqlite_service.desk, "/other", identify="priya")


class NotSignedIn(Exception):
    """The host's own."""


def test_what_the_host_answers_itself_it_answers_here_too(sqlite_service: Service) -> None:
    app = sqlite_service.app

    @app.exception_handler(NotSignedIn)
    def elsewhere(request: Request, error: NotSignedIn) -> Response:
        return RedirectResponse(f"/own-login?from={request.url.path}", 302)

    def identify(request: Request) -> str | None:
        how = request.headers["how"]
        if how == "redirected":
            raise NotSignedIn
        raise HTTPException(int(how), "Said by the host.")

    mounted(sqlite_service, identify)
    with serving(app) as port:
        assert Visitor(port, how="redirected").ask("GET", "/support/")[:2] == (302, "/own-login?from=/support/")
        assert Visitor(port, how="401").ask("GET", "/support/")[:2] == (303, "/login?next=%2Fsupport%2F")
        status, there, page = Visitor(port, how="403").ask("GET", "/support/")
        assert (status, there, "may not use this desk" in page) == (403, "", True)
        assert Visitor(port, how="429").ask("GET", "/support/") == (429, "", '{"detail":"Said by the host."}')
        script = Visitor(port, how="redirected", **{"HX-Request": "true"})
        assert script.ask("GET", "/support/")[:2] == (401, "")


def test_a_session_that_the_dependency_renews_reaches_the_browser(sqlite_service: Service) -> None:
    def identify(response: Response) -> str:
        response.set_cookie("renewed", "yes")
        return "priya@acme.com"

    mounted(sqlite_service, identify)
    with serving(sqlite_service.app) as port:
        visitor = Visitor(port)
        assert visitor.ask("GET", "/support/")[0] == 200
        assert visitor.cookies["renewed"] == "yes"


def test_no_thread_of_the_console_waits_for_one_of_the_hosts(sqlite_service: Service) -> None:
    """A hundred at once are more than the host has threads, each of which the dependency needs, too."""

    def identify(user: Annotated[str, Depends(lambda: "priya@acme.com")]) -> str:
        return user

    mounted(sqlite_service, identify)
    answers: Counter[int] = Counter()
    with serving(sqlite_service.app) as port:
        assert Visitor(port).ask("GET", "/support/")[0] == 200
        threads = [
            threading.Thread(target=lambda: answers.update([Visitor(port).ask("GET", "/support/")[0]]))
            for _ in range(100)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join(60)
    assert answers == {200: 100}


def test_a_page_is_of_whom_the_host_names_now_so_a_form_of_another_is_none(sqlite_service: Service) -> None:
    sqlite_service.change("INSERT INTO users (email, roles, active) VALUES ('sam@acme.com', 'support', true)")
    mounted(sqlite_service, sqlite_service.by_cookie(), email)
    with serving(sqlite_service.app) as port:
        visitor = signed_in(port)
        _, _, page = visitor.ask("GET", AT)
        assert re.search(r"priya@acme.com", page)
        visitor.ask("POST", "/sign-in/sam@acme.com", {})
        fields = {**dict(HIDDEN.findall(page)), "inputs.order": 1, "reason": "customer asked", "do": "run"}
        assert visitor.ask("POST", AT, fields)[0] == 403
    assert sqlite_service.done() == (0, 0)
