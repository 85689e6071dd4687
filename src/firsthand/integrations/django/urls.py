"""The console of the project's desk: ``path("support/", include("firsthand.integrations.django.urls"))``."""

from __future__ import annotations

from firsthand.integrations.django.project import desk
from firsthand.integrations.django.views import console_urls

app_name = "firsthand"
urlpatterns = console_urls(desk)
