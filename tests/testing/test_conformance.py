"""A desk that is well written conforms without a word more; what is bad about one is named, with action, rule, fix."""

import logging
import sqlite3
import unittest
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, Field, SecretStr

from firsthand import Choices, Desk, FirsthandError, Run
from firsthand.core.marking import SQLITE
from firsthand.core.policy import Policy
from firsthand.testing import Conformance, Example, conforms, trial

pytest_plugins = ["pytester"]


class Account:
    """An account, by its number; odd ones are active."""

    def __init__(self, id: int) -> None:
        self.id = id
        self.active = bool(id % 2)


class Shop:
    """What there is, and what was done to it."""

    def __init__(self) -> None:
        self.done: list[object] = []
        self.desk = Desk("Acme", why=["customer asked"])

        @self.desk.subject(search=lambda text: [Account(id) for id in range(2, 6)])
        def account(id: int) -> Account | None:
            """Find one."""
            return Account(id) if id < 10 else None

    def rows(self) -> list[object]:
        """The state."""
        return list(self.done)

    def faults(self, **said: Any) -> list[str]:
        """What is wrong."""
        return Conformance(self.desk, **said).faults()


@pytest.fixture
def shop() -> Shop:
    return Shop()


def is_active(account: Account) -> bool:
    """The account is active."""
    return account.active


def only(faults: list[str], *words: str) -> str:
    """Return the only fault, which has these words."""
    (fault,) = faults
    for each in words:
        assert each in fault, fault
    return fault


# What is well


def test_a_desk_that_keeps_every_rule_has_no_faults_and_its_inputs_are_found_or_made(shop: Shop):
    def plans(account: Account) -> list[str]:
        return ["family", "single"]

    @shop.desk.action(who={"support": lambda count: count < 5, "lead": True}, when=is_active)
    def change(
        account: Account,
        plan: Annotated[str, Choices(plans)],
        count: Annotated[int, Field(gt=2, le=9)],
        kind: Literal["gift", "sale"],
        code: Annotated[SecretStr, Field(min_length=8)],
        run: Run[str],
        note: str | None = None,
    ) -> str:
        """Move somebody to another plan."""
        shop.done.append((account.id, plan, count, kind))
        run.say(f"With {code.get_secret_value()}.")
        return code.get_secret_value()

    @shop.desk.action(who="lead", ask="nobody", background=True)
    async def close(account: Account) -> None:
        """Close an account for good, which only leads know of."""
        shop.done.append(account.id)

    assert shop.faults(effect=shop.rows) == []
    assert shop.done == [(3, "family", 3, "gift"), 2]


def test_the_tests_of_a_desk_are_called_by_action_and_rule(shop: Shop):
    @shop.desk.action("account.close", who="support", when=is_active)
    def close(account: Account, pin: SecretStr) -> None:
        """Close it for good."""

    assert [rule.id for rule in Conformance(shop.desk).rules()] == [
        "account.close: says what it does",
        "account.close: says who may",
        "account.close: says why",
        "account.close: is refused to the wrong person",
        "account.close: is refused unless is_active",
        "account.close: is recorded once",
        "account.close: keeps its secrets",
        "account.close: is safe to repeat",
    ]


def test_a_manual_action_is_held_to_what_it_says_only(shop: Shop):
    with trial(shop.desk, ada="support"):
        shop.desk.declare("fraud.report", by="ada", who="support", steps="- Call the bank", why=[])
        kit = Conformance(shop.desk)
        with pytest.raises(FirsthandError, match="no actions"):
            kit.rules()

        @shop.desk.action(who="support")
        def close() -> None:
            """Do what closes it."""

        shop.desk.start()
        rules = {rule.says: rule.fault() for rule in kit.rules() if rule.action == "fraud.report"}
    assert (rules["says what it does"], rules["says who may"], len(rules)) == ("", "", 3)
    assert "fraud.report: says why? No: it has no reasons but “other”" in rules["says why"]


# What an action says


@pytest.mark.parametrize("told", [None, "Close account.", "Close the account!", "..."])
def test_an_action_that_does_not_say_what_it_does(shop: Shop, told: str | None):
    def close() -> None: ...

    close.__doc__ = told
    shop.desk.action("account.close", who="support", title="Close account")(close)
    only(shop.faults(), "account.close: says what it does? No:", "docstring")


@pytest.mark.parametrize("who", ["everybody", ["support", "Anyone"], {"*": True}])
def test_an_action_that_is_for_everybody_by_accident(shop: Shop, who: Any):
    @shop.desk.action(who=who)
    def close() -> None:
        """Shut it for good."""

    only(shop.faults(), "close: says who may? No: who= names", "which is no role, so nobody has it.", "Name the roles")


def test_an_action_without_reasons_unless_that_is_said():
    desk = Desk("Acme")

    @desk.action(who="support")
    def close() -> None:
        """Shut it for good."""

    only(Conformance(desk).faults(), "close: says why? No:", "no reasons but “other”", 'why=["other"]')

    meant = Desk("Acme", why=["other"])
    meant.action(who="support")(close)
    assert Conformance(meant).faults() == []


# Refusals


def test_a_desk_that_lets_the_wrong_person(shop: Shop):
    @shop.desk.action(who="support")
    def close() -> None:
        """Shut it for good."""
        shop.done.append(1)

    granted = Policy.granted
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Policy, "granted", lambda self, roles: granted(self, self.roles))
        only(shop.faults(), "close: is refused to the wrong person? No: it succeeds for", "who=")


def test_a_type_that_acts_before_anybody_is_authorized(shop: Shop):
    def acting(id: int) -> int:
        shop.done.append(id)
        return id

    class Book:
        id = 1

    @shop.desk.subject(search=lambda text: [Book()])
    def book(id: Annotated[int, AfterValidator(acting)]) -> Book | None:
        """A book."""
        return Book()

    @shop.desk.action(who="support")
    def lend(book: Book) -> None:
        """Give it to somebody for a while."""

    fault = only(
        shop.faults(effect=shop.rows), "lend: is refused to the wrong person? No: something was done for somebody"
    )
    assert "effect= says another state than before" in fault


def test_a_check_that_acts(shop: Shop):
    def is_charged(account: Account) -> bool:
        """It is charged."""
        shop.done.append(account.id)
        return True

    @shop.desk.action(who="support", when=is_charged)
    def close(account: Account) -> None:
        """Shut it for good."""

    faults = shop.faults(effect=shop.rows)
    assert "close: is refused unless is_charged? No: something was done though is_charged did not hold" in faults[0]
    assert "only look" in faults[0]
    assert shop.faults() == []  # without effect= nobody can see it


def test_a_check_that_always_holds_is_found_by_an_example_of_when_it_must_not(shop: Shop):
    def is_open(account: Account) -> bool:
        """It is open."""
        return True

    @shop.desk.action(who="support", when=is_open)
    def close(account: Account) -> None:
        """Shut it for good."""

    assert shop.faults() == []
    refused = Example({"account": 3}, refused={is_open: {"account": 4}})
    only(shop.faults(examples={close: refused}), "close: is refused unless is_open? No: with account=4 it succeeds")


def test_an_example_that_another_check_refuses(shop: Shop):
    def is_small(account: Account) -> bool:
        """It is small."""
        return account.id < 4

    @shop.desk.action(who="support", when=[is_active, is_small])
    def close(account: Account) -> None:
        """Shut it for good."""

    good = {"is_active": {"account": 2}, is_small: {"account": 5}}
    assert shop.faults(examples={close: Example(refused=good)}) == []
    bad = {is_small: {"account": 6}}
    only(shop.faults(examples={close: Example(refused=bad)}), "it is refused by is_active, before is_small")


# Performing


def test_an_action_that_is_performed_as_two_runs(shop: Shop):
    @shop.desk.action(who="support")
    def close(again: bool = True) -> None:
        """Shut it for good."""
        if again:
            shop.desk.run("close", {"again": False}, by="somebody who may", reason="customer asked")

    only(shop.faults(), "close: is recorded once? No: performing it once leaves 2 runs of it. Let its function not")


def test_an_action_that_raises_is_named_with_what_it_raised(shop: Shop):
    @shop.desk.action(who="support")
    def close(account: Account) -> None:
        """Shut it for good."""
        raise ValueError("no more")

    first, second = shop.faults()
    assert "close: is recorded once? No: with account='2' it fails: ValueError: no more Mend it" in first
    assert "close: is safe to repeat? No:" in second


def test_what_cannot_be_made_is_said_with_the_line_to_write(shop: Shop):
    class Book:
        id = 1

    @shop.desk.subject()
    def book(id: int) -> Book | None:
        """One that cannot be searched for."""
        return Book() if id == 1 else None

    @shop.desk.action(who="support")
    def lend(book: Book) -> None:
        """Give it to somebody for a while."""

    @shop.desk.action(who="support")
    def order(number: Annotated[str, Field(pattern="^[A-Z]{2}-[0-9]+$")]) -> None:
        """Have it brought by the usual carrier."""

    @shop.desk.action(who="support", when=lambda account: account.id == 9)
    def close(account: Account) -> None:
        """Shut it for good."""

    faults = shop.faults()
    assert len(faults) == 3 + 3 + 4
    assert (
        'book, which has no search. Give an example: examples={"lend": {"book": ...}}, or subjects={"book": [...]}.'
        in (faults[0])
    )
    assert (
        'number is a text that matches ^[A-Z]{2}-[0-9]+$, which cannot be made. Give an example: examples={"order": '
        in (faults[3])
    )
    assert "no inputs are found with which it may be performed. With account='5'" in faults[6]
    said = {"examples": {order: {"number": "AB-1"}, "close": lambda: {"account": 9}}, "subjects": {"book": [1]}}
    assert shop.faults(**said) == []


def test_the_authors_own_examples_of_a_type_are_taken(shop: Shop):
    @shop.desk.action(who="support")
    def order(number: Annotated[str, Field(pattern="^[A-Z]{2}-[0-9]+$", examples=["AB-1"])]) -> None:
        """Have it brought by the usual carrier."""
        shop.done.append(number)

    assert shop.faults() == []
    assert shop.done == ["AB-1"]


def test_an_actions_own_query_of_subjects_and_its_resources_are_used(shop: Shop):
    class Ledger:
        ids = (7, 8)

    @shop.desk.resource
    def ledger() -> Ledger:
        return Ledger()

    def due(ledger: Ledger) -> list[int]:
        return list(ledger.ids)

    @shop.desk.action(who="support", when=lambda account: account.id == 8, subjects=due)
    def remind(account: Account) -> None:
        """Write to somebody who has not paid."""
        shop.done.append(account.id)

    @shop.desk.action(who="support")
    def move(account: Account, weeks: int) -> None:
        """Let somebody pay later."""
        shop.done.append((account.id, weeks))

    def later(ledger: Ledger) -> dict[str, object]:
        return {"account": ledger.ids[0]}

    assert shop.faults(examples={move: later}, effect=lambda: len(shop.done)) == []
    assert shop.done == [8, (7, 1)]


# Secrets


def leaking(shop: Shop, how: str) -> Any:
    """An action that leaks its secret."""

    @shop.desk.action("account.reset", who="support")
    def reset(account: Account, code: Annotated[SecretStr, Field(min_length=16)], run: Run[str]) -> str:
        """Replace the code that somebody signs in with."""
        text = code.get_secret_value()
        if how == "log":
            logging.getLogger("shop").info("The code is %s", text)
        if how == "print":
            print(text)
        if how == "say":
            run.say(text.upper())
        return text[::-1] if how == "return" else "Done."

    return reset


@pytest.mark.parametrize(
    ("how", "where"),
    [("log", "prints or logs"), ("print", "prints or logs"), ("say", "its output"), ("return", "what it returns")],
)
def test_an_action_that_leaks_its_secret(shop: Shop, how: str, where: str):
    leaking(shop, how)
    fault = only(shop.faults(), "account.reset: keeps its secrets? No: a secret is in", where, "Keep it out of all")
    assert "code" not in fault.replace("code=", "")


def test_a_secret_that_is_none_by_its_type_or_too_short_to_look_for(shop: Shop):
    @shop.desk.action(who="support")
    def enter(new_password: str) -> None:
        """Set what somebody signs in with."""

    @shop.desk.action(who="support")
    def ring(pin: Annotated[SecretStr, Field(max_length=4)]) -> None:
        """Call somebody who has a telephone."""

    first, second = shop.faults()
    assert first.startswith(
        "enter: keeps its secrets? No: its input new_password is a string, so it is on record. Make"
    )
    assert "ring: keeps its secrets? No: no secret of 8 characters or more goes in" in second
    assert "examples=" in second


# Repeating


def test_an_idempotent_action_that_ignores_its_key(shop: Shop):
    @shop.desk.action(who="support", mode="idempotent")
    def pay(account: Account) -> None:
        """Pay the carrier what it gets."""
        shop.done.append(account.id)

    only(shop.faults(), "pay: is safe to repeat? No: it is idempotent, but whether", "conforms(..., effect=rows)")
    only(shop.faults(effect=shop.rows), "pay: is safe to repeat? No: performed again under the same key", "run.key")


def test_an_idempotent_action_that_goes_by_its_key_or_by_what_is_there(shop: Shop):
    @shop.desk.action(who="support", mode="idempotent")
    def pay(account: Account, run: Run[None]) -> None:
        """Pay the carrier what it gets."""
        if run.key not in shop.done:
            shop.done.append(run.key)

    assert shop.faults(effect=shop.rows) == []


def test_an_idempotent_action_whose_own_check_refuses_its_second_time(shop: Shop):
    def is_not_paid(account: Account) -> bool:
        """It is not paid yet."""
        return account.id not in shop.done

    @shop.desk.action(who="support", mode="idempotent", when=is_not_paid)
    def pay(account: Account) -> None:
        """Pay the carrier what it gets."""
        if account.id not in shop.done:
            shop.done.append(account.id)

    only(
        shop.faults(effect=shop.rows),
        "pay: is safe to repeat? No: begun again after its process died, it ends unknown: This does not hold",
        "run.key",
    )


@pytest.fixture
def books(tmp_path: Path) -> Path:
    """A database with a table of marks."""
    with sqlite3.connect(tmp_path / "books.db") as connection:
        connection.executescript(f"{SQLITE}; CREATE TABLE paid (account INT);")
    return tmp_path / "books.db"


def paying(desk: Desk, books: Path, *, apart: bool = False, swallows: bool = False) -> Any:
    """A transactional action; one that does it ``apart`` from its transaction, or whose resource swallows errors."""

    @desk.resource
    def connection() -> Iterator[sqlite3.Connection]:
        opened = sqlite3.connect(books, timeout=1)
        try:
            with opened:
                yield opened
        except RuntimeError:
            if not swallows:
                raise
        finally:
            opened.close()

    @desk.action("invoice.pay", who="support", mode="transactional")
    def pay(account: Account, connection: sqlite3.Connection) -> None:
        """Enter a payment that came by post."""
        sql = "INSERT INTO paid VALUES (?)"
        if apart:
            (books.parent / "paid.txt").write_text("paid")
        else:
            connection.execute(sql, (account.id,))

    return pay


def test_a_transactional_action_leaves_nothing_where_it_raises(shop: Shop, books: Path):
    paying(shop.desk, books)

    def rows(connection: sqlite3.Connection) -> list[Any]:
        return connection.execute("SELECT * FROM paid").fetchall()

    assert shop.faults() == []
    assert shop.faults(effect=rows) == []
    with sqlite3.connect(books) as connection:
        assert connection.execute("SELECT count(*) FROM paid").fetchone() == (2,)


def test_a_transactional_action_that_does_it_outside_of_its_transaction(shop: Shop, books: Path):
    paying(shop.desk, books, apart=True)
    path = books.parent / "paid.txt"

    def what_is_there() -> str:
        return path.read_text() if path.exists() else ""

    kit = Conformance(shop.desk, effect=what_is_there)
    repeat = next(rule for rule in kit.rules() if rule.says == "is safe to repeat")
    only([repeat.fault()], "invoice.pay: is safe to repeat? No: it raised after what it did, and that is still there.")


def test_a_resource_that_swallows_errors_is_no_fault_of_the_action(shop: Shop, books: Path):
    paying(shop.desk, books, swallows=True)
    assert shop.faults() == []


def test_a_transactional_action_that_commits_on_its_own(shop: Shop, books: Path):
    @shop.desk.resource
    def connection() -> Iterator[sqlite3.Connection]:
        opened = sqlite3.connect(books)
        with opened:
            yield opened
        opened.close()

    @shop.desk.action("invoice.pay", who="support", mode="transactional")
    def pay(account: Account, connection: sqlite3.Connection) -> None:
        """Enter a payment that came by post."""
        connection.execute("INSERT INTO paid VALUES (?)", (account.id,))
        connection.commit()

    first, second = shop.faults()
    assert "invoice.pay: is recorded once? No:" in first
    assert "not authorized" in first
    assert "invoice.pay: is safe to repeat? No:" in second


# How it is asked


def test_in_production_nothing_is_performed_unless_its_data_is_made_for_tests(shop: Shop):
    desk = Desk("Acme", environment="Production EU", why=["customer asked"])

    @desk.action(who="support")
    def close() -> None:
        """Shut it for good."""
        shop.done.append(1)

    with pytest.raises(FirsthandError, match="is in Production EU, and to see whether it conforms") as raised:
        Conformance(desk).faults()
    assert "on_test_data=True" in raised.value.fix
    assert shop.done == []
    assert Conformance(desk, on_test_data=True).faults() == []
    assert shop.done == [1]


def test_what_is_given_and_is_nowhere_on_the_desk_is_said(shop: Shop):
    @shop.desk.action(who="support", when=is_active)
    def close(account: Account) -> None:
        """Shut it for good."""

    for said, told in (
        ({"examples": {"clsoe": {}}}, "no action clsoe"),
        ({"skip": {is_active: "no"}}, "is_active is not an action"),
        ({"examples": {close: Example(refused={"is_live": {}})}}, "close has no check is_live"),
        ({"skip": {close: " "}}, "skip= does not say why close"),
        ({"subjects": {"customer": [1]}}, "no subject customer"),
    ):
        with pytest.raises(FirsthandError, match=told):
            Conformance(shop.desk, **said).rules()
    with pytest.raises(FirsthandError, match="no actions"):
        Conformance(Desk("Empty")).rules()
    only(shop.faults(effect=object)[:1], "effect= says two things of one state", "plain values")
    only(shop.faults(effect=lambda table: 1)[:1], "effect=: <lambda> takes table", "resources of the desk")
    only(shop.faults(effect=lambda: 1 / 0)[:1], "effect=: <lambda> raised ZeroDivisionError: division by zero")


def test_what_is_skipped_is_not_performed_and_says_why(shop: Shop):
    @shop.desk.action(who="support", aliases=["end"])
    def close() -> None:
        """Shut it for good."""
        shop.done.append(1)

    for named in (close, "close", "end"):
        kit = Conformance(shop.desk, skip={named: "the carrier has no account for tests"})
        assert kit.faults() == []
        assert shop.done == []
    skipped = {rule.says: rule.skipped for rule in kit.rules()}
    assert skipped["says why"] == ""
    assert skipped["is recorded once"] == "the carrier has no account for tests"


def test_a_test_case_of_unittest_has_a_test_for_each_rule_and_sets_the_state_up_for_each(shop: Shop):
    @shop.desk.action(who="support")
    def close(account: Account) -> None: ...

    @shop.desk.action(who="support")
    def lock() -> None:
        """Keep somebody out for a day."""

    ready: list[int] = []

    class Ready(unittest.TestCase):
        def setUp(self) -> None:
            ready.append(1)

    case = Conformance(shop.desk, skip={lock: "not here"}).case(Ready)
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(case).run(result)
    assert (result.testsRun, len(result.failures), len(result.errors), len(result.skipped)) == (12, 1, 0, 3)
    assert len(ready) == 12
    assert "close: says what it does? No: it does not say what it does." in result.failures[0][1]
    assert result.failures[0][0].id().endswith("test_close_says_what_it_does")


def test_pytest_has_a_test_for_each_rule_whose_failure_names_action_rule_and_fix(pytester: pytest.Pytester):
    pytester.makepyfile(
        support="""
        from firsthand import Desk

        desk = Desk("Acme", why=["customer asked"])
        done = []

        @desk.action("subscription.cancel", who="support")
        def cancel(account: int) -> None:
            '''Cancel the subscription.'''
            done.append(account)

        @desk.action("letter.send", who="support")
        def send() -> None:
            '''Have it printed and sent by post.'''
        """,
        test_support="""
        import pytest
        from firsthand.testing import conforms
        from support import desk, done, send

        @pytest.fixture(autouse=True)
        def fresh():
            done.clear()

        test_support = conforms(desk, effect=lambda: list(done), skip={send: "there is no printer"})
        test_marked = pytest.mark.skip("not now")(conforms(desk))
        """,
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-rfs")
    result.assert_outcomes(passed=8, failed=1, skipped=15)
    text = result.stdout.str()
    assert "subscription.cancel: says what it does? No: its docstring says no more than its title. Give it" in text
    assert "FAILED test_support.py::test_support[subscription.cancel: says what it does]" in text
    assert ": there is no printer" in text
    assert "Traceback" not in text


def test_pytest_says_at_collection_what_is_wrong_with_the_desk_or_what_was_given(pytester: pytest.Pytester):
    pytester.makepyfile("""
        from firsthand import Desk
        from firsthand.testing import conforms

        test_support = conforms(Desk("Acme", environment="production"))
    """)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*The desk Acme says that it is in production*on_test_data=True.*"])


def test_what_conforms_returns_is_a_function_for_pytest_to_call(shop: Shop):
    assert conforms(shop.desk).__name__ == "test"


def test_what_a_host_puts_around_a_run_stands_around_those_that_are_watched_too(shop: Shop) -> None:
    within: ContextVar[bool] = ContextVar("within", default=False)

    @contextmanager
    def context() -> Iterator[None]:
        token = within.set(True)
        yield
        within.reset(token)

    shop.desk.around = context

    @shop.desk.action("account.cancel", who="support")
    def cancel(account: Account) -> None:
        """Stop what it pays for."""
        assert within.get()
        shop.done.append(account.id)

    def rows() -> list[object]:
        assert within.get()
        return list(shop.done)

    assert shop.faults(effect=rows) == []
