"""Undocumented means failing: settings, commands, refusal codes, public names and words stand in the docs."""

import ast
import re
from dataclasses import fields
from pathlib import Path

import pytest

import firsthand
from firsthand.core.refusals import CODES
from firsthand.settings import Settings
from firsthand.surfaces.terminal.main import COMMANDS, root

ROOT = Path(__file__).parents[2]
REFERENCE = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")

SHUNNED = {
    "runbook", "ticketing", "requester", "performer", "operator", "justification", "guard_clause", "execution",
    "invocation", "audit_trail", "activity_stream", "timeline", "target_account",
}  # fmt: skip


@pytest.mark.parametrize("name", [each.name for each in fields(Settings) if each.name != "folder"])
def test_every_setting_is_documented(name: str) -> None:
    assert f"`{name}`" in REFERENCE
    assert f"FIRSTHAND_{name.upper()}" in REFERENCE


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_is_documented_and_helps(name: str) -> None:
    assert re.search(rf"`{name}\b", REFERENCE)
    command = root.get_command(None, name)  # type: ignore[arg-type]
    assert command is not None
    assert command.help


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_refusal_code_is_documented(code: str) -> None:
    assert f"`{code}`" in REFERENCE


@pytest.mark.parametrize("name", firsthand.__all__)
def test_every_public_name_is_documented(name: str) -> None:
    assert f"`{name}" in REFERENCE
    assert getattr(firsthand, name).__doc__


def test_public_names_are_sorted_and_resolve() -> None:
    assert firsthand.__all__ == sorted(firsthand.__all__)
    assert set(firsthand.__all__) <= set(dir(firsthand))


def test_no_shunned_synonym_is_a_name_in_the_source() -> None:
    for path in (ROOT / "src").rglob("*.py"):
        names = {
            node.name for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        }  # fmt: skip
        assert not {name for name in names if name.lower() in SHUNNED}, path


@pytest.mark.parametrize(
    "word", ["action", "desk", "run", "subject", "reason", "policy", "check", "refusal", "journal"]
)
def test_the_words_of_the_product_stand_in_the_glossary(word: str) -> None:
    assert f"**{word}**" in GLOSSARY
