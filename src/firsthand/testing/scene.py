"""A scene: one action of a desk on trial, with somebody who may perform it and somebody who may not."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from io import StringIO
from typing import Any

from firsthand.core.actions import Action
from firsthand.core.runs import Run
from firsthand.core.secrets import reveal
from firsthand.testing.examples import Example, Making
from firsthand.testing.faults import Fault
from firsthand.testing.trials import Trial
from firsthand.testing.watching import Function, Seen, Watched, asked, counted, denied, with_action

RIGHT, WRONG = "somebody who may", "somebody who may not"

UNTOLD = object()
"""What is known of the state where nobody tells it."""


@dataclass
class Scene:
    """One action on trial. ``effect`` tells the author's state, ``example`` and ``subjects`` how it is performed."""

    trial: Trial
    action: Action
    example: Example
    subjects: Mapping[str, Any]
    effect: Callable[..., Any] | None
    seen: Seen = field(default_factory=Seen)

    def pipeline(
        self, action: Action | None = None, function: Function | None = None, *, dies: bool = False
    ) -> Watched:
        """Return the desk's pipeline with the action watched, by another function than its own where one is given."""
        desk = self.trial.desk
        actions = with_action(desk.actions, counted(action or self.action, self.seen, function))
        made = Watched(actions, self.trial.journal, self.trial.clock, desk.name, desk.environment)
        made.seen, made.dies = self.seen, dies
        return made

    def denied(self, check: str) -> Watched:
        """Return the same pipeline with a check that does not hold."""
        return self.pipeline(denied(self.action, check))

    @property
    def making(self) -> Making:
        """What makes the inputs."""
        return Making(self.pipeline(), self.action, RIGHT, self.example.inputs, self.subjects)

    def run(
        self, pipeline: Watched, inputs: Mapping[str, object], by: str = RIGHT, once: str | None = None
    ) -> Run[Any]:
        """Perform the action at once, and return its run."""
        listed = self.action.reasons.listed
        said = {"reason": listed[0], "notes": "To see whether it conforms."}
        request = self.trial.desk.request(self.action.name, inputs, by, once=once or None, background=False, **said)
        return pipeline.perform_request(request)

    def state(self) -> object:
        """Return the author's state, read twice, since what differs from itself tells nothing."""
        if self.effect is None:
            return UNTOLD
        first, second = (asked(self.trial.desk.actions, self.effect, "effect=") for _ in range(2))
        if first != second:
            raise Fault(
                "effect= says two things of one state.", "Let it return plain values, such as the rows of a table."
            )
        return first

    def nothing_done(self, before: object, when: str) -> None:
        """Raise ``Fault`` where something was done nevertheless."""
        if self.seen.calls:
            raise Fault(f"its function was called {when}.", "Perform it through the desk only, and report this.")
        if self.seen.kept:
            raise Fault(
                f"the resource {self.seen.kept[0]} was left as after a success {when}.",
                "Let the exception pass through the resource, so that it rolls back.",
            )
        if self.state() != before:
            raise Fault(
                f"something was done {when}: effect= says another state than before.",
                "Let whatever comes before the function only look: checks, clauses of who=, loaders, choices, types.",
            )

    def succeeded(self, run: Run[Any], inputs: Mapping[str, object]) -> None:
        """Raise ``Fault`` where a run was not performed."""
        if run.status == "succeeded":
            return
        told = run.refusal.message if run.refusal else ""
        told = f"{run.error.type}: {run.error.message}" if run.error else told
        raise Fault(
            f"with {self.making.shown(inputs)} {ended(run)}: {told}",
            f"Mend it, or give each test a state of its own. {self.making.line(*inputs)}",
        )

    def secrets(self, inputs: Mapping[str, object]) -> list[str]:
        """Return the secrets in some inputs."""
        known = self.action.inputs
        parsed = [known[name].parse(value) for name, value in inputs.items() if known[name].secret]
        found = [secret for value in parsed for secret in reveal(value)]
        return [each if isinstance(each, str) else each.decode("utf-8", "replace") for each in found]

    def stored(self) -> bytes:
        """Return every byte of the journal's files."""
        return b"\n".join(path.read_bytes() for path in sorted(self.trial.folder.rglob("*")) if path.is_file())


ENDED = {"succeeded": "it succeeds", "refused": "it is refused", "failed": "it fails", "unknown": "it ends unknown"}


def ended(run: Run[Any]) -> str:
    """Return how a run ended, in words."""
    return ENDED.get(run.status, f"it is {run.status}")


@dataclass(slots=True)
class Performed:
    """What was seen of one performing, sent twice under one key; ``printed`` is what it printed or logged meanwhile."""

    run: Run[Any]
    again: Run[Any]
    calls: int
    runs: int
    events: list[str]
    secrets: list[str]
    printed: str
    stored: bytes

    @classmethod
    def of(cls, scene: Scene) -> Performed:
        """Perform an action, once; raises ``Fault`` where that does not succeed."""
        inputs, pipeline = scene.making.inputs(), scene.pipeline()
        with listening() as (printed, logged):
            run = scene.run(pipeline, inputs, once="conforms")
        heard = printed.getvalue() + logged.getvalue()
        scene.succeeded(run, inputs)
        again = scene.run(pipeline, inputs, once="conforms")
        history = scene.trial.journal.history
        events = [each.kind for each in history.events(run.id) if each.kind not in ("said", "progress")]
        sql = "SELECT count(*) FROM runs WHERE action = ?"
        runs = int(scene.trial.journal.database.read(sql, (scene.action.name,))[0][0])
        run = replace(history.run(run.id) or run, value=run.value)
        secrets = scene.secrets(inputs)
        return cls(run, again, len(scene.seen.calls), runs, events, secrets, heard, scene.stored())


@contextmanager
def listening() -> Iterator[tuple[StringIO, StringIO]]:
    """Hear all that is printed meanwhile, which is passed on, and all that is logged, at any level."""
    printed, logged, root = StringIO(), StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(logged), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with redirect_stdout(printed), redirect_stderr(printed):
            yield printed, logged
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
        sys.stdout.write(printed.getvalue())
