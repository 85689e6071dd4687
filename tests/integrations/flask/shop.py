"""An application as Flask's people write one: a factory, Flask-SQLAlchemy, users with sessions; and its support."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, current_app, g, redirect, request, session
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import Mapped, Session, mapped_column

from firsthand import Desk, Person, Refused
from firsthand.integrations.flask import Firsthand, session_of

db = SQLAlchemy()
desk = Desk("Shop", environment="production", why=["customer asked"])
desk.resource(session_of(db))
firsthand = Firsthand(desk=desk, identify=lambda: session.get("user"), sign_in_url="sign_in")


class User(db.Model):  # type: ignore[name-defined,misc]
    """Somebody who works here."""

    id: Mapped[str] = mapped_column(primary_key=True)
    roles: Mapped[str] = mapped_column(default="")
    active: Mapped[bool] = mapped_column(default=True)


class Order(db.Model):  # type: ignore[name-defined,misc]
    """What somebody bought."""

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str]
    state: Mapped[str] = mapped_column(default="open")


class Payment(db.Model):  # type: ignore[name-defined,misc]
    """What was paid for an order."""

    id: Mapped[int] = mapped_column(primary_key=True)
    order: Mapped[int]
    amount: Mapped[int]


@desk.people
def person(id: str) -> Person | None:
    user = db.session.get(User, id)
    return Person(id, id.capitalize(), roles=user.roles.split()) if user and user.active else None


def found(text: str) -> list[Order]:
    return list(db.session.scalars(db.select(Order).where(Order.number.contains(text))))


@desk.subject(search=found, label=lambda order: order.number)
def order(id: int) -> Order | None:
    """An order, which nobody else changes until the run ends."""
    return db.session.get(Order, id, with_for_update=True)


def is_open(order: Order) -> bool:
    """The order is open."""
    return db.session.scalar(db.select(Order.state).where(Order.id == order.id)) == "open"


def cancelled(order: Order, note: str) -> str:
    """Cancel an order, and then do what the note says."""
    order.state = "cancelled"
    db.session.add(Payment(order=order.id, amount=-1))
    db.session.flush()
    if note == "raise":
        raise ValueError("half of it is done")
    if note == "refuse":
        raise Refused("Not this one.")
    if note == "kill":
        os._exit(9)
    if note == "commit":
        db.session.commit()
    if note == "COMMIT":
        db.session.execute(db.text("COMMIT"))
    return f"{order.number} cancelled in {current_app.name}"


@desk.action("order.cancel", who="support", when=is_open)
def cancel(order: Order, session: Session, note: str = "") -> str:
    """Cancel an order."""
    return cancelled(order, note)


@desk.action("order.void", who="support", when=is_open, mode="transactional")
def void(order: Order, session: Session, note: str = "") -> str:
    """Cancel an order, in one transaction with the record of it."""
    assert session is db.session()
    return cancelled(order, note)


@desk.action("order.tell", who="support")
async def tell(order: Order) -> str:
    """Tell somebody."""
    return f"{order.number} is {db.session.get(Order, order.id).state}"


@desk.action("order.without", who="support")
def without(order: Order) -> None:
    """Change an order and commit nothing."""
    order.state = "lost"
    db.session.flush()


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """Make the application; a server's is told by its environment."""
    folder = os.environ.get("SHOP_FOLDER", "/nowhere")
    given = dict(config or {})
    app = Flask("shop", instance_path=str(given.pop("FOLDER", folder)))
    app.config.update(SECRET_KEY="secret", SQLALCHEMY_DATABASE_URI=os.environ.get("SHOP_DATABASE", "sqlite:///shop.db"))
    app.config.update(given)
    Path(app.instance_path).mkdir(parents=True, exist_ok=True)
    db.init_app(app)
    firsthand.init_app(app)

    @app.before_request
    def hook() -> None:
        g.seen = request.form.get("csrf", "no form")  # a hook that parses the form before the console does
        if request.headers.get("X-Blocked"):
            abort(418)

    @app.after_request
    def after(response: Response) -> Response:
        response.headers["X-Shop"] = g.get("seen", "")
        return response

    @app.route("/sign-in", methods=["GET", "POST"])
    def sign_in() -> Any:
        if request.method == "POST":
            session["user"] = request.form["name"]
            return redirect(request.args.get("next", "/"))
        return "Who are you?"

    @app.post("/sign-out")
    def sign_out() -> str:
        session.clear()
        return "Bye."

    @app.errorhandler(404)
    def missing(error: Exception) -> tuple[str, int]:
        return "the shop has no such page", 404

    with app.app_context():
        db.create_all()
    return app
