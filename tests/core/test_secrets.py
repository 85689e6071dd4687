import base64
import json
import logging
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, NamedTuple, NewType
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, Secret, SecretBytes, SecretStr, field_validator
from typing_extensions import TypeAliasType, TypedDict

from firsthand import Choices, Refused, Run
from firsthand.core.secrets import STARS, Mask, is_secret
from firsthand.testing import trial

from .shop import Account, bytes_of

CANARY = 'c4nary/"hunter2"\\ö <&>+'
CODED = CANARY.encode()


def spellings() -> set[bytes]:
    inside = [base64.b64encode(b"user:"[:cut] + CODED)[cut * 2 : -6] for cut in range(4)]
    texts = [
        CANARY, repr(CANARY)[1:-1], json.dumps(CANARY)[1:-1], quote(CANARY), quote(CANARY, safe=""), quote_plus(CANARY),
        CODED.hex(), base64.b64encode(CODED).decode().rstrip("="), base64.urlsafe_b64encode(CODED).decode().rstrip("="),
    ]  # fmt: skip
    return {text.encode() for text in texts} | set(inside[:2])


def leaked(*places: object) -> list[bytes]:
    everything = b"\n".join(each if isinstance(each, bytes) else repr(each).encode() for each in places)
    return [each for each in spellings() if each in everything or repr(each)[2:-1].encode() in everything]


class Login(BaseModel):
    user: str
    password: SecretStr

    @field_validator("user")
    @classmethod
    def short(cls, user: str) -> str:
        if len(user) > 20:
            raise ValueError(f"{user} is too long")
        return user


@dataclass
class Card:
    number: SecretStr
    owner: str = "Luis"


class Typed(TypedDict):
    password: SecretStr


class Named(NamedTuple):
    password: SecretStr


Pin = NewType("Pin", SecretStr)
Alias = TypeAliasType("Alias", SecretStr)


@pytest.mark.parametrize("type_", [
    SecretStr, SecretBytes, Secret[int], SecretStr | None, list[SecretStr], dict[str, SecretStr], tuple[int, SecretStr],
    Annotated[SecretStr, Field(min_length=3)], Login, list[Login], Card, dict[str, list[Card]], Typed, Named,
    Pin, Alias,
    list[Alias], Login | Account, Annotated[list[Login] | None, "x"],
])  # fmt: skip
def test_a_type_that_holds_a_secret_somewhere_is_secret(type_):
    assert is_secret(type_)


@pytest.mark.parametrize("type_", [str, int, list[str], Account, dict[str, int], Decimal, Any])
def test_a_type_without_a_secret_is_not(type_):
    assert not is_secret(type_)


def ways(value: Any, text: str, run: Run[Any]) -> Any:  # noqa: C901 - a list
    """Everything that an author's function may do with a secret, by its name."""
    coded = text.encode()
    match run.notes:
        case "return":
            return text
        case "return the secret":
            return value
        case "return in a mapping":
            return {"token": text, text: [text, coded, {"deep": f"Bearer {text}"}]}
        case "return bytes":
            return coded
        case "return coded":
            return [base64.b64encode(coded), coded.hex(), quote(text, safe=""), base64.b64encode(b"user:" + coded)]
        case "say":
            run.say(f"The password is {text}!")
            run.say(repr(text) + json.dumps({"p": text}) + str(coded))
        case "raise":
            raise ValueError(f"wrong: {text}")
        case "raise it as the argument":
            raise KeyError(text, coded)
        case "raise chained":
            try:
                raise ConnectionError(f"https://bank/?p={quote_plus(text)}")
            except ConnectionError as error:
                error.add_note(f"note {text!r}")
                raise RuntimeError("no") from error
        case "raise in context":
            try:
                int(text)
            except ValueError:
                {}[text]
        case "raise a group":
            raise ExceptionGroup(f"group {text}", [ValueError(text), ExceptionGroup("in", [KeyError(text)])])
        case "refuse":
            raise Refused(f"{text} is too short", fix=f"Not {text!r}.", code=text, check=text)
        case "assert":
            assert text == "x", text
        case "fail to validate":
            Login.model_validate(
                {"user": "luis", "pass": text, "password": text, "x": [text] * 3, "user2": 5} | {"user": 3}
            )
        case "exit":
            raise SystemExit(text)
        case "log":
            logging.getLogger("firsthand").debug("nothing of ours")
    return None


WAYS = [
    "return", "return the secret", "return in a mapping", "return bytes", "return coded", "say", "raise",
    "raise it as the argument", "raise chained", "raise in context", "raise a group", "refuse", "assert",
    "fail to validate", "exit", "log",
]  # fmt: skip

SHAPES: dict[str, tuple[Any, Any, Any]] = {
    "text": (SecretStr, CANARY, lambda value: value.get_secret_value()),
    "bytes": (SecretBytes, CANARY, lambda value: value.get_secret_value().decode()),
    "model": (Login, {"user": "luis", "password": CANARY}, lambda value: value.password.get_secret_value()),
    "list": (list[SecretStr], ["other", CANARY], lambda value: value[1].get_secret_value()),
    "dataclass": (Card, {"number": CANARY}, lambda value: value.number.get_secret_value()),
    "mapping": (dict[str, Typed], {"a": {"password": CANARY}}, lambda value: value["a"]["password"].get_secret_value()),
    "given": (SecretStr, SecretStr(CANARY), lambda value: value.get_secret_value()),
}


@pytest.mark.parametrize("how", ["sync", "async"])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_secret_is_nowhere_in_the_journal_nor_in_what_comes_back(desk, caplog, capfd, shape, how):
    caplog.set_level(logging.DEBUG)
    type_, raw, reveal = SHAPES[shape]
    heard: list[Any] = []

    @desk.action("sync", who="support")
    def sync(secret: type_, run: Run) -> Any:  # type: ignore[valid-type]
        return ways(secret, reveal(secret), run)

    @desk.action("async", who="support")
    async def asynchronous(secret: type_, run: Run) -> Any:  # type: ignore[valid-type]
        return ways(secret, reveal(secret), run)

    with trial(desk, priya="support") as t:
        for way in WAYS:
            run = t.run(
                how, {"secret": raw}, by="priya", reason="asked", notes=way, listener=lambda *said: heard.append(said)
            )
            outcome = {"refuse": "refused", "log": "succeeded"}.get(way)
            outcome = outcome or ("succeeded" if way.startswith(("return", "say")) else "failed")
            assert (way, run.outcome) == (way, outcome)
            assert leaked(run, run.value, run.error, run.refusal, run.output, heard, bytes_of(t)) == [], way
            assert STARS in str(run.inputs)
        t.journal.database.checkpoint()
        assert leaked(bytes_of(t), caplog.text, str(capfd.readouterr())) == []


def test_what_is_returned_stays_what_it_was_where_no_secret_is_in_it(desk):
    @desk.action("login", who="support")
    def login(password: SecretStr) -> Decimal:
        return Decimal("12.50")

    with trial(desk, priya="support") as t:
        assert t.run(login, {"password": CANARY}, by="priya", reason="asked").value == Decimal("12.50")


LONG = "sk_live_" + "Z9aQ4mXw7Kc2" * 6


def test_a_long_secret_that_a_library_has_shortened_is_masked_too(desk):
    class Bank(BaseModel):
        amount: int
        key: int

    @desk.action("charge", who="support")
    def charge(key: SecretStr) -> None:
        Bank.model_validate({"amount": 1, "key": key.get_secret_value()})

    with trial(desk, priya="support") as t:
        run = t.run(charge, {"key": LONG}, by="priya", reason="asked")
        assert run.outcome == "failed"
        assert "Input should be a valid integer" in run.error.message
        assert "Z9aQ4mXw" not in str(run)
        assert "sk_live_" not in str(run)
        assert b"Z9aQ4mXw" not in bytes_of(t)


def test_a_secret_is_not_left_in_half_where_a_text_is_cut(desk):
    secret = "q7-" + "x8Kp" * 3

    @desk.action("charge", who="support")
    def charge(key: SecretStr, before: int) -> None:
        raise ValueError("-" * before + secret + "-" * 9_000)

    with trial(desk, priya="support") as t:
        for before in range(1985, 2001):
            t.run(charge, {"key": secret, "before": before}, by="priya", reason="asked")
        assert b"x8Kp" not in bytes_of(t)


@pytest.mark.parametrize("inputs", [
    {"secret": [CANARY]}, {"secret": {"a": CANARY}}, {"secret": CANARY, "amount": "x"}, {"secret": CANARY, CANARY: 1},
    {"secert": CANARY}, {"secret": CANARY, "secert": CANARY}, {"secert": {"a": [CANARY]}, "amount": 1},
    {"login": {"user": CANARY * 3, "password": CANARY}, "secret": CANARY}, {"login": {"pasword": CANARY}},
    {"login": CANARY}, {"secret": CANARY + "\udcff"}, {"secret": CANARY * 100_000}, {"secret": CANARY, "plan": "gold"},
])  # fmt: skip
def test_a_secret_in_inputs_that_are_refused_is_nowhere(desk, inputs):
    def plans(secret: SecretStr) -> list[str]:
        return [secret.get_secret_value()]

    @desk.action("pay", who="support")
    def pay(
        secret: SecretStr,
        amount: int = 1,
        login: Login | None = None,
        plan: Annotated[str | None, Choices(plans)] = None,
    ) -> None: ...

    names = [name for name in inputs if CANARY in str(name)]
    with trial(desk, priya="support") as t:
        run = t.run(pay, inputs, by="priya", reason="asked")
        assert run.outcome == "refused"
        if not names:
            assert leaked(run, bytes_of(t)) == []


@pytest.mark.parametrize("name", ["pya", "hidden"])
def test_a_secret_given_to_an_unknown_or_hidden_action_is_nowhere(desk, name):
    @desk.action("hidden", who="lead", ask="nobody")
    def hidden(secret: SecretStr) -> None: ...

    with trial(desk, priya="support") as t:
        runs = [t.run(name, {"secret": CANARY}, by="priya"), t.ask(name, {"secret": CANARY}, by="priya")]
        assert leaked(runs, bytes_of(t)) == []


def test_a_secret_is_nowhere_when_a_check_a_clause_a_loader_or_a_label_gives_it_away(desk, shop):
    def clause(secret: SecretStr) -> bool:
        """A clause."""
        if shop.done:
            raise Refused(f"{secret.get_secret_value()}", fix=CANARY)
        return True

    def check(secret: SecretStr) -> bool:
        """A check."""
        raise RuntimeError(secret.get_secret_value())

    @desk.action("pay", who={"support": clause}, when=check)
    def pay(account: Account, secret: SecretStr) -> None: ...

    shop.accounts[1].email = f"label {CANARY}"
    shop.accounts[1].plan = CANARY
    with trial(desk, priya="support") as t:
        first = t.run(pay, {"account": 1, "secret": CANARY}, by="priya", reason="asked")
        assert first.refusal.check == "check"
        assert first.error.type == "RuntimeError"
        shop.done.append(1)
        second = t.run(pay, {"account": 1, "secret": CANARY}, by="priya", reason="asked")
        assert second.refusal.code == "clause_failed"
        assert leaked(second.refusal, first.error, bytes_of(t)) == []


def test_the_checklist_tells_no_secret(desk):
    from firsthand.core.attempts import Request
    from firsthand.core.looking import Looking

    def check(secret: SecretStr) -> bool:
        """A check."""
        raise Refused(f"{secret.get_secret_value()} is too short")

    @desk.action("pay", who="support", when=check)
    def pay(secret: SecretStr) -> None: ...

    with trial(desk, priya="support"):
        items = Looking(desk.pipeline).checklist(Request("pay", {"secret": CANARY}, "priya", "console"))
        assert items[0].message == f"{STARS} is too short"


def test_a_secret_default_is_neither_in_the_catalogue_nor_in_a_run(desk):
    @desk.action("pay", who="support")
    def pay(secret: SecretStr = SecretStr(CANARY), key: Secret[int] = Secret(471108154711)) -> str:
        return f"{secret.get_secret_value()} {key.get_secret_value()}"

    with trial(desk, priya="support") as t:
        run = t.run(pay, by="priya", reason="asked")
        assert run.outcome == "succeeded"
        assert leaked(run, bytes_of(t)) == []
        assert b"471108154711" not in bytes_of(t)


def test_numbers_identifiers_and_raw_bytes_that_are_secret_are_masked(desk):
    raw, id = b"\xff\xfe\x00canary!!", uuid.uuid4()

    @desk.action("pay", who="support")
    def pay(pin: Secret[int], id: Secret[uuid.UUID], raw: SecretBytes) -> list[object]:
        return [pin.get_secret_value(), str(id.get_secret_value()), raw.get_secret_value()]

    with trial(desk, priya="support") as t:
        given = {"pin": 471108154711, "id": id, "raw": raw}
        run = t.run(pay, given, by="priya", reason="asked")
        assert run.value == [STARS, STARS, STARS]
        for spelt in (b"471108154711", str(id).encode(), base64.b64encode(raw), base64.urlsafe_b64encode(raw)):
            assert spelt.rstrip(b"=") not in bytes_of(t)


def test_an_empty_secret_masks_nothing(desk):
    @desk.action("pay", who="support")
    def pay(secret: SecretStr, more: list[SecretStr]) -> str:
        return "[] paid"

    with trial(desk, priya="support") as t:
        assert t.run(pay, {"secret": "", "more": []}, by="priya", reason="asked").value == "[] paid"


@given(st.text(min_size=1), st.text(), st.text())
def test_no_text_holds_a_secret_once_it_is_masked(secret, before, after):
    mask = Mask()
    mask.add([secret])
    masked = mask.text(f"{before}{secret}{after}")
    if secret not in before + after and len(secret) > 3 and "*" not in secret:
        assert secret not in masked
    masked.encode()


@given(st.binary(min_size=12, max_size=80), st.binary(max_size=9), st.binary(max_size=9))
def test_no_base64_holds_a_long_secret_wherever_in_it_that_stands(secret, before, after):
    mask = Mask()
    mask.add([secret])
    masked = mask.text(base64.b64encode(before + secret + after).decode())
    longest = max(masked.replace("=", "").split(STARS), key=len)
    assert len(longest) <= (len(before) + len(after) + 6) * 4 // 3 + 2
