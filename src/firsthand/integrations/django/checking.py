"""What ``manage.py check`` says of the desks: what is wrong with actions as errors, what is odd as warnings."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.contrib.admin.sites import all_sites
from django.core.checks import CheckMessage, Error, Warning
from django.db import connections, router
from django.utils.connection import ConnectionDoesNotExist

import firsthand.desk
from firsthand.core.actions import Actions
from firsthand.core.errors import FirsthandError
from firsthand.integrations.django import conf
from firsthand.integrations.django.blocks import SupportMixin
from firsthand.integrations.django.desks import DESKS, Desk
from firsthand.integrations.django.subjects import model_of, models_in, searching
from firsthand.integrations.django.users import STAFF
from firsthand.storage.opening import opened

SIGNED_IN = "django.contrib.auth.middleware.AuthenticationMiddleware"


def desks(app_configs: Any = None, **_: Any) -> list[CheckMessage]:
    """Return what is wrong with the settings and with each desk's actions."""
    return [*of_settings(), *(each for desk in DESKS for each in of_desk(desk))]


def of_settings() -> Iterator[CheckMessage]:
    """Yield what is wrong with the project's settings."""
    given, known = getattr(settings, "FIRSTHAND", {}), f"There are {', '.join(conf.KEYS)}."
    if not isinstance(given, Mapping):
        yield Error("FIRSTHAND is no dictionary.", known, id="firsthand.E002")
    elif unknown := sorted(map(str, set(given) - set(conf.KEYS))):
        yield Error(f"FIRSTHAND has no {', '.join(unknown)}.", known, id="firsthand.E002")
    url = urlsplit(str(conf.chosen("URL", "")))
    if any(url) and not (url.scheme in ("http", "https") and url.netloc):
        yield Error(
            f"FIRSTHAND['URL'] is no address: {url.geturl()!r}.", "Write it as https://acme.com/support.",
            id="firsthand.E005",
        )  # fmt: skip
    yield from of_apps()


def of_apps() -> Iterator[CheckMessage]:
    """Yield what is missing from the project's apps and middleware, or stands in the wrong order there."""
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
    names = [each.name for each in apps.get_app_configs()]
    admin, mixed = "django.contrib.admin", any(isinstance(each, SupportMixin) for each in admins())
    if admin in names and names.index(admin) < names.index("firsthand.integrations.django") and not mixed:
        yield Warning(
            "The admin's pages do not show support: django.contrib.admin comes before this app.",
            'Put "firsthand.integrations.django" before it in INSTALLED_APPS, or use SupportMixin.',
            id="firsthand.W005",
        )  # fmt: skip


def admins() -> Iterator[Any]:
    """Yield every registered admin of the project."""
    for site in all_sites:
        yield from site._registry.values()


def of_desk(desk: Desk) -> Iterator[CheckMessage]:
    """Yield what is wrong, or odd, with a desk."""
    try:
        opened(desk.settings().database).close()
    except (FirsthandError, ConnectionDoesNotExist) as error:
        yield Error(
            f"Its journal cannot be where it is said to be. {error}",
            f"Name one of DATABASES ({', '.join(connections)}), or sqlite:///… or postgresql://…", obj=desk.name,
            id="firsthand.E004",
        )  # fmt: skip
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
    yield from unfound(desk, actions)


def unfound(desk: Desk, actions: Actions) -> Iterator[CheckMessage]:
    """Yield a warning for each model that actions take and nobody can search for."""
    own = {model_of(loader) for loader, _ in firsthand.desk.Desk.subjects(desk)}
    taken: dict[Any, str] = {}
    for action in actions.by_name.values():
        for model in models_in(action.wiring.function):
            taken.setdefault(model, action.name)
    for model, name in taken.items():
        if model not in own and searching(model) is None:
            yield Warning(
                f"{name}: nobody can search for {model._meta.label}, only give its primary key.",
                "Give its ModelAdmin search_fields, or write a loader for it, with @desk.subject(search=...).",
                obj=desk.name, id="firsthand.W004",
            )  # fmt: skip


def roles(app_configs: Any = None, databases: Collection[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Return which roles that actions name nobody can have: no group has that name, no permission either."""
    if not apps.is_installed("django.contrib.auth"):
        return []
    from django.contrib.auth.models import Group, Permission  # where that app is not installed, they cannot be

    alias = router.db_for_read(Group)
    if alias not in (databases or ()) or Group._meta.db_table not in connections[alias].introspection.table_names():
        return []
    groups = Group._default_manager.using(alias).values_list("name", flat=True)
    permissions = Permission._default_manager.using(alias).values_list("content_type__app_label", "codename")
    held = {STAFF, *groups, *(f"{app}.{name}" for app, name in permissions)}
    return [each for desk in DESKS for each in unheld(desk, desk.work_out(), held)]


def unheld(desk: Desk, actions: Actions, held: Collection[str]) -> Sequence[CheckMessage]:
    """Return a warning for each role that is no group's name, nor a permission's."""
    lacking: dict[str, list[str]] = {}
    for action in actions.by_name.values():
        for role in action.policy.roles:
            if role not in held:
                lacking.setdefault(role, []).append(action.name)
    return [
        Warning(
            f"No {'permission' if '.' in role else 'group'} is called {role!r}, which {', '.join(names[:3])} "
            f"{'names' if len(names) == 1 else 'name'}.",
            "Check its spelling, or add it, and give it to people." if "." in role
            else "Make that group in the admin, and put people into it.", obj=desk.name, id="firsthand.W002",
        )
        for role, names in lacking.items()
    ]  # fmt: skip
