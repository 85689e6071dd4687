from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, PlainSerializer

from firsthand import Choices, Desk, DeskError, Refused
from firsthand.testing import trial

from .shop import Account, on_record


class Address(BaseModel):
    street: str
    zip: Annotated[str, Field(pattern=r"^\d{5}$")] = "12345"
    people: list["Address"] = []


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass
class Point:
    x: int
    y: int = 0


def parsed(type_: Any, *raw: Any) -> Any:
    """Perform an action that takes one input ``x`` and returns it."""
    desk, got = Desk("Acme"), []

    @desk.action("take", who="support")
    def take(x: type_) -> None:  # type: ignore[valid-type]
        got.append(x)

    with trial(desk, priya="support") as t:
        run = t.run(take, {"x": raw[0]} if raw else {}, by="priya", notes="testing")
        return got[0] if run.outcome == "succeeded" else (run.refusal.message if run.refusal else run.error.type)


@pytest.mark.parametrize(("type_", "raw", "value"), [
    (int, "42", 42), (int, 42, 42), (Decimal, "12.50", Decimal("12.50")), (date, "2026-05-03", date(2026, 5, 3)),
    (datetime, "2026-05-03T14:30", datetime(2026, 5, 3, 14, 30)), (bool, "yes", True), (bool, "false", False),
    (bool, "on", True), (bool, 0, False), (Literal["a", "b"], "a", "a"), (Colour, "blue", Colour.BLUE),
    (list[int], ["1", 2], [1, 2]), (set[str], ["a", "a"], {"a"}),
    (dict[str, date], {"a": "2026-01-01"}, {"a": date(2026, 1, 1)}),
    (Address, {"street": "S"}, Address(street="S")), (Point, {"x": "1"}, Point(1)), (int | None, None, None),
    (Address, {"street": "S", "people": [{"street": "T"}]}, Address(street="S", people=[Address(street="T")])),
    (UUID, "12345678123456781234567812345678", UUID(int=0x12345678123456781234567812345678)),
    (Annotated[int, Field(gt=0, le=9)], 9, 9), (Any, [1], [1]), (str, "", ""), (bytes, "ab", b"ab"),
    (tuple[int, str], [1, "a"], (1, "a")), (list[Point], [{"x": 1}], [Point(1)]), (float, "1.5", 1.5),
])  # fmt: skip
def test_an_input_is_parsed_as_its_type_says(type_, raw, value):
    assert parsed(type_, raw) == value


@pytest.mark.parametrize(("type_", "raw", "words"), [
    (int, "many", "x: this must be a whole number."), (int, 1.5, "x: this must be a whole number."),
    (Decimal, "a", "x: this must be a number with a point, such as 12.50."),
    (bool, "maybe", "x: this must be yes or no."),
    (str, 5, "x: this must be text."), (date, "soon", "x: this must be a day, such as 2026-05-03."),
    (datetime, "soon", "x: this must be a time, such as 2026-05-03T14:30."),
    (list[int], "a", "x: this must be a list."),
    (Literal["a", "b"], "c", "x: this must be 'a' or 'b'."), (Colour, "green", "x: this must be 'red' or 'blue'."),
    (Annotated[int, Field(gt=0)], 0, "x: this must be more than 0."),
    (Annotated[int, Field(ge=1, le=9)], 10, "x: this must be at most 9."),
    (Annotated[str, Field(min_length=3)], "ab", "x: this must have at least 3 characters."),
    (Annotated[Decimal, Field(decimal_places=2)], "1.234", "x: this may have at most 2 decimal places."),
    (Annotated[list[int], Field(max_length=1)], [1, 2], "x: there may be at most 1."),
    (Address, {"street": "S", "zip": "1"}, r"x.zip: this must match ^\d{5}$."),
    (Address, {}, "x.street: this is missing."),
    (Address, "S", "x: this is not valid (model type)."), (list[int], [1, "b"], "x.1: this must be a whole number."),
    (int, None, "x: this must be a whole number."), (UUID, "a", "x: this must be a UUID."),
    (dict[str, int], [], "x: this must be a mapping."),
])  # fmt: skip
def test_a_fault_is_told_in_our_words_and_never_repeats_what_was_typed(type_, raw, words):
    assert parsed(type_, raw) == words


def test_a_missing_input_and_all_other_faults_are_told_at_once(desk):
    @desk.action("take", who="support")
    def take(amount: int, day: date, note: str = "") -> None: ...

    with trial(desk, priya="support") as t:
        run = t.run(take, {"amount": "x", "nott": "y", "note": 1}, by="priya", reason="asked")
        assert run.refusal.message == (
            "nott: there is no such input; there are amount, day, note. amount: this must be a whole number. "
            "day: this is missing. note: this must be text."
        )
        assert on_record(t, run).inputs == {"amount": "x", "note": 1}


def test_an_unknown_input_of_an_action_without_any_says_so(desk):
    @desk.action("take", who="support")
    def take() -> None: ...

    with trial(desk, priya="support") as t:
        run = t.run(take, {"a": 1}, by="priya", reason="asked")
        assert run.refusal.message == "a: there is no such input; there are none."


def test_defaults_are_given_and_recorded(desk):
    @desk.action("take", who="support")
    def take(
        a: int = 1, b: Decimal = Decimal(2), c: str = Field("x", max_length=3), d: date | None = None
    ) -> list[object]:
        return [a, b, c, d]

    with trial(desk, priya="support") as t:
        run = t.run(take, by="priya", reason="asked")
        assert run.value == [1, Decimal(2), "x", None]
        assert on_record(t, run).inputs == {"a": 1, "b": "2", "c": "x", "d": None}
        assert t.run(take, {"c": "long"}, by="priya", reason="asked").refusal.message.startswith(
            "c: this must have at most 3"
        )


def test_inputs_may_have_any_name_even_those_of_our_own(desk):
    names = ["reason", "notes", "by", "schema", "model_config", "self", "self_", "cls", "function", "args", "kwargs",
             "run", "inputs", "action", "actor", "opened", "_private", "from_", "id", "wiring", "copy"]  # fmt: skip
    space: dict[str, Any] = {"desk": desk}
    source = (
        f'@desk.action("take", who="support")\ndef take({", ".join(f"{name}: str" for name in names)}) -> list[str]:\n'
    )
    exec(f"{source}    return [{', '.join(names)}]", space)
    with trial(desk, priya="support") as t:
        run = t.run("take", {name: name.upper() for name in names}, by="priya", reason="asked")
        assert run.value == [name.upper() for name in names]
        assert on_record(t, run).inputs == {name: name.upper() for name in names}
        assert run.reason == "asked"


def test_checks_and_loaders_may_take_inputs_of_any_name_too(desk):
    def holds(function: str, self: str) -> bool:
        """It holds."""
        return function == "f" and self == "s"

    @desk.action("take", who="support", when=holds)
    def take(function: str, self: str) -> None: ...

    with trial(desk, priya="support") as t:
        assert t.run(take, {"function": "f", "self": "s"}, by="priya", reason="asked").outcome == "succeeded"


# Types with code of their author's


def strange(value: object) -> object:
    raise ZeroDivisionError("strange")


def wrong(value: str) -> str:
    raise ValueError("no such plan: ask billing")


def refusing(value: str) -> str:
    raise Refused("Not on Sundays.")


def test_a_type_s_own_words_are_told():
    assert parsed(Annotated[str, AfterValidator(wrong)], "gold") == "x: no such plan: ask billing."


def test_a_type_that_raises_something_else_is_a_failed_run():
    assert parsed(Annotated[str, BeforeValidator(strange)], "gold") == "ZeroDivisionError"


def test_a_type_may_refuse():
    assert parsed(Annotated[str, AfterValidator(refusing)], "gold") == "Not on Sundays."


def test_a_type_that_cannot_be_written_down_is_named_in_the_record(desk):
    @desk.action("take", who="support")
    def take(x: Annotated[str, PlainSerializer(strange)]) -> str:
        return x

    with trial(desk, priya="support") as t:
        run = t.run(take, {"x": "a"}, by="priya", reason="asked")
        assert (run.value, on_record(t, run).inputs) == ("a", {"x": "<str>"})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 10**6_000, 1e308], ids=range(5))
def test_numbers_that_json_does_not_have_are_recorded_as_text(desk, value):
    @desk.action("take", who="support")
    def take(x: float | int) -> None: ...

    with trial(desk, priya="support") as t:
        run = t.run(take, {"x": value}, by="priya", reason="asked")
        assert run.outcome == "succeeded"
        assert on_record(t, run).inputs is not None


@pytest.mark.parametrize(
    "value", [object(), {1: object()}, [object()], {"a": {2, 3}}, b"\xff", float("nan"), {b"a": 1}]
)
def test_a_raw_value_of_any_kind_is_refused_and_recorded(desk, value):
    @desk.action("take", who="support")
    def take(x: int) -> None: ...

    with trial(desk, priya="support") as t:
        run = t.run(take, {"x": value}, by="priya", reason="asked")
        assert run.refusal.code == "input_invalid"
        assert list(on_record(t, run).inputs) == ["x"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=120, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["a", "b", "c", "d"]) | st.text(st.characters(codec=None), max_size=4), JSON, max_size=5
    )
)
def test_whatever_is_given_there_is_a_run_with_an_outcome_on_record(given):
    t = HELD[0]
    run = t.run("take", given, by="priya", notes="fuzz")
    assert run.outcome in ("succeeded", "refused")
    assert on_record(t, run).status == run.status


HELD: list[Any] = []


@pytest.fixture(autouse=True, scope="module")
def held():
    desk = Desk("Acme")

    @desk.action("take", who="support")
    def take(a: Any, b: Address | None = None, c: list[date] | None = None, d: float = 0) -> Any:
        return a

    with trial(desk, priya="support") as t:
        HELD.append(t)
        yield
        HELD.clear()


# Choices


def test_choices_are_enforced_and_may_depend_on_other_inputs_and_on_subjects(desk):
    def plans(account: Account, country: str) -> list[str]:
        return ["basic", "gold"] if country == "NL" and account.active else ["basic"]

    @desk.action("move", who="support")
    def move(account: Account, plan: Annotated[str, Choices(plans)], country: str = "NL") -> str:
        return plan

    with trial(desk, priya="support") as t:

        def code(**inputs):
            run = t.run(move, inputs, by="priya", reason="asked")
            return run.value or (run.refusal.code, run.refusal.fix)

        assert code(account=1, plan="gold") == "gold"
        assert code(account=3, plan="gold") == ("choice_invalid", "Give basic.")
        assert code(account=1, plan="gold", country="DE") == ("choice_invalid", "Give basic.")
        assert code(account=1, plan="") == ("choice_invalid", "Give basic or gold.")


@pytest.mark.parametrize(("offered", "right", "wrong"), [
    ([("a", "A plan"), ("b", "B plan")], "a", "A plan"), ({"a": "A plan"}, "a", "A plan"), (("a", "b"), "a", "c"),
    ({"a"}, "a", "b"), ([], None, "a"),
])  # fmt: skip
def test_choices_are_values_pairs_or_a_mapping(desk, offered, right, wrong):
    def choices() -> Any:
        return offered

    @desk.action("move", who="support")
    def move(plan: Annotated[str, Choices(choices)]) -> None: ...

    with trial(desk, priya="support") as t:
        if right:
            assert t.run(move, {"plan": right}, by="priya", reason="asked").outcome == "succeeded"
        assert t.run(move, {"plan": wrong}, by="priya", reason="asked").refusal.code == "choice_invalid"


def test_choices_may_be_async_or_a_generator_and_fail_as_a_failed_run(desk):
    async def later() -> list[str]:
        return ["a"]

    def one_by_one(broken: bool):
        yield "a"
        if broken:
            raise ConnectionError("no plans today")

    @desk.action("move", who="support")
    def move(
        plan: Annotated[str, Choices(later)],
        other: Annotated[str | None, Choices(one_by_one)] = None,
        broken: bool = False,
    ) -> None: ...

    with trial(desk, priya="support") as t:
        assert t.run(move, {"plan": "a"}, by="priya", reason="asked").outcome == "succeeded"
        assert t.run(move, {"plan": "a", "other": "a"}, by="priya", reason="asked").outcome == "succeeded"
        assert t.run(move, {"plan": "a", "other": "b"}, by="priya", reason="asked").outcome == "refused"
        run = t.run(move, {"plan": "a", "other": "a", "broken": True}, by="priya", reason="asked")
        assert (run.outcome, run.error.type) == ("failed", "ConnectionError")


def test_choices_of_a_list_hold_for_each_of_its_members(desk):
    def tags() -> list[str]:
        return ["a", "b"]

    @desk.action("tag", who="support")
    def tag(
        one: list[Annotated[str, Choices(tags)]], two: Annotated[set[str], Choices(tags)] = frozenset()
    ) -> None: ...

    with trial(desk, priya="support") as t:
        assert t.run(tag, {"one": ["a", "b"], "two": ["a"]}, by="priya", reason="asked").outcome == "succeeded"
        assert t.run(tag, {"one": ["a", "c"]}, by="priya", reason="asked").refusal.code == "choice_invalid"
        assert t.run(tag, {"one": [], "two": ["x"]}, by="priya", reason="asked").refusal.code == "choice_invalid"


def test_choices_of_a_subject_are_enforced_by_its_id(desk, shop):
    def heirs(account: Account) -> list[object]:
        return [shop.accounts[2]] if account.id == 1 else [3, "2"]

    @desk.action("merge", who="support")
    def merge(account: Account, heir: Annotated[Account, Choices(heirs)]) -> None: ...

    with trial(desk, priya="support") as t:

        def outcome(account, heir):
            return t.run(merge, {"account": account, "heir": heir}, by="priya", reason="asked").outcome

        assert [outcome(1, 2), outcome(1, 3), outcome(2, 3), outcome(2, 1), outcome(3, 2)] == [
            "succeeded", "refused", "succeeded", "refused", "succeeded",
        ]  # fmt: skip


def test_what_is_offered_is_told_as_far_as_the_other_inputs_are_known(desk):
    from firsthand.core.attempts import Request
    from firsthand.core.looking import Looking

    def plans(account: Account) -> dict[str, str]:
        return {"basic": "Basic", "gold": "Gold"}

    @desk.action("move", who="support")
    def move(account: Account, plan: Annotated[str, Choices(plans)]) -> None: ...

    with trial(desk, priya="support") as t:
        person = t.journal.person("priya")
        assert Looking(desk.pipeline).offered(Request("move", {}, person.id, "console"), "plan") == []
        offered = Looking(desk.pipeline).offered(Request("move", {"account": 1}, person.id, "console"), "plan")
        assert offered == [("basic", "Basic"), ("gold", "Gold")]


class Unfit:
    """No form can give one."""


@pytest.mark.parametrize(
    "type_", [Unfit, list[Unfit], Annotated[str, Field(pattern="(")], Annotated[int, Field(gt="a")]]
)
def test_a_type_that_no_form_can_give_is_found_at_start(desk, type_):
    @desk.action("take", who="support")
    def take(x: type_) -> None: ...  # type: ignore[valid-type]

    with pytest.raises(DeskError, match=r"take: the input x has a type that cannot be filled in"):
        _ = desk.actions
