"""The app: every other app's ``support.py`` is found, what is wrong is told by ``check``, and ``migrate`` is enough."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.core.management.base import CommandError
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules


class FirsthandConfig(AppConfig):
    """Firsthand in a Django project."""

    name = "firsthand.integrations.django"
    label = "firsthand"
    verbose_name = "Support"

    def ready(self) -> None:
        """Find the actions, and see to it that they are checked and that their journal is there."""
        from firsthand.integrations.django import checking

        autodiscover_modules("support")
        checks.register(checking.desks)
        checks.register(checking.roles, checks.Tags.database)
        post_migrate.connect(set_up_journals, sender=self)


def set_up_journals(using: str, verbosity: int = 1, stdout: Any = None, **_: Any) -> None:
    """Set up, or bring up to date, the journals that belong to a database that was migrated."""
    from firsthand.core.errors import FirsthandError
    from firsthand.integrations.django.desks import DESKS
    from firsthand.integrations.django.project import desk
    from firsthand.storage.opening import opened, upgraded

    for url in dict.fromkeys(each.settings().database for each in (desk, *DESKS) if each.using == using):
        database = opened(url)
        try:
            done = upgraded(database)
        except FirsthandError as error:
            raise CommandError(f"The journal of support cannot be set up. {error}") from error
        finally:
            database.close()
        if done.anything and verbosity:
            print(f"  The journal of support is at version {done.version}.", file=stdout)
