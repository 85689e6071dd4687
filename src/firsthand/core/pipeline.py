"""The six steps: record, authorize, look up, check, perform, record the outcome.

The only way to perform anything. Every surface hands over a ``Request``; no rule lives anywhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from firsthand.core import refusals
from firsthand.core.actions import Action, Actions
from firsthand.core.actors import Person
from firsthand.core.attempts import TEXTS, Attempt, Request, as_text
from firsthand.core.calling import call
from firsthand.core.due import check_due
from firsthand.core.errors import AuthorError, ChangedMeanwhile, JournalUnavailable, Refused, SubjectBusy, UnknownActor
from firsthand.core.fates import begun_before
from firsthand.core.inputs import LIMIT, choices_of, is_offered, parse, size_of
from firsthand.core.journal import Journal, Step
from firsthand.core.keeping import check_keepable, is_keepable
from firsthand.core.keys import digest_of_request, is_same
from firsthand.core.outcomes import LONGEST, failure_of, kept, refusal_of, value_as_json
from firsthand.core.output import Output
from firsthand.core.policy import Clause
from firsthand.core.reasons import check_notes
from firsthand.core.runs import Failure, Run, Subject, moment
from firsthand.core.secrets import UNMASKED, Mask
from firsthand.core.subjects import Kind
from firsthand.core.text import LIMITS, is_utf8, recordable
from firsthand.core.transactions import begin, through


@dataclass(slots=True)
class Pipeline:
    """The six steps over one desk's actions and one journal. ``clock`` gives microseconds since 1970, in UTC.

    ``wake`` is told of each run that waits, once that is on record.
    """

    actions: Actions
    journal: Journal
    clock: Callable[[], int]
    desk: str
    environment: str
    wake: Callable[[Run[Any]], None] = lambda _: None

    def perform_request(self, request: Request) -> Run[Any]:
        """Take a request through all six steps and return its run, whatever its outcome."""
        return self.conclude(self.record(request), self.perform_attempt)

    def resume(self, run: Run[Any]) -> Run[Any]:
        """Take a queued run that this process has claimed through the steps again, wholly, and perform it.

        Whoever wanted it must still be known and authorized: their right is looked at as it is now.
        """
        said = {name: getattr(run, name) for name in TEXTS}
        request = Request(run.action, run.inputs or {}, run.actor or "", run.surface, **said)
        actor = self.journal.person(request.by)
        attempt = self.attempt(request, actor or Person(request.by, request.by), replace(run, subjects=()))
        attempt.fault = None if actor else refusals.actor_gone(request.by)
        return self.conclude(attempt, self.perform_attempt)

    def perform_attempt(self, attempt: Attempt) -> str:
        """Take a recorded attempt through the steps from authorizing to performing; return the status it ends in."""
        clauses = self.authorize(attempt)
        action = self.look_up(attempt)
        self.check(attempt, action, clauses)
        if attempt.waits:
            check_due(attempt.request.due, self.clock())
            check_keepable(attempt, action)
            return "queued"
        self.perform(attempt, action)
        return "performing" if action.manual else "succeeded"

    # Step 1

    def record(self, request: Request, *, asked: bool = False) -> Attempt:
        """Commit the intent before anything is decided; without it on record nothing is performed.

        Whoever is not a known person is turned away, which is recorded; that is no run. What was sent before under
        the same key is returned as it stands; under the key of anything else it is a run to be refused.
        """
        once = request.once if request.once and not refusals.unfit_key(request.once) else None
        action = self.actions.get(request.action) if once else None
        sent = digest_of_request(self.journal, request, action, asked=asked) if once else None
        actor, run = self.recorded(request, once, sent, asked=asked)
        if not run.again or is_same(self.journal, request, sent, run.action in self.names(request.action, actor)):
            return self.attempt(request, actor, run)
        attempt = self.attempt(request, *self.recorded(request, None, None, asked=asked))
        attempt.fault = refusals.key_used(run.id)
        return attempt

    def recorded(
        self, request: Request, once: str | None, digest: str | None, *, asked: bool
    ) -> tuple[Person, Run[Any]]:
        """Return the actor of a request and its run, now on record; or the one sent before under the same key."""
        known = isinstance(request.by, str) and is_utf8(request.by)
        intent = partial(self.intent, request, asked)
        recorded = self.journal.record(request.by, intent, once, digest) if known else None
        if recorded is None:
            raise self.turned_away(request.by, request.surface)
        return recorded

    def intent(self, request: Request, asked: bool, actor: Person) -> Run[Any]:
        """Return the run of a request as it is first recorded."""
        action = self.known_action(request.action, actor)
        said = {name: text for name in TEXTS if (text := getattr(request, name)) is not None}
        texts: dict[str, Any] = {name: recordable(as_text(text), LIMITS[name]) for name, text in said.items()}
        return Run(
            id=0,
            action=action.name if action else recordable(request.action, LIMITS["action"]) or "",
            status="recorded",
            at=moment(self.clock()),
            actor=None if asked else actor.id,
            asked_by=actor.id if asked else None,
            surface=request.surface,
            environment=self.environment,
            desk=self.desk,
            **texts,
        )

    def actor(self, id: str, surface: str) -> Person:
        """Return the known person of an id; anybody else is turned away."""
        person = self.journal.person(id) if isinstance(id, str) and is_utf8(id) else None
        if person is None:
            raise self.turned_away(id, surface)
        return person

    def turned_away(self, id: str, surface: str) -> UnknownActor:
        """Record that somebody unknown was turned away, and return the error that says so."""
        shown = recordable(as_text(id), 200)
        data = {"as": shown, "surface": surface}
        self.journal.append("sign_in_failed", actor=None, at=self.clock(), run=None, data=data)
        return UnknownActor(f"{shown} is not a known person.", "Add them: firsthand people add.")

    def attempt(self, request: Request, actor: Person, run: Run[Any]) -> Attempt:
        """Return a recorded run with what its steps need; who listens to it hears no secrets."""
        mask = Mask()
        run.listener = output = Output(mask, request.listener)
        return Attempt(request, actor, run, self.actions.opened(run), output, mask)

    # Step 2

    def authorize(self, attempt: Attempt) -> tuple[Clause, ...]:
        """Return the clauses that could hold for the actor; a hidden name and an unknown one are refused alike."""
        action = self.visible(attempt.request.action, attempt.actor)
        clauses = action.policy.granted(attempt.actor.roles)
        if not clauses:
            self.name_given(attempt, action)
            raise refusals.no_right(action.title, action.policy.words(), action.name)
        return clauses

    def visible(self, name: str, actor: Person) -> Action:
        """Return the action of a name; refuses where there is none, or none that the actor may know of."""
        action = self.known_action(name, actor)
        if action is None:
            names = [each.name for each in self.actions if each.policy.may_know(actor.roles)]
            raise refusals.unknown_action(recordable(name, LIMITS["action"]) or "", names)
        return action

    def known_action(self, name: str, actor: Person) -> Action | None:
        """Return the action of a name or an alias, if the actor may know of it."""
        action = self.actions.get(name)
        return action if action and action.policy.may_know(actor.roles) else None

    def names(self, name: str, actor: Person) -> tuple[str, ...]:
        """Return the names by which runs of an action may be on record."""
        action = self.known_action(name, actor)
        return (action.name, *action.aliases) if action else (recordable(name, LIMITS["action"]) or "",)

    # Step 3

    def look_up(self, attempt: Attempt) -> Action:
        """Return the action of the name, and note its code's digest and its tags as they are now."""
        action = attempt.action = self.visible(attempt.request.action, attempt.actor)
        attempt.run.digest, attempt.run.tags, attempt.run.mode = action.digest, action.tags, action.manner.mode
        return action

    # Step 4

    def check(self, attempt: Attempt, action: Action, clauses: tuple[Clause, ...]) -> None:
        """Check the inputs, the clause of ``who``, the reason, the subjects, the circumstances, in this order.

        A clause that speaks of a subject waits until that is loaded.
        """
        self.check_texts(attempt.request)
        self.parse_inputs(attempt, action)
        begin(self, attempt, action)
        subjects = {name for name, _ in action.subjects}
        late = bool(subjects) and any(each.wiring and subjects.intersection(each.wiring.inputs) for each in clauses)
        if not late:
            action.policy.settle(clauses, attempt.opened, attempt.inputs)
        attempt.run.reason = action.reasons.settle(attempt.request.reason, attempt.request.notes)
        self.load_subjects(attempt, action)
        if late:
            action.policy.settle(clauses, attempt.opened, attempt.inputs)
        self.check_choices(attempt, action)
        for circumstance in action.circumstances:
            circumstance.hold(attempt.opened, attempt.inputs)

    def check_texts(self, request: Request) -> None:
        """Refuse texts that are none, not UTF-8 or over their limits; a number may be a ticket or a customer."""
        for name in TEXTS:
            if (text := getattr(request, name)) is None:
                continue
            shown = name.replace("_", " ")
            if not isinstance(text, str):
                if not isinstance(text, (int, float)) or name in ("notes", "reason"):
                    raise refusals.not_text(shown, type(text).__name__)
                text = as_text(text)
            if text and not is_utf8(text):
                raise refusals.not_utf8(shown)
            if text and name not in ("notes", "reason") and len(text) > LIMITS[name]:
                raise refusals.too_long(shown, len(text), LIMITS[name])
        if request.once and (fault := refusals.unfit_key(request.once)):
            raise fault
        check_notes(request.notes)

    def parse_inputs(self, attempt: Attempt, action: Action) -> None:
        """Parse the inputs; refuse where anything is wrong with them."""
        if faults := self.read_inputs(attempt, action):
            raise refusals.inputs_invalid(faults)

    def read_inputs(self, attempt: Attempt, action: Action) -> list[str]:
        """Parse the inputs and return what is wrong with them; what is secret is known from here on, and masked."""
        raw, mask = attempt.request.inputs, attempt.mask
        if not isinstance(raw, Mapping):
            raise refusals.not_a_mapping(type(raw).__name__)
        if (size := size_of(raw)) > LIMIT:
            raise refusals.inputs_too_large(size, LIMIT)
        parsed = parse(action.inputs.values(), raw, mask, partly=attempt.partly)
        attempt.inputs = parsed.values
        attempt.run.inputs = {name: kept(action.inputs[name], parsed, mask) for name in parsed.masked}
        self.name_subjects(attempt, action)
        return parsed.faults

    def subjects_in(self, attempt: Attempt, action: Action) -> list[tuple[str, Kind]]:
        """Return the inputs that are given and name a subject, with its kind."""
        return [(name, kind) for name, kind in action.subjects if attempt.inputs.get(name) is not None]

    def name_subjects(self, attempt: Attempt, action: Action) -> None:
        """Note which subjects the inputs name, so that a refusal stands in their history too."""
        found = ((kind.name, kind.given_id(attempt.inputs[name])) for name, kind in self.subjects_in(attempt, action))
        attempt.run.subjects = tuple(Subject(kind, recordable(id, 200) or "") for kind, id in found)

    def name_given(self, attempt: Attempt, action: Action) -> None:
        """Note which subjects were named by somebody without right, who is told nothing about the inputs."""
        kinds, raw = [each for each in action.inputs.values() if each.kind], attempt.request.inputs
        with suppress(AuthorError, Refused):
            if isinstance(raw, Mapping) and size_of(raw) <= LIMIT:
                attempt.inputs = parse(kinds, raw, attempt.mask, partly=True).values
                self.name_subjects(attempt, action)

    def load_subjects(self, attempt: Attempt, action: Action) -> None:
        """Load the subjects afresh, and note them as they are now."""
        for place, (name, kind) in enumerate(self.subjects_in(attempt, action)):
            value, named = attempt.inputs[name], attempt.run.subjects
            loaded = value if kind.is_loaded(value) else kind.load(value, attempt.opened)
            attempt.inputs[name] = loaded
            described = attempt.mask.subject(kind.describe(named[place].id, loaded, attempt.opened))
            attempt.run.subjects = (*named[:place], described, *named[place + 1 :])

    def check_choices(self, attempt: Attempt, action: Action) -> None:
        """Refuse a value that is not one of the choices that stand now."""
        for name, each in action.inputs.items():
            value = attempt.inputs.get(name)
            if each.choices and (value is not None or each.required):
                offered = choices_of(attempt.opened, each.choices, attempt.inputs)
                if not call(is_offered, each, value, [choice for choice, _ in offered]):
                    raise refusals.choice_invalid(name, [label for _, label in offered])

    # Step 5

    def perform(self, attempt: Attempt, action: Action) -> None:
        """Commit that it is being performed, so that a crash leaves evidence; then call the author's function.

        A manual action's run stays open from here on, held by no process, until somebody says how it ended. One with
        inputs that are not kept cannot be performed again: its mode is once.
        """
        arguments = attempt.opened.arguments(action.wiring, attempt.inputs)
        run, at = attempt.run, self.clock()
        together = attempt.together
        if run.mode == "idempotent" and run.status == "recorded" and not is_keepable(attempt, action):
            run.mode = "once"
        changes = {**self.known(attempt), "process": None} if action.manual else self.known(attempt)
        step = Step(
            run.id, run.status, "performing", at, attempt.actor.id, changes, noted=action.to_do(), fence=run.fence
        )
        while run.status != "performing" and not (together or self.journal).step(step):
            self.not_begun(run, changes.get("holds"))
        run.status, run.performing_at = "performing", moment(at)
        run.process = None if action.manual else run.process
        if not (together and together.shared):
            attempt.output.begin(self.journal, run.id, attempt.actor.id, self.clock)
        if attempt.request.listener:
            call(attempt.output, "performing", run.id)
        function = partial(call, action.wiring.function, **arguments)
        run.value = together.perform(function) if together else function()

    def not_begun(self, run: Run[Any], held: object) -> None:
        """Raise what keeps a run from being performed; return where nothing does any more, so that it is tried again.

        While another run holds its subject, one in the foreground is refused, and one that waits waits on.
        """
        if isinstance(held, str) and (holder := self.journal.holder(held)) is not None and holder != run.id:
            busy = refusals.busy_subject(held, holder)
            raise SubjectBusy(busy.message, busy.fix) if run.status == "queued" else busy
        now = self.journal.run(run.id)
        if not held or now is None or (now.status, now.fence) != (run.status, run.fence):
            raise ChangedMeanwhile(f"Run {run.id} was changed meanwhile.", f"Look at run {run.id}.")

    def known(self, attempt: Attempt) -> dict[str, object]:
        """Return what the checks found out of a run, for the record, without its secrets."""
        run = attempt.run
        changes: dict[str, object] = {"digest": run.digest, "tags": list(run.tags), "inputs": run.inputs}
        changes["subjects"] = [asdict(each) for each in run.subjects]
        changes["holds"] = attempt.action.manner.hold(run) if attempt.action else None
        changes["schedule"] = attempt.request.schedule
        if run.mode != "once" or run.status == "queued":
            changes["mode"] = run.mode
        if attempt.action and run.reason != attempt.request.reason:
            changes["reason"] = run.reason
        return {key: value for key, value in changes.items() if value not in (None, [])}

    # Step 6

    def conclude(self, attempt: Attempt, steps: Callable[[Attempt], str]) -> Run[Any]:
        """Take the attempt through its steps, close its resources, and record how it ended.

        A run that was sent before is returned as it stands.
        """
        run = attempt.run
        if run.again:
            run.listener = None
            attempt.output("recorded", run.id)
            return run
        try:
            if attempt.request.listener:
                call(attempt.output, "recorded", run.id)
            if attempt.fault:
                raise attempt.fault
            status = through(self, attempt, steps)
        except Refused as refusal:
            run.value, status = None, "refused"
            run.refusal = refusal_of(refusal, attempt.mask, attempt.checks)
            if isinstance(refusal.__cause__, AuthorError):
                run.error = failure_of(refusal.__cause__, attempt.mask)
        except AuthorError as error:
            run.value, status = None, "failed"
            run.error = failure_of(error, attempt.mask)
        except JournalUnavailable:
            self.record_outcome(attempt, "failed", keep=True)
            raise
        finally:
            attempt.output.end()
            run.listener = None
        if status in ("refused", "failed") and begun_before(run):
            status = "unknown"
        return run if status == run.status else self.record_outcome(attempt, status)

    def record_outcome(self, attempt: Attempt, status: str, *, keep: bool = False) -> Run[Any]:
        """Record the outcome, and tell whoever performs the runs that wait of one that does."""
        run, at = attempt.run, self.clock()
        if keep:
            run.error = Failure("JournalUnavailable", "The journal could not be written, so nothing was performed.")
        if status == "queued":
            run.due, run.process = moment(attempt.request.due or at), None
        self.journal.finish(self.outcome_step(attempt, status, at))
        run.status, run.ended_at = status, None if status in ("asked", "queued") else moment(at)
        if status == "queued":
            self.wake(run)
        return run

    def outcome_step(self, attempt: Attempt, status: str, at: int) -> Step:
        """Return the step of an outcome: value, refusal or error, and what step 5 would have recorded before."""
        run, mask = attempt.run, attempt.mask
        changes = {} if run.status == "performing" else self.known(attempt)
        if status == "succeeded":
            changes["value"] = value_as_json(run.value, mask)
            if mask and changes["value"] != value_as_json(run.value, UNMASKED):
                run.value = changes["value"]
        run.output = mask.text(run.output)[-LONGEST:]
        if status == "queued":
            changes |= {"due": attempt.request.due or at, "process": None}
        details = {"output": run.output or None, "refusal": run.refusal, "error": run.error}
        for name, detail in details.items():
            if detail is not None:
                changes[name] = detail if isinstance(detail, str) else asdict(detail)
        return Step(run.id, run.status, status, at, attempt.actor.id, changes, fence=run.fence)
