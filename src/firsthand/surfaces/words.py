"""A run in plain sentences, once, for every surface."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from firsthand.core.journal import Event
from firsthand.core.reasons import OTHER
from firsthand.core.runs import Run, Subject
from firsthand.core.text import titled

UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Characters that could change a terminal or turn text around: controls but tab and newline, and bidi marks."""

OUTCOME_WORDS = {
    "recorded": "is being checked",
    "asked": "waits for somebody to take it",
    "queued": "waits to be performed",
    "performing": "is being performed",
    "succeeded": "succeeded",
    "refused": "was refused",
    "failed": "failed",
    "declined": "was declined",
    "withdrawn": "was withdrawn",
    "unknown": "ended unknown: its process died while performing it, so look whether it happened",
}


ACCOUNT_WORDS = {
    "signed_in": "signed in",
    "signed_out": "signed out",
    "sessions_ended": "signed {} out everywhere",
    "invited": "invited {} to set a password",
    "password_set": "set their password",
}
"""What happens around signing in, by the kind of its event."""

NOTICE_WORDS = {
    "webhook_added": "added the webhook {}",
    "webhook_changed": "changed the webhook {}",
    "webhook_removed": "removed the webhook {}",
    "webhook_stopped": "switched the webhook {} off",
    "notices_chosen": "chose anew how {} is told",
}
"""What happens around telling people, by the kind of its event."""

TURNED_AWAY_WORDS = {
    "session": "not signed in",
    "unknown": "signed in, but not known to the desk",
    "throttled": "too many sign-ins that failed",
    "csrf": "a form that was not valid (any more)",
    "origin": "sent from another site",
    "size": "too large, or not whole",
    "fields": "too many fields",
    "depth": "nested too deep",
    "text": "not UTF-8",
    "kind": "not a form",
    "method": "a method that is not served",
    "host": "a host that is none",
}
"""Why requests are turned away at the console's door, by kind."""


def safe(text: str) -> str:
    """Return the text with whatever could change a terminal spelt out, as Python spells it."""
    return UNSAFE.sub(spelt, text)


def spelt(match: re.Match[str]) -> str:
    """Return a character's escape."""
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def line(text: str, longest: int = 200) -> str:
    """Return the text safe, on one line, and not too long."""
    flat = safe(" ".join(text.split()))
    return flat if len(flat) <= longest else f"{flat[: longest - 1]}…"


@dataclass(frozen=True, slots=True)
class Names:
    """How people and actions are called: names by id, titles by action name; what is not there goes by its id."""

    people: Mapping[str, str] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)

    def person(self, id: str | None) -> str:
        """Return somebody's name."""
        if id is None:
            return "nobody"
        return line(self.people.get(id, id.removeprefix("system:")), 80)

    def action(self, name: str) -> str:
        """Return an action's title."""
        known = self.titles.get(name)
        return line(known or (titled(name) if re.fullmatch(r"[\w.]+", name) else name), 120)


WHOLE = 100_000
"""Longer than any ending is."""


def subject_words(subject: Subject) -> str:
    """Return a subject as people say it: ``account 42 (luis@example.com)``."""
    label = f" ({line(subject.label, 80)})" if subject.label and subject.label != subject.id else ""
    return f"{line(subject.kind.replace('_', ' '), 40)} {line(subject.id, 80)}{label}"


def sentence(run: Run[Any], names: Names, longest: int = 200) -> str:
    """Return a run as one says it aloud; ``longest`` is how many characters its ending may have.

    ``Priya ran Refund invoice on invoice 98 for Luis, reason: double charge; it was refused: ...``
    """
    title = names.action(run.action)
    if run.actor is None:
        said = f"{names.person(run.asked_by)} asked for {title}"
    else:
        said = f"{names.person(run.actor)} ran {title}"
    if run.subjects:
        said += f" on {' and '.join(subject_words(each) for each in run.subjects)}"
    if run.requested_by:
        said += f" for {line(run.requested_by, 80)}"
    if run.actor is not None and run.asked_by:
        said += f", asked by {names.person(run.asked_by)}"
    if run.reason:
        notes = f", {line(run.notes, 80)}" if run.reason == OTHER and run.notes else ""
        said += f", reason: {line(run.reason, 80)}{notes}"
    return f"{said}; it {ending(run, longest)}"


def ending(run: Run[Any], longest: int) -> str:
    """Return how a run ended: ``was refused: Already refunded. Look at run 812.``"""
    words = OUTCOME_WORDS[run.status]
    if run.status == "queued" and run.due:
        words += f", due {run.due:%Y-%m-%d %H:%M} UTC"
    more = ""
    if run.refusal:
        more = f"{run.refusal.message} {run.refusal.fix}"
    elif run.error:
        more = f"{run.error.type}: {run.error.message}" if run.error.message else run.error.type
        more = run.error.message if run.error.type in ("ProcessDied", "ByHand", "Settled") else more
    elif isinstance(run.value, str) and run.status == "succeeded":
        more = run.value
    return f"{words}: {line(more, longest)}" if more.strip() else f"{words}."


def event_sentence(event: Event, names: Names) -> str:
    """Return an event in words: a step of a run, or what changed about the desk and its people."""
    data = event.data
    if event.kind == "catalogue":
        return f"The desk {line(str(data.get('desk', '')))} changed: {changes_words(data.get('changes', ()))}"
    if event.kind == "person_added":
        person = data.get("person", {})
        roles = ", ".join(person.get("roles", ())) or "no role"
        return f"{names.person(event.actor)} added {names.person(person.get('id'))} ({line(roles)})."
    if event.kind == "person_changed":
        changed = "; ".join(f"{name}: {shown(old)} → {shown(new)}" for name, (old, new) in data["changes"].items())
        return f"{names.person(event.actor)} changed {names.person(data['person'])}: {line(changed)}."
    if event.kind == "sign_in_failed" or event.kind in ACCOUNT_WORDS:
        return account_sentence(event, names)
    if event.kind == "commented":
        return f"{names.person(event.actor)} commented: {line(str(data.get('text', '')), 400)}"
    if event.kind == "refused_try":
        what = names.action(data["action"]) if "action" in data else "it"
        return f"{names.person(event.actor)} tried to {data.get('tried')} {what}: {line(str(data.get('message', '')))}"
    by = f" by {names.person(event.actor)}" if event.actor else ""
    if event.kind == "settled" and data.get("words"):
        return f"Settled{by} as {data['status']}: {line(str(data['words']), 400)}"
    kind = event.kind.replace("_", " ")
    return manual_sentence(event, names) or f"{kind[:1].upper()}{kind[1:]}{by}."


def batch_sentence(event: Event, names: Names) -> str:
    """Return in words what happened to a batch."""
    data, verb = event.data, event.kind.removeprefix("batch_")
    what = f"batch {data['batch']}" + (f", {names.action(data['action'])}" if "action" in data else "")
    rows = f" for {data['fit']:,} {'row' if data['fit'] == 1 else 'rows'}" if "fit" in data else ""
    why = f": {line(str(data['why']))}" if data.get("why") else "."
    if event.actor is None:
        return f"{what[:1].upper()}{what[1:]}{rows} was {verb}{why}"
    return f"{names.person(event.actor)} {verb} {what}{rows}{why}"


def account_sentence(event: Event, names: Names) -> str:
    """Return in words what happened around signing in."""
    data, who = event.data, names.person(event.actor)
    if event.kind != "sign_in_failed":
        concerned = "themselves" if data.get("person") == event.actor else names.person(data.get("person"))
        return f"{who} {ACCOUNT_WORDS[event.kind].format(concerned)}."
    if data.get("surface") == "console":
        return f"A sign-in at the console failed, as {names.person(data['as']) if data.get('as') else 'nobody known'}."
    return f"Somebody unknown was turned away: {line(str(data.get('as')))}, {line(str(data.get('surface')))}."


def notice_sentence(event: Event, names: Names) -> str:
    """Return in words what happened to a webhook, or to how somebody is told."""
    data = event.data
    what = f"{line(str(data.get('name', '')), 80)} ({line(str(data.get('host', '')), 80)})"
    if event.kind == "notices_chosen":
        what = names.person(data.get("person"))
    why = f" after {data['failures']:,} failures: {line(str(data['said']))}" if event.kind == "webhook_stopped" else "."
    changed = ", ".join(data.get("changed", ()))
    more = f": {line(changed)}." if changed else why
    return f"{names.person(event.actor).capitalize()} {NOTICE_WORDS[event.kind].format(what)}{more}"


def manual_sentence(event: Event, names: Names) -> str:
    """Return in words what happened to a manual action, or to the steps of its run; nothing of any other event."""
    data, who = event.data, names.person(event.actor)
    if event.kind.startswith("batch_"):
        return batch_sentence(event, names)
    if event.kind in NOTICE_WORDS:
        return notice_sentence(event, names)
    if "schedule" in data and event.run is None:
        return schedule_sentence(event, names)
    if event.kind == "ticked":
        return f"{who} {'ticked' if data['done'] else 'took back the tick of'} step {data['step']}."
    if event.kind not in ("declared", "redeclared", "retired"):
        return ""
    action = f"the manual action {names.action(data['action'])} (version {data['version']})"
    if event.kind == "redeclared":
        return f"{who} changed {action}: {changes_words(data.get('changes', ()))}"
    return f"{who} {event.kind} {action}."


def schedule_sentence(event: Event, names: Names) -> str:
    """Return in words what happened to a schedule."""
    data, who = event.data, names.person(event.actor) if event.actor else "Firsthand"
    it = f"schedule {data['schedule']} of {names.action(data['action'])}"
    if event.kind == "schedule_missed":
        return f"Missed {data['missed']:,} of {it}; the last of them was begun."
    if event.kind == "schedule_stopped":
        return f"Paused {it} by itself: {line(str(data['declaration'].get('stopped', '')), 400)}"
    if event.kind == "schedule_skipped":
        return f"{who} left the next moment of {it} out."
    if event.kind == "rescheduled":
        return f"{who} changed {it}: {changes_words(data.get('changes', ()))}"
    verbs = {"scheduled": "made"}
    return f"{who} {verbs.get(event.kind) or event.kind.removeprefix('schedule_').replace('_', ' ')} {it}."


def changes_words(changes: Iterable[Mapping[str, Any]]) -> str:
    """Return what changed of a catalogue: ``subscription.cancel: who: Support. → Lead.``"""
    every = list(changes)
    words = []
    for kind in ("added", "removed"):
        names = [str(each["action"]) for each in every if each["change"] == kind]
        if names:
            few = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
            words.append(f"{few} {kind}")
    for each in every:
        if each["change"] not in ("added", "removed"):
            moved = f": {shown(each['before'])} → {shown(each['after'])}" if "before" in each else " changed"
            words.append(f"{each['action']}: {each['change']}{moved}")
    return line("; ".join(words), 1_000) + "."


def shown(value: object) -> str:
    """Return a value of a change in words."""
    if isinstance(value, (list, tuple)):
        return ", ".join(str(each) for each in value) or "none"
    return "none" if value in (None, "") else str(value)
