"""``tick`` and ``finish``: performing a manual action, step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from firsthand.core.errors import FirsthandError
from firsthand.core.steps import Steps
from firsthand.surfaces.terminal import printing
from firsthand.surfaces.terminal.context import actor_of, load_desk, names_of
from firsthand.surfaces.terminal.main import DONE, WAITING
from firsthand.surfaces.terminal.options import parse_id
from firsthand.surfaces.terminal.reporting import exit_code, report
from firsthand.surfaces.words import Names, safe

if TYPE_CHECKING:
    from firsthand.core.actors import Person
    from firsthand.desk import Desk

ENDS = {"succeeded": "It is done", "failed": "It failed", "refused": "Nothing was done"}


@click.command()
@click.argument("run")
@click.argument("steps", nargs=-1, metavar="[STEP]...", type=int)
@click.option("--undo", is_flag=True, help="Take the ticks back.")
def tick_command(run: str, steps: tuple[int, ...], undo: bool) -> int:
    """Tick steps of a RUN by hand, counted from 1; without any, go on with it where you are."""
    desk = load_desk()
    person = actor_of(desk.journal)  # type: ignore[arg-type]
    id = parse_id(run)
    if not steps:
        return go_on(desk, person, id)
    for step in steps:
        desk.tick(id, step, by=person.id, done=not undo, surface="terminal")
    say_steps(steps_at(desk, id), names_of(desk.journal))  # type: ignore[arg-type]
    return DONE


@click.command()
@click.argument("run")
@click.option(
    "--as", "outcome", type=click.Choice(list(ENDS)), required=True, help="How it ended; refused: nothing was done."
)
@click.option("--words", default="", help="What happened; needed where it did not succeed.")
@click.option("--json", "as_json", is_flag=True, help="Print the run as JSON.")
def finish_command(run: str, outcome: str, words: str, as_json: bool) -> int:
    """Say how a RUN by hand ended; the time that it took is recorded."""
    desk = load_desk()
    person = actor_of(desk.journal)  # type: ignore[arg-type]
    ended = desk.finish(parse_id(run), outcome, words, by=person.id, surface="terminal")
    report(desk, ended, as_json=as_json)
    return DONE


def go_on(desk: Desk, person: Person, run: int) -> int:
    """Go through the steps of a run with the person who sits there; else say what to type next."""
    steps = steps_at(desk, run)
    if not printing.converses():
        say_steps(steps, names_of(desk.journal))  # type: ignore[arg-type]
        printing.say(f"Tick them: firsthand tick {run} STEP. Then: firsthand finish {run} --as succeeded")
        return WAITING
    try:
        return walk(desk, person, run, steps)
    except (KeyboardInterrupt, EOFError, click.Abort):
        printing.say(f"\nRun {run} stays open. Go on with it: firsthand tick {run}", error=True)
        return WAITING


def walk(desk: Desk, person: Person, run: int, steps: Steps) -> int:
    """Ask for each tick, and then how it ended."""
    from firsthand.surfaces.terminal.asking_back import choose

    for number in steps.left:
        printing.say(numbered(number, steps.texts[number - 1]))
        if click.confirm("Done?", default=True):
            desk.tick(run, number, by=person.id, surface="terminal")
    ends = [*ENDS.items(), ("", "It goes on later")]
    outcome = choose("How did it end?", ends)
    if not outcome:
        raise click.Abort
    words = click.prompt("In words", default="" if outcome == "succeeded" else None, show_default=False)
    ended = desk.finish(run, outcome, words, by=person.id, surface="terminal")
    report(desk, ended, as_json=False)
    return exit_code(ended)


def steps_at(desk: Desk, run: int) -> Steps:
    """Return the steps of a run; raises ``FirsthandError`` where it is not one by hand."""
    steps = desk.journal.manuals.steps(run)
    if steps is None:
        raise FirsthandError(f"Run {run} is not one by hand.", "firsthand show has more.")
    return steps


def say_steps(steps: Steps, names: Names) -> None:
    """Print the steps of a run with their ticks."""
    for number, text in enumerate(steps.texts, 1):
        tick: Any = steps.ticks.get(number)
        by = f"  ({names.person(tick.actor)}, {tick.at.astimezone():%d %b %H:%M})" if tick else ""
        printing.say(f"{'[x]' if tick else '[ ]'} {numbered(number, text)}{by}")


def numbered(number: int, text: str) -> str:
    """Return a step with its number, its further lines below the first."""
    indent = "\n       "
    return f"{number:>2}. {indent.join(safe(text).splitlines())}"
