"""Signing in and out, by a session."""

from flask import Blueprint, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from library.models import Member, db

blueprint = Blueprint("signing_in", __name__)


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> Response | str | tuple[str, int]:
    """Sign a member in, and send them where they were going."""
    if request.method == "GET":
        return render_template("sign_in.html")
    member = db.session.get(Member, request.form["id"])
    if member is None or not member.may_sign_in(request.form["password"]):
        return render_template("sign_in.html", problem="That is not right."), 401
    session.clear()
    session["member"] = member.id
    return redirect(own_path(request.args.get("next", "")) or url_for("home"))


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """Sign whoever is there out."""
    session.clear()
    return redirect(url_for("home"))


def own_path(path: str) -> str:
    """Return a path of this site; empty for an address of any other."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() else ""
