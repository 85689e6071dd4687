"""Pytest finds the plugin by itself; projects that use it get a trial in one word, and the others notice nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

SUPPORT = """
from firsthand import Desk

desk = Desk("Acme", why=["customer asked"])

@desk.action("subscription.cancel", who="support")
def cancel(account: int) -> str:
    '''Stop renewing a subscription.'''
    return f"Account {account} ends on 3 May."
"""


@pytest.fixture(autouse=True)
def without_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of this suite's own settings is set for the project."""
    for name in ("FIRSTHAND_DESK", "FIRSTHAND_DATABASE", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project with a desk and a file of tests that is still empty."""
    pytester.makepyfile(support=SUPPORT)
    return pytester


def passed(project: pytest.Pytester, count: int, *arguments: str) -> pytest.RunResult:
    """Run a project's tests, all of which pass."""
    result = project.runpytest_subprocess("-p", "no:cacheprovider", *arguments)
    result.assert_outcomes(passed=count)
    return result


def test_a_test_puts_a_desk_on_trial_and_the_desk_has_its_own_journal_and_clock_back(project: pytest.Pytester):
    project.makepyfile("""
        from pathlib import Path
        from support import cancel, desk

        clock = desk.clock
        folders = []

        def test_priya_cancels(trial):
            t = trial(desk, priya="support")
            folders.append(t.folder)
            assert t.run(cancel, {"account": 42}, by="priya", reason="customer asked").outcome == "succeeded"
            assert desk.clock is not clock

        def test_that_is_over():
            assert desk.clock is clock
            assert desk._journal is None
            assert folders and not folders[0].exists()

        def test_one_that_fails_is_over_too(trial):
            trial(desk, priya="support")

        def test_several_in_one_test(trial):
            first = trial(desk, priya="support")
            first.run(cancel, {"account": 1}, by="priya", reason="customer asked")
            second = trial(desk, {"sam@acme.com": "support"})
            run = second.run(cancel, {"account": 2}, by="sam@acme.com", reason="customer asked")
            assert (run.id, second.folder != first.folder) == (1, True)
    """)
    passed(project, 4)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pytest.ini", "[pytest]\nfirsthand_desk = support:desk\n"),
        ("pyproject.toml", '[tool.pytest.ini_options]\nfirsthand_desk = "support:desk"\n'),
        ("pyproject.toml", '[tool.firsthand]\ndesk = "support:desk"\n'),
        ("firsthand.toml", 'desk = "support:desk"\n'),
    ],
)
def test_a_desk_that_is_set_need_not_be_named(project: pytest.Pytester, name: str, text: str):
    project.path.joinpath(name).write_text(text)
    folder = project.mkdir("tests")
    folder.joinpath("test_it.py").write_text(
        "def test_it(trial):\n"
        '    t = trial(priya="support")\n'
        '    said = {"by": "priya", "reason": "customer asked"}\n'
        '    assert t.run("subscription.cancel", {"account": 42}, **said).outcome == "succeeded"\n'
    )
    subprocess_of(project.path, "tests")


def subprocess_of(folder: Path, *arguments: str, code: int = 0) -> str:
    """Run pytest as a project does that has its tests in a folder, by its command, and return what it prints."""
    command = [str(Path(sys.executable).with_name("pytest")), "-q", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def test_a_project_may_say_by_a_fixture_which_desk_it_is(project: pytest.Pytester):
    project.makeconftest("""
        import pytest
        from support import desk as support

        @pytest.fixture
        def desk():
            return support
    """)
    project.makepyfile("""
        def test_it(trial):
            assert trial(priya="support").desk.name == "Acme"
    """)
    passed(project, 1)


def test_where_no_desk_is_set_it_says_what_to_write(pytester: pytest.Pytester):
    pytester.makepyfile("def test_it(trial): trial(priya='support')")
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*SettingsError: No desk is set. Name it, trial(desk, ...); or say where it is:*"])


def test_a_projects_own_fixtures_of_these_names_win(project: pytest.Pytester):
    project.makeconftest("""
        import pytest

        @pytest.fixture
        def trial():
            return "thirty days"

        @pytest.fixture(scope="session")
        def desk():
            return "oak"
    """)
    project.makepyfile("""
        import pytest

        def test_theirs(trial, desk):
            assert (trial, desk) == ("thirty days", "oak")

        @pytest.mark.parametrize("trial", [1, 2])
        def test_parameters(trial):
            assert trial in (1, 2)
    """)
    passed(project, 3, "--strict-markers", "--strict-config", "-W", "error")


def test_it_can_be_left_out(project: pytest.Pytester):
    project.makepyfile("def test_it(trial): pass")
    result = project.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:firsthand")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*fixture 'trial' not found*"])


def test_it_costs_nothing_where_it_is_not_used(pytester: pytest.Pytester):
    pytester.makepyfile("""
        import sys

        def test_what_is_imported():
            ours = {name for name in sys.modules if name.split(".")[0] == "firsthand"}
            assert ours == {
                "firsthand", "firsthand.core", "firsthand.core.version", "firsthand.testing", "firsthand.testing.plugin"
            }
            assert not {"pydantic", "sqlite3"} & set(sys.modules)
    """)
    passed(pytester, 1, "-p", "no:xdist")


def test_the_package_imports_pytest_in_the_plugin_alone():
    code = "import sys, firsthand, firsthand.testing as t; t.conforms, t.trial; assert 'pytest' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_several_processes_of_xdist_share_the_tests_of_a_desk(project: pytest.Pytester):
    project.makepyfile("""
        import pytest
        from firsthand.testing import conforms
        from support import cancel, desk

        test_support = conforms(desk)

        @pytest.mark.parametrize("account", range(4))
        def test_it(trial, account):
            t = trial(desk, priya="support")
            assert t.run(cancel, {"account": account}, by="priya", reason="customer asked").id == 1
    """)
    passed(project, 10, "-n", "2")
