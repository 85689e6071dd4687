"""Django's models as subjects: what an action takes by its type alone, loaded, searched and locked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from django.contrib.admin import ModelAdmin
from django.contrib.admin.sites import all_sites
from django.core.exceptions import ValidationError
from django.db import connections, models, router
from django.http import HttpRequest

from firsthand.core.binding import bare, parameters_of
from firsthand.core.runs import Run
from firsthand.integrations.django.resources import Connections

MOST = 50
"""Objects that a search gives."""

TYPES: tuple[tuple[type[models.Field[Any, Any]], type], ...] = (
    (models.AutoField, int),
    (models.IntegerField, int),
    (models.UUIDField, UUID),
)
"""What primary keys are as inputs; any other is a text."""

Registered = tuple[Callable[..., Any], dict[str, Any]]


def is_model(annotation: Any) -> bool:
    """Say whether a type is a model that has a table."""
    model: Any = annotation
    return isinstance(model, type) and issubclass(model, models.Model) and not vars(model)["_meta"].abstract


def models_in(function: Callable[..., Any]) -> Iterator[type[models.Model]]:
    """Yield the models among the types of a function's parameters; none where its hints cannot be resolved."""
    try:
        parameters = parameters_of(function)
    except TypeError:
        return
    for each in parameters:
        if is_model(each.bare):
            yield each.bare


def model_of(loader: Callable[..., Any]) -> Any:
    """Return the type that a loader gives."""
    from firsthand.core.binding import hints_of

    try:
        return bare(hints_of(loader).get("return"))
    except TypeError:
        return None


def kind_name(model: type[models.Model], taken: set[str]) -> str:
    """Return what a model's objects are called: ``order``, or ``shop_order`` where another kind is called that."""
    name = str(model._meta.model_name)
    return name if name not in taken else f"{model._meta.app_label}_{name}"


def subject_of(model: type[models.Model], name: str) -> Registered:
    """Return the loader of a model's objects by their primary key, and how they are found and labelled."""
    key = key_type(model)

    def load(pk: Any, run: Run[Any], connections: Connections) -> Any:
        return loaded(model, pk, select_for_update=run.id != 0)

    def search(text: str, connections: Connections) -> Any:
        return found(model, text)

    load.__name__, load.__doc__ = name, str(model._meta.verbose_name)
    load.__annotations__ = {"pk": key, "run": Run[Any], "connections": Connections, "return": model}
    return load, {"search": search, "label": str, "traits": ()}


def key_type(model: type[models.Model]) -> type:
    """Return the type of a model's primary key as an input."""
    field = model._meta.pk
    while getattr(field, "remote_field", None) is not None:
        field = field.target_field
    return next((type for kind, type in TYPES if isinstance(field, kind)), str)


def loaded(model: type[models.Model], pk: Any, *, select_for_update: bool) -> Any:
    """Return the object of a primary key as it is now; within a run's transaction nobody else changes it until it ends.

    None where there is none.
    """
    manager, writes = model._default_manager, router.db_for_write(model)
    connection = connections[writes]
    try:
        if not select_for_update or not connection.in_atomic_block:
            return manager.filter(pk=pk).first()
        if connection.features.has_select_for_update:
            rows = model._base_manager.using(writes).select_for_update().filter(pk=pk)
            list(rows.values_list("pk"))
        return manager.using(writes).filter(pk=pk).first()
    except (ValueError, ValidationError):
        return None


def found(model: type[models.Model], text: str) -> list[Any]:
    """Return the objects that a text finds, by the ``search_fields`` of the model's admin."""
    admin = searching(model)
    if admin is None:
        return []
    rows, doubled = admin.get_search_results(HttpRequest(), model._default_manager.all(), text)
    return list((rows.distinct() if doubled else rows)[:MOST])


def searching(model: type[models.Model]) -> ModelAdmin[Any] | None:
    """Return the admin of a model that can search; None where there is none."""
    admins = (site._registry.get(model) for site in all_sites)
    return next((each for each in admins if each is not None and each.get_search_fields(HttpRequest())), None)
