"""``manage.py firsthand ...``: the whole terminal, at the project's desk."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand

if TYPE_CHECKING:
    from firsthand.integrations.django.desks import Desk


class Command(BaseCommand):
    """Perform support actions, and see what was performed; ``manage.py firsthand --help`` lists its commands."""

    help = "Perform support actions, and see what was performed."
    requires_system_checks = ()

    def run_from_argv(self, argv: list[str]) -> None:
        """Hand everything after the command's name to the terminal."""
        sys.exit(self.terminal(argv[2:]))

    def add_arguments(self, parser: Any) -> None:
        """Take whatever the terminal takes, where Python calls the command."""
        parser.add_argument("arguments", nargs="*")

    def handle(self, *args: Any, arguments: list[str], **options: Any) -> None:
        """Run the terminal."""
        if code := self.terminal(arguments):
            raise SystemExit(code)

    def terminal(self, arguments: list[str]) -> int:
        """Run the terminal with the project's desk and journal, and return its exit code."""
        from firsthand.integrations.django.project import desk
        from firsthand.integrations.terminal import look_up
        from firsthand.surfaces.terminal.main import perform

        settings = desk.settings()
        told = asdict(settings) | {"desk": "firsthand.integrations.django.project:desk"}
        for name, value in told.items():
            if isinstance(value, str):
                os.environ.setdefault(f"FIRSTHAND_{name.upper()}", value)
        look_up(desk, settings, arguments)
        if arguments[:2] == ["import", "--from"]:
            return take_in(desk, " ".join(arguments[2:]))
        return perform(arguments)


def take_in(desk: Desk, log: str) -> int:
    """Take in a log that the project has already, and return the exit code."""
    from firsthand.core.errors import FirsthandError
    from firsthand.followers.tally import Tally
    from firsthand.integrations.django.history import import_log
    from firsthand.surfaces.terminal.context import login

    journal = desk.open(desk.settings())
    try:
        imported = import_log(desk, journal, log, by=login())
        Tally(journal).advance(30.0)
    except FirsthandError as error:
        print(f"{error.message}\n{error.fix}", file=sys.stderr)
        return 1
    already = f", {imported.there:,} were there already" if imported.there else ""
    print(f"Took {imported.taken:,} runs{already}.")
    return 0
