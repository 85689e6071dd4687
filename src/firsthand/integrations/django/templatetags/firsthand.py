"""``{% load firsthand %}{% support_of original %}``: what the desks say of an object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.db.models import Model

from firsthand.integrations.django.blocks import blocks_of

register = template.Library()


@register.inclusion_tag("firsthand/support.html", takes_context=True)
def support_of(context: Mapping[str, Any], thing: Any) -> dict[str, Any]:
    """Show the support history of an object, and what may be done to it; nothing for one that is not saved yet."""
    user = getattr(context.get("request"), "user", None)
    saved = isinstance(thing, Model) and thing.pk is not None and user is not None
    return {"blocks": blocks_of(thing, user) if saved else []}
