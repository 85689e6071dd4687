"""``new``: a start for one more action, with its test."""

from __future__ import annotations

import ast
import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from firsthand.core.errors import FirsthandError
from firsthand.core.manual import Manual
from firsthand.core.text import fault_of
from firsthand.settings import Settings
from firsthand.storage.history import Filter
from firsthand.storage.journal import SqlJournal
from firsthand.surfaces.terminal import printing
from firsthand.surfaces.terminal.completion import action_names
from firsthand.surfaces.terminal.context import find_modules, import_desk, open_journal
from firsthand.surfaces.terminal.template import (
    Draft,
    Parameter,
    check_name,
    desk_source,
    function_of,
    literal,
    name_in_python,
    with_imports,
)

if TYPE_CHECKING:
    from firsthand.core.actions import Actions

ACCOUNT = Parameter("account")
CONFTEST = '"""Here, so that the tests find the modules beside it."""\n'


@click.command()
@click.argument("name", required=False)
@click.option("--role", help="Who may perform it.  [default: support, or who may by hand]")
@click.option(
    "--from", "by_hand", metavar="NAME", shell_complete=action_names,
    help="Write down in code what is done by hand: a manual action, or a name that runs have.",
)  # fmt: skip
def new_command(name: str | None, role: str | None, by_hand: str | None) -> None:
    """Write a new action called NAME, such as subscription.pause, with its test; the test passes as it is.

    With --from, the function has the manual action's name, so that its history continues, and its steps as comments.
    """
    if (name is None) == (by_hand is None):
        raise click.UsageError("Give a NAME, or --from NAME.")
    if name is not None:
        check_name(name)
    if role is not None and not role.isprintable():
        raise FirsthandError(f"“{role}” cannot be a role here.", "Use letters and spaces.")
    settings = Settings.load()
    module, _, desk = (settings.desk or "support:desk").partition(":")
    desk = desk or "desk"
    path = desk_file(settings, module, desk)
    actions = import_desk(settings).work_out() if path.exists() else None
    wanted = name or by_hand or ""
    if actions and actions.get(wanted):
        raise FirsthandError(f"The desk has an action {wanted} already.", "Choose another name.")
    test = test_file(settings.folder, wanted)
    roles = [role] if role else []
    draft = drafted(wanted, roles, actions, module) if by_hand else Draft(wanted, roles or ["support"], ACCOUNT)
    draft = replace(draft, desk=desk, function=free_name(path, function_of(wanted)))
    source = path.read_text(encoding="utf-8") if path.exists() else desk_source(settings.folder.name)
    if not path.exists():
        (settings.folder / "firsthand.toml").write_text(f'desk = "{module}:{desk}"\n', encoding="utf-8")
    path.write_text(with_imports(source, draft.imports) + draft.source(), encoding="utf-8")
    test.write_text(draft.test(module), encoding="utf-8")
    if test.parent != settings.folder and (settings.folder / module.partition(".")[0]) in (
        *path.parents,
        path.with_suffix(""),
    ):
        help_find(settings.folder)
    printing.say(f"Wrote {draft.name} into {path} and its test, {test}.")
    printing.say(f"Fill in what it does, then: python -m pytest {test.relative_to(settings.folder)}")


def desk_file(settings: Settings, module: str, desk: str) -> Path:
    """Return the file of the desk's module, or where a first one goes; one of an installed package is left alone."""
    if not settings.desk:
        path = settings.folder / "support.py"
        if path.exists():
            said = 'Set it: desk = "support:desk" in firsthand.toml.'
            raise FirsthandError(f"{path} is there, but no desk is set.", said)
        return path
    find_modules(settings)
    try:
        found = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        found = None
    if found is None or found.origin is None:
        raise FirsthandError(f"The desk's module {module} is not found.", "Look at the setting, and at PYTHONPATH.")
    path = Path(found.origin).resolve()
    if not path.is_relative_to(settings.folder.resolve()) or "site-packages" in path.parts:
        raise FirsthandError(
            f"The desk's module {module} is not in this folder but in {path}, where nothing is written.",
            f"Give the desk a module here, such as my_{module.rpartition('.')[2]}.py: from {module} import "
            f'{desk}. Then say so in firsthand.toml: desk = "my_{module.rpartition(".")[2]}:{desk}".',
        )
    return path


def test_file(folder: Path, name: str) -> Path:
    """Return where the test goes: into ``tests``, if there is such a folder."""
    tests = folder / "tests"
    stem = name_in_python(name, "action")
    test = (tests if tests.is_dir() else folder) / f"test_{stem}.py"
    if test.exists():
        raise FirsthandError(f"{test} is there already.", "Choose another name, or remove it.")
    return test


def free_name(path: Path, function: str) -> str:
    """Return a name for the function that its module does not use yet."""
    if not path.exists():
        return "do_desk" if function == "desk" else function
    tree = ast.parse(path.read_text(encoding="utf-8"))
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    used |= {each.name for each in tree.body if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))}
    while function in used:
        function = f"do_{function}"
    return function


def help_find(folder: Path) -> None:
    """Have pytest find the desk's module from the tests' folder."""
    conftest = folder / "conftest.py"
    if not conftest.exists():
        conftest.write_text(CONFTEST, encoding="utf-8")


def drafted(name: str, roles: list[str], actions: Actions | None, module: str) -> Draft:
    """Return what is known of an action done by hand: what is declared of it, or else what its last run tells."""
    if fault := fault_of(name):
        raise FirsthandError(f"“{name}”: {fault}", "Look it up: firsthand declare.")
    journal = open_journal(settle=False)
    manual = journal.manuals.get(name) or performed(name, journal)
    said: dict[str, object] = {"why": list(manual.why)} if manual.version else {}
    more = {"title": manual.title, "tags": list(manual.tags), "owner": manual.owner}
    parameter = parameter_of(manual.subject, actions, module) if manual.subject else None
    return Draft(
        name, roles or manual.who or ["support"], parameter, description=manual.description or f"{manual.shown_title}.",
        said={**said, **{key: value for key, value in more.items() if value}}, by_hand=manual.steps,
    )  # fmt: skip


def performed(name: str, journal: SqlJournal) -> Manual:
    """Return as much of a declaration as the last run of a name tells."""
    last = next(iter(journal.history.feed(Filter(actions=(name,)), 1)), None)
    if last is None:
        raise FirsthandError(f"Nobody has declared or performed “{name}”.", "firsthand declare lists what there is.")
    return Manual(name, (), "", tags=last.tags, subject=last.subject.kind if last.subject else None)


def parameter_of(subject: str, actions: Actions | None, module: str) -> Parameter:
    """Return the parameter of a subject: of its type where the desk has its kind, else a text."""
    kind = actions.kinds.get(subject) if actions else None
    if actions is None or kind is None:
        return Parameter(name_in_python(subject, "subject"))
    annotation, imports = spelling(kind.type, module)
    if sum(each.type == kind.type for each in actions.kinds.values()) > 1 and annotation != "str":
        desk = Settings.load().desk.partition(":")[2] or "desk"
        annotation = f"Annotated[{annotation}, {desk}.subject_of({literal(subject)})]"
        imports = ("from typing import Annotated", *imports)
    return Parameter(subject, annotation, imports)


def spelling(type: Any, module: str) -> tuple[str, tuple[str, ...]]:
    """Return how a module may spell a type, and what it has to import for that; a text where it cannot."""
    known = vars(sys.modules[module]) if module in sys.modules else {}
    for name, value in known.items():
        if value is type and name.isidentifier():
            return name, ()
    home, name = getattr(type, "__module__", ""), getattr(type, "__qualname__", "")
    if name in known or not name.isidentifier() or getattr(sys.modules.get(home), name, None) is not type:
        return "str", ()
    return name, (f"from {home} import {name}",)
