"""Hostile names and notes are kept as they are, and never reach a terminal raw."""

import os
import pty
import subprocess
import sys

from .terminals import Terminal

HOSTILE = "\x1b[31mred\x07 \x9b2J <script>alert(1)</script> \u202etxt.exe\u202c 😀 \r\n\tend"


def test_hostile_text_is_recorded_whole_and_shown_spelt_out(terminal: Terminal) -> None:
    said = terminal(
        "run", "subscription.cancel", "--account", "42", "--reason", "fraud",
        "--notes", HOSTILE, "--requested-by", HOSTILE, "--ticket", HOSTILE, "--json",
    )  # fmt: skip
    assert said.code == 0
    run = terminal("show", "1", "--json").json
    assert run["notes"] == run["requested_by"] == run["ticket"] == HOSTILE
    for command in (("feed",), ("show", "1"), ("feed", "--json"), ("show", "1", "--json"), ("export",), ("asks",)):
        shown = terminal(*command).out
        assert not {"\x1b", "\x07", "\x9b", "\u202e", "\u202c"} & set(shown), command
    assert "\\x1b[31mred" in terminal("show", "1").out


def test_a_hostile_name_is_refused_on_record_and_shown_spelt_out(terminal: Terminal) -> None:
    said = terminal("run", HOSTILE)
    assert said.code == 3
    assert not {"\x1b", "\u202e"} & set(said.out + said.err)
    assert terminal("feed", "--json").json[0]["action"] == HOSTILE
    assert not {"\x1b", "\u202e"} & set(terminal("stats").out)


def test_on_a_terminal_nothing_hostile_is_raw_and_no_color_is_respected(terminal: Terminal) -> None:
    terminal("run", "subscription.cancel", "--account", "42", "--reason", "fraud", "--notes", HOSTILE,
             "--requested-by", HOSTILE)  # fmt: skip
    for command in (["feed"], ["show", "1"], ["stats", "--by", "requested_by"]):
        shown = on_terminal(terminal, command, NO_COLOR="1")
        assert "\x1b[" not in shown.replace("\\x1b[", ""), command
        assert "\u202e" not in shown
    assert "\x1b[3" in on_terminal(terminal, ["feed"])


def on_terminal(terminal: Terminal, command: list[str], answers: bytes = b"", **more: str) -> str:
    """Run a command in a pseudo-terminal and return what it shows."""
    parent, child = pty.openpty()
    environment = {**terminal.environment, "TERM": "xterm-256color", "COLUMNS": "120", **more}
    process = subprocess.Popen(
        [sys.executable, "-m", "firsthand", *command],
        cwd=terminal.folder, env=environment, stdin=child, stdout=child, stderr=child,
    )  # fmt: skip
    os.close(child)
    os.write(parent, answers) if answers else None
    shown = b""
    while True:
        try:
            part = os.read(parent, 4096)
        except OSError:
            break
        if not part:
            break
        shown += part
    process.wait()
    os.close(parent)
    return shown.decode()


def test_on_a_terminal_run_asks_for_what_is_missing_shows_the_checklist_and_wants_a_yes(terminal: Terminal) -> None:
    shown = on_terminal(terminal, ["run", "subscription.cancel"], b"luis@\n1\n1\ny\n")
    assert "✓ The account's subscription renews." in shown
    assert "Perform it?" in shown
    run = terminal("feed", "--json").json[0]
    assert (run["outcome"], run["reason"]) == ("succeeded", "customer asked")


def test_on_a_terminal_a_no_performs_nothing_and_exits_with_1(terminal: Terminal) -> None:
    shown = on_terminal(terminal, ["run", "subscription.cancel", "--account", "42", "--reason", "fraud"], b"n\n")
    assert "Nothing was performed" in shown
    assert terminal("feed", "--json").json == []


def test_on_a_terminal_the_checklist_says_why_not(terminal: Terminal) -> None:
    shown = on_terminal(terminal, ["run", "subscription.cancel", "--account", "44", "--reason", "fraud"], b"n\n")
    assert "✗ The account's subscription renews." in shown
