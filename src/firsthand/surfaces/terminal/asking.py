"""``asks``, ``take``, ``decline``, ``withdraw`` and ``comment``."""

from __future__ import annotations

import time

import click

from firsthand.core.comments import comment
from firsthand.surfaces.terminal import printing
from firsthand.surfaces.terminal.context import actor_of, load_desk, names_of, open_journal
from firsthand.surfaces.terminal.main import DONE
from firsthand.surfaces.terminal.options import named, parse_id
from firsthand.surfaces.terminal.reporting import report
from firsthand.surfaces.terminal.running import Listener, nothing_performed, report_and_go_on
from firsthand.surfaces.words import line, sentence


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a list of runs as JSON.")
def asks_command(as_json: bool) -> None:
    """List what colleagues asked for and nobody has taken yet, oldest first."""
    journal = open_journal()
    found = journal.history.asks()
    if as_json:
        printing.say_json([run.as_dict() for run in found])
        return
    names = names_of(journal)
    for run in found:
        printing.say(f"{run.id}  {run.at.astimezone():%Y-%m-%d %H:%M}  {sentence(run, names)}")
        if run.notes:
            printing.say(f"      {line(run.notes)}")
    if not found:
        printing.say("Nobody waits for anything.", error=True)


@click.command()
@click.argument("ask")
@click.option("--input", "pairs", multiple=True, metavar="NAME=VALUE", help="A secret, which an ask does not keep.")
@click.option("--yes", is_flag=True, help="Do not ask for a yes.")
@click.option("--json", "as_json", is_flag=True, help="Print the run as JSON.")
def take_command(ask: str, pairs: tuple[str, ...], yes: bool, as_json: bool) -> int:
    """Perform what a colleague asked for: by you, asked by them; everything is checked again."""
    desk = load_desk()
    desk.start()
    person = actor_of(desk.journal)  # type: ignore[arg-type]
    id = parse_id(ask)
    secrets: dict[str, object] = dict(named(pairs))
    if printing.converses():
        run = desk.journal.run(id)
        action = desk.actions.get(run.action) if run else None
        if run and action and run.status == "asked" and action.policy.granted(person.roles):
            for each in action.inputs.values():
                if each.secret and each.required and each.name not in secrets:
                    secrets[each.name] = click.prompt(each.name, hide_input=True)
            printing.say(sentence(run, names_of(desk.journal)))  # type: ignore[arg-type]
            if not yes and not click.confirm("Perform it?"):
                raise nothing_performed()
    listener = Listener(quiet=as_json)
    with listener.listening():
        taken = desk.take(id, by=person.id, secrets=secrets, surface="terminal", listener=listener)
    return report_and_go_on(desk, person, taken, as_json=as_json)


@click.command()
@click.argument("ask")
@click.argument("words")
@click.option("--json", "as_json", is_flag=True, help="Print the run as JSON.")
def decline_command(ask: str, words: str, as_json: bool) -> int:
    """Say no to what a colleague asked for, in WORDS."""
    desk = load_desk()
    person = actor_of(desk.journal)  # type: ignore[arg-type]
    report(desk, desk.decline(parse_id(ask), words, by=person.id, surface="terminal"), as_json=as_json)
    return DONE


@click.command()
@click.argument("ask")
@click.argument("words", default="")
@click.option("--json", "as_json", is_flag=True, help="Print the run as JSON.")
def withdraw_command(ask: str, words: str, as_json: bool) -> int:
    """Take back what you asked for, or a run that waits and has not begun."""
    desk = load_desk()
    person = actor_of(desk.journal)  # type: ignore[arg-type]
    report(desk, desk.withdraw(parse_id(ask), words, by=person.id, surface="terminal"), as_json=as_json)
    return DONE


@click.command()
@click.argument("run")
@click.argument("words")
def comment_command(run: str, words: str) -> None:
    """Say something about a run afterwards; it stands below the run for good."""
    journal = open_journal()
    person = actor_of(journal)
    id = parse_id(run)
    comment(journal, id, person, words, time.time_ns() // 1000)
    printing.say(f"Commented on run {id}.")
