"""The terminal as a command of a host's: who sits at it is looked up among the host's people."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from firsthand.desk import Desk
    from firsthand.settings import Settings


def look_up(desk: Desk, settings: Settings, arguments: Sequence[str]) -> None:
    """Have the journal know who sits here, as the host's people are now: whoever has the login, or is called that.

    The desk is left without a journal. Where nobody can be looked up, that is said on standard error.
    """
    if {"--help", "-h", "--version"}.intersection(arguments):
        return
    from firsthand.core.errors import FirsthandError
    from firsthand.surfaces.terminal.context import login

    journal, name = desk.open(settings), login()
    try:
        known = journal.people.of_login(name)
        person = journal.person(known.id if known else name)
        if person is not None and person.login is None:
            journal.people.change(person.id, name, login=name)
    except FirsthandError as error:
        print(f"{error.message} {error.fix}", file=sys.stderr)
    finally:
        journal.close()
        desk.use(None)
