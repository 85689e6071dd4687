"""What commands need: the settings, the journal, the desk, and who is sitting at this terminal."""

from __future__ import annotations

import os
import pwd
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from firsthand.core.actors import Directory, Person
from firsthand.core.catalogue import hidden_from, may
from firsthand.core.errors import JournalMissing, JournalUnavailable, SettingsError, UnknownActor
from firsthand.settings import Settings
from firsthand.storage.journal import SqlJournal
from firsthand.surfaces.words import Names, safe

if TYPE_CHECKING:
    from firsthand.desk import Desk


HOST: list[Directory] = []
"""Where the people of the application are whose terminal this is, if it is one's."""


def login() -> str:
    """Return the name of the kernel's user id of this process; no variable of the environment counts."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def journal_of(settings: Settings) -> SqlJournal:
    """Return the journal of the settings, as nobody has looked at it yet; its people are the host's, if it has any."""
    journal = SqlJournal(settings.database)
    journal.mirror.directory = next(iter(HOST), None)
    return journal


def open_journal(*, settle: bool = True) -> SqlJournal:
    """Return the journal of the settings, having seen to what dead processes left."""
    journal = journal_of(Settings.load())
    if settle:
        journal.require()
        try:
            journal.settle()
        except JournalUnavailable as error:
            click.echo(f"{safe(error.message)} What is read may be out of date.", err=True)
    return journal


def names_of(journal: SqlJournal) -> Names:
    """Return how people and actions are called; an action hidden from whoever sits here goes by its name alone."""
    roles = roles_at(journal)
    entries = journal.history.catalogue()
    titles = {name: str(entry["title"]) for name, entry in entries if roles is None or may(entry, roles)}
    return Names({person.id: person.name for person in journal.people.all()}, titles)


def sitting_here(journal: SqlJournal) -> Person | None:
    """Return the known person at this terminal, as they are now."""
    found = journal.people.of_login(login()) or journal.people.of_login(str(os.getuid()))
    return journal.person(found.id) if found else None


def actor_of(journal: SqlJournal) -> Person:
    """Return the known person at this terminal; anybody else is turned away, which is recorded."""
    name, person = login(), sitting_here(journal)
    if person is None:
        at = time.time_ns() // 1000
        journal.append("sign_in_failed", actor=None, at=at, data={"as": name, "surface": "terminal"})
        add = "change ID" if HOST else "add you@example.com --role ROLE"
        raise UnknownActor(
            f"The journal does not know the login {name}.",
            f"Have yourself added: firsthand people {add} --login {name}",
        )
    return person


def own_roles() -> Sequence[str] | None:
    """Return the roles of whoever sits here, none for a stranger; None while nobody at all is known."""
    try:
        return roles_at(open_journal(settle=False))
    except JournalMissing:
        return None


def roles_at(journal: SqlJournal) -> Sequence[str] | None:
    """Return the same, of an open journal."""
    person = sitting_here(journal)
    if person is None:
        return () if journal.people.all() else None
    return person.roles


def hidden_here(journal: SqlJournal) -> frozenset[str]:
    """Return the names of the actions hidden from whoever sits here: former ones, and of actions gone, too."""
    roles, history = roles_at(journal), journal.history
    return frozenset() if roles is None else hidden_from(roles, dict(history.catalogue()), history.gone())


def recorded_catalogue() -> dict[str, Mapping[str, Any]]:
    """Return the recorded catalogue; empty where there is no journal yet."""
    try:
        return dict(open_journal(settle=False).history.catalogue())
    except JournalMissing:
        return {}


def known_catalogue() -> dict[str, Mapping[str, Any]]:
    """Return the recorded catalogue, without what is hidden from whoever sits here."""
    roles = own_roles()
    return {name: entry for name, entry in recorded_catalogue().items() if roles is None or may(entry, roles)}


def load_desk() -> Desk:
    """Return the desk of the settings, on the journal that its own code has opened, else on that of the settings."""
    settings = Settings.load()
    if not settings.desk:
        raise SettingsError(
            "No desk is set.",
            'Say where it is: FIRSTHAND_DESK=support:desk, or desk = "support:desk" in firsthand.toml.',
        )
    desk = import_desk(settings)
    desk.open(desk.opened_by or settings)
    return desk


def find_modules(settings: Settings) -> None:
    """Have modules found in the folder of the settings, and in the one that the command runs in."""
    from firsthand.desk import finding

    finding.find_modules(settings)


def import_desk(settings: Settings) -> Desk:
    """Import the desk; raises ``SettingsError`` with the reason, and the traceback where the module raised."""
    from firsthand.desk import finding

    try:
        return finding.import_desk(settings)
    except KeyboardInterrupt as stopped:
        raise click.Abort from stopped
