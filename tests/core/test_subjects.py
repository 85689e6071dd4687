import operator
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

import pytest
from typing_extensions import TypedDict

from firsthand import Desk, DeskError, Refused
from firsthand.core.attempts import Request
from firsthand.core.looking import Looking
from firsthand.testing import trial

from .shop import Account, kinds, on_record


def keys(run) -> list[str]:
    return [subject.key for subject in run.subjects]


def test_a_subject_is_given_by_its_id_and_arrives_loaded(desk, shop):
    @desk.action("act", who="support")
    def act(account: Account) -> None:
        shop.done.append(account)

    with trial(desk, priya="support") as t:
        for id in (1, "1"):
            run = t.run(act, {"account": id}, by="priya", reason="asked")
            assert keys(on_record(t, run)) == ["account:1"]
    assert shop.done == [shop.accounts[1]] * 2


def test_a_subject_may_be_given_loaded_where_python_calls_python(desk, shop):
    mine = Account(77, email="mine@example.com")

    @desk.action("act", who="support")
    def act(account: Account) -> bool:
        return account is mine

    with trial(desk, priya="support") as t:
        run = t.run(act, {"account": mine}, by="priya", reason="asked")
        assert run.value is True
        assert on_record(t, run).subjects[0].label == "mine@example.com"
        assert on_record(t, run).inputs == {"account": "77"}


def test_a_subject_that_is_not_there_is_refused_and_the_attempt_stands_in_its_history(desk):
    @desk.action("act", who="support")
    def act(account: Account) -> None: ...

    with trial(desk, priya="support") as t:
        run = t.run(act, {"account": 99}, by="priya", reason="asked")
        assert (run.refusal.code, run.refusal.message) == ("unknown_subject", "There is no account 99.")
        assert keys(on_record(t, run)) == ["account:99"]
        assert on_record(t, run).inputs == {"account": 99}


def test_an_optional_subject_may_be_left_out_or_nothing(desk, shop):
    @desk.action("act", who="support")
    def act(account: Account, heir: Account | None = None) -> int | None:
        return heir and heir.id

    @desk.action("must", who="support")
    def must(heir: Account | None) -> int | None:
        return heir and heir.id

    with trial(desk, priya="support") as t:
        for inputs, value, subjects in (({}, None, 1), ({"heir": None}, None, 1), ({"heir": 2}, 2, 2)):
            run = t.run(act, {"account": 1} | inputs, by="priya", reason="asked")
            assert (run.outcome, run.value, len(run.subjects)) == ("succeeded", value, subjects)
        assert t.run(must, {"heir": None}, by="priya", reason="asked").outcome == "succeeded"
        assert t.run(must, {}, by="priya", reason="asked").refusal.code == "input_invalid"


def test_a_run_may_concern_several_subjects_and_every_one_s_history_shows_it(desk):
    from firsthand.storage.history import Filter

    @desk.action("merge", who="support")
    def merge(keep: Account, drop: Account) -> None: ...

    with trial(desk, priya="support") as t:
        run = t.run(merge, {"keep": 2, "drop": 1}, by="priya", reason="asked")
        assert keys(run) == ["account:2", "account:1"]
        assert run.subject.key == "account:2"
        for id in (1, 2):
            assert [each.id for each in t.journal.history.feed(Filter(subject=f"account:{id}"), 5)] == [run.id]


@dataclass
class Payer:
    id: int


def two_of_one_type() -> Desk:
    desk = Desk("Acme", why=["asked"])

    @desk.subject()
    def payer(id: int) -> Payer | None:
        return Payer(id)

    @desk.subject()
    def payee(id: int) -> Payer | None:
        return Payer(-id)

    return desk


def test_of_two_subjects_of_one_type_the_action_says_which():
    desk = two_of_one_type()

    @desk.action("pay", who="support")
    def pay(
        a: Annotated[Payer, desk.subject_of("payer")],
        b: Annotated[Payer | None, desk.subject_of("payee")] = None,
        c: Annotated[Payer, desk.subject_of("payee")] | None = None,
    ) -> list[int]:
        return [each.id for each in (a, b, c) if each]

    with trial(desk, priya="support") as t:
        run = t.run(pay, {"a": 1, "b": 2, "c": 3}, by="priya", reason="asked")
        assert run.value == [1, -2, -3]
        assert keys(run) == ["payer:1", "payee:2", "payee:3"]


def test_an_action_that_does_not_say_which_is_found_at_start():
    desk = two_of_one_type()

    @desk.action("pay", who="support")
    def pay(a: Payer) -> None: ...

    @desk.action("owe", who="support")
    def owe(a: Annotated[Payer, desk.subject_of("debtor")]) -> None: ...

    with pytest.raises(DeskError) as caught:
        desk.start()
    assert caught.value.problems == (
        "pay: the input a may be either of two subjects; say Annotated[..., "
        'desk.subject_of("payer") or desk.subject_of("payee")].',
        "owe: the desk has no subject debtor.",
    )


@pytest.mark.parametrize("type_", [list[Account], dict[str, Account], Account | int, tuple[Account, int]])
def test_subjects_inside_other_types_are_found_at_start_since_a_form_could_forge_them(desk, type_):
    @desk.action("act", who="support")
    def act(accounts: type_) -> None: ...  # type: ignore[valid-type]

    with pytest.raises(DeskError, match="act: the input accounts has a subject, account, inside of another type"):
        desk.start()


def test_a_form_cannot_forge_a_loaded_subject(desk, shop):
    @desk.action("act", who="support")
    def act(account: Account) -> None:
        shop.done.append(account)

    with trial(desk, priya="support") as t:
        for forged in ({"id": 1}, [1], {"id": 1, "email": "x", "plan": "gold", "active": True}):
            assert t.run(act, {"account": forged}, by="priya", reason="asked").refusal.code == "input_invalid"
    assert shop.done == []


class Row(TypedDict):
    id: int


class HasId(Protocol):
    id: int


@pytest.mark.parametrize("type_", [Row, HasId])
def test_loaders_may_give_typed_mappings_and_protocols_which_are_given_by_id_only(type_):
    desk = Desk("Acme", why=["asked"])

    @desk.subject(label=lambda row: f"row {row['id']}")
    def row(id: int) -> type_ | None:  # type: ignore[valid-type]
        return {"id": id}

    @desk.action("act", who="support")
    def act(row: type_) -> Any:  # type: ignore[valid-type]
        return row["id"]

    with trial(desk, priya="support") as t:
        assert t.run(act, {"row": "7"}, by="priya", reason="asked").value == 7
        assert t.run(act, {"row": {"id": 8}}, by="priya", reason="asked").outcome == "refused"


# What authors write of their subjects


def describing(**said: Any):
    """Return a run over a desk whose one subject was said to have these label and traits."""
    desk = Desk("Acme", why=["asked"])

    @desk.resource
    def greeting() -> Greeting:
        return Greeting("Hello")

    @desk.subject(**said)
    def account(id: int) -> Account | None:
        return Account(id)

    @desk.action("act", who="support")
    def act(account: Account) -> None: ...

    with trial(desk, priya="support") as t:
        run = on_record(t, t.run(act, {"account": 1}, by="priya", reason="asked"))
        assert kinds(t, run) == ["recorded", "performing", "succeeded"], run
        return run.subjects[0]


@dataclass
class Greeting:
    text: str


async def later(account: Account) -> str:
    return "later"


def greeted(account: Account, greeting: Greeting) -> str:
    return f"{greeting.text} {account.email}"


def broken(account: Account) -> str:
    raise LookupError("no label")


def refusing(account: Account) -> str:
    raise Refused("no label")


class Unspeakable:
    def __str__(self) -> str:
        raise ValueError("unspeakable")


@pytest.mark.parametrize(("label", "told"), [
    (lambda a: a.email, "luis@example.com"), (operator.attrgetter("email"), "luis@example.com"), (later, "later"),
    (greeted, "Hello luis@example.com"), (broken, "<LookupError>"), (refusing, "<Refused>"), (lambda a: None, ""),
    (lambda a: 5, "5"), (lambda a: Unspeakable(), "<ValueError>"), (lambda a: "x" * 999, "x" * 499 + "…"),
    (lambda a: "\udcff\x00😀", "\\udcff\x00😀"), (lambda a: a.nothing, "<AttributeError>"), (None, ""),
    (repr, repr(Account(1))),
])  # fmt: skip
def test_a_label_is_told_whatever_becomes_of_it_and_never_stops_a_run(label, told):
    assert describing(label=label).label == told


@pytest.mark.parametrize(("traits", "told"), [
    (["plan", "country"], {"plan": "basic"}), ("plan", {"plan": "basic"}),
    (["nothing"], {"nothing": "<AttributeError>"}),
    (lambda a: {"id": a.id, "none": None}, {"id": "1"}), ((), {}),
    (lambda a: {5: Unspeakable()}, {"5": "<ValueError>"}),
    (broken, {"broken": "<LookupError>"}), (lambda a: 5, {"<lambda>": "5"}),
    (lambda a: {"\udcff": "\udcff"}, {"\\udcff": "\\udcff"}),
])  # fmt: skip
def test_traits_are_told_whatever_becomes_of_them(traits, told):
    assert describing(traits=traits).traits == told


def test_an_interrupted_label_lets_nothing_be_performed(desk, shop):
    def interrupted(account: Payer) -> str:
        raise KeyboardInterrupt

    @desk.subject(label=interrupted)
    def payer(id: int) -> Payer | None:
        return Payer(id)

    @desk.action("act", who="support")
    def act(payer: Payer) -> None:
        shop.done.append(payer)

    with trial(desk, priya="support") as t:
        assert t.run(act, {"payer": 1}, by="priya", reason="asked").outcome == "failed"
    assert shop.done == []


def loading(desk, loader):
    desk.subject()(loader)

    @desk.action("act", who="support")
    def act(payer: Payer) -> None: ...

    with trial(desk, priya="support") as t:
        return on_record(t, t.run(act, {"payer": 1}, by="priya", reason="asked"))


def test_a_loader_may_refuse(desk):
    def payer(id: int) -> Payer | None:
        raise Refused("Payer 1 is under legal hold.", fix="Talk to legal.")

    run = loading(desk, payer)
    assert (run.outcome, run.refusal.message) == ("refused", "Payer 1 is under legal hold.")


def test_a_loader_that_raises_is_a_failed_run(desk):
    def payer(id: int) -> Payer | None:
        raise ConnectionError("database away")

    run = loading(desk, payer)
    assert (run.outcome, run.error.message) == ("failed", "database away")


def test_an_async_loader_is_waited_for(desk):
    async def payer(id: int) -> Payer | None:
        return Payer(id)

    assert loading(desk, payer).outcome == "succeeded"


def test_search_finds_fifty_at_most_and_may_take_resources_be_async_or_a_generator():
    def some(text: str, greeting: Greeting):
        for number in range(1_000):
            yield Account(number, email=f"{greeting.text} {text}")

    async def later(text: str) -> list[Account]:
        return [Account(7)]

    def broken(text: str):
        yield Account(1)
        raise ConnectionError("search away")

    for search, found in ((some, 50), (later, 1), (None, 0), (broken, None)):
        desk = Desk("Acme")

        @desk.resource
        def greeting() -> Greeting:
            return Greeting("Hello")

        @desk.subject(search=search, label=lambda a: a.email)
        def account(id: int) -> Account | None:
            return Account(id)

        @desk.action("act", who="support")
        def act(account: Account) -> None: ...

        with trial(desk, priya="support"):
            request = Request("act", {}, "priya", "console")
            if found is None:
                with pytest.raises(Refused, match="ConnectionError"):
                    Looking(desk.pipeline).found(request, "account", "lu")
            else:
                assert len(Looking(desk.pipeline).found(request, "account", "lu")) == found


@pytest.mark.parametrize(("loader", "words"), [
    ("def account(): return 1", "the subject account: its first parameter must be the id."),
    ("def account(id: int): return 1", "the subject account: it needs a return type, such as -> Account | None."),
    ("def account(id: int) -> None: ...", "the subject account: it needs a return type, such as -> Account | None."),
    ("def account(id: int) -> str: ...", "the subject account: it must return a type of its own, not a plain str."),
    ("def account(id: int) -> dict: ...", "the subject account: it must return a type of its own, not a plain dict."),
    ("def account(id: int) -> 'Nothing': ...",
     "the subject account: a type hint of account cannot be resolved: name 'Nothing' is not defined."),
    ("def account(id: int, other: int) -> Account: ...", "the subject account: nothing gives other."),
    ("def account(id: int, other: int, /) -> Account: ...",
     "the subject account: account takes other by position only; leave out the /."),
])  # fmt: skip
def test_a_loader_that_is_not_clear_is_found_at_start(loader, words):
    desk, space = Desk("Acme"), {"Account": Account}
    exec(loader, space)
    desk.subject()(space["account"])
    with pytest.raises(DeskError) as caught:
        desk.start()
    assert caught.value.problems == (words,)


def test_a_label_that_needs_what_nothing_gives_is_found_at_start():
    desk = Desk("Acme")

    def label(account: Account, greeting: Greeting) -> str:
        return ""

    @desk.subject(label=label)
    def account(id: int) -> Account | None: ...

    with pytest.raises(DeskError, match="the subject account: nothing gives greeting"):
        desk.start()
