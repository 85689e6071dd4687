"""A FastAPI service as these tests have it: users with roles, orders, sessions in a cookie and bearer tokens."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.security import OAuth2PasswordBearer
from sqlalchemy import ForeignKey, create_engine, func, select, text
from sqlalchemy.engine import Engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from starlette.middleware.sessions import SessionMiddleware

from firsthand import Desk, Person, Settings
from firsthand.core.marking import POSTGRESQL, SQLITE


class Base(DeclarativeBase):
    """The service's tables."""


class User(Base):
    """Somebody who may sign in."""

    __tablename__ = "users"
    email: Mapped[str] = mapped_column(primary_key=True)
    roles: Mapped[str] = mapped_column(default="support")
    active: Mapped[bool] = mapped_column(default=True)


class Order(Base):
    """What a customer ordered."""

    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(default="open")


class Payment(Base):
    """What was paid back for an order."""

    __tablename__ = "payments"
    id: Mapped[int] = mapped_column(primary_key=True)
    order: Mapped[int] = mapped_column(ForeignKey("orders.id"))


@dataclass
class Service:
    """The service on a database, with its desk; ``seen`` is what happened, in order."""

    database: str
    journal: str
    seen: list[str] = field(default_factory=list)
    engine: Engine = field(init=False)
    desk: Desk = field(init=False)
    app: FastAPI = field(init=False)

    def __post_init__(self) -> None:
        self.engine = create_engine(self.database, pool_size=5, max_overflow=0, pool_timeout=10)
        self.desk = Desk("Shop", why=["customer asked"])
        self.desk.open(Settings(database=self.journal))
        self.app = FastAPI(lifespan=self.lifespan)
        self.app.add_middleware(SessionMiddleware, secret_key="not a secret")
        self.register()
        self.route()

    def set_up(self) -> Service:
        """Make the tables, a user and ten orders."""
        Base.metadata.create_all(self.engine)
        with self.engine.begin() as connection:
            connection.connection.driver_connection.execute(SQLITE if self.on_sqlite else POSTGRESQL)
        with Session(self.engine) as session, session.begin():
            session.add_all([User(email="priya@acme.com"), *(Order(id=id) for id in range(1, 11))])
        return self

    @property
    def on_sqlite(self) -> bool:
        return self.database.startswith("sqlite")

    @asynccontextmanager
    async def lifespan(self, app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        self.seen.append("host up")
        yield {"pool": "of the host"}
        self.seen.append("host down")

    def session(self) -> Iterator[Session]:
        """Give a session as a service's endpoints have it."""
        with Session(self.engine) as session:
            yield session
        self.seen.append("session closed")

    def register(self) -> None:
        """Register what support does."""
        desk = self.desk

        @desk.resource
        def session() -> Iterator[Session]:
            with Session(self.engine) as session, session.begin():
                yield session

        @desk.people
        def person(id: str, session: Session) -> Person | None:
            user = session.get(User, id)
            return Person(user.email, user.email, user.roles.split()) if user and user.active else None

        @desk.subject()
        def order(id: int, session: Session) -> Order | None:
            """An order."""
            return session.get(Order, id, with_for_update=True)

        def is_open(order: Order) -> bool:
            """The order is open."""
            return order.state == "open"

        @desk.action("order.cancel", who="support", when=is_open, mode="transactional")
        def cancel(order: Order, session: Session) -> str:
            """Cancel an order, and pay it back."""
            order.state = "cancelled"
            session.flush()
            self.pay(session, order)
            return f"Order {order.id} is cancelled."

    def pay(self, session: Session, order: Order) -> None:
        """Pay an order back."""
        session.add(Payment(order=order.id))

    def route(self) -> None:
        """Route what the service itself answers."""

        @self.app.post("/sign-in/{email}")
        def sign_in(email: str, request: Request) -> str:
            request.session["email"] = email
            return "in"

        @self.app.post("/sign-out")
        def sign_out(request: Request) -> str:
            request.session.clear()
            return "out"

    def by_cookie(self) -> Any:
        """Return the dependency that goes by the session; it has one of its own, which is closed after it."""

        def current_user(request: Request, session: Session = Depends(self.session)) -> User:
            user = session.get(User, request.session.get("email", ""))
            if user is None or not user.active:
                raise HTTPException(401)
            return user

        return current_user

    def by_bearer(self) -> Any:
        """Return the dependency that goes by a bearer token."""
        scheme = OAuth2PasswordBearer("token")

        async def current_user(token: str = Depends(scheme)) -> str | None:
            return token.removeprefix("token of ") if token.startswith("token of ") else None

        return current_user

    def change(self, sql: str) -> None:
        """Change something in the database."""
        with self.engine.begin() as connection:
            connection.execute(text(sql))

    def done(self) -> tuple[int, int]:
        """Return how many orders are cancelled and how many payments there are."""
        with Session(self.engine) as session:
            cancelled = session.scalar(select(func.count()).where(Order.state == "cancelled"))
            return int(cancelled or 0), int(session.scalar(select(func.count(Payment.id))) or 0)


@contextmanager
def serving(app: Any, **said: Any) -> Iterator[int]:
    """Serve an application by a real uvicorn, and give the port; its lifespan is over in the end."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", **said))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        thread.join(0.01)
    assert server.started
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
