"""Masking hides secrets and nothing else: the record stays whole and can be read, whatever somebody's secret is."""

import json
from dataclasses import dataclass
from typing import Annotated, Any, Generic, NamedTuple, NewType, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, Secret, SecretStr
from typing_extensions import TypeAliasType, TypedDict

from firsthand import Desk, Refused, Run
from firsthand.core.secrets import STARS, Mask
from firsthand.core.secrets import given as secrets_given
from firsthand.testing import trial

from .shop import Account, Shop, bytes_of, on_record

PAN = "4111111111111111"


class Card(BaseModel):
    id: int
    number: SecretStr


@dataclass
class Login:
    password: SecretStr
    user: str = "luis"


class Typed(TypedDict):
    id: int
    password: SecretStr


class Named(NamedTuple):
    id: int
    password: SecretStr


class Aliased(BaseModel):
    id: int
    number: SecretStr = Field(validation_alias=AliasChoices("pan", "card_number"))


T = TypeVar("T")


@dataclass
class Box(Generic[T]):
    inside: T
    id: int = 1


Pin = NewType("Pin", SecretStr)
Alias = TypeAliasType("Alias", list[SecretStr])


CARD = {"id": 7, "number": "x1"}

GIVEN: list[tuple[Any, Any, set[str]]] = [
    (SecretStr, "x1", {"x1"}),
    (SecretStr, ["x1", {"a": 7}], {"x1", "a", "7"}),
    (Secret[int], 471, {"471"}),
    (Pin, "x1", {"x1"}),
    (str, "x1", set()),
    (str | SecretStr, "x1", {"x1"}),
    (SecretStr | None, "x1", {"x1"}),
    (SecretStr | None, None, set()),
    (Card, CARD, {"x1"}),
    (Card, {"id": 7, "nubmer": "x1"}, {"x1", "nubmer"}),
    (Card, {"id": 7, "number": ["x1"]}, {"x1"}),
    (Card, "x1", {"x1"}),
    (Card | None, CARD, {"x1"}),
    (Card | None, "x1", {"x1"}),
    (SecretStr | Card, CARD, {"x1"}),
    (int | Card, ["x1"], {"x1"}),
    (list[Card], [CARD, {"id": 8}], {"x1"}),
    (list[Card], CARD, {"7", "x1"}),
    (list[Card], [Card(id=7, number=SecretStr("x1")), "x2"], {"x1", "x2"}),
    (dict[str, Card], {"id": CARD}, {"x1"}),
    (dict[SecretStr, int], {"x1": 7}, {"x1"}),
    (tuple[int, SecretStr], [7, "x1"], {"x1"}),
    (tuple[int, SecretStr], [7, "x1", "x2"], {"7", "x1", "x2"}),
    (tuple[SecretStr, ...], ["x1", "x2"], {"x1", "x2"}),
    (Login, {"user": "u", "password": "x1"}, {"x1"}),
    (Typed, {"id": 7, "password": "x1"}, {"x1"}),
    (Named, {"id": 7, "password": "x1"}, {"x1"}),
    (Named, [7, "x1"], {"7", "x1"}),
    (Named, Named(7, SecretStr("x1")), {"x1"}),
    (Alias, ["x1"], {"x1"}),
    (Alias, "x1", {"x1"}),
    (Aliased, {"id": 7, "card_number": "x1"}, {"x1"}),
    (Aliased, {"id": 7, "pan": "x1"}, {"x1"}),
    (Box[SecretStr], {"inside": "x1", "id": 7}, {"x1", "7"}),
    (Box[SecretStr], Box(SecretStr("x1"), 7), {"x1", "7"}),
    (Annotated[list[Card] | None, "x"], [CARD], {"x1"}),
]


@pytest.mark.parametrize(("type_", "raw", "secret"), GIVEN)
def test_of_what_is_given_only_that_counts_as_secret_which_stands_where_the_type_says_so(type_, raw, secret):
    assert set(secrets_given(type_, raw)) == secret


def test_a_model_with_a_secret_in_it_keeps_its_other_fields_and_all_their_names(desk, shop):
    @desk.action("pay", who="support")
    def pay(account: Account, card: Card) -> dict[str, object]:
        shop.done.append(card)
        return {
            "id": account.id,
            "number of cards": 7,
            "card": card.model_dump(),
            "pan": card.number.get_secret_value(),
        }

    with trial(desk, priya="support") as t:
        run = t.run(pay, {"account": 1, "card": {"id": 7, "number": PAN}}, by="priya", reason="asked")
        kept = on_record(t, run)
        assert (kept.outcome, shop.done[0].id) == ("succeeded", 7)
        assert kept.inputs == {"account": 1, "card": {"id": 7, "number": STARS}}
        assert (kept.value["id"], kept.value["number of cards"], kept.value["pan"]) == (1, 7, STARS)
        assert (kept.subject.key, kept.subject.traits) == ("account:1", {"plan": "basic"})


def test_inputs_that_cannot_be_parsed_hide_the_secret_and_no_name(desk):
    @desk.action("pay", who="support")
    def pay(account: Account, card: Card) -> None: ...

    with trial(desk, priya="support") as t:
        run = t.run(pay, {"account": 1, "card": {"id": "seven", "number": PAN}}, by="priya", reason="asked")
        assert on_record(t, run).refusal.message == "card.id: this must be a whole number."
        assert on_record(t, run).inputs == {"account": 1, "card": STARS}
        assert PAN.encode() not in bytes_of(t)


@pytest.mark.parametrize(
    "secret", ["e", "4", "42", "id", "kind", "plan", "label", "account", "password", "check_failed"]
)
def test_the_words_that_hold_a_record_together_are_never_masked(desk, shop, secret):
    shop.accounts[42] = Account(42, email=f"{secret} or so")

    def is_open(account: Account) -> bool:
        """It is open."""
        return account.active

    @desk.action("close", who="support", when=is_open)
    def close(account: Account, password: SecretStr, plan: int = 42) -> dict[str, object]:
        return {"id": account.id, secret: 1, "said": f"with {secret}!"}

    with trial(desk, priya="support") as t:
        given = {"account": 42, "password": secret}
        kept = on_record(t, t.run(close, given, by="priya", reason="asked"))
        assert (kept.subject.key, list(kept.subject.traits)) == ("account:42", ["plan"])
        assert set(kept.inputs) == {"account", "password", "plan"}
        assert kept.inputs["account"] == 42
        assert kept.value["said"] == f"with {STARS}!"
        assert kept.value[STARS] == 1
        assert kept.subject.label == f"{STARS} or so"
        shop.accounts[42].active = False
        refused = on_record(t, t.run(close, given, by="priya", reason="asked"))
        assert (refused.refusal.code, refused.refusal.check) == ("check_failed", "is_open")
        unknown = on_record(t, t.run(close, {**given, "account": 43}, by="priya", reason="asked"))
        assert (unknown.refusal.code, unknown.subject.key) == ("unknown_subject", "account:43")
        assert json.dumps([on_record(t, each).as_dict() for each in (kept, refused, unknown)])


SHORT = [
    ("e", "e", STARS),
    ("e", "the end", "the end"),
    ("e", "say e!", f"say {STARS}!"),
    ("123", "CVV 123.", f"CVV {STARS}."),
    ("123", "1234", "1234"),
    ("12", "12.50", "12.50"),
    ("12", "0.12", "0.12"),
    ("é1", "(é1)", f"({STARS})"),
    (".", "It is. So.", "It is. So."),
    (".", ".", STARS),
    (b"ab", "b'ab'", f"b'{STARS}'"),
    ("\\1", "a \\1 b", "a \\1 b"),
    ("1234", "912345", f"9{STARS}5"),
]


@pytest.mark.parametrize(("secret", "text", "masked"), SHORT)
def test_a_very_short_secret_is_masked_only_where_it_stands_alone(secret, text, masked):
    mask = Mask()
    mask.add([secret])
    assert mask.text(text) == masked


def test_a_short_number_is_masked_where_it_is_the_whole_number(desk):
    mask = Mask()
    mask.add(["471", "1"])
    assert mask.tree({"a": [471, 4711, 47.1, "471", True, None]}) == {"a": [STARS, 4711, 47.1, STARS, True, None]}


def test_a_code_or_a_check_that_an_author_makes_of_a_secret_is_masked(desk):
    @desk.action("pay", who="support")
    def pay(password: SecretStr) -> None:
        raise Refused("No.", code=password.get_secret_value(), check=password.get_secret_value())

    with trial(desk, priya="support") as t:
        kept = on_record(t, t.run(pay, {"password": "hunter2"}, by="priya", reason="asked"))
        assert (kept.refusal.code, kept.refusal.check) == (STARS, STARS)


WAYS = [
    "return",
    "return a model",
    "say",
    "raise",
    "raise a key error",
    "refuse",
    "check",
    "clause",
    "unknown",
    "wrong input",
]


def desk_of_ways() -> tuple[Shop, list[tuple[str, str]]]:  # noqa: C901 - a list
    """A shop with an action that does with a secret what its note says, and which run ends how."""
    shop = Shop()
    shop.accounts[1].email = "before"

    def lucky(account: Account, run: Run) -> bool:
        """It is lucky."""
        if run.notes == "check":
            raise RuntimeError(account.email)
        return True

    def any_amount(run: Run) -> bool:
        """Any amount."""
        return run.notes != "clause"

    @shop.desk.action("pay", who={"support": any_amount}, when=lucky)
    def pay(account: Account, password: SecretStr, card: Card, amount: int, run: Run) -> Any:
        text = password.get_secret_value()
        match run.notes:
            case "return":
                return {text: [text, {"more": f"so {text}"}], "number": text}
            case "return a model":
                return [card, {"inside": card.model_copy(update={"id": text})}]
            case "say":
                run.say(text)
            case "raise":
                raise ValueError(f"wrong: {text}")
            case "raise a key error":
                raise KeyError(text)
            case "refuse":
                raise Refused(f"{text} is wrong.", fix=f"Not {text}.")
        return None

    codes = {"refuse": "refused", "check": "check_failed", "clause": "clause_failed"}
    codes |= {"unknown": "unknown_subject", "wrong input": "input_invalid"}
    return shop, [(way, codes.get(way, "")) for way in WAYS]


def test_whatever_the_secret_every_run_is_recorded_reads_back_and_keeps_it_to_itself():
    shop, ways = desk_of_ways()

    def attempts(t, secret: str) -> list[Run]:
        shop.accounts[1].email = shop.accounts[1].plan = f"{secret}@example.com"
        inputs = {"account": 1, "password": secret, "card": {"id": 7, "number": secret}, "amount": 5}
        changed = {"unknown": {"account": 99}, "wrong input": {"amount": "x", "card": {"id": secret, "number": secret}}}
        return [t.run("pay", {**inputs, **changed.get(way, {})}, by="priya", reason="asked", notes=way) for way in WAYS]

    with trial(shop.desk, priya="support") as t:
        attempts(t, "canary/\u00f6 1")

        @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.text(min_size=1, max_size=40) | st.sampled_from(["e", "id", "kind", "amount", "account:1", '","']))
        def holds(secret: str) -> None:
            before = bytes_of(t)
            for (way, code), run in zip(ways, attempts(t, secret), strict=True):
                kept = on_record(t, run)
                assert kept.outcome is not None, way
                assert kept.outcome == ("refused" if code else "failed" if way.startswith("raise") else "succeeded")
                assert (kept.refusal.code if kept.refusal else "") == code
                assert kept.subject.key == ("account:99" if way == "unknown" else "account:1")
                assert sorted(kept.inputs) == ["account", "amount", "card", "password"]
                assert kept.refusal is None or way != "check" or kept.refusal.check == "lucky"
                assert set(kept.subject.traits) <= {"plan"}
                if way == "return a model" and "*" not in secret:
                    assert [set(kept.value[0]), set(kept.value[1])] == [
                        {"id", "number"},
                        {"inside"},
                    ] or secret in "inside"
            if len(secret) >= 4 and secret.encode() not in before:
                assert secret.encode() not in bytes_of(t)

        holds()


def test_a_secret_with_spaces_or_lines_around_it_is_masked_without_them_too():
    desk = Desk("Acme", why=["asked"])

    @desk.action("act", who="support")
    def act(key: SecretStr) -> str:
        raise ValueError(f"bad token {key.get_secret_value().strip()}")

    with trial(desk, priya="support") as t:
        for secret in ("tokenabc12\n", "  tokenabc12  ", "tokenabc12\nsecond9876\n"):
            run = t.run("act", {"key": secret}, by="priya", reason="asked")
            assert "tokenabc12" not in run.error.message + run.error.traceback
        journal = b"".join(path.read_bytes() for path in t.journal.database.path.parent.iterdir())
    assert b"tokenabc12" not in journal
    assert b"second9876" not in journal


def test_a_secret_in_a_model_s_extras_is_masked():
    class Open(BaseModel):
        model_config = ConfigDict(extra="allow")
        __pydantic_extra__: dict[str, SecretStr]

    desk = Desk("Acme", why=["asked"])

    @desk.action("act", who="support")
    def act(some: Open) -> str:
        return some.tok.get_secret_value()

    with trial(desk, priya="support") as t:
        t.run("act", {"some": {"tok": "extrasecret1"}}, by="priya", reason="asked")
        t.run("act", {"some": [{"tok": "extrasecret1"}]}, by="priya", reason="asked")
        journal = b"".join(path.read_bytes() for path in t.journal.database.path.parent.iterdir())
    assert b"extrasecret1" not in journal
