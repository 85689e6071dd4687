"""What a message says: the sentences that every surface says, under a few headings, each with its link.

All templates of messages stand here. Stored text is made safe and put on one line before it comes into any of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from firsthand.core.actors import Person
from firsthand.core.catalogue import may
from firsthand.core.journal import Event
from firsthand.core.notices import Preferences, zone_of
from firsthand.core.runs import Run
from firsthand.followers.concerned import SAID, Known
from firsthand.storage.journal import SqlJournal
from firsthand.storage.outbox import Notice
from firsthand.surfaces.words import Names, event_sentence, line, safe, sentence

HEADINGS = {
    "asked": "Asked for: whoever takes it performs it",
    "waiting": "Waits for too long",
    "unknown": "Ended unknown: look whether it happened, and say so",
    "mentioned": "Somebody names you",
    "schedule": "Schedules",
    "answered": "What you asked for",
    "batch": "Batches",
    "watched": "What you watch",
}
"""What stands above the notices of each kind, in this order."""

TEXT = """\
{body}

--
{desk} ({environment}), by Firsthand. You get this as somebody whom it concerns.
{how}
"""
HTML = """\
<!doctype html><html lang="en"><body style="font-family: sans-serif; line-height: 1.5">
{body}
<p style="color: #666">{desk} ({environment}), by Firsthand. You get this as somebody whom it concerns.<br>{how}</p>
</body></html>
"""
PREFERENCES = "How and when you are told is up to you: {url}"
WITHOUT_URL = "How and when you are told is up to you: see Notifications under your account in the console."
MORE = "And {more} more."

MOST_LINES = 50
LONGEST_SUBJECT = 120

STANDING = {"asked": ("asked",), "waiting": ("asked", "queued"), "unknown": ("unknown",)}
"""Of runs that stand so these kinds are told; when that is over, they are not any more."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that a message tells: its kind, in words, when, and where to look."""

    kind: str
    words: str
    when: str
    link: str


@dataclass(frozen=True, slots=True)
class Written:
    """A message as it is to be sent; ``preferences`` is where its reader says how they want to be told."""

    desk: str
    subject: str
    text: str
    html: str
    preferences: str = ""


@dataclass(frozen=True)
class Writer:
    """Writes messages of one desk's journal, with links to the console at ``url``, if there is one."""

    journal: SqlJournal
    desk: str
    environment: str
    url: str

    def write(
        self, person: Person, preferences: Preferences, notices: Sequence[Notice], known: Known
    ) -> Written | None:
        """Return what somebody is told; None where nothing of it is theirs to know, or stands as it did."""
        lines = list(self.lines(person, preferences, notices, known))
        return self.written(lines) if lines else None

    def written(self, lines: Sequence[Line]) -> Written:
        """Return the message of some lines."""
        shown, more = lines[:MOST_LINES], len(lines) - MOST_LINES
        where = f"{self.url}/account/notifications" if self.url else ""
        how = PREFERENCES.format(url=where) if where else WITHOUT_URL
        desk, environment = line(self.desk, 80), line(self.environment, 40)
        texts, blocks = [], []
        for kind, heading in HEADINGS.items():
            if found := [each for each in shown if each.kind == kind]:
                texts.append(in_text(heading, found))
                blocks.append(in_html(heading, found))
        if more > 0:
            texts.append(MORE.format(more=more))
            blocks.append(f"<p>{MORE.format(more=more)}</p>")
        text = TEXT.format(body="\n\n".join(texts), desk=desk, environment=environment, how=how)
        html = HTML.format(
            body="\n".join(blocks), desk=escape(desk), environment=escape(environment), how=linked(how, where)
        )
        return Written(desk, subject(desk, lines), text, html, where)

    def lines(
        self, person: Person, preferences: Preferences, notices: Sequence[Notice], known: Known
    ) -> Iterator[Line]:
        """Yield what is told, each run once a kind."""
        names = names_for(self.journal, person.roles, known)
        runs = self.runs(notices)
        told: set[tuple[str, int]] = set()
        for kind, event in notices:
            run = runs.get(event.run or 0)
            action = run.action if run else event.data.get("action")
            if not (known.may_know(person.roles, action) and stands(kind, run) and is_theirs(kind, run, person, known)):
                continue
            if run and kind != "mentioned":
                if (kind, run.id) in told:
                    continue
                told.add((kind, run.id))
            when = f"{event.at.astimezone(zone_of(preferences.zone)):%-d %b %H:%M}"
            yield Line(kind, words_of(kind, event, run, names), when, self.link(event))

    def runs(self, notices: Iterable[Notice]) -> dict[int, Run[Any]]:
        """Return the runs that notices are about, as they stand now."""
        ids = {event.run for _, event in notices if event.run is not None}
        return {id: run for id in sorted(ids) if (run := self.journal.run(id))}

    def link(self, event: Event) -> str:
        """Return the address of the console's page of what an event is about; empty where there is no console."""
        return f"{self.url}{page_of(event)}" if self.url else ""

    # Webhooks

    def payload(self, notice: Notice, roles: Sequence[str], known: Known) -> dict[str, Any] | None:
        """Return what a webhook is sent: no inputs and no values; None where it is not to know of it."""
        type, event = notice
        run = self.runs([notice]).get(event.run or 0)
        action = run.action if run else event.data.get("action")
        if not known.may_know(roles, action):
            return None
        names = names_for(self.journal, roles, known)
        data: dict[str, Any] = {
            "desk": self.desk, "environment": self.environment, "event": event.id, "actor": event.actor,
            "words": words_of(type, event, run, names), "url": self.link(event) or None,
        }  # fmt: skip
        if run:
            data["run"] = described(run, names)
        else:
            data |= {name: event.data[name] for name in ("batch", "schedule", "action") if name in event.data}
        return {"type": type, "timestamp": event.at.isoformat(), "data": data}


def names_for(journal: SqlJournal, roles: Sequence[str], known: Known) -> Names:
    """Return how people and actions are called, for somebody of some roles."""
    titles = {name: str(entry["title"]) for name, entry in known.entries.items() if may(entry, roles)}
    return Names({person.id: person.name for person in journal.people.all()}, titles)


def stands(kind: str, run: Run[Any] | None) -> bool:
    """Say whether a notice is still true of its run."""
    return run is None or kind not in STANDING or run.status in STANDING[kind]


def is_theirs(kind: str, run: Run[Any] | None, person: Person, known: Known) -> bool:
    """Say whether what waits for those who may perform it still does for somebody, by the roles that they have now."""
    if run is None or kind not in STANDING or run.status == "queued":
        return True
    return known.may_perform(person.roles, run.action)


def words_of(kind: str, event: Event, run: Run[Any] | None, names: Names) -> str:
    """Return a notice in words."""
    if kind == "mentioned":
        about = f" about run {event.run}" if event.run else ""
        return (
            f"{names.person(event.actor)} wrote{about}: {line(str(event.data.get(SAID.get(event.kind, ''), '')), 400)}"
        )
    if run is None or event.kind == "commented":
        return event_sentence(event, names)
    return sentence(run, names)


def page_of(event: Event) -> str:
    """Return the path of the console's page of what an event is about."""
    if event.run is not None:
        return f"/runs/{event.run}"
    for kind, path in (("batch", "batches"), ("schedule", "schedules")):
        if isinstance(event.data.get(kind), int):
            return f"/{path}/{event.data[kind]}"
    return "/"


def described(run: Run[Any], names: Names) -> dict[str, Any]:
    """Return what a webhook is told of a run."""
    return {
        "id": run.id, "action": run.action, "title": names.action(run.action), "status": run.status,
        "at": run.at.isoformat(), "actor": run.actor, "asked_by": run.asked_by, "requested_by": run.requested_by,
        "reason": run.reason, "ticket": run.ticket, "batch": run.batch, "schedule": run.schedule,
        "subjects": [{"kind": each.kind, "id": each.id, "label": each.label} for each in run.subjects],
    }  # fmt: skip


def subject(desk: str, lines: Sequence[Line]) -> str:
    """Return the line that stands for a whole message in a list of mail: short, and one line whatever was recorded."""
    said = lines[0].words if len(lines) == 1 else counted(lines)
    return line(f"{desk}: {said}", LONGEST_SUBJECT)


def counted(lines: Sequence[Line]) -> str:
    """Return how many notices there are of each kind: ``2 asked, 1 mentioned``."""
    numbers = {kind: sum(each.kind == kind for each in lines) for kind in HEADINGS}
    return ", ".join(f"{number} {kind}" for kind, number in numbers.items() if number)


def in_text(heading: str, lines: Sequence[Line]) -> str:
    """Return the lines of one kind as plain text."""
    told = [f"- {each.words} ({each.when})" + (f"\n  {each.link}" if each.link else "") for each in lines]
    return "\n".join([heading, *told])


def in_html(heading: str, lines: Sequence[Line]) -> str:
    """Return the lines of one kind as HTML, all of it escaped."""
    told = [f"<li>{linked(each.words, each.link, each.words)} ({escape(each.when)})</li>" for each in lines]
    return "\n".join([f"<h3>{escape(heading)}</h3>", "<ul>", *told, "</ul>"])


def linked(words: str, url: str, of: str = "") -> str:
    """Return words as HTML, with their address, or all of them ``of`` it, as a link."""
    if not url:
        return escape(words)
    shown = of or url
    before, _, after = words.partition(shown)
    return f'{escape(before)}<a href="{escape(url)}">{escape(shown)}</a>{escape(after)}'


def trial_message(desk: str, environment: str, url: str) -> Written:
    """Return the message of ``firsthand notify test``."""
    return Written(
        line(desk, 80), line(f"{desk}: a test", LONGEST_SUBJECT),
        f"Mail from {safe(desk)} ({safe(environment)}) arrives.\n{url}\n",
        f"<!doctype html><p>Mail from {escape(safe(desk))} ({escape(safe(environment))}) arrives.</p>",
    )  # fmt: skip
