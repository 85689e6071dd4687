"""``settle``: saying of a run that ended unknown whether it happened, or having that found out."""

from __future__ import annotations

import click

from firsthand.core.settling import ENDS
from firsthand.surfaces.terminal import printing
from firsthand.surfaces.terminal.context import actor_of, load_desk, names_of
from firsthand.surfaces.terminal.main import DONE, FAILED
from firsthand.surfaces.terminal.options import parse_id
from firsthand.surfaces.terminal.reporting import report
from firsthand.surfaces.words import sentence


@click.command()
@click.argument("run", required=False)
@click.argument("outcome", required=False, type=click.Choice(ENDS))
@click.option("--words", default="", help="How you found out; needed.")
@click.option("--json", "as_json", is_flag=True, help="Print the run as JSON.")
def settle_command(run: str | None, outcome: str | None, words: str, as_json: bool) -> int:
    """Say of a RUN that ended unknown whether it happened: succeeded, or failed where it did not.

    Without a RUN, have the actions find it out themselves, as far as they can tell.
    """
    if run is None:
        return settle_all(as_json=as_json)
    if outcome is None:
        raise click.UsageError("Say succeeded, or failed where it did not happen.")
    desk = load_desk()
    person = actor_of(desk.journal)  # type: ignore[arg-type]
    settled = desk.settle(parse_id(run), outcome, words, by=person.id, surface="terminal")
    report(desk, settled, as_json=as_json)
    return DONE


def settle_all(*, as_json: bool) -> int:
    """Settle what can be settled without a person, and say what is left."""
    desk = load_desk()
    settled = desk.verify_unknown()
    left = desk.journal.unknown()
    if as_json:
        printing.say_json([run.as_dict() for run in settled])
    else:
        names = names_of(desk.journal)  # type: ignore[arg-type]
        for run in settled:
            printing.say_painted(f"{run.id}  {sentence(run, names)}", printing.COLOURS.get(run.status))
    if left:
        runs = "1 run is" if len(left) == 1 else f"{len(left)} runs are"
        printing.say(f"{runs} unknown still. Look whether it happened: firsthand settle {left[0].id}", error=True)
    elif not settled:
        printing.say("No run is unknown.", error=True)
    return FAILED if left else DONE
