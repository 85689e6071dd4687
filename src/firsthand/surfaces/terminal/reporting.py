"""How a run ended, as a command says it, and the exit code that goes with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from firsthand.core.errors import JournalError
from firsthand.core.runs import Run
from firsthand.surfaces.terminal import printing
from firsthand.surfaces.terminal.context import names_of
from firsthand.surfaces.terminal.main import DONE, FAILED, REFUSED, WAITING
from firsthand.surfaces.words import WHOLE, Names, sentence

if TYPE_CHECKING:
    from firsthand.desk import Desk

EXIT = {
    "succeeded": DONE,
    "failed": FAILED,
    "unknown": FAILED,
    "asked": WAITING,
    "performing": WAITING,
    "queued": WAITING,
}


def exit_code(run: Run[Any]) -> int:
    """Return the exit code of a run: never 0 for one that did not happen."""
    return EXIT.get(run.status, REFUSED)


def report(desk: Desk, run: Run[Any], *, as_json: bool) -> int:
    """Print how a run ended, as recorded, and return its exit code."""
    journal: Any = desk.journal
    try:
        on_record = journal.run(run.id)
        names = names_of(journal)
    except JournalError:
        on_record, names = None, None
    if on_record is not None and run.status == "queued":
        run = on_record
    if on_record is None or on_record.status != run.status:
        printing.say(
            f"The outcome could not be written; it is kept in {journal.kept.path} and recorded by the next command "
            "that writes.",
            error=True,
        )
        on_record = run
        on_record.value = run.value if isinstance(run.value, str) else None
    if as_json:
        printing.say_json(on_record.as_dict())
        return exit_code(run)
    said = sentence(on_record, names or Names(), WHOLE)
    where = f" [{desk.environment}]"
    if run.again:
        printing.say("This was sent before; this is the run that came of it. Nothing was performed again.", error=True)
    printing.say_painted(f"{run.id}{where}  {said}", printing.COLOURS.get(run.status))
    if on_record.value is not None and not isinstance(on_record.value, str):
        printing.say_json(on_record.value)
    return exit_code(run)
