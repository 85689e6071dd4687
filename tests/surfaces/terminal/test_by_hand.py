"""Manual actions from the terminal: declared, changed, performed step by step, and written as code in the end."""

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from .terminals import LOGIN, Terminal

DECLARE = (
    "declare", "account.move", "--who", "support", "--why", "customer asked", "--subject", "account",
    "--description", 'Move an account to "the other" shop.', "--step", "Call the customer",
    "--step", "Move it:\n- first the invoices\n- then C:\\accounts", "--tag", "access",
)  # fmt: skip
RUN = ("run", "account.move", "--account", "42", "--reason", "customer asked")


@pytest.fixture
def declared(terminal: Terminal) -> Terminal:
    """A terminal at which Priya, who administers, has declared an action."""
    assert terminal(*DECLARE).code == 0
    return terminal


def test_what_is_declared_is_listed_shown_and_completed(declared: Terminal) -> None:
    shown = declared("declare", "account.move", "--json").json
    assert (shown["version"], shown["by"], shown["who"]) == (1, "priya@acme.com", ["support"])
    assert shown["to_tick"] == ["Call the customer", "Move it:\n- first the invoices\n- then C:\\accounts"]
    assert [each["name"] for each in declared("declare", "--json").json] == ["account.move"]
    assert "Move account (manual)" in declared("actions").out
    assert "1. Call the customer" in declared("run", "account.move", "--help").out
    assert "declared the manual action Move account" in declared("feed").out
    said = declared(COMP_WORDS="firsthand run account.mo", COMP_CWORD="2", _FIRSTHAND_COMPLETE="bash_complete")
    assert "plain,account.move" in said.out


def test_it_is_performed_step_by_step(declared: Terminal) -> None:
    begun = declared(*RUN)
    assert begun.code == 4
    assert "firsthand finish 1 --as succeeded" in begun.out
    assert declared("tick", "1", "1", "2").code == 0
    assert declared("tick", "1", "2", "--undo").out.startswith("[x]  1. Call the customer  (Priya, ")
    assert declared("tick", "1", "3").code == 3
    shown = declared("show", "1").out
    assert "By hand (version 1):" in shown
    assert "[ ]  2. Move it:" in shown
    assert "Priya took back the tick of step 2." in shown
    assert declared("finish", "1", "--as", "failed").code == 3
    ended = declared("finish", "1", "--as", "succeeded", "--words", "It is there.", "--json")
    assert (ended.code, ended.json["value"]) == (0, "It is there. 1 of 2 steps was not ticked.")
    assert declared("finish", "1", "--as", "succeeded").code == 3
    assert declared("tick", "2").code == 1


def test_a_change_needs_the_version_that_it_is_made_of(declared: Terminal) -> None:
    assert "version 1" in declared("declare", "account.move", "--step", "Look").err
    assert declared("declare", "account.move", "--version", "1", "--step", "Look").code == 0
    late = declared("declare", "account.move", "--version", "1", "--step", "Wait")
    assert (late.code, late.err.splitlines()[0]) == (3, "You changed account.move meanwhile (version 2).")
    now = declared("declare", "account.move", "--json").json
    assert (now["to_tick"], now["who"], now["tags"], now["description"][:4]) == (
        ["Look"],
        ["support"],
        ["access"],
        "Move",
    )


def test_steps_come_from_a_file_too(terminal: Terminal) -> None:
    (terminal.folder / "steps.md").write_text("# How\n\n- Look\n- Move\n", encoding="utf-8")
    said = terminal("declare", "account.move", "--who", "support", "--from-file", "steps.md", "--json")
    assert said.json["to_tick"] == ["Look", "Move"]
    assert terminal("declare", "x", "--who", "support", "--from-file", "steps.md", "--step", "y").code == 2
    assert terminal("declare", "--who", "support").code == 2


def test_only_whoever_may_declares_and_a_retired_one_is_gone(declared: Terminal, as_sam: Callable[[], None]) -> None:
    assert declared("declare", "account.move", "--retire").code == 0
    assert declared(*RUN).code == 3
    assert declared("declare", "account.move").out.count("retired") == 1
    assert declared("declare", "--json").json == []
    assert declared("declare", "account.move", "--version", "2", "--title", "Move").code == 0
    as_sam()
    assert declared("declare", "account.steal", "--who", "lead", "--step", "Steal").code == 3
    assert "Sam tried to declare account.steal" in declared("feed").out.replace("Steal account", "account.steal")
    assert declared("tick", "1", "1").code == 3


def test_reading_what_is_declared_imports_nothing_slow(declared: Terminal) -> None:
    declared(*RUN)
    slow = ("pydantic", "asyncio", "rich", "starlette", "firsthand.desk", "firsthand.demo")
    for arguments in (["declare"], ["declare", "account.move"], ["show", "1"], ["actions"]):
        code = (
            f"import sys\nsys.argv = ['firsthand', *{arguments!r}]\n"
            "from firsthand.surfaces.terminal.main import main\n"
            "try:\n    main()\nexcept SystemExit as exit:\n    assert not exit.code\n"
            f"assert not [name for name in {slow!r} if name in sys.modules]\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=declared.folder, env=declared.environment, capture_output=True, text=True
        )
        assert done.returncode == 0, (arguments, done.stderr)


def conversation(terminal: Terminal, arguments: tuple[str, ...], answers: list[tuple[str, str]]) -> tuple[int, str]:
    """Run a command on a terminal of its own, answering each question; return its exit code and all that it said."""
    parent, child = pty.openpty()
    done = subprocess.Popen(
        [sys.executable, "-m", "firsthand", *arguments], cwd=terminal.folder,
        env={**terminal.environment, "TERM": "dumb"}, stdin=child, stdout=child, stderr=child, start_new_session=True,
    )  # fmt: skip
    os.close(child)
    said, deadline = "", time.monotonic() + 60
    while time.monotonic() < deadline:
        if answers and answers[0][0] in said[said.rfind("\x00") + 1 :]:
            os.write(parent, f"{answers.pop(0)[1]}\n".encode())
            said += "\x00"
        if select.select([parent], [], [], 0.1)[0]:
            try:
                said += os.read(parent, 65536).decode(errors="replace")
            except OSError:
                break
        elif done.poll() is not None:
            break
    os.close(parent)
    assert not answers, said
    return done.wait(10), said


def test_at_a_terminal_it_is_gone_through_step_by_step(declared: Terminal) -> None:
    code, said = conversation(
        declared, RUN, [("Perform it?", "y"), ("Done?", "y"), ("Done?", "n"), ("Number", "1"), ("In words", "Moved.")]
    )
    assert code == 0, said
    assert "Moved. 1 of 2 steps was not ticked." in said
    code, said = conversation(declared, RUN, [("Perform it?", "y"), ("Done?", "y"), ("Done?", "y"), ("Number", "4")])
    assert (code, "stays open. Go on with it: firsthand tick 2" in said) == (4, True)
    code, said = conversation(declared, ("tick", "2"), [("Number", "3"), ("In words", "He called back.")])
    assert code == 3
    assert declared("show", "2", "--json").json["refusal"]["message"] == "He called back."


SUPPORT = '''"""What the team does by hand."""

from __future__ import annotations

from dataclasses import dataclass

from firsthand import Desk

desk = Desk("Acme", why=["customer asked"])


@dataclass
class Account:
    id: int


@desk.subject()
def account(id: int) -> Account | None:
    """A customer's account."""
    return Account(id) if id < 100 else None
'''


@pytest.fixture
def own(bare: Terminal) -> Terminal:
    """A terminal with a desk of its own that has a subject and no action."""
    (bare.folder / "support.py").write_text(SUPPORT, encoding="utf-8")
    (bare.folder / "firsthand.toml").write_text('desk = "support:desk"\n', encoding="utf-8")
    assert bare("people", "add", "priya", "--role", "support", "--login", LOGIN).code == 0
    return bare


def passes(terminal: Terminal, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=terminal.folder, env=terminal.environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_new_from_a_manual_action_writes_the_function_and_its_history_goes_on(own: Terminal) -> None:
    assert own(*DECLARE, "--owner", 'the "A" team', "--title", "Move\u202e it").code == 0
    assert own(*RUN).code == 4
    assert own("finish", "1", "--as", "succeeded").code == 0
    assert own("new", "--from", "account.move").code == 0
    source = (own.folder / "support.py").read_text(encoding="utf-8")
    assert "def move_account(account: Account) -> str:" in source
    assert "    # 1. Call the customer\n    # 2. Move it:\n    #    - first the invoices\n" in source
    assert "\u202e" not in source
    passes(own, "pytest", "-q", "-p", "no:cacheprovider")
    passes(own, "mypy", "--strict", "support.py", "test_account_move.py")
    again = own(*RUN, "--json")
    assert (again.code, again.json["refusal"]["message"]) == (3, "This is not written yet.")
    assert [run["id"] for run in own("feed", "--action", "account.move", "--json").json] == [2, 1]
    assert own("declare", "--json").json == []
    assert "manual" not in own("actions", "--json").json[0]
    assert own("new", "--from", "account.move").code == 1


def test_new_from_a_name_that_came_in_with_an_import(own: Terminal) -> None:
    (own.folder / "log.csv").write_text(
        'who,what,customer,when\nAnna,"Reset ""it"" \\ now",17,2024-05-03 09:15\nAnna,重置,3,2024-05-03 09:15\n',
        encoding="utf-8",
    )
    columns = ("--actor", "who", "--action", "what", "--subject", "account:customer", "--at", "when")
    assert own("import", "log.csv", *columns).code == 0
    assert "(1 runs)" in own("declare").err
    for name in ('Reset "it" \\ now', "重置"):
        assert own("new", "--from", name, "--role", "lead").code == 0, name
    passes(own, "pytest", "-q", "-p", "no:cacheprovider")
    passes(own, "mypy", "--strict", "support.py")
    source = (own.folder / "support.py").read_text(encoding="utf-8")
    assert "def reset_it_now(account: Account) -> str:" in source
    assert own("declare", "--json").err == ""
    assert own("new", "--from", "nothing").code == 1
    assert own("new").code == 2
    assert own("new", "a.b", "--from", "c").code == 2
