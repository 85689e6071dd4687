"""One's own account: the password, the sessions, and what one's roles are."""

from __future__ import annotations

from starlette.responses import Response

from firsthand.core.errors import FirsthandError
from firsthand.storage.accounts import NotSignedIn, PasswordRefused
from firsthand.storage.passwords import SHORTEST, TooBusy
from firsthand.storage.throttle import Slowed
from firsthand.surfaces.console.sessions import UNSEEN, text_of
from firsthand.surfaces.console.slowing import address_of
from firsthand.surfaces.console.visit import NotFound, Visit
from firsthand.surfaces.console.visitors import SESSION, remember, signed_in, turn_away

DONE = {
    "password": "Your password is changed. You are signed out everywhere else.",
    "everywhere": "You are signed out everywhere.",
}


def account_page(visit: Visit) -> Response:
    """Show one's own account."""
    return show(visit)


def show(visit: Visit, status: int = 200, problem: FirsthandError | None = None) -> Response:
    """Return one's own account, with what was wrong."""
    local = visit.console.identify is None
    visitor = signed_in(visit.console, visit.request) if local else None
    return visit.render(
        "account.html", status, UNSEEN, local=local, problem=problem, shortest=SHORTEST,
        sessions=visit.console.accounts.sessions(visit.person.id) if local else [],
        this=visitor.session if visitor else None, done=DONE.get(visit.asked("done"), ""),
    )  # fmt: skip


def change_password(visit: Visit) -> Response:
    """Change one's password; every other session ends."""
    require_local(visit)
    old, new = text_of(visit.form, "old"), text_of(visit.form, "password")
    try:
        if new != text_of(visit.form, "again"):
            raise PasswordRefused("The two are not the same.", "Type the new password twice.")
        address = address_of(visit.request.scope)
        token = visit.console.accounts.change_password(visit.person, old, new, address)
    except Slowed as error:
        turn_away(visit.request, "throttled")
        response = show(visit, 429, error)
        response.headers["retry-after"] = str(error.seconds)
        return response
    except (NotSignedIn, PasswordRefused, TooBusy) as error:
        return show(visit, 422, error)
    remember(visit.console, visit.request, SESSION, token)
    return visit.redirect("/account", done="password")


def sign_out_everywhere(visit: Visit) -> Response:
    """End all of one's sessions, this one too."""
    require_local(visit)
    visit.console.accounts.sign_out_everywhere(visit.person.id, visit.person)
    remember(visit.console, visit.request, SESSION, "")
    return visit.redirect("/sign-in")


def require_local(visit: Visit) -> None:
    """Raise ``NotFound`` where the host says who is there: passwords and sessions are its own then."""
    if visit.console.identify is not None:
        raise NotFound("There is no such page.", "Passwords and sessions are those of the site around the console.")


PAGES = (
    ("GET", "/account", account_page),
    ("POST", "/account/password", change_password),
    ("POST", "/account/sign-out-everywhere", sign_out_everywhere),
)
