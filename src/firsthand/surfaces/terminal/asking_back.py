"""On a terminal ``run`` asks for what is missing, shows the checklist, and wants a yes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from firsthand.core.attempts import Request
from firsthand.core.errors import Refused
from firsthand.core.looking import Looking
from firsthand.core.reasons import OTHER
from firsthand.surfaces.terminal import printing
from firsthand.surfaces.terminal.options import Entry, enum_of, kinds_of, raw_of
from firsthand.surfaces.words import line, safe, subject_words

if TYPE_CHECKING:
    from firsthand.core.actors import Person
    from firsthand.desk import Desk


def complete_and_confirm(
    desk: Desk, person: Person, entry: Entry, inputs: dict[str, object], said: dict[str, Any], *, confirm: bool
) -> bool:
    """Ask for missing inputs, reason and notes, into ``inputs`` and ``said``; then for a yes, and return it."""
    name = str(entry["name"])
    for each in entry.get("inputs", ()):
        if each["required"] and each["name"] not in inputs:
            inputs[str(each["name"])] = ask_for(desk, Request(name, dict(inputs), person.id, "terminal"), each)
    if not said["reason"]:
        said["reason"] = choose("Why?", [(reason, reason) for reason in entry.get("why", ())])
    if not said["notes"] and said["reason"] == OTHER:
        said["notes"] = click.prompt("Notes")
    printing.say_painted(f"{entry['title']}, in {desk.environment}, as {person.name}", "bright_white")
    show_checklist(desk, Request(name, inputs, person.id, "terminal"))
    return not confirm or click.confirm("Perform it?")


def ask_for(desk: Desk, request: Request, described: Entry) -> object:
    """Ask for one input: a subject by search, one of its choices, yes or no, a secret unseen, or a value."""
    name, schema = str(described["name"]), described.get("schema", {})
    shown = name.replace("_", " ").capitalize()
    if described.get("subject"):
        return ask_for_subject(desk, request, str(described["subject"]), shown)
    if described.get("choices") and (offered := Looking(desk.pipeline).offered(request, name)):
        return choose(shown, offered)
    if choices := enum_of(schema):
        return choose(shown, [(each, each) for each in choices])
    if kinds_of(schema) == {"boolean"}:
        return click.confirm(shown)
    typed = click.prompt(shown, hide_input=bool(described.get("secret")))
    return raw_of(described, (typed,))


def ask_for_subject(desk: Desk, request: Request, kind: str, shown: str) -> str:
    """Ask for a subject: its id, or a text to search for where the author wrote a search."""
    if desk.actions.kinds[kind].search is None:
        return str(click.prompt(f"{shown} (id)"))
    while True:
        typed = str(click.prompt(f"{shown} (id, or text to search for)"))
        found = Looking(desk.pipeline).found(request, kind, typed)
        if not found or any(each.id == typed for each in found):
            return typed
        return str(choose(shown, [(each.id, subject_words(each)) for each in found[:20]]))


def choose(question: str, offered: list[tuple[Any, str]]) -> Any:
    """Have one of several chosen by its number; a lone one is taken."""
    if len(offered) == 1:
        return offered[0][0]
    printing.say(question)
    for number, (_, label) in enumerate(offered, 1):
        printing.say(f"  {number}. {line(label)}")
    number = click.prompt("Number", type=click.IntRange(1, len(offered)))
    return offered[number - 1][0]


def show_checklist(desk: Desk, request: Request) -> None:
    """Show which circumstances hold."""
    try:
        items = Looking(desk.pipeline).checklist(request)
    except Refused as refusal:
        printing.say_painted(f"  ✗ {safe(refusal.message)}", "red")
        return
    for item in items:
        mark, colour = {True: ("✓", "green"), False: ("✗", "red"), None: ("·", "yellow")}[item.holds]
        more = f" ({item.message} {item.fix})".rstrip() if item.message and item.message != item.statement else ""
        needs = f" (needs {', '.join(item.needed)})" if item.needed else ""
        printing.say_painted(f"  {mark} {line(item.statement + needs + more, 400)}", colour)
