"""Django's users as the people of a desk, and its groups and permissions as their roles."""

from __future__ import annotations

import time
from collections.abc import Collection
from contextvars import ContextVar
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any, NamedTuple

from django.contrib.auth import get_user_model
from django.db import router
from django.db.models import Q

from firsthand.core.actors import Person
from firsthand.core.policy import EVERYBODY
from firsthand.integrations.django.resources import as_found

if TYPE_CHECKING:
    from firsthand.desk import Desk

STAFF = "staff"
"""The role of whoever Django calls staff, beside their groups."""


SOON = 2.0
"""Seconds for which what a request has found of its user stands; it may go on for longer."""


class Asked(NamedTuple):
    """Who the user of a request was when it began."""

    users: Users
    id: str
    until: float
    person: Person | None


ASKED: ContextVar[Asked | None] = ContextVar("asked", default=None)
"""What the threads of a request know of its user."""


class Users:
    """The directory over the users of a project, for one desk.

    Their id is the username. A user is one of the desk's people who is active, and is staff or a superuser, or has a
    role that one of its actions names. Roles are the groups, ``staff``, and those permissions (``shop.refund_order``)
    that some action names; superusers administer.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def person(self, id: str) -> Person | None:
        """Return the user of a username as they are now; None for whoever is unknown, inactive or not of the desk.

        Within a request that is as they were when it began.
        """
        asked = ASKED.get()
        if asked is not None and asked.users is self and asked.id == id and time.monotonic() < asked.until:
            return asked.person
        return self.look_up(id)

    def ask(self, id: str) -> None:
        """Look somebody up for the request that has just begun, on the connection that it has."""
        ASKED.set(Asked(self, id, time.monotonic() + SOON, self.look_up(id)))

    def everybody(self) -> list[Person]:
        """Return all of the desk's people; those who have a permission by themselves or by a group, too."""
        model = get_user_model()
        with as_found():
            users = model._default_manager.using(router.db_for_write(model))
            found = users.filter(pk__in=users.filter(likely(model, self.named())).values("pk"))
            people = [self.described(user, user.get_username()) for user in found if user.is_active]
        return [each for each in people if each is not None]

    def look_up(self, id: str) -> Person | None:
        """Return somebody as they are in the database."""
        with as_found():
            user = user_of(id)
            return self.described(user, id) if user is not None and user.is_active else None

    def described(self, user: Any, id: str) -> Person | None:
        """Return a user as one of the desk's people, if they are one."""
        named = self.named()
        roles = {str(group.name) for group in user.groups.all()} if hasattr(user, "groups") else set()
        superuser, staff = bool(getattr(user, "is_superuser", False)), bool(getattr(user, "is_staff", False))
        if staff:
            roles.add(STAFF)
        if hasattr(user, "has_perm"):
            roles |= {role for role in named if "." in role and user.has_perm(role)}
        if not (staff or superuser or roles & named):
            return None
        name = user.get_full_name() if hasattr(user, "get_full_name") else ""
        email = str(getattr(user, getattr(user, "EMAIL_FIELD", "email"), "") or "")
        return Person(id, name.strip() or id, tuple(sorted(roles)), administers=superuser, email=email)

    def named(self) -> set[str]:
        """Return the roles that the desk names."""
        named = set(self.desk.declares)
        for action in self.desk.actions:
            named.update(action.policy.roles, action.policy.ask)
        return named - {EVERYBODY}


def likely(model: Any, named: Collection[str]) -> Q:
    """Return which users of a model to ask for who are the desk's people: customers may be many."""
    from django.contrib.auth.models import Permission  # not before the apps are there

    pairs = (each.split(".", 1) for each in named if "." in each)
    wanted = reduce(or_, (Q(content_type__app_label=app, codename=name) for app, name in pairs), Q(pk=None))
    held = Permission._default_manager.using(router.db_for_write(model)).filter(wanted).values("pk")
    ways = {
        "is_staff": Q(is_staff=True), "is_superuser": Q(is_superuser=True),
        "groups": Q(groups__name__in=named) | Q(groups__permissions__in=held),
        "user_permissions": Q(user_permissions__in=held),
    }  # fmt: skip
    fields = {each.name for each in model._meta.get_fields()}
    return reduce(or_, (query for field, query in ways.items() if field in fields), Q())


def user_of(id: str) -> Any:
    """Return the user of a username, read where it is written; None where there is none."""
    model = get_user_model()
    users = model._default_manager.using(router.db_for_write(model))
    found = users.filter(**{model.USERNAME_FIELD: id}).first()
    return found if found is not None and found.get_username() == id else None
