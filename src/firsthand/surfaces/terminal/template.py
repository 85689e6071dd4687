"""What ``firsthand new`` writes."""

from __future__ import annotations

import ast
import json
import keyword
import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from firsthand.core.errors import FirsthandError
from firsthand.core.text import titled
from firsthand.surfaces.words import UNSAFE, safe

WIDTH = 112

DESK = '''"""What the team does by hand."""

from firsthand import Desk

desk = Desk("{title}", environment="production", why=["customer asked", "our mistake"])
'''

ACTION = '''

@{desk}.action({said})
def {function}({parameter}) -> str:
    """{description}"""
{body}
'''

TEST = '''"""What {shown} must do, and to whom it must be refused."""

from firsthand.testing import trial
from {module} import {desk}


def test_{function}_{promise}_whoever_may() -> None:
    with trial({desk}, priya={role}, sam=[]) as t:
        run = t.run({name}, {inputs}, by="priya", reason="other", notes="trying it out")
    {expected}


def test_{function}_is_refused_to_anybody_else() -> None:
    with trial({desk}, priya={role}, sam=[]) as t:
        run = t.run({name}, {inputs}, by="sam", reason="other", notes="trying it out")
    assert run.refusal is not None and run.refusal.code == "no_right"
'''

PERFORMED = 'assert run.outcome == "succeeded", run.refusal or run.error'
REACHED = """# Once it is written, and the inputs are some that there are: assert run.outcome == "succeeded"
    assert run.refusal is None or run.refusal.code != "no_right\""""

NOT_YET = """    raise Refused("This is not written yet.", fix="Do it by hand, and write down here how.")"""
EXAMPLE = """    return f"Nothing is done for {account} yet: write it here.\""""


@dataclass(frozen=True, slots=True)
class Parameter:
    """What the action is done to: a parameter with its type, and what has to be imported for that."""

    name: str
    annotation: str = "str"
    imports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """An action to be written.

    ``said`` are its further keywords, ``by_hand`` is what a person has done so far, for comments. Until that is written
    in code, the function refuses, lest it count as done.
    """

    name: str
    who: Sequence[str]
    parameter: Parameter | None
    desk: str = "desk"
    function: str = ""
    description: str = ""
    said: dict[str, object] = field(default_factory=dict)
    by_hand: str | None = None

    @property
    def imports(self) -> tuple[str, ...]:
        """The lines that have to be imported."""
        refused = () if self.by_hand is None else ("from firsthand import Refused",)
        return (*refused, *(self.parameter.imports if self.parameter else ()))

    def source(self) -> str:
        """Return the source of the action."""
        who = self.who[0] if len(self.who) == 1 else list(self.who)
        said = [literal(self.name), f"who={literal(who)}", *(f"{key}={literal(v)}" for key, v in self.said.items())]
        line = ", ".join(said)
        parts = {
            "said": line if len(line) < WIDTH - 10 else f"\n    {f',{chr(10)}    '.join(said)},\n",
            "description": documented(self.description or f"{titled(self.name)}."),
            "parameter": f"{self.parameter.name}: {self.parameter.annotation}" if self.parameter else "",
            "body": EXAMPLE if self.by_hand is None else "\n".join((*comments(self.by_hand), NOT_YET)),
        }
        return ACTION.format(desk=self.desk, function=self.function, **parts)

    def test(self, module: str) -> str:
        """Return the source of the action's test."""
        inputs = literal({self.parameter.name: "42"} if self.parameter else {})
        promise, expected = ("is_performed_by", PERFORMED) if self.by_hand is None else ("is_open_to", REACHED)
        return TEST.format(
            shown=documented(self.name), module=module, desk=self.desk, function=self.function, promise=promise,
            role=literal(self.who[0]), name=literal(self.name), inputs=inputs, expected=expected,
        )  # fmt: skip


def check_name(name: str) -> None:
    """Raise ``FirsthandError`` for a name that no function can have."""
    for part in name.split("."):
        if not is_name(part):
            raise FirsthandError(f"“{name}” cannot be an action's name.", "Write it like subscription.pause.")


def is_name(text: str) -> bool:
    """Say whether a text can be a name in Python, in letters that everybody can type."""
    return text.isidentifier() and not keyword.iskeyword(text) and text.isascii()


def name_in_python(text: str, otherwise: str) -> str:
    """Return a name in Python that is like a text: ``Reset password`` gives ``reset_password``."""
    name = re.sub(r"\W+", "_", text.lower(), flags=re.ASCII).strip("_")[:60]
    return name if is_name(name) else f"{otherwise}_{name}".rstrip("_")


def function_of(name: str) -> str:
    """Return the name of the function: of ``subscription.pause`` it is ``pause_subscription``."""
    return name_in_python("_".join(reversed(name.split("."))), "do")


def desk_source(title: str) -> str:
    """Return the source of a first desk."""
    return DESK.format(title=titled(title.replace("-", "_")).replace('"', "") or "Support")


def literal(value: object) -> str:
    """Return texts, lists and mappings of them as Python writes them; what could turn text around is spelt out."""
    return UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(value, ensure_ascii=False))


def documented(text: str) -> str:
    """Return a text as it stands in a docstring."""
    lines = "\n".join(f"    {line}".rstrip() for line in wrapped(text)).strip()
    said = lines.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return f'{said[:-1]}\\"' if said.endswith('"') else said


def comments(text: str) -> Iterator[str]:
    """Yield a text as comments in a function."""
    for line in wrapped(text):
        yield f"    # {line}".rstrip()


def wrapped(text: str) -> Iterator[str]:
    """Yield the lines of a text, long ones in several, without anything that could turn text around."""
    for line in text.strip().splitlines():
        clean = safe(line.expandtabs(4)).rstrip()
        indent = " " * (len(clean) - len(clean.lstrip()))
        yield from textwrap.wrap(
            clean, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        ) or [""]  # fmt: skip


def with_imports(source: str, imports: Iterable[str]) -> str:
    """Return a module's source with lines ``from module import name`` that it lacks, after those that it has."""
    have = [node for node in ast.parse(source).body if isinstance(node, (ast.Import, ast.ImportFrom))]
    bound = {
        f"from {node.module} import {each.name}"
        for node in have if isinstance(node, ast.ImportFrom)
        for each in node.names if each.asname is None
    }  # fmt: skip
    missing = [f"{line}\n" for line in dict.fromkeys(imports) if line not in bound]
    lines = source.splitlines(keepends=True)
    after = have[-1].end_lineno or 0 if have else 0
    return "".join((*lines[:after], *missing, *lines[after:]))
