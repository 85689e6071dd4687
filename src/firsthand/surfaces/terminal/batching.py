"""``batch`` and ``batches``: one action for many subjects, looked at first, confirmed once."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from firsthand.core.batch import ENDED, Batch, Progress
from firsthand.core.catalogue import may
from firsthand.surfaces.batch_words import fault_words, pace_words, preflight_words, progress_words, results, rows_words
from firsthand.surfaces.sheets import csv_text
from firsthand.surfaces.terminal import printing
from firsthand.surfaces.terminal.context import actor_of, known_catalogue, load_desk, open_journal, roles_at
from firsthand.surfaces.terminal.main import DONE, FAILED, REFUSED, WAITING
from firsthand.surfaces.terminal.options import parse_id
from firsthand.surfaces.words import line, safe

if TYPE_CHECKING:
    from firsthand.core.actors import Person
    from firsthand.desk import Desk


def opened() -> tuple[Desk, Person]:
    """Return the desk and whoever sits here."""
    desk = load_desk()
    desk.start()
    return desk, actor_of(desk.journal)  # type: ignore[arg-type]


class Batching(click.Group):
    """A group of what is done with a batch; any other word is the action of a new one."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command of a word."""
        if args and args[0] not in self.commands:
            return "new", draft, args
        return super().resolve_command(ctx, args)


@click.group("batch", cls=Batching, subcommand_metavar="ACTION | COMMAND [OPTIONS]")
def batch_command() -> None:
    """Perform one ACTION for many subjects: of a CSV file, of ids, or of the action's own query (ACTION --help).

    Every row is looked at first, and nothing is performed before you say yes.
    """


def complete_action(ctx: click.Context, param: click.Parameter, typed: str) -> list[str]:
    """Return the actions that begin as typed."""
    return [name for name in sorted(known_catalogue()) if name.startswith(typed)]


@click.command("new")
@click.argument("action", shell_complete=complete_action)
@click.option("--csv", "csv", type=click.File("rb"), help="A CSV file in UTF-8 whose heading names the inputs.")
@click.option("--ids", help="Ids, separated by commas; - reads them from standard input.")
@click.option("--query", is_flag=True, help="Whatever the action's own query of subjects gives.")
@click.option("--reason", help="Why, for all rows that say no reason of their own.")
@click.option("--notes", help="Why, in words.")
@click.option("--requested-by", metavar="WHO", help="Who wanted it: a customer, a colleague.")
@click.option("--ticket", help="The ticket that it belongs to.")
@click.option("--stop-after", type=click.IntRange(1), metavar="N", help="Pause after N failures.")
@click.option("--throttle", type=click.IntRange(1), metavar="N", help="Perform at most N rows a minute.")
@click.option("--yes", is_flag=True, help="Do not ask for a yes.")
@click.option("--check", is_flag=True, help="Only look; perform nothing.")
@click.option("--detach", is_flag=True, help="Leave the performing to a worker.")
def draft(
    action: str, csv: BinaryIO | None, ids: str | None, query: bool, stop_after: int | None, throttle: int | None,
    yes: bool, check: bool, detach: bool, **said: Any,
) -> int:  # fmt: skip
    """Look at every row, and perform ACTION for those that would go through once you say yes."""
    if sum((csv is not None, ids is not None, query)) != 1:
        raise click.UsageError("Give the rows: --csv FILE, or --ids IDS, or --query.")
    desk, person = opened()
    text = sys.stdin.read() if ids == "-" else ids
    source = csv.name.rpartition("/")[2] if csv else ""
    said |= {"csv": csv, "ids": text, "source": source}
    batch = watched(lambda hears: desk.draft_batch(action, by=person.id, surface="terminal", hears=hears, **said))
    say_preflight(batch)
    if check or not batch.fit:
        return DONE if batch.fit else REFUSED
    if not yes and (not printing.converses() or not click.confirm(f"Perform {batch.fit:,} in {desk.environment}?")):
        printing.say(f"Nothing was performed. Batch {batch.id} waits: firsthand batch confirm {batch.id}", error=True)
        return WAITING
    return confirmed(desk, person, batch, detach=detach, stop_after=stop_after, throttle=throttle)


def watched(draft: Callable[[Callable[[Batch], None]], Batch]) -> Batch:
    """Draft a batch with a bar of how many of its rows were looked at."""
    bar, began = printing.Bar("preflight"), time.monotonic()

    def hears(batch: Batch) -> None:
        pace = batch.looked / max(time.monotonic() - began, 0.001)
        bar.update(batch.looked, batch.total, pace_words(Progress({"looked": batch.looked}, batch.total, pace)))

    try:
        return draft(hears)
    finally:
        bar.close()


def say_preflight(batch: Batch) -> None:
    """Say what would go through, and what not and why."""
    printing.say_painted(f"Batch {batch.id}: {preflight_words(batch)}", "bright_white")
    for fault in batch.faults:
        printing.say_painted(
            f"  {fault.count:,} × {line(fault_words(fault), 300)} ({rows_words(fault.count, fault.rows)})", "yellow"
        )
    if batch.faults:
        printing.say(f"  The list: firsthand batch results {batch.id} --unfit > unfit.csv")


def confirmed(desk: Desk, person: Person, batch: Batch, *, detach: bool, **limits: int | None) -> int:
    """Confirm a batch, and perform it here unless a worker is to."""
    batch = desk.confirm_batch(batch.id, batch.digest, by=person.id, surface="terminal", **limits)
    if detach:
        printing.say(f"A worker performs it: firsthand batch show {batch.id}")
        return WAITING
    return performed(desk, person, batch)


def performed(desk: Desk, person: Person, batch: Batch) -> int:
    """Perform a batch with its bar; ^C pauses it once what has begun has ended."""
    bar = printing.Bar(f"batch {batch.id}")

    def hears(progress: Progress) -> None:
        bar.update(progress.done, progress.fit, pace_words(progress))

    with interrupts() as interrupted:
        batch = desk.perform_batch(batch.id, lambda: bool(interrupted), hears)
    bar.close()
    if interrupted and batch.status == "confirmed":
        batch = desk.pause_batch(batch.id, by=person.id, surface="terminal")
    return say_batch(desk, batch)


@contextmanager
def interrupts() -> Iterator[list[int]]:
    """Note ^C instead of being stopped by it."""
    found: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: found.append(number))
    try:
        yield found
    finally:
        signal.signal(signal.SIGINT, before)


def say_batch(desk: Desk, batch: Batch) -> int:
    """Say how a batch stands, and return the exit code: done only where every row succeeded."""
    progress = desk.batches.progress(batch.id)
    printing.say(f"Batch {batch.id} of {batch.action} is {batch.status}: {progress_words(progress)}.")
    if batch.status == "paused":
        printing.say(f"{batch.why} Go on: firsthand batch resume {batch.id}".strip())
    if batch.status not in ENDED:
        return WAITING
    return DONE if progress.counts.get("succeeded", 0) == batch.fit else FAILED


def mine(batch: str) -> tuple[Desk, Person, Batch]:
    """Return a batch as whoever sits here may see it."""
    desk, person = opened()
    return desk, person, desk.batch_for(parse_id(batch), person)


@batch_command.command("show")
@click.argument("batch")
def show(batch: str) -> int:
    """Say how a batch stands."""
    desk, _, found = mine(batch)
    say_preflight(found)
    say_batch(desk, found)
    return DONE


@batch_command.command("confirm")
@click.argument("batch")
@click.option("--stop-after", type=click.IntRange(1), metavar="N", help="Pause after N failures.")
@click.option("--throttle", type=click.IntRange(1), metavar="N", help="Perform at most N rows a minute.")
@click.option("--detach", is_flag=True, help="Leave the performing to a worker.")
def confirm(batch: str, stop_after: int | None, throttle: int | None, detach: bool) -> int:
    """Perform the rows of a batch that was looked at."""
    desk, person, found = mine(batch)
    say_preflight(found)
    return confirmed(desk, person, found, detach=detach, stop_after=stop_after, throttle=throttle)


@batch_command.command("pause")
@click.argument("batch")
def pause(batch: str) -> int:
    """Begin no more rows of a batch for now."""
    desk, person, found = mine(batch)
    say_batch(desk, desk.pause_batch(found.id, by=person.id, surface="terminal"))
    return DONE


@batch_command.command("resume")
@click.argument("batch")
@click.option("--detach", is_flag=True, help="Leave the performing to a worker.")
def resume(batch: str, detach: bool) -> int:
    """Go on with a batch that was paused, or whose process died."""
    desk, person, found = mine(batch)
    found = desk.resume_batch(found.id, by=person.id, surface="terminal")
    return WAITING if detach else performed(desk, person, found)


@batch_command.command("cancel")
@click.argument("batch")
def cancel(batch: str) -> int:
    """Perform no more rows of a batch, ever."""
    desk, person, found = mine(batch)
    say_batch(desk, desk.cancel_batch(found.id, by=person.id, surface="terminal"))
    return DONE


@batch_command.command("results")
@click.argument("batch")
@click.option("--unfit", is_flag=True, help="Only the rows that would not go through.")
def show_results(batch: str, unfit: bool) -> None:
    """Write out every row of a batch as CSV, with what became of it."""
    desk, _, found = mine(batch)
    action = desk.actions.ever(found.action)
    for row in results(desk.batches, found, list(action.inputs) if action else [], unfit=unfit):
        printing.say_as_it_is(csv_text((), [row]))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a list as JSON.")
def batches_command(as_json: bool) -> None:
    """List the newest batches."""
    journal = open_journal()
    roles, known = roles_at(journal), dict(journal.history.catalogue())
    found = [
        each
        for each in journal.batches.newest()
        if roles is None or (each.action in known and may(known[each.action], roles))
    ]
    if as_json:
        rows = [{"id": each.id, "action": each.action, "by": each.actor, "at": each.at.isoformat()} for each in found]
        states = [{"status": each.status, "rows": each.total, "fit": each.fit} for each in found]
        printing.say_json([row | state for row, state in zip(rows, states, strict=True)])
        return
    if not found:
        printing.say("There are no batches.", error=True)
        return
    rows_told = [
        (str(each.id), f"{each.at.astimezone():%Y-%m-%d %H:%M}", each.action, safe(each.actor), each.status,
         f"{each.fit:,}", f"{each.unfit:,}")
        for each in found
    ]  # fmt: skip
    printing.table(("batch", "when", "action", "by", "status", "rows", "unfit"), rows_told, right=(5, 6))
