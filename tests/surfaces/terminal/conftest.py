"""The terminal on the demo's desk, as Priya."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from .terminals import LOGIN, Terminal


@pytest.fixture
def bare(tmp_path: Path) -> Terminal:
    """A terminal without a journal and without a desk."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FIRSTHAND", "NO_COLOR"))}
    return Terminal(tmp_path, {**kept, "FIRSTHAND_DATABASE": "sqlite:///firsthand.db"})


@pytest.fixture
def terminal(bare: Terminal) -> Terminal:
    """A terminal at which Priya sits, who has the role support; Sam is a lead."""
    bare.environment["FIRSTHAND_DESK"] = "firsthand.demo.support:desk"
    assert bare("people", "add", "priya@acme.com", "--name", "Priya", "--role", "support", "--login", LOGIN).code == 0
    assert bare("people", "add", "sam@acme.com", "--name", "Sam", "--role", "lead", "--role", "billing").code == 0
    return bare


@pytest.fixture
def as_sam(terminal: Terminal) -> Callable[[], None]:
    """Have Sam sit down at the terminal."""

    def change() -> None:
        assert terminal("people", "change", "priya@acme.com", "--no-login").code == 0
        assert terminal("people", "change", "sam@acme.com", "--login", LOGIN).code == 0

    return change
