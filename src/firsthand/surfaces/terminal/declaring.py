"""``declare``: manual actions, written down without code."""

from __future__ import annotations

from dataclasses import asdict
from typing import IO, Any

import click

from firsthand.core.errors import FirsthandError
from firsthand.core.manual import Manual
from firsthand.core.steps import markdown_of
from firsthand.storage.journal import SqlJournal
from firsthand.surfaces.terminal import printing
from firsthand.surfaces.terminal.completion import action_names
from firsthand.surfaces.terminal.context import actor_of, hidden_here, load_desk, names_of, open_journal
from firsthand.surfaces.words import line


@click.command()
@click.argument("name", required=False, shell_complete=action_names)
@click.option("--who", multiple=True, metavar="ROLE", help="Who may perform it; may be given several times.")
@click.option("--why", multiple=True, metavar="REASON", help="A reason to perform it; the desk's if none is given.")
@click.option("--step", "steps", multiple=True, metavar="TEXT", help="One thing to do; may be given several times.")
@click.option("--from-file", "file", type=click.File(encoding="utf-8"), metavar="FILE", help="All steps, as Markdown.")
@click.option("--subject", metavar="KIND", help="What it is done to: one of the desk's subjects.")
@click.option("--title", help="What screens show; made of the name if not given.")
@click.option("--description", help="What it does.")
@click.option("--tag", "tags", multiple=True, help="A tag; may be given several times.")
@click.option("--owner", help="Who looks after it.")
@click.option("--version", type=click.IntRange(1), help="The version that you change; what you leave out stays.")
@click.option("--retire", is_flag=True, help="Take it out of the catalogue; its runs stay.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def declare_command(
    name: str | None, file: IO[str] | None, version: int | None, retire: bool, as_json: bool, **given: Any
) -> None:
    """Declare a manual action: NAME, who may, why, and its steps in words; nothing executes.

    With NAME alone, show what is declared; without it, list all.
    """
    said = {key: value for key, value in given.items() if value}
    if file is not None and "steps" in said:
        raise click.UsageError("Give the steps with --step or with --from-file, not with both.")
    if file is not None:
        said["steps"] = file.read()
    elif "steps" in said:
        said["steps"] = markdown_of(said["steps"])
    if name is None:
        if said or retire or version:
            raise click.UsageError("Give the NAME of the action.")
        list_all(open_journal(), as_json=as_json)
        return
    if not said and not retire:
        show(declared(open_journal(), name), as_json=as_json)
        return
    changed = retired(name, version) if retire else saved(name, version, said)
    if as_json:
        printing.say_json(described(changed))
    else:
        done = "Retired" if retire else "Declared"
        printing.say(f"{done} {line(changed.shown_title)} ({line(changed.name)}), version {changed.version}.")


def saved(name: str, version: int | None, said: dict[str, Any]) -> Manual:
    """Declare what the options say; where a version is changed, on top of what that said."""
    desk = load_desk()
    person = actor_of(desk.journal)  # type: ignore[arg-type]
    current = desk.journal.manuals.get(name)
    if current and not version:
        raise FirsthandError(
            f"{name} is declared already (version {current.version}{', retired' if current.retired else ''}).",
            f"Look at it with firsthand declare {name}; to change it, add --version {current.version}.",
        )
    fields = ("who", "why", "steps", "subject", "title", "description", "tags", "owner")
    before = {key: getattr(current, key) for key in fields} if current else {"who": (), "steps": ""}
    if current and not current.why:
        del before["why"]
    return desk.declare(name, by=person.id, version=version or 0, surface="terminal", **{**before, **said})


def retired(name: str, version: int | None) -> Manual:
    """Retire an action, as it is now or as of a version."""
    desk = load_desk()
    person = actor_of(desk.journal)  # type: ignore[arg-type]
    current = desk.journal.manuals.get(name)
    return desk.retire(name, by=person.id, version=version or (current.version if current else 0), surface="terminal")


def list_all(journal: SqlJournal, *, as_json: bool) -> None:
    """List the manual actions, and the names that only runs have."""
    offered = {name for name, entry in journal.history.catalogue() if entry.get("manual")}
    found = [each for each in journal.manuals.all() if each.name in offered]
    if as_json:
        printing.say_json([described(each) for each in found])
        return
    names = names_of(journal)
    rows = [
        (line(each.name, 60), line(each.shown_title, 60), ", ".join(each.who), str(len(each.to_tick)),
         str(each.version), names.person(each.by))
        for each in found
    ]  # fmt: skip
    printing.table(["name", "title", "who", "steps", "version", "by"], rows, right=(3, 4))
    if unwritten := journal.manuals.unwritten(20, hidden_here(journal)):
        printing.say("\nPerformed, but neither written nor declared:", error=True)
        for each in unwritten:
            printing.say(f"  {line(each.name, 60)} ({each.runs:,} runs)", error=True)


def declared(journal: SqlJournal, name: str) -> Manual:
    """Return what is declared under a name, a retired declaration too; one that code has taken over is none."""
    entry = dict(journal.history.catalogue()).get(name)
    found = journal.manuals.get(name)
    if found is None or (entry is None and not found.retired) or (entry and not entry.get("manual")):
        raise FirsthandError(
            f"There is no manual action “{name}”.",
            f'Declare it: firsthand declare {name} --who ROLE --step "What to do first".',
        )
    return found


def show(manual: Manual, *, as_json: bool) -> None:
    """Print a declaration."""
    if as_json:
        printing.say_json(described(manual))
        return
    said = [
        ("name", manual.name), ("title", manual.shown_title), ("who", ", ".join(manual.who)),
        ("why", ", ".join(manual.why)), ("tags", ", ".join(manual.tags)), ("owner", manual.owner),
        ("subject", manual.subject), ("version", f"{manual.version}{', retired' if manual.retired else ''}"),
        ("by", manual.by), ("at", manual.at and manual.at.isoformat()),
    ]  # fmt: skip
    for name, value in said:
        if value:
            printing.say(f"{name:<8} {line(str(value), 1_000)}")
    for text in (manual.description, manual.steps):
        if text:
            printing.say(f"\n{text.rstrip()}")


def described(manual: Manual) -> dict[str, Any]:
    """Return a declaration as JSON can carry it, with its steps one by one."""
    return {**asdict(manual), "at": manual.at and manual.at.isoformat(), "to_tick": list(manual.to_tick)}
