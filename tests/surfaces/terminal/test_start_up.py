"""Quick commands stay quick: they import neither pydantic, web, psycopg nor the desk's module."""

import subprocess
import sys

import pytest

from .terminals import Terminal

SLOW = ("pydantic", "psycopg", "starlette", "uvicorn", "jinja2", "rich", "asyncio", "firsthand.desk", "firsthand.demo")

CODE = """
import sys
sys.argv = ["firsthand", *{arguments!r}]
from firsthand.surfaces.terminal.main import main
try:
    main()
except SystemExit as exit:
    assert not exit.code, exit.code
loaded = [name for name in {slow!r} if name in sys.modules]
assert not loaded, loaded
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["feed"],
        ["feed", "--json"],
        ["show", "1"],
        ["stats"],
        ["stats", "--json"],
        ["stats", "--csv"],
        ["asks"],
        ["who"],
    ],
)
def test_reading_imports_nothing_slow(arguments: list[str], terminal: Terminal) -> None:
    terminal("run", "subscription.cancel", "--account", "42", "--reason", "fraud")
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(arguments=arguments, slow=SLOW)],
        cwd=terminal.folder, env=terminal.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_completion_knows_names_options_and_reasons_without_the_desk(terminal: Terminal) -> None:
    terminal("run", "subscription.cancel", "--account", "42", "--reason", "fraud")
    terminal.environment["FIRSTHAND_DESK"] = "no_such_module:desk"

    def complete(*words: str) -> list[str]:
        line = " ".join(f"'{word}'" if " " in word or not word else word for word in words)
        said = terminal(
            COMP_WORDS=line, COMP_CWORD=str(len(words) - 1), _FIRSTHAND_COMPLETE="bash_complete"
        )  # fmt: skip
        return [row.split(",", 1)[1] for row in said.out.splitlines()]

    assert complete("firsthand", "run", "subscription.c") == ["subscription.cancel", "subscription.change_plan"]
    assert complete("firsthand", "run", "subscription.cancel", "--a") == ["--account", "--at-once", "--at"]
    assert complete("firsthand", "run", "subscription.cancel", "--acc") == ["--account"]
    assert complete("firsthand", "run", "account.unlock", "--reason", "tra") == ["travelling"]
    assert complete("firsthand", "fe") == ["feed"]
