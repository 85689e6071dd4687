"""``schedule``: runs by calendar."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from firsthand.core.refusals_of_schedules import unknown_schedule
from firsthand.core.runs import microseconds, moment
from firsthand.core.schedules import Schedule
from firsthand.surfaces.terminal import printing
from firsthand.surfaces.terminal.completion import action_names
from firsthand.surfaces.terminal.context import actor_of, hidden_here, load_desk, names_of, open_journal
from firsthand.surfaces.terminal.options import named, parse_id
from firsthand.surfaces.words import line

if TYPE_CHECKING:
    from firsthand.core.actors import Person
    from firsthand.desk import Desk

JSON = click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")


@click.group()
def schedule_command() -> None:
    """Have actions performed by calendar, each run on the authority of whoever scheduled it. A worker begins them."""


@schedule_command.command()
@click.argument("action", shell_complete=action_names)
@click.option("--cron", required=True, metavar="'M H D M W'", help="Minute, hour, day, month, weekday: '0 8 * * 1-5'.")
@click.option("--zone", required=True, help="The time zone of these: Europe/Berlin, UTC.")
@click.option("--input", "pairs", multiple=True, metavar="NAME=VALUE", help="An input; may be given several times.")
@click.option("--reason", help="Why.")
@click.option("--notes", help="Why, in words.")
@click.option("--requested-by", metavar="WHO", help="Who wanted it: a customer, a colleague.")
@click.option("--ticket", help="The ticket that it belongs to.")
@click.option("--once", metavar="KEY", help="Sent again under the same key it is the same schedule.")
@JSON
def add(action: str, cron: str, zone: str, pairs: tuple[str, ...], as_json: bool, **said: str | None) -> None:
    """Have ACTION performed by calendar, on your authority."""
    desk, person = here()
    inputs: dict[str, object] = dict(named(pairs))
    made = desk.schedule(action, inputs, by=person.id, cron=cron, zone=zone, surface="terminal", **said)
    tell("Scheduled", made, as_json=as_json)


@schedule_command.command()
@click.argument("schedule")
@click.option("--cron", metavar="'M H D M W'", help="Minute, hour, day, month, weekday.")
@click.option("--zone", help="The time zone of these.")
@click.option("--input", "pairs", multiple=True, metavar="NAME=VALUE", help="An input; those not given stay.")
@click.option("--without", multiple=True, metavar="NAME", help="An input that is not to be given any more.")
@click.option("--reason", help="Why.")
@click.option("--notes", help="Why, in words.")
@click.option("--requested-by", metavar="WHO", help="Who wanted it.")
@click.option("--ticket", help="The ticket that it belongs to.")
@JSON
def change(
    schedule: str, pairs: tuple[str, ...], without: tuple[str, ...], as_json: bool, **said: str | None
) -> None:  # fmt: skip
    """Change a SCHEDULE: what is not given stays. It is on your authority from then on."""
    desk, person = here()
    found = desk.schedules.open(parse_id(schedule), person, "change")
    inputs = {name: value for name, value in found.inputs.items() if name not in without} | dict(named(pairs))
    given: dict[str, Any] = {name: value for name, value in said.items() if value is not None}
    edited = replace(found, by=person.id, inputs=inputs, **given)
    tell("Changed", desk.schedules.change(edited, "terminal"), as_json=as_json)


@schedule_command.command("list")
@click.option("--all", "retired", is_flag=True, help="Retired ones too.")
@JSON
def list_all(retired: bool, as_json: bool) -> None:
    """List the schedules, those that are due next first."""
    journal = open_journal()
    hidden, names = hidden_here(journal), names_of(journal)
    found = [each for each in journal.schedules.all(retired=retired) if each.action not in hidden]
    if as_json:
        printing.say_json([each.as_dict() for each in found])
        return
    rows = [
        (str(each.id), each.action, each.cron, each.zone, names.person(each.by), state_of(each), last_of(journal, each))
        for each in found
    ]
    printing.table(["id", "action", "when", "zone", "of", "next", "last run"], rows, right=(0,))
    for each in found:
        if each.stopped:
            printing.say(f"Schedule {each.id} was paused by itself: {line(each.stopped, 300)}", error=True)


@schedule_command.command("next")
@click.argument("schedule")
@click.option("--number", type=click.IntRange(1, 100), default=5, help="How many; 5 if not given.")
@JSON
def coming(schedule: str, number: int, as_json: bool) -> None:
    """Show the next moments of a SCHEDULE, in its time zone."""
    from firsthand.work.calendar import Calendar

    journal, id = open_journal(), parse_id(schedule)
    found = journal.schedules.get(id)
    if found is None or found.action in hidden_here(journal):
        raise unknown_schedule(id)
    after = microseconds(found.due) - 1 if found.due else time.time_ns() // 1000
    moments = [local(each, found.zone) for each in islice(Calendar().after(found.cron, found.zone, after), number)]
    if as_json:
        printing.say_json([each.isoformat() for each in moments])
        return
    for each in moments:
        printing.say(f"{each:%a %Y-%m-%d %H:%M} {each.tzname()}")
    if found.state != "active":
        printing.say(f"It is {found.state}, so none of these comes.", error=True)


@schedule_command.command()
@click.argument("schedule")
@JSON
def skip(schedule: str, as_json: bool) -> None:
    """Leave the next moment of a SCHEDULE out."""
    desk, person = here()
    found = desk.schedules.open(parse_id(schedule), person, "skip")
    due = microseconds(found.due) if found.due else 0
    tell("Left one out", desk.schedules.skip(found.id, due, by=person.id, surface="terminal"), as_json=as_json)


def changing(name: str, done: str, help: str) -> None:
    """Add the command of a change that needs nothing but the schedule."""

    @schedule_command.command(name, help=help)
    @click.argument("schedule")
    @JSON
    def change(schedule: str, as_json: bool) -> None:
        desk, person = here()
        call: Callable[..., Schedule] = getattr(desk.schedules, name.replace("-", "_"))
        tell(done, call(parse_id(schedule), by=person.id, surface="terminal"), as_json=as_json)


changing("pause", "Paused", "Start nothing more of a SCHEDULE until it is resumed.")
changing("resume", "Resumed", "Let a SCHEDULE of yours go on from now.")
changing("take-over", "Took over", "Let a SCHEDULE go on, on your authority from now on.")
changing("retire", "Retired", "End a SCHEDULE for good; it stays on record.")


def here() -> tuple[Desk, Person]:
    """Return the desk, and whoever sits at this terminal."""
    desk = load_desk()
    desk.start()
    return desk, actor_of(desk.journal)  # type: ignore[arg-type]


def tell(done: str, schedule: Schedule, *, as_json: bool) -> None:
    """Say what was done to a schedule, and when it is due next."""
    if as_json:
        printing.say_json(schedule.as_dict())
    else:
        printing.say(f"{done}: schedule {schedule.id}, {line(schedule.action)}. Next: {state_of(schedule)}.")


def state_of(schedule: Schedule) -> str:
    """Return when a schedule is due next, in its own zone; or that it is not."""
    if schedule.due is None:
        return schedule.state
    due = local(microseconds(schedule.due), schedule.zone)
    return f"{due:%Y-%m-%d %H:%M} {due.tzname()}"


def last_of(journal: Any, schedule: Schedule) -> str:
    """Return how the last run of a schedule stands."""
    runs: Iterable[Any] = journal.schedules.runs(schedule.id, 1)
    return next((f"{run.id} {run.status}" for run in runs), "")


def local(at: int, zone: str) -> datetime:
    """Return a moment as the clocks of a zone show it."""
    from zoneinfo import ZoneInfo

    return moment(at).astimezone(ZoneInfo(zone))
