"""``new`` writes an action with its test, and that test passes."""

import subprocess
import sys

from .terminals import LOGIN, Terminal


def passes(terminal: Terminal) -> bool:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    return subprocess.run(command, cwd=terminal.folder, env=terminal.environment, check=False).returncode == 0


def test_a_first_action_and_one_more_come_with_tests_that_pass(bare: Terminal) -> None:
    assert bare("new", "subscription.pause").code == 0
    assert bare("new", "invoice.send_again", "--role", "lead").code == 0
    assert passes(bare)
    bare("people", "add", "priya", "--role", "support", "--login", LOGIN)
    assert bare("run", "subscription.pause", "--account", "42", "--reason", "customer asked").code == 0


def test_new_writes_into_a_desk_that_is_there(bare: Terminal) -> None:
    package = bare.folder / "acme"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "support.py").write_text("from firsthand import Desk\n\nteam = Desk('Acme', why=['fraud'])\n")
    (bare.folder / "tests").mkdir()
    bare.environment |= {"FIRSTHAND_DESK": "acme.support:team", "PYTHONPATH": "."}
    assert bare("new", "subscription.pause").code == 0
    assert (bare.folder / "tests" / "test_subscription_pause.py").exists()
    assert passes(bare)


def test_new_overwrites_nothing_and_takes_no_impossible_name(bare: Terminal) -> None:
    assert bare("new", "subscription.pause").code == 0
    before = (bare.folder / "support.py").read_text()
    assert bare("new", "subscription.pause").code == 1
    assert bare("new", "subscription.class").code == 1
    assert bare("new", "../evil").code == 1
    assert (bare.folder / "support.py").read_text() == before


def test_new_passes_where_there_is_a_folder_of_tests_and_sees_actions_in_namespaces(bare: Terminal) -> None:
    (bare.folder / "tests").mkdir()
    assert bare("new", "subscription.pause").code == 0
    assert passes(bare)
    with (bare.folder / "support.py").open("a") as file:
        file.write(
            '\n\nsub = desk.namespace("sub", who="support")\n\n\n@sub.action()\ndef stop(id: int) -> None: ...\n'
        )
    before = (bare.folder / "support.py").read_text()
    assert bare("new", "sub.stop").code == 1
    assert (bare.folder / "support.py").read_text() == before
    assert bare("new", "desk").code == 0
    assert passes(bare)
    bare.environment["FIRSTHAND_DESK"] = "nowhere.support:desk"
    said = bare("new", "a.b")
    assert (said.code, "Traceback" in said.err) == (1, False)


def test_doctor_names_what_actions_fail_to_say_of_themselves(bare: Terminal) -> None:
    assert bare("new", "subscription.pause").code == 0
    bare("people", "add", "priya", "--role", "support", "--login", LOGIN)
    said = bare("doctor")
    assert (said.code, "subscription.pause: its docstring says no more than its title." in said.out) == (0, True)
    path = bare.folder / "support.py"
    path.write_text(path.read_text().replace('"""Pause subscription."""', '"""Pause it until the customer is back."""'))
    assert "docstring" not in bare("doctor").out
    with path.open("a") as file:
        file.writelines(f"\n\n@desk.action('a{number}', who='support')\ndef a{number}(): ...\n" for number in range(7))
    assert "There are 2 more of that kind. A test has all: firsthand.testing.conforms." in bare("doctor").out
