"""What an action promises, each rule by performing it: on a trial's journal, and on the author's own data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from firsthand.core.binding import name_of
from firsthand.core.calling import call
from firsthand.core.fates import again
from firsthand.core.runs import Run
from firsthand.core.saying import secret
from firsthand.core.transactions import marked
from firsthand.storage.queue import Queue
from firsthand.testing.faults import Fault
from firsthand.testing.scene import UNTOLD, WRONG, Performed, Scene, ended
from firsthand.testing.watching import Died, Function

SHORTEST = 8
"""Characters that a secret needs to be told from other words."""

LONG = 16
"""Characters of a secret whose halves are looked for, too."""

BROKEN = "raised by conforms, after all that it did"

Inputs = Mapping[str, object]


def refused_to_the_wrong_person(scene: Scene) -> None:
    """It is refused to somebody with every role of the desk but those that may, and nothing is done."""
    inputs, before = scene.making.inputs(), scene.state()
    run = scene.run(scene.pipeline(), inputs, by=WRONG)
    if run.status != "refused":
        raise Fault(f"{ended(run)} for somebody who may not.", "Look at who=, and at the desk's class.")
    scene.nothing_done(before, "for somebody who may not")


def refused_unless(scene: Scene, check: str) -> None:
    """It is refused where a check does not hold, and nothing is done: one that was made to fail, and by example."""
    inputs, before = scene.making.inputs(), scene.state()
    refused_by(scene, scene.run(scene.denied(check), inputs), check, inputs)
    scene.nothing_done(before, f"though {check} did not hold")
    given = {each if isinstance(each, str) else name_of(each): more for each, more in scene.example.refused.items()}
    if check in given:
        changed = {**inputs, **given[check]}
        refused_by(scene, scene.run(scene.pipeline(), changed), check, changed)
        scene.nothing_done(before, f"though {check} did not hold")


def refused_by(scene: Scene, run: Run[Any], check: str, inputs: Inputs) -> None:
    """Raise ``Fault`` where a run was not refused by a check."""
    if run.status != "refused" or run.refusal is None:
        raise Fault(f"with {scene.making.shown(inputs)} {ended(run)}, not refused by {check}.", "Mend it.")
    if run.refusal.check != check:
        raise Fault(
            f"with {scene.making.shown(inputs)} it is refused by {run.refusal.check or run.refusal.code}, before "
            f"{check}: {run.refusal.message}",
            scene.making.line(*inputs),
        )


def recorded_once(performed: Performed) -> None:
    """What is performed is one run, its function called once, with its three events and one outcome."""
    if performed.runs != 1:
        raise Fault(f"performing it once leaves {performed.runs} runs of it.", "Let its function not run it again.")
    if performed.calls != 1:
        raise Fault(
            f"its function was called {performed.calls} times for one run.",
            "Look at what gets in the way of its transaction.",
        )
    if performed.events != ["recorded", "performing", "succeeded"]:
        raise Fault(f"its events are {', '.join(performed.events)}.", "Report this: it is not in your hands.")


def keeps_its_secrets(scene: Scene, performed: Performed) -> None:
    """No secret that went in is found in what is recorded, returned, said, printed or logged."""
    if fault := secret(scene.action):
        raise Fault.of(fault)
    if not performed.secrets or any(len(each) < SHORTEST for each in performed.secrets):
        names = [name for name, each in scene.action.inputs.items() if each.secret]
        raise Fault(
            f"no secret of {SHORTEST} characters or more goes in, so none can be looked for.",
            scene.making.line(*names),
        )
    for place, told in places(performed):
        if any(each in told for text in performed.secrets for each in pieces_of(text)):
            raise Fault(f"a secret is in {place}.", "Keep it out of all that is returned, said, printed and logged.")


def places(performed: Performed) -> Iterator[tuple[str, str]]:
    """Yield where secrets are looked for, with what is there, in small letters."""
    run = performed.run
    yield "what it returns", repr(run.value).lower()
    yield "its output", run.output.lower()
    yield "what it prints or logs", performed.printed.lower()
    yield "the label or the traits of its subject", repr(run.subjects).lower()
    yield "the journal", performed.stored.decode("latin-1").lower()


def pieces_of(text: str) -> Iterator[str]:
    """Yield a secret as it is looked for: whole, in halves where it is long, and backwards."""
    small, half = text.lower(), len(text) // 2
    for each in (small, small[:half], small[half:]) if len(small) >= LONG else (small,):
        yield from (each, each[::-1])


def safe_to_repeat(scene: Scene, performed: Performed | None) -> None:
    """It keeps what its mode promises."""
    if performed is not None:
        sent_twice(performed)
    elif scene.action.manner.mode == "idempotent":
        performed_again(scene)
    else:
        undone(scene)


def sent_twice(performed: Performed) -> None:
    """Sent twice under one key, it is one run."""
    if not performed.again.again or performed.again.id != performed.run.id or performed.calls != 1:
        raise Fault("sent twice under one key, it is performed twice.", "Report this: it is not in your hands.")


def performed_again(scene: Scene) -> None:
    """Performed again under the same key, after its process died, it leaves the effect that it had."""
    if scene.effect is None:
        raise Fault(
            "it is idempotent, but whether its second time changes anything cannot be seen.",
            "Say how its state is told: conforms(..., effect=rows), a function that returns the rows that it changes.",
        )
    inputs = scene.making.inputs()
    run = left_behind(scene, inputs)
    first = scene.state()
    second = scene.pipeline().resume(run)
    if second.status != "succeeded":
        told = second.refusal.message if second.refusal else second.error.message if second.error else ""
        raise Fault(
            f"begun again after its process died, {ended(second)}: {told}",
            "Let its checks hold for the run that has done it already (run: Run, run.key), or choose another mode.",
        )
    if scene.state() != first:
        raise Fault(
            "performed again under the same key, it has another effect than once.",
            "Hand run.key to what it calls, or look whether it was done under that key before doing it.",
        )


def left_behind(scene: Scene, inputs: Inputs) -> Run[Any]:
    """Return a run whose process died right after it was performed, claimed to be performed again."""
    journal, desk = scene.trial.journal, scene.trial.desk
    try:
        left = scene.run(scene.pipeline(dies=True), inputs)
    except Died as died:
        left = died.run
    run = journal.run(left.id)
    if run is None or run.status != "performing":
        scene.succeeded(left, inputs)
        raise Fault(f"{ended(left)} before its function is called.", scene.making.line(*inputs))
    now = scene.trial.clock()
    journal.step(again(run, now, {}))
    return Queue(journal).claim(journal.process, 1, now=now, desk=desk.name)[0]


def undone(scene: Scene) -> None:
    """Where it raises after all that it did, nothing of that is left."""
    inputs, before = scene.making.inputs(), scene.state()
    pipeline = scene.pipeline(function=breaking(scene.action.wiring.function))
    run = scene.run(pipeline, inputs)
    if run.error is None or run.error.message != BROKEN:
        scene.succeeded(run, inputs)
        raise Fault("it succeeds although it raised.", "Report this: it is not in your hands.")
    if scene.state() != before or marked(pipeline, run, scene.action) is not None:
        raise Fault(
            "it raised after what it did, and that is still there.",
            "Do all of it in the transaction of its resource, and leave commit to the desk; or choose another mode.",
        )
    if before is UNTOLD and run.status != "failed":
        raise Fault(f"it raised after what it did, and {ended(run)}.", "Leave commit and rollback to the desk.")


def breaking(function: Function) -> Function:
    """Return a function that does what another one does, and raises then."""

    def broken(**arguments: Any) -> None:
        call(function, **arguments)
        raise RuntimeError(BROKEN)

    return broken
