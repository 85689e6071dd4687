"""Choices from querysets."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django.db.models import Model, QuerySet

from firsthand.core import inputs
from firsthand.integrations.django.resources import as_found


class Choices(inputs.Choices):
    """In ``Annotated[int, Choices(Plan.objects.filter(open=True))]``: an object is chosen by its primary key.

    Takes a queryset, a model, or a function that returns one, or what `firsthand.Choices` takes. A queryset is read
    anew each time.
    """

    def __init__(self, given: Any) -> None:
        super().__init__(reading(given))


def reading(given: Any) -> Callable[..., list[Any]]:
    """Return the function that reads the choices."""
    manager = getattr(given, "_default_manager", given)
    if isinstance(given, QuerySet) or manager is not given:
        return lambda: read(manager.all())

    @wraps(given)
    def choices(*args: Any, **kwargs: Any) -> list[Any]:
        return read(given(*args, **kwargs))

    return choices


def read(found: Iterable[Any]) -> list[Any]:
    """Return objects as pairs of primary key and text; anything else as it is."""
    with as_found():
        return [(each.pk, str(each)) if isinstance(each, Model) else each for each in found]
