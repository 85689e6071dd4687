"""Completion in the shell: names and reasons from the recorded catalogue, with their spaces kept."""

from __future__ import annotations

import os
import re
from typing import Any

import click
from click.shell_completion import BashComplete, CompletionItem, add_completion_class

from firsthand.core.errors import FirsthandError
from firsthand.surfaces.terminal.context import known_catalogue


class Bash(BashComplete):
    """Bash takes what is completed as it is typed: a space in it needs a backslash, unless a quote is open."""

    def format_completion(self, item: CompletionItem[Any]) -> str:
        """Return a completion as click's script for bash reads it, which takes one backslash of two away."""
        words = os.environ.get("COMP_WORDS", "").split("\n")
        at = int(os.environ.get("COMP_CWORD", "0"))
        quoted = at < len(words) and words[at][:1] in ("'", '"')
        value = item.value if quoted else re.sub(r"([ ()&;'\"$!*?<>|])", r"\\\\\1", str(item.value))
        return f"{item.type},{value}"


def register() -> None:
    """Have bash keep spaces."""
    add_completion_class(Bash, "bash")


def starting(choices: Any, typed: str) -> list[str]:
    """Return the choices that start with what is typed."""
    return [str(each) for each in choices if str(each).startswith(typed)]


def action_names(ctx: click.Context, param: click.Parameter, typed: str) -> list[str]:
    """Complete an action's name."""
    return starting(catalogue(), typed)


def reasons(ctx: click.Context, param: click.Parameter, typed: str) -> list[str]:
    """Complete a reason of any action."""
    return starting(dict.fromkeys(why for entry in catalogue().values() for why in entry.get("why", ())), typed)


def catalogue() -> dict[str, Any]:
    """Return what may be known; nothing where the journal cannot be read, since nobody sees a completion's error."""
    try:
        return dict(known_catalogue())
    except FirsthandError:
        return {}
