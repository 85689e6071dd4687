"""The project's desk, made by ``settings.FIRSTHAND``."""

from __future__ import annotations

from firsthand.integrations.django.desks import Desk

desk = Desk()
