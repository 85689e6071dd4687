"""The command line's root: each command is imported where it is used, and every error becomes words and a code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper

import click

from firsthand import __version__
from firsthand.core.errors import DeskError, FirsthandError, Refused, SettingsError, UnknownActor
from firsthand.surfaces.words import safe

DONE, FAILED, WRONG_USAGE, REFUSED, WAITING = range(5)
"""Exit codes: 0 done, 1 failed or unknown, 2 wrong usage, 3 refused, 4 waiting for someone."""

COMMANDS = {
    "actions": ("catalogue", "List what may be performed, or asked for."),
    "ask": ("running", "Ask a colleague to perform an action."),
    "asks": ("asking", "List what colleagues asked for."),
    "batch": ("batching", "Perform one action for many subjects."),
    "batches": ("batching", "List the newest batches."),
    "comment": ("asking", "Say something about a run afterwards."),
    "db": ("keeping", "Look after the journal's database."),
    "declare": ("declaring", "List manual actions, declare and change them."),
    "decline": ("asking", "Say no to what a colleague asked for."),
    "demo": ("firsthand.demo.showing", "Show a small business with a year of history."),
    "doctor": ("doctor", "Check that all is well, and say what is not."),
    "export": ("keeping", "Write out the runs."),
    "feed": ("reading", "Show the newest runs, everyone's."),
    "finish": ("by_hand", "Say how a run by hand ended."),
    "import": ("importing", "Take in past support work from a CSV file."),
    "new": ("new", "Write a new action with its test."),
    "notify": ("notifying", "Say how people are told, and what could not be delivered."),
    "people": ("people", "List the known people, add and change them."),
    "run": ("running", "Perform an action."),
    "schedule": ("schedules", "Have actions performed by calendar."),
    "serve": ("firsthand.serving", "Serve the console."),
    "settle": ("settling", "Say whether a run that ended unknown happened."),
    "show": ("reading", "Show one run, whole."),
    "stats": ("figures", "Show what the runs tell: how often, who, why."),
    "take": ("asking", "Perform what a colleague asked for."),
    "tick": ("by_hand", "Tick the steps of a run by hand."),
    "watch": ("notifying", "Be told of what happens to an action or a subject."),
    "webhook": ("notifying", "Tell other programs what happens."),
    "who": ("people", "Say who you are, or who may perform an action."),
    "withdraw": ("asking", "Take back what you asked for, or what waits."),
    "worker": ("working", "Perform the runs that wait, until stopped."),
}
"""Command → module and short help, so that ``firsthand --help`` imports none of them. A module with dots in its name
stands above the surfaces."""


class Root(click.Group):
    """The group of all commands, each imported when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands' names."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, importing its module."""
        if cmd_name not in COMMANDS:
            return None
        name = COMMANDS[cmd_name][0]
        module = import_module(name if "." in name else f"firsthand.surfaces.terminal.{name}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, help) for name, (_, help) in sorted(COMMANDS.items())])


@click.group(cls=Root, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="firsthand")
def root() -> None:
    """First-class support: perform what the team has written down, with every attempt on record.

    Exit codes: 0 done, 1 failed or unknown, 2 wrong usage, 3 refused, 4 waiting for someone.
    """


def code_of(error: FirsthandError) -> int:
    """Return the exit code of an error."""
    if isinstance(error, (Refused, UnknownActor)):
        return REFUSED
    return WRONG_USAGE if isinstance(error, (DeskError, SettingsError)) else FAILED


def wrong_usage(error: click.ClickException) -> str:
    """Return what is wrong with a command line; a stray word is not repeated, since it may be a secret."""
    said = error.format_message()
    return "There is a word too many." if said.startswith("Got unexpected extra argument") else said


def perform(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code; whatever goes wrong is said on standard error."""
    try:
        code = root.main(args=arguments, prog_name="firsthand", standalone_mode=False)
    except click.exceptions.Exit as exit:
        return exit.exit_code
    except click.Abort:
        click.echo("Stopped.", err=True)
        return FAILED
    except click.ClickException as error:
        click.echo(f"{safe(wrong_usage(error))}\nTry with --help.", err=True)
        return WRONG_USAGE
    except FirsthandError as error:
        click.echo(safe(error.message), err=True)
        if error.fix:
            click.echo(safe(error.fix), err=True)
        return code_of(error)
    except OSError as error:
        return unwritten(error)
    printing = sys.modules.get("firsthand.surfaces.terminal.printing")
    if code is None and printing and printing.UNHEARD:
        return unwritten(printing.UNHEARD[0])
    return code if isinstance(code, int) else DONE


def unwritten(error: OSError | ValueError) -> int:
    """Return the exit code where what was read could not be written: a reader that went away is no failure."""
    if isinstance(error, BrokenPipeError):
        return DONE
    click.echo(f"The output could not be written: {error}.", err=True)
    return FAILED


def completing() -> bool:
    """Say whether the shell asks for completions."""
    return "_FIRSTHAND_COMPLETE" in os.environ


def main() -> None:
    """Run the command line."""
    if completing():
        import_module("firsthand.surfaces.terminal.completion").register()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(perform())
