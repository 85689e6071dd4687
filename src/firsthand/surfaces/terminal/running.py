"""``run`` and ``ask``: every action is a command of its own, its inputs are its options."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Any

import click

from firsthand.core.errors import JournalUnavailable
from firsthand.core.runs import Run
from firsthand.surfaces.terminal import printing
from firsthand.surfaces.terminal.completion import starting
from firsthand.surfaces.terminal.context import actor_of, known_catalogue, load_desk
from firsthand.surfaces.terminal.main import FAILED, completing
from firsthand.surfaces.terminal.options import Entry, inputs_of, option_of
from firsthand.surfaces.terminal.reporting import report

if TYPE_CHECKING:
    from firsthand.core.actors import Person
    from firsthand.desk import Desk


def nothing_performed() -> click.exceptions.Exit:
    """Say that nothing was performed, and return how the command ends."""
    printing.say("Stopped. Nothing was performed.", error=True)
    return click.exceptions.Exit(FAILED)


class Actions(click.Group):
    """A group whose commands are the actions: the recorded ones for help and completion, the desk's own to run."""

    def __init__(self, verb: str, perform: Callable[..., int], **settings: Any) -> None:
        super().__init__(verb, subcommand_metavar="ACTION [OPTIONS]", **settings)
        self.verb = verb
        self.perform = perform

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the recorded catalogue, of what whoever sits here may know."""
        return sorted(known_catalogue())

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the actions with their titles."""
        rows = [(name, str(entry.get("title", ""))) for name, entry in sorted(known_catalogue().items())]
        if rows:
            with formatter.section("Actions"):
                formatter.write_dl(rows)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        """Return the command of an action; for an unknown name one that takes anything, so that it is recorded."""
        if completing():
            entry = known_catalogue().get(cmd_name)
            return self.command_of(entry, None, None) if entry else click.Command(cmd_name)
        desk = load_desk()
        desk.start()
        action = desk.actions.get(cmd_name)
        if action is None:
            return self.unknown(cmd_name, desk)
        person = actor_of(desk.journal)  # type: ignore[arg-type]
        if not action.policy.may_know(person.roles):
            return self.unknown(cmd_name, desk)
        return self.command_of(action.describe(), desk, person)

    def command_of(self, entry: Entry, desk: Desk | None, person: Person | None) -> click.Command:
        """Return the command of an action's entry."""
        options = [option for each in entry.get("inputs", ()) if (option := option_of(each))]

        def callback(**given: Any) -> int:
            return self.perform(desk, person, entry, given)

        return click.Command(
            str(entry["name"]), params=[*options, *own_options(entry, self.verb)], callback=callback,
            help=help_of(entry), short_help=str(entry.get("title", "")),
        )  # fmt: skip

    def unknown(self, name: str, desk: Desk) -> click.Command:
        """Return a command for a name that there is not: whatever its options, the attempt is recorded and refused."""
        permissive = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}

        def callback(**given: Any) -> int:
            person = actor_of(desk.journal)  # type: ignore[arg-type]
            given["input"] = ()
            return self.perform(desk, person, {"name": name, "inputs": []}, given)

        options = own_options({}, self.verb)
        return click.Command(
            name, params=list(options), callback=callback, context_settings=permissive, add_help_option=False
        )


def own_options(entry: Entry, verb: str) -> list[click.Option]:
    """Return the options that every run has."""
    reasons = [str(each) for each in entry.get("why", ())]

    def complete(ctx: click.Context, param: click.Parameter, typed: str) -> list[str]:
        return starting(reasons, typed)

    options = [
        click.Option(["--reason"], help=f"Why: {', '.join(reasons)}." if reasons else "Why.", shell_complete=complete),
        click.Option(["--notes"], help="Why, in words."),
        click.Option(["--requested-by"], metavar="WHO", help="Who wanted it: a customer, a colleague."),
        click.Option(["--ticket"], help="The ticket that it belongs to."),
        click.Option(["--input"], multiple=True, metavar="NAME=VALUE", help="Any input, by its name."),
        click.Option(["--once"], metavar="KEY", help="Sent again under the same key it is the same run."),
        click.Option(["--json"], is_flag=True, help="Print the run as JSON."),
    ]
    if verb == "run":
        options[5:5] = [
            click.Option(["--yes"], is_flag=True, help="Do not ask for a yes."),
            click.Option(["--background"], is_flag=True, help="Have a worker perform it."),
            click.Option(["--at"], metavar="TIME", help='When: "2026-12-01 09:00 Europe/Berlin", or from now, as +2h.'),
            click.Option(["--detach"], is_flag=True, help="Do not follow what a worker performs."),
        ]
    return options


def help_of(entry: Entry) -> str:
    """Return what ``--help`` says of an action: what it does, who may, in which circumstances, why."""
    parts = [str(entry.get("description") or entry.get("title")), f"Who may: {entry.get('who')}"]
    if entry.get("when"):
        parts.append("Circumstances:\n\n\b\n" + "\n".join(f"- {each}" for each in entry["when"]))
    if entry.get("steps"):
        steps = (f"{number}. {' '.join(text.split())}" for number, text in enumerate(entry["steps"], 1))
        parts.append("By hand:\n\n\b\n" + "\n".join(steps))
    parts.append(f"Reasons: {', '.join(entry.get('why', ()))}.")
    if entry.get("owner"):
        parts.append(f"Owner: {entry['owner']}.")
    return "\n\n".join(parts)


def perform_run(desk: Desk, person: Person, entry: Entry, given: dict[str, Any]) -> int:
    """Perform an action from its command's options, asking for what is missing where a person sits there."""
    inputs = inputs_of(entry, given, given["input"])
    said = {name: given[name] for name in ("reason", "notes", "requested_by", "ticket")}
    known = desk.actions.get(str(entry["name"]))
    if printing.converses() and known and known.policy.granted(person.roles):
        from firsthand.surfaces.terminal.asking_back import complete_and_confirm

        try:
            agreed = complete_and_confirm(desk, person, entry, inputs, said, confirm=not given["yes"])
        except (KeyboardInterrupt, EOFError, click.Abort):
            agreed = False
        if not agreed:
            raise nothing_performed()
    said |= {"background": given["background"] or None, "at": given["at"]}
    listener, said["once"] = Listener(quiet=given["json"]), given["once"] or token_urlsafe(12)
    with listener.listening(), telling_the_key(said["once"]):
        run = desk.run(str(entry["name"]), inputs, by=person.id, surface="terminal", listener=listener, **said)
    if run.status == "queued" and not given["detach"] and not given["at"]:
        from firsthand.surfaces.terminal.following import follow

        run = follow(desk, run, listener)
    return report_and_go_on(desk, person, run, as_json=given["json"])


def perform_ask(desk: Desk, person: Person, entry: Entry, given: dict[str, Any]) -> int:
    """Ask for an action from its command's options."""
    inputs = inputs_of(entry, given, given["input"])
    said = {name: given[name] for name in ("reason", "notes", "requested_by", "ticket")}
    said["once"] = given["once"] or token_urlsafe(12)
    with telling_the_key(said["once"]):
        run = desk.ask(str(entry["name"]), inputs, by=person.id, surface="terminal", **said)
    return report(desk, run, as_json=given["json"])


@contextmanager
def telling_the_key(once: str) -> Iterator[None]:
    """Where it is not known whether it was recorded, tell the key under which it is one run if it is sent again."""
    try:
        yield
    except (JournalUnavailable, KeyboardInterrupt):
        printing.say(f"To send it again as the same, never twice: --once {once}", error=True)
        raise


class Listener:
    """Shows a run's output and progress while it runs; in a pipe only the output."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet
        self.bar = printing.Bar("performing")

    def __call__(self, kind: str, said: Any) -> None:
        """Take what the run says."""
        if self.quiet:
            return
        if kind == "say":
            printing.say(str(said))
        elif kind == "progress":
            self.bar.update(*said)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Listen to a run; with JSON, what the author's code prints goes to standard error, beside it."""
        try:
            with redirect_stdout(sys.stderr) if self.quiet else nullcontext():
                yield
        except KeyboardInterrupt:
            printing.say("Stopped while it was recorded; firsthand feed says how it ended.", error=True)
            raise click.exceptions.Exit(FAILED) from None
        finally:
            self.bar.close()


def report_and_go_on(desk: Desk, person: Person, run: Run[Any], *, as_json: bool) -> int:
    """Report a run; one that is to be done by hand goes on with its steps."""
    code = report(desk, run, as_json=as_json)
    if run.status != "performing" or as_json:
        return code
    from firsthand.surfaces.terminal.by_hand import go_on

    return go_on(desk, person, run.id)


run_command = Actions("run", perform_run, help="Perform an action. Each has options of its own: ACTION --help.")
ask_command = Actions("ask", perform_ask, help="Ask a colleague to perform an action, for those who may not.")
