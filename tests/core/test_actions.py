import functools
import inspect
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from firsthand import Desk, DeskError, Run
from firsthand.core.actions import digest_of, source_of
from firsthand.testing import trial

from .shop import Account, Shop, on_record

if TYPE_CHECKING:
    from decimal import Decimal


def small() -> tuple[Desk, Shop]:
    shop = Shop()
    subscription = shop.desk.namespace("subscription", who="support")

    @subscription.action()
    def cancel(account: Account) -> None:
        """Stop renewing a customer's subscription."""
        shop.done.append(account.id)

    return shop.desk, shop


def test_the_smallest_useful_action_in_a_namespace_has_four_lines_with_its_decorator():
    lines = inspect.getsource(small).splitlines()
    first = next(number for number, line in enumerate(lines) if "@subscription.action" in line)
    action = [line for line in lines[first:-1] if line.strip()]
    assert len(action) <= 4
    assert [line.strip().split(" ")[0] for line in action] == [
        "@subscription.action()",
        "def",
        '"""Stop',
        "shop.done.append(account.id)",
    ]
    desk, shop = small()
    with trial(desk, priya="support") as t:
        run = t.run("subscription.cancel", {"account": 2}, by="priya", reason="asked")
        assert (run.outcome, shop.done) == ("succeeded", [2])
        entry = dict(t.journal.history.catalogue())["subscription.cancel"]
    assert (entry["title"], entry["description"]) == ("Cancel subscription", "Stop renewing a customer's subscription.")


@pytest.mark.parametrize(("name", "title"), [
    ("subscription.cancel", "Cancel subscription"), ("invoice.void_line", "Void line"), ("unlock", "Unlock"),
    ("a.b.c", "C b a"),
])  # fmt: skip
def test_a_title_is_made_of_the_name_unless_given(name, title):
    desk = Desk("Acme")
    desk.action(name, who="x")(lambda: None)
    desk.action("other", who="x", title="Something else")(lambda: None)
    assert [action.title for action in desk.actions] == [title, "Something else"]


def test_decorators_return_the_function_unchanged(desk):
    def act(amount: int) -> int:
        return amount * 2

    assert desk.action("a", who="support")(act) is act
    assert desk.namespace("b", who="support").action()(act) is act
    assert desk.resource(act) is act
    assert desk.subject()(act) is act
    assert act(4) == 8


def test_one_function_may_be_two_actions_and_is_run_by_the_first_name(desk):
    def act() -> None: ...

    desk.action("a", who="support")(act)
    desk.action("b", who="support")(act)
    with trial(desk, priya="support") as t:
        assert t.run(act, by="priya", reason="asked").action == "a"
        assert t.run("b", by="priya", reason="asked").action == "b"


class Double:
    def __call__(self, amount: int) -> int:
        return amount * 2

    def act(self, amount: int) -> int:
        return amount * 2

    @staticmethod
    def still(amount: int) -> int:
        return amount * 2


def doubled(amount: int, times: int = 1) -> int:
    return amount * times


@functools.wraps(doubled)
def wrapped(*args: Any, **kwargs: Any) -> int:
    return doubled(*args, **kwargs)


@pytest.mark.parametrize("function", [
    Double(), Double().act, Double.still, functools.partial(doubled, times=2), functools.partial(doubled, amount=4),
    wrapped, functools.lru_cache(Double.still),
])  # fmt: skip
def test_callables_of_every_kind_may_be_actions(desk, function):
    desk.action("act", who="support")(function)
    with trial(desk, priya="support") as t:
        run = t.run(
            "act", {"amount": 4, "times": 2} if function is wrapped else {"amount": 4}, by="priya", reason="asked"
        )
        assert run.outcome == "succeeded", run
        assert on_record(t, run).digest == run.digest


def problems(desk: Desk) -> tuple[str, ...]:
    with pytest.raises(DeskError) as caught:
        desk.start()
    return caught.value.problems


@pytest.mark.parametrize("name", ["", " a", "a ", "a\nb", "x" * 201, "-a", "a\x00", "\udcff", "\u202ea"])
def test_a_name_that_cannot_be_one_is_found_at_start(desk, name):
    desk.namespace(name, who="x") if False else desk.action(name or " ", who="x")(lambda: None)
    assert len(problems(desk)) == 1


def test_names_of_any_script_are_names(desk):
    for name in ("abo.kündigen", "返金", "refund invoice", "a-b"):
        desk.action(name, who="support")(lambda: None)
    assert [action.name for action in desk.actions] == ["abo.kündigen", "返金", "refund invoice", "a-b"]


def test_two_of_a_name_and_aliases_that_clash_are_found_at_start(desk):
    for name, aliases in (("a", ["x"]), ("a", []), ("b", "a"), ("c", ["x"]), ("d", "d")):
        desk.action(name, who="support", aliases=aliases)(lambda: None)
    assert problems(desk) == (
        "a: there are two actions of that name; rename one.",
        "b: its alias a is also a name of a.",
        "c: its alias x is also a name of a.",
    )


def test_hints_that_cannot_be_resolved_are_found_at_start(desk):
    def one(amount: "Decimal") -> None: ...

    def two(amount: "functools.nothing") -> None: ...

    def three(amount: "1 +") -> None: ...  # noqa: F722

    def check(amount: "Nothing") -> bool: ...  # noqa: F821

    def four(amount: int) -> None: ...

    def five(amount: int, /) -> None: ...

    for function in (one, two, three, five):
        desk.action(function.__name__, who="support")(function)
    desk.action("four", who="support", when=check)(four)
    told = problems(desk)
    assert told[0] == "one: a type hint of one cannot be resolved: name 'Decimal' is not defined."
    assert told[1].startswith("two: a type hint of two cannot be resolved")
    assert told[2].startswith("three: a type hint of three cannot be resolved")
    assert told[3] == "five: five takes amount by position only; leave out the /."
    assert told[4].startswith("four: a type hint of check cannot be resolved")


def test_everything_that_is_wrong_is_found_at_once(desk):
    def check(nothing: int) -> bool: ...

    def clause(nothing: int) -> bool: ...

    desk.action("a", when=check)(lambda: None)
    desk.action("b", who={"support": clause})(lambda: None)
    desk.action("c", who={"support": "up to 50"})(lambda: None)
    desk.action("d", who={"support": False})(lambda: None)
    desk.action("e", who="support", when="up to 50")(lambda: None)
    assert problems(desk) == (
        "a: it does not say who may perform it; add who=, to it or to its namespace.",
        "a: its check check takes nothing, which the action does not have; it has no inputs.",
        "b: its clause clause takes nothing, which the action does not have; it has no inputs.",
        "c: 'up to 50' is not a callable object.",
        "d: False is not a callable object.",
        "e: 'u' is not a callable object.",
    )


def test_tags_of_the_namespace_come_first_and_each_once(desk):
    space = desk.namespace("a", who="x", tags=["billing", "money"], owner="billing team")
    space.action("b", tags=["money", "churn"])(lambda: None)
    space.action("c", tags="one", owner="me")(lambda: None)
    actions = {action.name: action for action in desk.actions}
    assert actions["a.b"].tags == ("billing", "money", "churn")
    assert actions["a.c"].tags == ("billing", "money", "one")
    assert (actions["a.b"].owner, actions["a.c"].owner) == ("billing team", "me")


def test_why_is_the_action_s_else_the_namespace_s_else_the_desk_s():
    desk = Desk("Acme", why=["desk"])
    space, bare = desk.namespace("a", who="x", why=["space"]), desk.namespace("b", who="x")
    space.action("own", why=["own"])(lambda: None)
    space.action("space")(lambda: None)
    space.action("none", why=[])(lambda: None)
    bare.action("desk")(lambda: None)
    assert {action.name: action.reasons.listed for action in desk.actions} == {
        "a.own": ("own", "other"), "a.space": ("space", "other"), "a.none": ("other",), "b.desk": ("desk", "other"),
    }  # fmt: skip


def test_an_action_may_have_an_input_called_reason(desk):
    @desk.action("ban", who="support")
    def ban(reason: str) -> str:
        return reason

    with trial(desk, priya="support") as t:
        run = t.run(ban, {"reason": "spam"}, by="priya", reason="asked")
        assert (run.value, run.reason, on_record(t, run).inputs) == ("spam", "asked", {"reason": "spam"})


def test_the_run_is_given_by_type_under_any_name_and_is_no_input(desk):
    @desk.action("act", who="support")
    def act(this: Run, that: Run[str], other: Run | None = None) -> bool:
        return this is that is other

    assert list(desk.actions.get("act").inputs) == []
    with trial(desk, priya="support") as t:
        assert t.run(act, by="priya", reason="asked").value is True


# The digest


def first(amount: int) -> int:
    return amount in {1, 2, "x", (3, 4)} and 5


def same(amount: int) -> int:
    # elsewhere, with a comment
    return amount in {1, 2, "x", (3, 4)} and 5


def other(amount: int) -> int:
    return amount in {1, 2, "x", (3, 4)} and 6


def test_the_digest_tells_one_code_from_another_and_not_one_place_from_another():
    assert digest_of(first) == digest_of(same) != digest_of(other)
    assert len(digest_of(first)) == 16
    assert digest_of(len) == source_of(len) == ""
    assert source_of(first).endswith(f"test_actions.py:{first.__code__.co_firstlineno}")


def test_the_digest_is_the_same_in_every_process():
    function = "def f(a):\n return a in {'a','b','c','d'} or [lambda: {'x','y','z'}]"
    code = f"from firsthand.core.actions import digest_of\n{function}\nprint(digest_of(f))"
    found = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(found) == 1
