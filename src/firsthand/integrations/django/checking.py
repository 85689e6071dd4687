"""What ``manage.py check`` says of the desks: what is wrong with actions as errors, what is odd as warnings."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.checks import CheckMessage, Error, Warning
from django.db import connections, router

from firsthand.core.actions import Actions
from firsthand.integrations.django import conf
from firsthand.integrations.django.desks import DESKS, Desk
from firsthand.integrations.django.subjects import models_in
from firsthand.integrations.django.users import STAFF

SIGNED_IN = "django.contrib.auth.middleware.AuthenticationMiddleware"


def desks(app_configs: Any = None, **_: Any) -> list[CheckMessage]:
    """Return what is wrong with the settings and with each desk's actions."""
    return [*of_settings(), *(each for desk in DESKS for each in of_desk(desk))]


def of_settings() -> Iterator[CheckMessage]:
    """Yield what is wrong with the project's settings."""
    given = getattr(settings, "FIRSTHAND", {})
    if unknown := sorted(set(given) - set(conf.KEYS)):
        yield Error(
            f"FIRSTHAND has no {', '.join(unknown)}.", f"There are {', '.join(conf.KEYS)}.", id="firsthand.E002"
        )
    if not apps.is_installed("django.contrib.auth"):
        yield Error(
            "Nobody can be signed in: django.contrib.auth is not installed.", "Add it to INSTALLED_APPS.",
            id="firsthand.E003",
        )  # fmt: skip
    elif SIGNED_IN not in settings.MIDDLEWARE:
        yield Warning(
            "The console may not know who is signed in: AuthenticationMiddleware is missing.",
            f'Add "{SIGNED_IN}" to MIDDLEWARE, or one that sets request.user.', id="firsthand.W003",
        )  # fmt: skip


def of_desk(desk: Desk) -> Iterator[CheckMessage]:
    """Yield what is wrong, or odd, with a desk."""
    actions = desk.work_out()
    for problem in actions.problems:
        yield Error(problem, "The desk does not start until this is mended.", obj=desk.name, id="firsthand.E001")
    for action in actions.by_name.values():
        elsewhere = {
            model._meta.label: alias
            for model in models_in(action.wiring.function)
            if (alias := router.db_for_write(model)) != desk.using
        }
        for label, alias in elsewhere.items() if action.manner.resource is not None else ():
            yield Warning(
                f"{action.name}: {label} is written to the database {alias!r}, and the action is performed in a "
                f"transaction of {desk.using!r}.",
                f'Register it with a desk of its own, Desk(using="{alias}"), or give it mode="once".',
                obj=desk.name, id="firsthand.W001",
            )  # fmt: skip


def roles(app_configs: Any = None, databases: Collection[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Return which roles that actions name nobody can have: no group has that name, no permission either."""
    alias = router.db_for_read(Group)
    if alias not in (databases or ()) or Group._meta.db_table not in connections[alias].introspection.table_names():
        return []
    groups = {STAFF, *Group._default_manager.using(alias).values_list("name", flat=True)}
    return [each for desk in DESKS for each in unheld(desk, desk.work_out(), groups)]


def unheld(desk: Desk, actions: Actions, groups: Collection[str]) -> Sequence[CheckMessage]:
    """Return a warning for each role that no group has, nor a permission."""
    lacking: dict[str, list[str]] = {}
    for action in actions.by_name.values():
        for role in action.policy.roles:
            if role not in groups and "." not in role:
                lacking.setdefault(role, []).append(action.name)
    return [
        Warning(
            f"No group is called {role!r}, which {', '.join(names[:3])} {'names' if len(names) == 1 else 'name'}.",
            "Make that group in the admin, and put people into it.", obj=desk.name, id="firsthand.W002",
        )
        for role, names in lacking.items()
    ]  # fmt: skip
