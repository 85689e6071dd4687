"""Mail, by SMTP: encrypted unless the settings say otherwise."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import suppress
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

from firsthand.core.errors import SettingsError
from firsthand.core.notices import is_address
from firsthand.core.runs import moment
from firsthand.settings import Settings
from firsthand.surfaces.notify.addresses import Unreachable
from firsthand.surfaces.notify.messages import Written

LIMIT = 15.0
"""Seconds that each word of a mail server may take."""

PORTS = {"starttls": 587, "tls": 465, "none": 25}


class NotTaken(Unreachable):
    """The mail server does not take this message; ``for_good`` where it never will."""

    def __init__(self, message: str, *, for_good: bool) -> None:
        super().__init__(message)
        self.for_good = for_good


def sender(settings: Settings) -> str:
    """Return the address that mail is from; raises ``SettingsError``."""
    own = settings.mail_from or f"firsthand@{urlsplit(settings.url).hostname or 'localhost'}"
    if not is_address(own):
        raise SettingsError(f"mail_from is no address: {own!r}.", "Write one such as firsthand@acme.com.")
    return own


def composed(settings: Settings, to: str, id: str, written: Written, at: int) -> EmailMessage:
    """Return a message as it is sent: plain text, and simple HTML beside it. ``id`` stays when it is sent again."""
    own = sender(settings)
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(written.desk, addr_spec=own)
    message["To"] = Address(addr_spec=to)
    message["Subject"] = written.subject
    message["Date"] = format_datetime(moment(at))
    message["Message-ID"] = f"<{id}@{own.partition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    if written.preferences:
        message["List-Unsubscribe"] = f"<{written.preferences}>"
    message.set_content(written.text)
    message.add_alternative(written.html, subtype="html")
    return message


def send(settings: Settings, message: EmailMessage) -> None:
    """Hand a message to the mail server; raises ``NotTaken`` where it does not want it, else ``Unreachable``."""
    try:
        server = connected(settings)
    except (OSError, UnicodeError) as error:
        raise Unreachable(f"The mail server cannot be used: {told(error)}") from error
    try:
        server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        code, words = next(iter(error.recipients.values()))
        raise NotTaken(f"The mail server refuses this address: {code} {spoken(words)}", for_good=code >= 500) from error
    except smtplib.SMTPResponseException as error:
        raise NotTaken(f"The mail server refuses it: {told(error)}", for_good=error.smtp_code in (552, 554)) from error
    except OSError as error:
        raise Unreachable(f"The mail server cannot be used: {told(error)}") from error
    finally:
        with suppress(OSError):
            server.quit()


def connected(settings: Settings) -> smtplib.SMTP:
    """Return a connection to the mail server, encrypted and signed in as the settings say."""
    if not settings.smtp_host:
        raise SettingsError("No mail server is set.", "Set FIRSTHAND_SMTP_HOST, or smtp_host in firsthand.toml.")
    security, port = settings.smtp_security, port_of(settings)
    options: dict[str, Any] = {"timeout": LIMIT}
    if security == "tls":
        options["context"] = ssl.create_default_context()
    server = (smtplib.SMTP_SSL if security == "tls" else smtplib.SMTP)(settings.smtp_host, port, **options)
    ready = False
    try:
        if security == "starttls":
            server.starttls(context=ssl.create_default_context())
        if settings.smtp_user:
            server.login(settings.smtp_user, settings.smtp_password)
        ready = True
    finally:
        if not ready:
            server.close()
    return server


def port_of(settings: Settings) -> int:
    """Return the mail server's port; raises ``SettingsError``."""
    if not settings.smtp_port:
        return PORTS[settings.smtp_security]
    if not settings.smtp_port.isdecimal() or not 0 < int(settings.smtp_port) < 65536:
        raise SettingsError("smtp_port is no port.", "Write one such as 587.")
    return int(settings.smtp_port)


def told(error: Exception) -> str:
    """Return what a mail server said, or what kept it from being reached: never what it was sent."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"{error.smtp_code}, it does not accept smtp_user with smtp_password."
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {spoken(error.smtp_error)}"
    return f"{error}" or type(error).__name__


def spoken(words: bytes | str) -> str:
    """Return a server's words as a text of one line."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return " ".join(text.split())[:300]
