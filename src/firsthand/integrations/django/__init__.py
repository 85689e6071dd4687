"""Firsthand as a part of a Django project: ``INSTALLED_APPS = [..., "firsthand.integrations.django"]``.

Each app's ``support.py`` is imported at start, as its ``admin.py`` is, and registers actions with the project's desk:
``from firsthand.integrations.django import desk``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from firsthand.integrations.django.blocks import SupportMixin
    from firsthand.integrations.django.choices import Choices
    from firsthand.integrations.django.desks import Desk
    from firsthand.integrations.django.project import desk
    from firsthand.integrations.django.views import console_urls

__all__ = ["Choices", "Desk", "SupportMixin", "console_urls", "desk"]

HOMES = {"Choices": "choices", "Desk": "desks", "SupportMixin": "blocks", "console_urls": "views", "desk": "project"}


def __getattr__(name: str) -> Any:
    """Resolve a public name where it is first used: Django imports this package before its settings are read."""
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{HOMES[name]}"), name)
    globals()[name] = value
    return value
