"""A lending library: its members, its books, what is lent, and what is owed."""

from collections.abc import Mapping

from flask import Flask, render_template, session

from firsthand.integrations.flask import Firsthand
from library import signing_in, stock
from library.models import Book, Member, db
from library.support import desk

firsthand = Firsthand(desk=desk, identify=lambda: session.get("member"), sign_in_url="signing_in.sign_in")


def create_app(config: Mapping[str, object] | None = None) -> Flask:
    """Make the application; FLASK_SECRET_KEY and so on configure it."""
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY="for this example alone",
        SESSION_COOKIE_SAMESITE="Lax",
        SQLALCHEMY_DATABASE_URI="sqlite:///library.db",
        FIRSTHAND_ENVIRONMENT="production",
    )
    app.config.from_prefixed_env()
    app.config.update(config or {})
    db.init_app(app)
    firsthand.init_app(app)
    app.register_blueprint(signing_in.blueprint)
    app.cli.add_command(stock.command)

    @app.get("/")
    def home() -> str:
        """Show the books, and whether they are there."""
        member = db.session.get(Member, session.get("member", ""))
        return render_template("home.html", books=db.session.scalars(db.select(Book)), member=member)

    return app
