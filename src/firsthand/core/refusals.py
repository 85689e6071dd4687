"""Every refusal of the core, each said in one place, so that all surfaces say the same.

``CODES`` lists the codes with what each means; `docs/reference.md` has them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from firsthand.core.errors import Refused
from firsthand.core.text import LIMITS, PLURALS, is_utf8, listed

CODES = {
    "unknown_action": "no action of that name, or none that the actor may know of",
    "no_right": "the actor has no role that may perform the action",
    "clause_failed": "the actor's role may perform the action, but not with these inputs",
    "text_invalid": "a text is not UTF-8, or no text",
    "text_too_long": "a text is longer than its limit",
    "input_invalid": "inputs are missing, unknown, of the wrong type or out of range",
    "inputs_too_large": "the inputs are over 1 MiB, or lists in lists without end",
    "choice_invalid": "an input is not one of the choices offered",
    "reason_missing": "no reason was given",
    "reason_unknown": "the reason is not on the action's list",
    "notes_missing": "the reason is other, or an ask is declined, and the notes say nothing",
    "unknown_subject": "there is no subject of that id",
    "check_failed": "the circumstances are not right",
    "secret_in_ask": "an ask would have to keep a secret input",
    "secret_in_queue": "a run that waits would have to keep a secret input",
    "busy_subject": "another run is performed on the same subject, and the action is performed one at a time",
    "not_queued": "the run has begun or ended, so that it cannot be withdrawn, or it never waited",
    "not_wanter": "only whoever wanted a run that waits, or may perform its action, may withdraw it",
    "due_invalid": "the time at which a run is to be performed is none, has no time zone, or is too far away",
    "actor_gone": "whoever wanted a run that waits is not a known person any more",
    "refused": "the author's code refused",
    "ask_closed": "the ask has been taken, declined or withdrawn meanwhile, or it never was one",
    "not_asker": "only whoever asked may withdraw",
    "declaration_invalid": "a manual action is declared with something missing, too long or unknown",
    "changed_meanwhile": "somebody else has changed the manual action or schedule since the version that was edited",
    "not_by_hand": "the run is no open run of a manual action, or the step none of its steps",
    "key_used": "the key under which it was sent is that of something else that was sent before",
    "not_transactional": "the transaction of a transactional action is not open, or its database has no table of marks",
    "not_unknown": "the run did not end unknown, or somebody has settled it, or it cannot be settled like that",
    "schedule_invalid": "the cron expression or the time zone of a schedule cannot be read, or its day never comes",
    "schedule_state": "the schedule is paused, active or retired already, or the moment is not its next any more",
    "unknown_schedule": "there is no such schedule, or none that the actor may know of",
    "unknown_note": "there is no such hand-over note",
    "rows_invalid": "the rows of a batch, or its CSV file, cannot be read as they stand; the message names the row",
    "unknown_batch": "there is no such batch, or none that the actor may know of",
    "not_drafter": "only whoever drafted a batch may confirm it",
    "batch_changed": "what was confirmed is not what the batch holds",
    "batch_closed": "the batch is not in a state for that, or no row of it would go through",
    "nothing_done": "whoever performed a manual action says that nothing was done",
}


def unknown_action(name: str, visible: Iterable[str]) -> Refused:
    """There is no such action, or none that this actor may know of: the same answer."""
    from difflib import get_close_matches

    similar = get_close_matches(name, list(visible), n=1, cutoff=0.6)
    fix = f"Did you mean {similar[0]}?" if similar else "Look at the actions there are."
    return Refused(f"There is no action “{name}”.", fix, code="unknown_action")


def no_right(title: str, who: str, name: str) -> Refused:
    """The actor may know of the action, and ask for it, but not perform it."""
    return Refused(
        f"You may not perform {title}. Who may: {who}",
        "Ask a colleague to perform it.",
        code="no_right",
    )


def may_not_ask(title: str, who: str) -> Refused:
    """The actor may neither perform the action nor ask for it."""
    return Refused(f"You may not ask for {title}. Who may: {who}", "Talk to one of them.", code="no_right")


def clause_failed(statements: Sequence[str], others: Sequence[str]) -> Refused:
    """The actor's role may, but not with these inputs; ``others`` says in words who else may."""
    return Refused(
        f"Your role may do this only where it holds: {listed(tuple(statements), 'or')}",
        f"Ask somebody who may. {' '.join(others)}".strip() if others else "Change what you give.",
        code="clause_failed",
    )


def not_utf8(field: str) -> Refused:
    """A text came in bytes that are not UTF-8."""
    return Refused(
        f"The {field} {'are' if field in PLURALS else 'is'} not UTF-8 text.",
        "Set the terminal or the file to UTF-8 and give it again.",
        code="text_invalid",
    )


def not_text(field: str, given: str) -> Refused:
    """Something else stands where a text belongs."""
    verb = "are" if field in PLURALS else "is"
    return Refused(f"The {field} {verb} no text, but of type {given}.", "Give it as text.", code="text_invalid")


def too_long(field: str, length: int, limit: int) -> Refused:
    """A text is over its limit."""
    verb = "have" if field in PLURALS else "has"
    return Refused(
        f"The {field} {verb} {length:,} characters; {limit:,} is the most.",
        "Shorten it, and link to the rest.",
        code="text_too_long",
    )


def key_used(run: int | None) -> Refused:
    """The key under which somebody sends a thing once is that of another thing."""
    it = "what was sent then" if run is None else f"run {run}"
    return Refused(
        f"This was sent under the key of {it}, and is not the same.",
        f"Look at {it} first; if this is wanted besides, send it under another key.",
        code="key_used",
    )


def unfit_key(once: object) -> Refused | None:
    """Something that cannot be the key under which a surface sends a thing once; None where it can."""
    if not isinstance(once, str):
        return not_text("key", type(once).__name__)
    if not is_utf8(once):
        return not_utf8("key")
    return too_long("key", len(once), LIMITS["key"]) if len(once) > LIMITS["key"] else None


def inputs_invalid(faults: Sequence[str]) -> Refused:
    """Inputs are missing, unknown, of the wrong type or out of range: each fault is a sentence."""
    return Refused(" ".join(faults), "Give it again with that put right.", code="input_invalid")


def not_a_mapping(given: str) -> Refused:
    """Something else stands where the inputs belong."""
    return Refused(
        f"The inputs are not names with values, but of type {given}.",
        'Give them as {"account": 42}.',
        code="input_invalid",
    )


def inputs_too_large(size: int, limit: int) -> Refused:
    """The inputs are too large to be recorded."""
    return Refused(
        f"The inputs are {size:,} bytes; {limit:,} is the most.",
        "Put the data where the action can fetch it, and give its address.",
        code="inputs_too_large",
    )


def inputs_too_deep(limit: int) -> Refused:
    """The inputs go so deep that they may hold themselves."""
    return Refused(
        f"The inputs are lists in lists more than {limit} deep.",
        "Put the data where the action can fetch it, and give its address.",
        code="inputs_too_large",
    )


def choice_invalid(name: str, choices: Sequence[str]) -> Refused:
    """An input is not one of the choices that stand now."""
    shown = listed(tuple(choices[:20]), "or")
    fix = f"Give {shown}." if choices else "There is nothing to choose from now."
    return Refused(f"{name}: that is not one of the choices.", fix, code="choice_invalid")


def reason_missing(reasons: Sequence[str]) -> Refused:
    """No reason was given."""
    return Refused("A reason is missing.", f"Give one of: {', '.join(reasons)}.", code="reason_missing")


def reason_unknown(reason: str, reasons: Sequence[str]) -> Refused:
    """The reason is not on the action's list."""
    return Refused(
        f"“{reason}” is not a reason of this action.",
        f"Give one of: {', '.join(reasons)}; with other, say it in the notes.",
        code="reason_unknown",
    )


def notes_missing(reasons: Sequence[str]) -> Refused:
    """The reason is ``other`` and the notes say nothing."""
    rest = [reason for reason in reasons if reason != "other"]
    fix = "Say in the notes what the reason is" + (f", or give one of: {', '.join(rest)}." if rest else ".")
    return Refused("The reason “other” needs notes that say something.", fix, code="notes_missing")


def unknown_subject(kind: str, id: str) -> Refused:
    """The loader found nothing."""
    return Refused(f"There is no {kind} {id}.", "Look the id up and give it again.", code="unknown_subject")


def check_failed(check: str, statement: str, cause: str = "") -> Refused:
    """A circumstance does not hold. ``cause`` tells of an error in the check itself."""
    message = f"This does not hold: {statement}"
    fix = "Perform it when that holds, or ask the action's owner."
    if cause:
        message, fix = f"This could not be checked: {statement} ({cause})", "Tell the action's owner."
    return Refused(message, fix, code="check_failed", check=check)


def secret_in_queue(names: Sequence[str]) -> Refused:
    """A run that waits is kept until it is performed, and secrets are never kept."""
    return Refused(
        f"A run that waits cannot carry {listed(tuple(names))}: secrets are not kept.",
        "Perform it at once instead.",
        code="secret_in_queue",
    )


def busy_subject(held: str, run: int) -> Refused:
    """Another run is performed on the same subject, and one of the two must be alone with it."""
    return Refused(
        f"Run {run} is being performed on {held}, one at a time.",
        f"Wait until run {run} has ended, or perform it in the background: it waits by itself.",
        code="busy_subject",
    )


def not_queued(run: int, status: str | None) -> Refused:
    """A run that has begun cannot be withdrawn, nor one that never waited."""
    if status == "performing":
        return Refused(
            f"Run {run} has begun, so it cannot be withdrawn.", "Wait until it has ended.", code="not_queued"
        )
    message = f"There is no run {run} that waits." if status is None else f"Run {run} does not wait: it is {status}."
    return Refused(message, "Look at the runs that wait.", code="not_queued")


def not_wanter(run: int) -> Refused:
    """A run that waits is withdrawn by whoever wanted it, or may perform it."""
    return Refused(
        f"Run {run} is not yours to withdraw.",
        "Whoever wanted it may withdraw it, and whoever may perform its action.",
        code="not_wanter",
    )


def due_invalid(shown: str, fault: str) -> Refused:
    """What was given for the time at which a run is to be performed is none."""
    return Refused(
        f"“{shown}” {fault}.",
        "Give a time with its zone, such as 2026-12-01T09:00+01:00, 2026-12-01 09:00 Europe/Berlin, or +2h.",
        code="due_invalid",
    )


def actor_gone(person: str) -> Refused:
    """A run is performed on the authority of whoever wanted it, as that is when its time has come."""
    return Refused(
        f"{person}, who wanted this, is not a known person any more.",
        "Somebody else who may perform it does so, if it is still wanted.",
        code="actor_gone",
    )


def secret_in_ask(names: Sequence[str]) -> Refused:
    """An ask is kept until somebody takes it, and secrets are never kept."""
    return Refused(
        f"An ask cannot carry {listed(tuple(names))}: secrets are not kept.",
        "Leave it out; whoever takes the ask fills it in.",
        code="secret_in_ask",
    )


def words_missing() -> Refused:
    """An ask was declined without a word."""
    return Refused("Declining needs words.", "Say why, for whoever asked.", code="notes_missing")


def note_missing() -> Refused:
    """A hand-over note says nothing."""
    return Refused("A hand-over note needs words.", "Say what whoever comes next should know.", code="notes_missing")


def unknown_note() -> Refused:
    """Somebody takes over from a note that there is not."""
    return Refused("There is no such hand-over note.", "Look at the activity for the newest one.", code="unknown_note")


def comment_missing() -> Refused:
    """A comment says nothing."""
    return Refused("A comment needs words.", "Say something.", code="notes_missing")


def ask_closed(run: int, status: str | None) -> Refused:
    """Somebody was faster, or the run was never asked for."""
    message = f"There is no ask {run}." if status is None else f"Run {run} is not an open ask: it is {status}."
    return Refused(message, "Look at the open asks.", code="ask_closed")


def not_asker(run: int) -> Refused:
    """Only whoever asked may withdraw."""
    return Refused(
        f"Ask {run} is not yours to withdraw.",
        "Whoever asked may withdraw it; whoever may perform it may decline it.",
        code="not_asker",
    )


def may_not_declare(roles: Sequence[str]) -> Refused:
    """The actor may not declare manual actions."""
    may = f"whoever administers, and {listed(tuple(roles))}" if roles else "whoever administers"
    return Refused(f"You may not declare manual actions. Who may: {may}.", "Talk to one of them.", code="no_right")


def declaration_invalid(faults: Sequence[str]) -> Refused:
    """Something about a declaration is wrong: each fault is a sentence."""
    return Refused(" ".join(faults), "Put that right and declare it again.", code="declaration_invalid")


def changed_meanwhile(name: str, by: str, version: int, *, retired: bool) -> Refused:
    """Somebody else was faster; what was edited is an older version."""
    done = "retired" if retired else "changed"
    return Refused(
        f"{by} {done} {name} meanwhile (version {version}).",
        f"Look at version {version}, and make your changes to that.",
        code="changed_meanwhile",
    )


def not_declared(name: str) -> Refused:
    """There is no manual action to retire."""
    return Refused(
        f"There is no manual action “{name}”.", "Look at the manual actions there are.", code="unknown_action"
    )


def not_by_hand(run: int, status: str | None) -> Refused:
    """There is nothing to tick, or to finish."""
    message = f"There is no run {run} by hand."
    if status is not None:
        message = f"Run {run} is not performed by hand now: it is {status}."
    return Refused(message, "Look at the runs that are being performed.", code="not_by_hand")


def no_transaction() -> Refused:
    """The resource of a transactional action commits each statement by itself."""
    return Refused(
        "The connection of this action commits each statement by itself, so that it is in no transaction.",
        "Tell the action's owner: its resource opens one, or gives a connection without autocommit.",
        code="not_transactional",
    )


def no_marks() -> Refused:
    """The database of a transactional action has no table of marks."""
    return Refused(
        "The database of this action has no table firsthand_effects, so that it could not be told what was done.",
        "Tell the action's owner: firsthand db marker prints the migration that adds it.",
        code="not_transactional",
    )


def settled_meanwhile(run: int) -> Refused:
    """Somebody has found out that a run did not happen, and so it does not."""
    return Refused(f"Run {run} was settled meanwhile: it did not happen.", f"Look at run {run}.", code="not_unknown")


def not_unknown(run: int, status: str | None) -> Refused:
    """There is nothing to settle."""
    message = f"There is no run {run} to settle." if status is None else f"Run {run} is not unknown: it is {status}."
    return Refused(message, "Look at the runs that ended unknown.", code="not_unknown")


def not_settled(outcome: str) -> Refused:
    """An unknown run is settled in one of two ways."""
    return Refused(
        f"An unknown run cannot be settled as “{outcome}”.",
        "Say succeeded, or failed where it did not happen.",
        code="not_unknown",
    )


def settled_without_words() -> Refused:
    """Somebody settles a run without saying how they know."""
    return Refused("To settle a run needs words.", "Say how you found out whether it happened.", code="notes_missing")


def no_such_step(run: int, step: object, steps: int) -> Refused:
    """The steps are numbered from 1."""
    return Refused(f"Run {run} has no step {step}.", f"Give a number from 1 to {steps}.", code="not_by_hand")


def not_an_end(outcome: str) -> Refused:
    """A run by hand ends in one of three ways."""
    return Refused(
        f"A run by hand cannot end as “{outcome}”.",
        "Say succeeded, failed, or refused where nothing was done.",
        code="not_by_hand",
    )


def end_without_words(outcome: str) -> Refused:
    """A run by hand did not succeed, and nobody says why."""
    return Refused(f"To end as {outcome} it needs words.", "Say what happened, and why.", code="notes_missing")
