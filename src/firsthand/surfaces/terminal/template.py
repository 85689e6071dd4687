"""What ``firsthand new`` writes."""

from __future__ import annotations

import keyword

from firsthand.core.errors import FirsthandError
from firsthand.core.text import titled

DESK = '''"""What the team does by hand."""

from firsthand import Desk

desk = Desk("{title}", environment="production", why=["customer asked", "our mistake"])
'''

ACTION = '''

@{desk}.action("{name}", who="{role}")
def {function}(account: str) -> str:
    """{title}."""
    return f"Nothing is done for {{account}} yet: write it here."
'''

TEST = '''"""What {name} must do, and to whom it must be refused."""

from firsthand.testing import trial
from {module} import {desk}


def test_{function}_is_performed_by_whoever_may() -> None:
    with trial({desk}, priya="{role}", sam=[]) as t:
        run = t.run("{name}", {{"account": "42"}}, by="priya", reason="other", notes="trying it out")
    assert run.outcome == "succeeded", run.refusal or run.error


def test_{function}_is_refused_to_anybody_else() -> None:
    with trial({desk}, priya="{role}", sam=[]) as t:
        run = t.run("{name}", {{"account": "42"}}, by="sam", reason="other", notes="trying it out")
    assert run.refusal is not None and run.refusal.code == "no_right"
'''


def check_name(name: str) -> None:
    """Raise ``FirsthandError`` for a name that no function can have."""
    for part in name.split("."):
        if not part.isidentifier() or keyword.iskeyword(part) or not part.isascii():
            raise FirsthandError(f"“{name}” cannot be an action's name.", "Write it like subscription.pause.")


def function_of(name: str) -> str:
    """Return the name of the function: of ``subscription.pause`` it is ``pause_subscription``."""
    return "_".join(reversed(name.split(".")))


def desk_source(title: str) -> str:
    """Return the source of a first desk."""
    return DESK.format(title=titled(title.replace("-", "_")).replace('"', "") or "Support")


def action_source(name: str, desk: str, role: str, function: str) -> str:
    """Return the source of an action."""
    return ACTION.format(name=name, desk=desk, role=role, function=function, title=titled(name))


def test_source(name: str, module: str, desk: str, role: str, function: str) -> str:
    """Return the source of an action's test."""
    return TEST.format(name=name, module=module, desk=desk, role=role, function=function)
