"""Who is signed in: a session in a signed cookie, looked up anew with every request."""

from html import escape
from typing import Annotated

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy.orm import Session

from service.database import engine, get_session
from service.models import User

router = APIRouter(include_in_schema=False)
hasher = PasswordHasher()
NOBODY = hasher.hash("the password of nobody")

Database = Annotated[Session, Depends(get_session)]

PAGE = """<!doctype html><html lang="en"><title>Morning</title><h1>Morning</h1>{problem}
<form method="post"><input type="hidden" name="next" value="{next}">
<label>E-mail <input name="email" autocomplete="username"></label>
<label>Password <input name="password" type="password" autocomplete="current-password"></label>
<button>Sign in</button></form></html>"""


def current_user(request: Request) -> User:
    """Return the user who is signed in and active; answers 401 where there is none.

    By a session of its own, so that no connection is held while the route, or a run, takes another.
    """
    with Session(engine) as session:
        user = session.get(User, request.session.get("user", ""))
    if user is None or not user.active:
        raise HTTPException(401, "Nobody is signed in.")
    return user


CurrentUser = Annotated[User, Depends(current_user)]


@router.get("/login")
def login_page(next: str = "/support/") -> HTMLResponse:
    """Show the form to sign in."""
    return HTMLResponse(PAGE.format(problem="", next=escape(next)))


@router.post("/login", response_model=None)
def login(
    request: Request,
    session: Database,
    email: Annotated[str, Form()],
    password: Annotated[str, Form()],
    next: Annotated[str, Form()] = "/support/",
) -> HTMLResponse | RedirectResponse:
    """Sign somebody in, and send them on to the page that they wanted, which is one of ours."""
    user = session.get(User, email)
    try:
        hasher.verify(user.password if user else NOBODY, password)
    except VerifyMismatchError:
        user = None
    if user is None or not user.active:
        return HTMLResponse(PAGE.format(problem="<p>That is not right.</p>", next=escape(next)), 401)
    request.session["user"] = user.email
    ours = next.startswith("/") and not next.startswith(("//", "/\\"))
    return RedirectResponse(next if ours else "/support/", 303)


@router.post("/logout")
def logout(request: Request) -> RedirectResponse:
    """Sign somebody out."""
    request.session.clear()
    return RedirectResponse("/login", 303)
