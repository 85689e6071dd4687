"""First-class support: what a team does by hand in production, named, checked, performed and on record."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from firsthand.core.version import __version__ as __version__

if TYPE_CHECKING:
    from firsthand.core.actors import Person
    from firsthand.core.checks import Check, check
    from firsthand.core.errors import (
        DeskError,
        FirsthandError,
        JournalError,
        JournalMissing,
        JournalOutdated,
        JournalUnavailable,
        Refused,
        SettingsError,
        UnknownActor,
    )
    from firsthand.core.files import File
    from firsthand.core.inputs import Choices
    from firsthand.core.namespace import Namespace
    from firsthand.core.runs import Failure, OutcomeError, Refusal, Run, Subject
    from firsthand.desk import Desk
    from firsthand.settings import Settings

__all__ = [
    "Check",
    "Choices",
    "Desk",
    "DeskError",
    "Failure",
    "File",
    "FirsthandError",
    "JournalError",
    "JournalMissing",
    "JournalOutdated",
    "JournalUnavailable",
    "Namespace",
    "OutcomeError",
    "Person",
    "Refusal",
    "Refused",
    "Run",
    "Settings",
    "SettingsError",
    "Subject",
    "UnknownActor",
    "check",
]

_HOMES = {
    "Check": "core.checks",
    "Choices": "core.inputs",
    "Desk": "desk",
    "Failure": "core.runs",
    "File": "core.files",
    "Namespace": "core.namespace",
    "OutcomeError": "core.runs",
    "Person": "core.actors",
    "Refusal": "core.runs",
    "Run": "core.runs",
    "Settings": "settings",
    "Subject": "core.runs",
    "check": "core.checks",
}


def __getattr__(name: str) -> Any:
    """Resolve a public name where it is first used, so that reading the journal imports no more than it needs."""
    if name not in __all__:
        raise AttributeError(f"module 'firsthand' has no attribute {name!r}")
    value = getattr(import_module(f"firsthand.{_HOMES.get(name, 'core.errors')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
