"""Actions of the admin as support actions: the same function, on one object, with all that a run has."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.admin import ModelAdmin
from django.contrib.admin.sites import all_sites
from django.contrib.admin.utils import model_format_dict
from django.db import models
from django.http import HttpRequest

from firsthand.core.runs import Run
from firsthand.integrations.django.users import user_of

Action = Callable[..., Any]


class Messages:
    """Takes what an admin's action says, as the messages of a request would."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def add(self, level: int, message: object, extra_tags: str = "") -> None:
        """Take a message."""
        self.said.append(str(message))


def support_action(action: Action, model: type[models.Model] | None) -> tuple[str, Action]:
    """Return the name of the support action that an admin's action becomes, and its function.

    Raises ``TypeError`` where it is not told by the admin whose method it is, nor by ``model``, what it is done to.
    """
    admin = admin_of(action, model)
    subject = admin.model
    kind, names = str(subject._meta.model_name), [each.name for each in inspect.signature(action).parameters.values()]

    def perform(run: Run[Any], **given: Any) -> str | None:
        request, messages = request_of(run.actor or ""), Messages()
        request._messages = messages
        chosen = admin.model._default_manager.filter(pk=given[kind].pk)
        if (answer := action(admin, request, chosen)) is not None:
            raise TypeError(f"it answers with a page of its own ({type(answer).__name__}), which only the admin shows")
        return " ".join(messages.said) or None

    name = getattr(action, "__name__", names[0])
    wraps(action)(perform)
    del perform.__wrapped__  # type: ignore[attr-defined]
    if not perform.__doc__:
        perform.__doc__ = str(getattr(action, "short_description", "")) % model_format_dict(subject) or None
    perform.__annotations__ = {"run": Run[Any], kind: subject}
    perform.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(each, inspect.Parameter.KEYWORD_ONLY, annotation=perform.__annotations__[each])
         for each in ("run", kind)]
    )  # fmt: skip
    return f"{kind}.{name}", perform


def admin_of(action: Action, model: type[models.Model] | None) -> ModelAdmin:
    """Return the admin whose action a function is, as it is registered with one of the project's sites."""
    if not callable(action):
        raise TypeError(f"{action!r} is no function: give the action itself, such as OrderAdmin.mark_paid")
    for site in all_sites:
        for each, admin in site._registry.items():
            if each is model or (model is None and getattr(type(admin), action.__name__, None) is action):
                return admin
    raise TypeError(f"{action.__name__} is no method of a registered ModelAdmin: say which model it is for, model=")


def request_of(username: str) -> HttpRequest:
    """Return a request as an admin's action takes one: by the user who performs it, and for nobody's browser."""
    request = HttpRequest()
    request.method, request.user = "POST", user_of(username)
    return request
