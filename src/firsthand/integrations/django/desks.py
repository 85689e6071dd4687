"""A desk in a Django project: people, models and transactions are Django's."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import replace
from enum import Enum
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

import firsthand.desk
from firsthand.core.actions import Registration
from firsthand.integrations.django import conf
from firsthand.integrations.django.mailing import mail_settings
from firsthand.integrations.django.resources import can_mark, left_as_found, transaction_on
from firsthand.integrations.django.subjects import Registered, kind_name, model_of, models_in, subject_of
from firsthand.integrations.django.users import Users
from firsthand.settings import Settings

DESKS: list[Desk] = []
"""All desks of the project, for its checks and ``migrate``."""


class Desk(firsthand.desk.Desk):
    """A desk whose people are the project's users.

    An action is performed in a transaction of the database ``using``, and what it did is committed with its outcome,
    unless its ``mode`` says otherwise; one that is ``async`` is not, since Django has no transactions there. What it
    takes of a model's type is a subject. ``database`` is where the journal is: an alias, or a URL.
    """

    def __init__(
        self,
        name: str | None = None,
        *,
        environment: str | None = None,
        why: Iterable[str | Enum] | type[Enum] | str | None = None,
        declares: str | Iterable[str] = (),
        using: str = conf.DEFAULT,
        database: str | None = None,
    ) -> None:
        super().__init__(
            conf.name() if name is None else name,
            environment=conf.environment() if environment is None else environment,
            why=conf.chosen("WHY", None) if why is None else why,
            declares=declares,
        )
        self.using = using
        self.database = database
        self.directory = Users(self)
        self.resource(left_as_found)
        self.resource(transaction_on(using))
        if can_mark(using):
            self.mode, self.transaction = "transactional", BaseDatabaseWrapper
        DESKS.append(self)

    def settings(self) -> Settings:
        """Return where the journal is, where people reach the console, and how they get mail.

        What the environment or a file sets (``FIRSTHAND_SMTP_HOST``) goes before the project's own mail server.
        """
        database = self.database or conf.chosen("DATABASE", self.using)
        given = Settings.load()
        mail = {} if given.smtp_host else mail_settings()
        url = given.url or str(conf.chosen("URL", ""))
        return replace(given, database=conf.journal_url(database), url=url, **mail)  # type: ignore[arg-type]

    def register(self, registration: Registration) -> None:
        """Add a registration; Django has no transaction that an async function could be performed in."""
        if registration.manner.mode is None and inspect.iscoroutinefunction(registration.function):
            registration = replace(registration, manner=replace(registration.manner, mode="once"))
        super().register(registration)

    def admin_action(
        self,
        action: Callable[..., Any],
        *,
        model: type[models.Model] | None = None,
        name: str | None = None,
        **said: Any,
    ) -> None:
        """Register an action of the admin, a function of (modeladmin, request, queryset), for one object each.

        ``model`` is what it is for, unless it is a method of a registered ``ModelAdmin``; ``said`` is as for
        ``action``. It is called ``order.mark_paid``, by the model and the function.
        """
        from firsthand.integrations.django.admin_actions import support_action

        called, function = support_action(action, model)
        self.action(name or called, **said)(function)

    def subjects(self) -> list[Registered]:
        """Return the loaders, and those of the models that actions take and nobody has written one for."""
        registered = super().subjects()
        taken = {loader.__name__ for loader, _ in registered}
        known = {model_of(loader) for loader, _ in registered}
        further: list[Registered] = []
        for each in self._registrations:
            for model in models_in(each.function):
                if model not in known:
                    further.append(subject_of(model, kind_name(model, taken)))
                    taken.add(further[-1][0].__name__)
                    known.add(model)
        return [*registered, *further]
