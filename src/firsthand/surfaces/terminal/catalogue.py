"""``actions``: what there is to perform, or to ask for."""

from __future__ import annotations

from typing import Any

import click

from firsthand.core.catalogue import may
from firsthand.core.errors import JournalMissing
from firsthand.settings import Settings
from firsthand.surfaces.terminal import printing
from firsthand.surfaces.terminal.context import import_desk, open_journal, own_roles
from firsthand.surfaces.words import line

Entry = dict[str, Any]


@click.command()
@click.argument("text", required=False)
@click.option("--namespace", help="Only this namespace's.")
@click.option("--tag", help="Only those with this tag.")
@click.option("--json", "as_json", is_flag=True, help="Print the catalogue's entries as JSON.")
def actions_command(text: str | None, namespace: str | None, tag: str | None, as_json: bool) -> None:
    """List what you can perform, or ask for; with TEXT, those whose name, title or description has it."""
    entries = [entry for entry in catalogue() if fits(entry, text, namespace, tag)]
    roles = own_roles()
    if roles is not None:
        entries = [entry for entry in entries if may(entry, roles)]
    if as_json:
        printing.say_json(entries)
        return
    rows = [
        (
            entry["name"],
            f"{line(entry['title'], 60)}{' (manual)' if entry.get('manual') else ''}",
            line(entry["who"], 60),
            ", ".join(entry["tags"]),
            may(entry, roles or ()),
        )
        for entry in sorted(entries, key=lambda each: str(each["name"]))
    ]
    printing.table(["action", "title", "who", "tags", "you"], rows)
    if not rows:
        printing.say("There is no such action. Write it down: firsthand new NAME.", error=True)


def catalogue() -> list[Entry]:
    """Return the recorded catalogue, or, where a desk has never started, what the desk itself says."""
    try:
        entries = [entry for _, entry in open_journal().history.catalogue()]
    except JournalMissing:
        entries = []
    if entries:
        return entries
    settings = Settings.load()
    if not settings.desk:
        return []
    desk = import_desk(settings)
    return [action.describe() for action in desk.actions]


def fits(entry: Entry, text: str | None, namespace: str | None, tag: str | None) -> bool:
    """Say whether an entry is one of those wanted."""
    words = " ".join((entry["name"], entry["title"], entry["description"], *entry["aliases"], *entry["tags"])).lower()
    return (
        (text is None or all(word in words for word in text.lower().split()))
        and (namespace is None or entry["name"].startswith(f"{namespace}."))
        and (tag is None or tag in entry["tags"])
    )
