"""The terminal as a command of a host's: who sits at it is looked up among the host's people."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from firsthand.desk import Desk
    from firsthand.settings import Settings


def look_up(desk: Desk, settings: Settings, arguments: Sequence[str]) -> None:
    """Have the terminal go by the desk's directory, if it has one, and know who sits here.

    That is whoever has the login, or is called that. The desk is left without a journal. Where nobody can be looked up,
    that is said on standard error.
    """
    from firsthand.core.errors import FirsthandError
    from firsthand.surfaces.terminal.context import HOST, login

    HOST[:] = [desk.directory] if desk.directory else []
    if not HOST or {"--help", "-h", "--version"}.intersection(arguments):
        return
    name = login()
    try:
        with closing(desk.open(settings)) as journal:
            known = journal.people.of_login(name)
            person = journal.person(known.id if known else name)
            if person is not None and person.login is None:
                journal.people.change(person.id, name, login=name)
    except FirsthandError as error:
        print(f"{error.message} {error.fix}", file=sys.stderr)
    finally:
        desk.use(None)
