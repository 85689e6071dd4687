"""What every action has to say of itself: what it does, who may perform it, why, and what of it is secret."""

from __future__ import annotations

import re
from collections.abc import Iterator

from firsthand.core.actions import Action
from firsthand.core.policy import EVERYBODY, NOBODY
from firsthand.core.reasons import OTHER, says_something

NO_ROLES = (EVERYBODY, NOBODY, "anybody", "anyone", "everyone", "all", "*")
"""What nobody has as a role; two of them are words of ``ask``."""

ARTICLES = {"a", "an", "the"}

SECRETS = {"password", "passwd", "passphrase", "secret"}
"""Words in an input's name that say that it is a secret."""


def unsaid(action: Action) -> Iterator[str]:
    """Yield, a sentence each, what an action fails to say."""
    for found in (what(action), who(action), why(action), secret(action)):
        if found:
            yield f"{action.name}: {found}"


def what(action: Action) -> str:
    """Return what is wrong with how it says what it does; an empty text where nothing is."""
    told = words_of(action.description) - ARTICLES - words_of(action.title) - words_of(action.name)
    if action.steps or (told and says_something(action.description)):
        return ""
    fault = "its docstring says no more than its title" if action.description else "it does not say what it does"
    return f"{fault}. Give it a docstring that tells a colleague what happens."


def who(action: Action) -> str:
    """Return what is wrong with who may perform it."""
    if wrong := [role for role in action.policy.roles if role.strip().lower() in ("", *NO_ROLES)]:
        return f"who= names “{wrong[0]}”, which is no role, so nobody has it. Name the roles of those who may."
    return "" if action.policy.roles else "it does not say who may perform it. Add who=, to it or to its namespace."


def why(action: Action) -> str:
    """Return what is wrong with its reasons."""
    if action.reasons.listed != (OTHER,) or (action.reasons.said and not action.manual):
        return ""
    return (
        "it has no reasons but “other”, so its record will not tell why it is needed. Add why=[...], to it, its "
        'namespace or its desk; or why=["other"] where that is meant.'
    )


def secret(action: Action) -> str:
    """Return which inputs are secrets by their name, and not by their type."""
    named = [each.name for each in action.inputs.values() if SECRETS & set(each.name.split("_")) and not each.secret]
    if not named:
        return ""
    return f"its input {named[0]} is a {type_said(action, named[0])}, so it is on record. Make it a SecretStr."


def type_said(action: Action, name: str) -> str:
    """Return an input's type as its schema has it."""
    return str(action.inputs[name].schema.get("type", "plain value"))


def words_of(text: str) -> set[str]:
    """Return the words of a text, in small letters."""
    return set(re.findall(r"[^\W_]+", text.lower()))
