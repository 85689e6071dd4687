"""Scheduling: making, changing, pausing, taking over and retiring schedules, and beginning what is due.

A schedule is on the authority of one person, whose right is looked at anew each time. Nobody can change what is done
in another's name: whoever changes a schedule, or takes it over, is from then on the person it is of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import islice, takewhile
from typing import Any

from firsthand.core import refusals
from firsthand.core import refusals_of_schedules as refused
from firsthand.core.actors import Person
from firsthand.core.asks import Asks
from firsthand.core.attempts import TEXTS, Request
from firsthand.core.catalogue import changes_between
from firsthand.core.digests import digest_of
from firsthand.core.errors import Refused
from firsthand.core.journal import Step
from firsthand.core.keeping import check_keepable
from firsthand.core.looking import Looking
from firsthand.core.pipeline import Pipeline
from firsthand.core.runs import Run, microseconds
from firsthand.core.schedules import Calendar, Schedule
from firsthand.core.tries import refuse

LOST = ("no_right", "actor_gone", "unknown_action")
"""Refusals that pause a schedule by itself: nothing of it would go through any more."""

MOST_COUNTED = 1_000
"""Moments that were missed are counted up to here."""


@dataclass(frozen=True, slots=True)
class Scheduling:
    """Schedules, for those who may perform their actions; ``by`` is everywhere the id of a known person.

    Every method raises ``Refused`` where it cannot be done, which is put on record.
    """

    pipeline: Pipeline
    calendar: Calendar

    # Making and changing

    def make(self, wanted: Schedule, surface: str = "python", once: str | None = None) -> Schedule:
        """Record a new schedule, on the authority of ``wanted.by``, and return it; its first run is the next moment.

        Sent again under the key ``once`` it is the schedule that it was at first, as it stands.
        """
        actor, journal = self.pipeline.actor(wanted.by, surface), self.pipeline.journal
        if once and (fault := refusals.unfit_key(once)):
            raise fault
        checked = self.checked(wanted, actor, surface)
        digest = digest_of(journal.id, **checked.declaration()) if once else None
        made = self.saved(checked, "scheduled", actor, once, digest)
        if once and journal.digest_of(actor.id, "scheduled", once) != digest:
            refuse(self.pipeline, refusals.key_used(None), actor, "schedule", action=wanted.action)
        return made

    def change(self, wanted: Schedule, surface: str = "python") -> Schedule:
        """Record another version; ``wanted.version`` is the one that was edited, ``wanted.by`` who edited it.

        It is active from then on, on the authority of whoever changed it.
        """
        actor = self.pipeline.actor(wanted.by, surface)
        self.open(wanted.id, actor, "change")
        return self.saved(self.checked(wanted, actor, surface), "rescheduled", actor)

    def pause(self, id: int, *, by: str, surface: str = "python") -> Schedule:
        """Start nothing more, until it is resumed or taken over; whoever may perform the action may."""
        actor = self.pipeline.actor(by, surface)
        schedule = self.open(id, actor, "pause", ("active",))
        return self.saved(replace(schedule, state="paused"), "schedule_paused", actor)

    def resume(self, id: int, *, by: str, surface: str = "python") -> Schedule:
        """Go on from now; nothing is made up for. Only the person on whose authority it is may."""
        actor = self.pipeline.actor(by, surface)
        schedule = self.open(id, actor, "resume", ("paused",))
        if schedule.by != actor.id:
            refuse(self.pipeline, refused.not_own_schedule(id, schedule.by), actor, "resume", action=schedule.action)
        return self.saved(self.checked(schedule, actor, surface), "schedule_resumed", actor)

    def take_over(self, id: int, *, by: str, surface: str = "python") -> Schedule:
        """Let it go on, on one's own authority from now on."""
        actor = self.pipeline.actor(by, surface)
        schedule = self.open(id, actor, "take over")
        return self.saved(self.checked(replace(schedule, by=actor.id), actor, surface), "schedule_taken_over", actor)

    def retire(self, id: int, *, by: str, surface: str = "python") -> Schedule:
        """End it for good; it stays on record."""
        actor = self.pipeline.actor(by, surface)
        schedule = self.open(id, actor, "retire")
        return self.saved(replace(schedule, state="retired"), "schedule_retired", actor)

    def skip(self, id: int, moment: int, *, by: str, surface: str = "python") -> Schedule:
        """Leave the next moment out, given in microseconds since 1970, and go on with the one after it."""
        actor = self.pipeline.actor(by, surface)
        schedule = self.open(id, actor, "skip", ("active",))
        if schedule.due is None or microseconds(schedule.due) != moment:
            refuse(self.pipeline, refused.not_coming(id), actor, "skip", action=schedule.action)
        noted = {"kind": "schedule_skipped", "actor": actor.id, "moment": moment}
        after = next(self.calendar.after(schedule.cron, schedule.zone, moment), None)
        if not self.pipeline.journal.schedules.advance(schedule, moment, after, noted, self.pipeline.clock()):
            refuse(self.pipeline, refused.not_coming(id), actor, "skip", action=schedule.action)
        return self.pipeline.journal.schedules.get(id) or schedule

    def coming(self, schedule: Schedule, number: int = 5) -> list[int]:
        """Return the next moments of a schedule, or of one that is not made yet, in microseconds since 1970."""
        now = self.pipeline.clock()
        if schedule.due is not None:
            now = microseconds(schedule.due) - 1
        return list(islice(self.calendar.after(schedule.cron, schedule.zone, now), number))

    def may(self, schedule: Schedule, actor: Person) -> bool:
        """Say whether somebody may change a schedule: whoever may perform its action, and whose it is."""
        action = self.pipeline.actions.get(schedule.action)
        return schedule.by == actor.id or bool(action and action.policy.granted(actor.roles))

    def open(self, id: int, actor: Person, verb: str, states: tuple[str, ...] = ("active", "paused")) -> Schedule:
        """Return a schedule that the actor may change now; an unknown one and a hidden one look the same."""
        schedule = self.pipeline.journal.schedules.get(id)
        action = self.pipeline.actions.get(schedule.action) if schedule else None
        known = schedule is not None and (schedule.by == actor.id or (action and action.policy.may_know(actor.roles)))
        if schedule is None or not known:
            refuse(self.pipeline, refused.unknown_schedule(id), actor, verb)
        if action and not self.may(schedule, actor):
            refusal = refusals.no_right(action.title, action.policy.words(), action.name)
            refusal.fix = "Whoever may perform it may change its schedules."
            refuse(self.pipeline, refusal, actor, verb, action=schedule.action)
        if schedule.state not in states:
            refuse(self.pipeline, refused.not_in_state(id, schedule.state), actor, verb, action=schedule.action)
        return schedule

    def checked(self, wanted: Schedule, actor: Person, surface: str) -> Schedule:
        """Return an active schedule as it is recorded, checked as a run would be now, but for the circumstances."""
        try:
            if faults := self.calendar.faults(wanted.cron, wanted.zone, self.pipeline.clock()):
                raise refused.schedule_invalid(faults)
            return self.looked(wanted, self.request(wanted, surface))
        except Refused as refusal:
            refuse(self.pipeline, refusal, actor, "schedule", action=wanted.action)

    def looked(self, wanted: Schedule, request: Request) -> Schedule:
        """Return the schedule with its inputs as they are kept; nothing of it is performed."""
        pipeline = self.pipeline
        with Looking(pipeline).looking(request) as attempt:
            clauses = pipeline.authorize(attempt)
            action, attempt.partly = pipeline.look_up(attempt), False
            pipeline.check_texts(request)
            pipeline.parse_inputs(attempt, action)
            check_keepable(attempt, action)
            reason = action.reasons.settle(request.reason, request.notes)
            pipeline.load_subjects(attempt, action)
            action.policy.settle(clauses, attempt.opened, attempt.inputs)
            said = {name: getattr(request, name) for name in TEXTS if name != "reason"}
            return replace(
                wanted, action=action.name, inputs=dict(attempt.run.inputs or {}), reason=reason, desk=pipeline.desk,
                state="active", stopped="", **said,
            )  # fmt: skip

    def saved(
        self, wanted: Schedule, kind: str, actor: Person, once: str | None = None, digest: str | None = None
    ) -> Schedule:
        """Record the version after the one that was edited, unless somebody else did."""
        schedules, at = self.pipeline.journal.schedules, self.pipeline.clock()
        before = schedules.get(wanted.id) if wanted.id else None
        changes: list[dict[str, object]] = []
        if before:
            changes = changes_between({"schedule": before.declaration()}, {"schedule": wanted.declaration()})
        due = self.next_due(wanted, at)
        saved = schedules.save(
            wanted, kind=kind, actor=actor.id, at=at, due=due, changes=changes, once=once, digest=digest
        )
        if saved is None:
            current = schedules.get(wanted.id) or wanted
            by = "You" if current.changed_by == actor.id else current.changed_by or "Firsthand"
            changed = refused.schedule_changed(wanted.id, by, current.version, current.state)
            refuse(self.pipeline, changed, actor, kind, action=wanted.action)
        return saved

    def next_due(self, schedule: Schedule, after: int) -> int | None:
        """Return when a schedule is due next; None where it is paused or retired."""
        if schedule.state != "active":
            return None
        return next(self.calendar.after(schedule.cron, schedule.zone, after), None)

    def request(self, schedule: Schedule, surface: str) -> Request:
        """Return the request of a run by calendar."""
        said: Mapping[str, Any] = {name: getattr(schedule, name) for name in TEXTS}
        return Request(schedule.action, schedule.inputs, schedule.by, surface, **said)

    # What is due

    def begin(self, schedule: Schedule, now: int) -> Run[Any] | None:
        """Begin the due moment of a schedule: one run that waits, or an ask where it is done by hand.

        Of several moments that have passed only the last is begun, the others are noted as missed. Whoever begins
        the same moment besides gets the same run. None where it was begun before, or its person is gone.
        """
        assert schedule.due is not None, "it is due"  # noqa: S101
        moment, schedules = microseconds(schedule.due), self.pipeline.journal.schedules
        version = schedules.pin(schedule.id, moment)
        pinned = schedule if version == schedule.version else schedules.of_version(schedule.id, version or 0)
        if version is None or pinned is None:
            return None
        if faults := self.calendar.faults(pinned.cron, pinned.zone, now):
            self.stop(pinned, refused.schedule_invalid(faults))
            return None
        run = self.started(pinned, moment) if self.pipeline.journal.person(pinned.by) else None
        if run is None:
            self.stop(pinned, refusals.actor_gone(pinned.by))
            return None
        if run.status == "recorded":  # by a process that is at it, or has died there: it is looked at again
            return None
        if run.refusal and run.refusal.code in LOST:
            self.stop(pinned, Refused(run.refusal.message, code=run.refusal.code), run)
        else:
            self.go_on(pinned, moment, now)
        return run

    def started(self, schedule: Schedule, moment: int) -> Run[Any]:
        """Return the run of a moment, begun now or before; one that died before anything happened is begun anew."""
        action, tries = self.pipeline.actions.get(schedule.action), 1
        while True:
            once = f"schedule {schedule.id} {moment} {tries}"
            request = self.request(schedule, "schedule")
            request.once, request.schedule = once, schedule.id
            if action and action.manual:
                run = Asks(self.pipeline).ask(request)
            else:
                request.background = True
                run = self.pipeline.perform_request(request)
            if not (run.again and run.error and run.error.type == "ProcessDied" and run.performing_at is None):
                return run
            tries += 1

    def go_on(self, schedule: Schedule, moment: int, now: int) -> None:
        """Set the next moment, and note those that were missed."""
        cron, zone = schedule.cron, schedule.zone
        last = self.calendar.last(cron, zone, max(now, moment))
        noted: dict[str, object] = {}
        if last > moment:
            missed = takewhile(lambda each: each <= last, self.calendar.after(cron, zone, moment))
            number = sum(1 for _ in islice(missed, MOST_COUNTED))
            noted = {"kind": "schedule_missed", "first": moment, "last": last, "missed": number}
        after = next(self.calendar.after(cron, zone, max(now, moment)), None)
        self.pipeline.journal.schedules.advance(schedule, moment, after, noted, self.pipeline.clock())

    def stop(self, schedule: Schedule, refusal: Refused, run: Run[Any] | None = None) -> None:
        """Pause a schedule by itself; where nobody could want its run any more, that is recorded, and refused, too."""
        at = self.pipeline.clock()
        paused = replace(schedule, state="paused", stopped=f"{refusal.code}: {refusal.message}")
        self.pipeline.journal.schedules.save(
            paused, kind="schedule_stopped", actor=None, at=at, due=None,
            refused=None if run else self.refused_run(schedule, refusal, at),
        )  # fmt: skip

    def refused_run(self, schedule: Schedule, refusal: Refused, at: int) -> tuple[Run[Any], Step]:
        """Return the run that would have begun, and the step that refuses it."""
        gone = Person(schedule.by, schedule.by)
        run = self.pipeline.intent(self.request(schedule, "schedule"), False, gone)
        told = {"code": refusal.code, "message": refusal.message, "fix": refusal.fix, "check": None}
        changes: dict[str, object] = {"refusal": told, "schedule": schedule.id}
        return run, Step(0, "recorded", "refused", at, schedule.by, changes)
