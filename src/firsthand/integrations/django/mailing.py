"""The project's own mail server, as Django's settings name it, for telling people."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parseaddr
from typing import Any

from django.conf import settings

SMTP = "django.core.mail.backends.smtp.EmailBackend"
"""The backend that mail goes through: any other one, such as that which prints it, is left to the project."""


def mail_settings() -> dict[str, str]:
    """Return the settings of mail; none where the project names no mail server.

    They are those of ``MAILERS["default"]``, or ``EMAIL_HOST`` and its neighbours where a project sets that.
    """
    given = server()
    if not given.get("host"):
        return {}
    security = "tls" if given.get("use_ssl") else "starttls" if given.get("use_tls") else "none"
    told = {
        "smtp_host": given["host"], "smtp_port": given.get("port") or "", "smtp_security": security,
        "smtp_user": given.get("username") or "", "smtp_password": given.get("password") or "",
    }  # fmt: skip
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1] if settings.is_overridden("DEFAULT_FROM_EMAIL") else ""
    return {**{name: str(value) for name, value in told.items()}, "mail_from": sender}


def server() -> Mapping[str, Any]:
    """Return how the project reaches its mail server; empty where it says nothing of one."""
    mailers = getattr(settings, "MAILERS", None)
    if mailers is not None:
        default = mailers.get("default", {})
        return default.get("OPTIONS", {}) if default.get("BACKEND", SMTP) == SMTP else {}
    if settings.EMAIL_BACKEND != SMTP or not settings.is_overridden("EMAIL_HOST"):
        return {}
    return {
        "host": settings.EMAIL_HOST, "port": settings.EMAIL_PORT, "username": settings.EMAIL_HOST_USER,
        "password": settings.EMAIL_HOST_PASSWORD, "use_tls": settings.EMAIL_USE_TLS,
        "use_ssl": settings.EMAIL_USE_SSL,
    }  # fmt: skip
