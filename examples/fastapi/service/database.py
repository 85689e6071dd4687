"""The database of the service: where it is, and how a session on it is had."""

import os
from collections.abc import Iterator

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

URL = os.environ.get("DATABASE_URL", "postgresql://localhost/morning")

engine = create_engine(URL.replace("postgresql://", "postgresql+psycopg://", 1))


def get_session() -> Iterator[Session]:
    """Give a session, committed where nothing was raised: to routes by `Depends`, and to the desk."""
    with Session(engine) as session, session.begin():
        yield session
