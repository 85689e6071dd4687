"""``new``: a start for one more action, with its test."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path

import click

from firsthand.core.errors import FirsthandError
from firsthand.settings import Settings
from firsthand.surfaces.terminal import printing
from firsthand.surfaces.terminal.context import find_modules, import_desk
from firsthand.surfaces.terminal.template import action_source, check_name, desk_source, function_of, test_source

CONFTEST = '"""Here, so that the tests find the modules beside it."""\n'


@click.command()
@click.argument("name")
@click.option("--role", default="support", show_default=True, help="Who may perform it.")
def new_command(name: str, role: str) -> None:
    """Write a new action called NAME, such as subscription.pause, with its test; the test passes as it is."""
    check_name(name)
    settings = Settings.load()
    module, _, desk = (settings.desk or "support:desk").partition(":")
    desk = desk or "desk"
    if not role.isprintable() or {'"', "\\"} & set(role):
        raise FirsthandError(f"“{role}” cannot be a role here.", "Use letters and spaces.")
    path = desk_file(settings, module)
    if path.exists() and import_desk(settings).work_out().get(name):
        raise FirsthandError(f"The desk has an action {name} already.", "Choose another name.")
    test = test_file(settings.folder, name)
    function = free_name(path, function_of(name))
    source = action_source(name, desk, role, function)
    if path.exists():
        with path.open("a", encoding="utf-8") as file:
            file.write(source)
    else:
        path.write_text(desk_source(settings.folder.name) + source, encoding="utf-8")
        (settings.folder / "firsthand.toml").write_text(f'desk = "{module}:{desk}"\n', encoding="utf-8")
    test.write_text(test_source(name, module, desk, role, function), encoding="utf-8")
    if test.parent != settings.folder and (settings.folder / module.partition(".")[0]) in (
        *path.parents,
        path.with_suffix(""),
    ):
        help_find(settings.folder)
    printing.say(f"Wrote {name} into {path} and its test, {test}.")
    printing.say(f"Fill in what it does, then: python -m pytest {test.relative_to(settings.folder)}")


def desk_file(settings: Settings, module: str) -> Path:
    """Return the file of the desk's module, or where a first one goes."""
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
    return Path(found.origin)


def test_file(folder: Path, name: str) -> Path:
    """Return where the test goes: into ``tests``, if there is such a folder."""
    tests = folder / "tests"
    test = (tests if tests.is_dir() else folder) / f"test_{name.replace('.', '_')}.py"
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
