"""What tests of support actions need: ``trial``, and ``conforms``, which holds a whole desk to what it promises."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from firsthand.testing.conformance import Conformance, conforms
    from firsthand.testing.examples import Example
    from firsthand.testing.trials import START, Trial, trial

__all__ = ["START", "Conformance", "Example", "Trial", "conforms", "trial"]

HOMES = {
    "START": "trials",
    "Conformance": "conformance",
    "Example": "examples",
    "Trial": "trials",
    "conforms": "conformance",
    "trial": "trials",
}


def __getattr__(name: str) -> Any:
    """Resolve a public name where it is first used: pytest imports this package in every run, used or not."""
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{HOMES[name]}"), name)
    globals()[name] = value
    return value
