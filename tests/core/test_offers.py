"""What may be done to a subject now, and whom a text finds: without a record, and whatever one check does."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from firsthand import Desk, Refused, UnknownActor
from firsthand.core import offers
from firsthand.core.offers import Offers
from firsthand.testing import trial

from .shop import Account, Shop


class Session:
    """Like a transaction: once it is spoilt, nothing works in it any more."""

    spoilt = False


@dataclass
class Watched(Shop):
    opened: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        @self.desk.resource
        def session() -> Iterator[Session]:
            self.opened.append("opened")
            try:
                yield Session()
            except BaseException:
                self.opened.append("left through an exception")
                raise

        def by_email(text: str, session: Session) -> list[Account]:
            if text == "boom":
                raise RuntimeError("the search is broken")
            return [each for each in self.accounts.values() if text in each.email]

        @self.desk.subject(label=lambda a: a.email, traits=["plan"], search=by_email)
        def account(id: int, session: Session) -> Account | None:
            if session.spoilt:
                raise RuntimeError("spoilt")
            self.opened.append(f"loaded {id}")
            return self.accounts.get(id)

        self.account = account


def is_active(account: Account) -> bool:
    """The account is active."""
    return account.active


def basic(account: Account, session: Session) -> bool:
    """The account is on the basic plan."""
    if session.spoilt:
        raise RuntimeError("spoilt")
    return account.plan == "basic"


def small(amount: int) -> bool:
    """Up to 50."""
    return amount <= 50


def explode(account: Account, session: Session) -> bool:
    """It can be told."""
    session.spoilt = True
    raise RuntimeError("the database is gone")


@pytest.fixture
def watched() -> Watched:
    return Watched()


@pytest.fixture
def support(watched: Watched) -> Desk:
    desk = watched.desk

    @desk.action("cancel", who="support", when=[is_active, basic])
    def cancel(account: Account, session: Session) -> None:
        watched.done.append("cancelled")

    @desk.action("refund", who={"support": small, "lead": True}, when=[is_active, small])
    def refund(account: Account, amount: int = 5) -> None: ...

    @desk.action("upgrade", who="lead", when=basic)
    def upgrade(payer: str, account: Account | None = None, other: Account | None = None) -> None: ...

    @desk.action("erase", who={"support": basic, "lead": True})
    def erase(account: Account) -> None: ...

    @desk.action("hidden", who="lead", ask="nobody")
    def hidden(account: Account) -> None: ...

    @desk.action("report", who="support")
    def report(day: str) -> None: ...

    return desk


def asked(t, by="priya"):
    return Offers(t.desk.pipeline, by, "console")


def table(given):
    return {each.action.name: (each.may, each.allowed) for each in given}


def test_each_action_says_whether_it_may_be_done_to_the_subject_now_and_why_not(support, watched):
    with trial(support, priya="support") as t:
        subject, given = asked(t).offers("account", "1")
        assert (subject.key, subject.label, subject.traits) == ("account:1", "luis@example.com", {"plan": "basic"})
        assert table(given) == {
            "cancel": ("perform", True), "refund": ("perform", None), "erase": ("perform", True),
            "upgrade": ("ask", True),
        }  # fmt: skip
        assert [each.action.name for each in given][-1] == "upgrade"
        refund = given[1]
        assert [(item.statement, item.holds, item.needed) for item in refund.items] == [
            ("The account is active.", True, ()), ("Up to 50.", None, ("amount",)),
        ]  # fmt: skip
        assert (given[-1].input, refund.input) == ("account", "account")
        watched.accounts[3].plan = "gold"
        _, given = asked(t).offers("account", "3")
        assert table(given) == {
            "cancel": ("perform", False), "refund": ("perform", False), "erase": ("perform", False),
            "upgrade": ("ask", False),
        }  # fmt: skip
        erase = next(each for each in given if each.action.name == "erase")
        assert "The account is on the basic plan." in erase.why_not


def test_it_is_loaded_once_on_resources_opened_once_that_are_left_through_an_exception_and_records_nothing(
    support, watched
):
    with trial(support, priya="support") as t:
        before = t.journal.history.last_event()
        asked(t).offers("account", "1")
        assert watched.opened == ["opened", "loaded 1", "left through an exception"]
        assert (t.journal.history.last_event(), watched.done) == (before, [])


def test_a_check_that_raises_is_told_as_such_and_spoils_nothing_for_the_others(support, watched):
    @support.action("broken", who="support", when=explode)
    def broken(account: Account) -> None: ...

    @support.action("after", who="support", when=basic)
    def after(account: Account) -> None: ...

    @support.action("unsure", who={"support": explode})
    def unsure(account: Account) -> None: ...

    @support.action("last", who="support", when=basic)
    def last(account: Account) -> None: ...

    with trial(support, priya="support") as t:
        _, given = asked(t).offers("account", "1")
        found = {each.action.name: each for each in given}
        assert (found["broken"].allowed, found["broken"].items[0].broken) == (False, True)
        assert "could not be checked" in found["broken"].items[0].message
        assert "database is gone" not in repr(found["broken"].items)
        assert [found[name].allowed for name in ("cancel", "after", "unsure", "last", "upgrade")] == [
            True, True, False, True, True,
        ]  # fmt: skip
        assert watched.opened.count("loaded 1") == 3


def test_where_it_cannot_be_loaded_again_the_rest_is_listed_without(support, watched):
    @support.action("broken", who="lead", when=explode)
    def broken(account: Account) -> None:
        """Vanishes."""

    @support.action("vanish", who="support", when=lambda account: watched.accounts.pop(1) and 1 / 0)
    def vanish(account: Account) -> None: ...

    with trial(support, priya="support") as t:
        _, given = asked(t).offers("account", "1")
        assert [(each.action.name, each.evaluated) for each in given][-3:] == [
            ("vanish", True), ("upgrade", False), ("broken", False),
        ]  # fmt: skip


def test_no_more_than_so_many_are_evaluated_and_the_rest_is_listed(support, monkeypatch):
    monkeypatch.setattr(offers, "MOST", 2)
    with trial(support, priya="support") as t:
        _, given = asked(t).offers("account", "1")
        assert [each.evaluated for each in given] == [True, True, False, False]
        assert given[-1].allowed is None


@pytest.mark.parametrize(("kind", "id"), [
    ("account", "77"), ("account", "x"), ("account", ""), ("account", "\udcff"), ("account", "9" * 400),
    ("nothing", "1"),
])  # fmt: skip
def test_there_is_no_subject_of_an_id_that_is_none(support, kind, id):
    with trial(support, priya="support") as t:
        with pytest.raises(Refused) as refused:
            asked(t).offers(kind, id)
        assert refused.value.code == "unknown_subject"
        with pytest.raises(Refused):
            asked(t).subject(kind, id)


def test_subjects_of_kinds_that_no_action_which_one_may_know_takes_are_not_there(watched):
    @watched.desk.action("hidden", who="lead", ask="nobody")
    def hidden(account: Account) -> None: ...

    with trial(watched.desk, priya="support", lena="lead") as t:
        assert asked(t, "lena").subject("account", "1").id == "1"
        with pytest.raises(Refused, match="There is no account 1"):
            asked(t).subject("account", "1")
        assert asked(t).search("luis").subjects == []
        with pytest.raises(UnknownActor):
            asked(t, "mallory").search("luis")


def test_a_text_finds_by_id_and_by_search_each_subject_once_and_not_too_many(support, watched):
    for n in range(4, 40):
        watched.accounts[n] = Account(n, email=f"{n}@example.com")
    with trial(support, priya="support") as t:
        assert [each.id for each in asked(t).search(" 4 ").subjects] == ["4", "14", "24", "34"]
        assert len(asked(t).search("@").subjects) == 20
        assert asked(t).search("luis", kinds=["invoice"]).subjects == []
        for text in ("", "  ", "\udcff", "x" * 501):
            assert asked(t).search(text) == offers.Found([], [])


def test_a_broken_search_is_told_and_hides_no_other_kind(support, watched):
    @support.subject()
    def invoice(id: str) -> "Invoice | None":
        return Invoice(id) if id == "boom" else None

    @support.action("send", who="support")
    def send(invoice: "Invoice") -> None: ...

    with trial(support, priya="support") as t:
        found = asked(t).search("boom")
        assert [each.key for each in found.subjects] == ["invoice:boom"]
        assert len(found.faults) == 1
        assert "account" in found.faults[0]
        assert "broken" not in found.faults[0]


@dataclass
class Invoice:
    id: str
