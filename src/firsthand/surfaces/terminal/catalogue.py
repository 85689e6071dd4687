"""``actions`` and ``new``: what there is to perform, and a start for more."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import click

from firsthand.core.errors import FirsthandError, JournalMissing
from firsthand.settings import Settings
from firsthand.surfaces.terminal import printing
from firsthand.surfaces.terminal.context import import_desk, may, open_journal, own_roles
from firsthand.surfaces.terminal.template import action_source, check_name, desk_source, test_source
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
            line(entry["title"], 60),
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


@click.command()
@click.argument("name")
@click.option("--role", default="support", show_default=True, help="Who may perform it.")
def new_command(name: str, role: str) -> None:
    """Write a new action called NAME, such as subscription.pause, with its test; the test passes as it is."""
    check_name(name)
    settings = Settings.load()
    path = desk_file(settings)
    desk_name = settings.desk.partition(":")[2] or "desk"
    module = settings.desk.partition(":")[0] or "support"
    if path.exists() and f'"{name}"' in path.read_text(encoding="utf-8"):
        raise FirsthandError(f"{path} has an action {name} already.", "Choose another name.")
    tests = settings.folder / "tests"
    test = (tests if tests.is_dir() else settings.folder) / f"test_{name.replace('.', '_')}.py"
    if test.exists():
        raise FirsthandError(f"{test} is there already.", "Choose another name, or remove it.")
    fresh = not path.exists()
    with path.open("a", encoding="utf-8") as file:
        file.write((desk_source(settings.folder.name) if fresh else "") + action_source(name, desk_name, role))
    test.write_text(test_source(name, module, desk_name, role), encoding="utf-8")
    if not settings.desk:
        (settings.folder / "firsthand.toml").write_text(f'desk = "{module}:{desk_name}"\n', encoding="utf-8")
    printing.say(f"Wrote {name} into {path} and its test, {test}.")
    printing.say(f"Fill in what it does, then: pytest {test.name}")


def desk_file(settings: Settings) -> Path:
    """Return the file of the desk's module, or where a first one goes."""
    if not settings.desk:
        path = settings.folder / "support.py"
        if path.exists():
            raise FirsthandError(
                f"{path} is there, but no desk is set.", 'Set it: desk = "support:desk" in firsthand.toml.'
            )
        return path
    sys.path.insert(0, str(settings.folder))
    found = importlib.util.find_spec(settings.desk.partition(":")[0])
    if found is None or found.origin is None:
        raise FirsthandError(
            f"The desk's module {settings.desk.partition(':')[0]} is not found.", "Look at the setting."
        )
    return Path(found.origin)
