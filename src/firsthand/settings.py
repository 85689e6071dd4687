"""Settings: from the environment (FIRSTHAND_*), then firsthand.toml, then [tool.firsthand] of pyproject.toml."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from firsthand.core.errors import SettingsError

DEFAULT_DATABASE = "sqlite:///firsthand.db"

ENGINES = ("threads", "procrastinate")
"""What can wake workers, the default first."""

SECURITIES = ("starttls", "tls", "none")
"""How a mail server is spoken to, the default first."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All that can be set."""

    database: str = DEFAULT_DATABASE
    """Where the journal is: ``sqlite:///firsthand.db``, relative to where the setting is written,
    ``sqlite:////absolute/path.db``, or ``postgresql://user@host:5432/database``: there in a schema ``firsthand``.
    Options: ``?mode=ro``, ``?synchronous=off`` (for tests), SQLite's ``?max_page_count=N``, PostgreSQL's own."""

    desk: str = ""
    """Where the desk is: ``module:name``, such as ``support:desk``."""

    url: str = ""
    """Where people reach the console, such as ``https://support.acme.com``: for invitations, and where a proxy stands
    before it."""

    engine: str = ENGINES[0]
    """What wakes workers: ``threads`` those of the same process, ``procrastinate`` those of all machines, in the
    journal's own PostgreSQL."""

    smtp_host: str = ""
    """The mail server through which people are told, such as ``mail.acme.com``; without one nobody gets mail."""

    smtp_port: str = ""
    """Its port; if not given 587, with ``tls`` 465, with ``none`` 25."""

    smtp_security: str = SECURITIES[0]
    """``starttls``: nothing is sent before the connection is encrypted; ``tls``: it is from its beginning; ``none``: a
    server on this machine."""

    smtp_user: str = ""
    """Whom the mail server knows us as, where it wants to know."""

    smtp_password: str = field(default="", repr=False)
    """That user's password. Rather in the environment than in a file; it is shown nowhere."""

    mail_from: str = ""
    """The address that mail is from; ``firsthand@`` and the host of ``url`` if not given."""

    webhooks_to: str = ""
    """Networks that webhooks may go to besides the public internet, apart by spaces: ``10.1.0.0/16 127.0.0.1``."""

    folder: Path = Path()
    """Where the settings were read from; modules are looked for there. Not itself a setting."""

    @classmethod
    def load(cls, folder: Path | None = None, environ: Mapping[str, str] | None = None, **said: str) -> Settings:
        """Read the settings; files are looked for in the folder and those above it. Raises ``SettingsError``.

        What is ``said`` counts before all of them: ``Settings.load(database=url)``.
        """
        try:
            start = (folder or Path.cwd()).resolve()
        except FileNotFoundError as error:
            raise SettingsError("The folder that you are in is gone.", "Change to another.") from error
        environ = os.environ if environ is None else environ
        found, home = from_files(start)
        names = [each.name for each in fields(cls) if each.name != "folder"]
        if unknown := sorted({*found, *said} - set(names)):
            raise SettingsError(f"There is no setting {', '.join(unknown)}.", f"There are {', '.join(names)}.")
        for name, value in found.items():
            if not isinstance(value, str):
                raise SettingsError(f"The setting {name} must be text.", f'Write {name} = "..." in {home}.')
        chosen = {"database": DEFAULT_DATABASE, **found}
        chosen["database"] = anchored(chosen["database"], home)
        for name in names:
            if value := said.get(name) or environ.get(f"FIRSTHAND_{name.upper()}"):
                chosen[name] = anchored(value, start) if name == "database" else value
        for name, known in (("engine", ENGINES), ("smtp_security", SECURITIES)):
            if chosen.get(name, known[0]) not in known:
                raise SettingsError(f"There is no {name} {chosen[name]}.", f"There are {', '.join(known)}.")
        return cls(**chosen, folder=home)

    def of_desk(self, desk: str) -> Settings:
        """Return the same settings for another desk."""
        return replace(self, desk=desk)


def from_files(start: Path) -> tuple[dict[str, Any], Path]:
    """Return the settings of the nearest file, and its folder."""
    for folder in (start, *start.parents):
        own, project = folder / "firsthand.toml", folder / "pyproject.toml"
        if own.is_file():
            return read(own), folder
        if project.is_file() and (found := read(project).get("tool", {}).get("firsthand")) is not None:
            return dict(found), folder
    return {}, start


def read(path: Path) -> dict[str, Any]:
    """Return what a TOML file says."""
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(f"{path} cannot be read: {error}.", "Mend it.") from error


def anchored(database: str, folder: Path) -> str:
    """Return a SQLite URL with its path made absolute from a folder."""
    scheme = "sqlite:///"
    if not database.startswith(scheme) or database.startswith(f"{scheme}/"):
        return database
    return f"{scheme}{folder / database.removeprefix(scheme)}"
