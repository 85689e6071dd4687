"""Whether every action keeps what it promises, each rule on a library of its own: `pytest test_support.py`."""

import shutil
from pathlib import Path

import pytest
from flask import Flask
from library import create_app
from library.models import Fee, Loan, Member, db
from library.stock import stocked
from library.support import desk, merge, set_password
from sqlalchemy.orm import Session

from firsthand.testing import conforms


def app_on(path: Path) -> Flask:
    """Return the application on the database of a file."""
    return create_app({"TESTING": True, "SQLALCHEMY_DATABASE_URI": f"sqlite:///{path}"})


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that is only copied from."""
    path = tmp_path_factory.mktemp("prepared") / "library.db"
    with app_on(path).app_context():
        db.create_all()
        db.session.add_all(stocked())
        db.session.commit()
        db.engine.dispose()
    return path


@pytest.fixture(autouse=True)
def own_library(prepared: Path, tmp_path: Path) -> Flask:
    """A library for each rule."""
    return app_on(Path(shutil.copyfile(prepared, tmp_path / "library.db")))


def state(session: Session) -> list[tuple[object, ...]]:
    """All that actions change."""
    return [tuple(row) for table in (Member, Loan, Fee) for row in session.execute(db.select(*table.__table__.columns))]


test_support = conforms(
    desk,
    examples={set_password: {"member": "1042"}, merge: {"member": "1042", "other": "1077"}},
    effect=state,
    on_test_data=True,
)
