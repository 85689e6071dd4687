from enum import Enum, StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firsthand import Desk, Refused
from firsthand.core.reasons import Reasons, says_something
from firsthand.testing import trial


class Why(Enum):
    CUSTOMER_ASKED = "customer asked"
    OUR_MISTAKE = 2


class Word(StrEnum):
    FRAUD = "fraud"


@pytest.mark.parametrize(("why", "listed"), [
    (["a", "b"], ("a", "b", "other")), ("a", ("a", "other")), (None, ("other",)), ([], ("other",)),
    (["other", "a", "a"], ("a", "other")), (Why, ("customer asked", "OUR MISTAKE", "other")),
    ([Why.OUR_MISTAKE, "b"], ("OUR MISTAKE", "b", "other")), (Word, ("fraud", "other")),
])  # fmt: skip
def test_reasons_are_the_author_s_and_other_comes_last(why, listed):
    assert Reasons.of(why).listed == listed


def settled(reason, notes=None, why=("a",)) -> str:
    try:
        return Reasons.of(why).settle(reason, notes)
    except Refused as refusal:
        return f"<{refusal.code}>"


def test_a_reason_is_one_of_the_list():
    assert settled("a") == "a"
    assert settled(None) == settled("") == "<reason_missing>"
    assert settled("b") == settled("A") == settled("a ") == "<reason_unknown>"


@pytest.mark.parametrize(
    "notes", [None, "", ".", " . ", "...", "-", "ok", "n/a", "xx", "xxxx", "1", "?!", "\u202e\x00", "  \n"]
)
def test_other_needs_notes_that_say_something(notes):
    assert settled("other", notes) == "<notes_missing>"


@pytest.mark.parametrize("notes", ["Moves abroad", "tax", "返金", "отказ", "cf. 4411", "yes, he did"])
def test_notes_in_any_script_say_something(notes):
    assert settled("other", notes) == "other"


@given(st.text(st.characters(exclude_categories=["L", "N", "Cs"])))
def test_marks_and_spaces_alone_say_nothing(notes):
    assert not says_something(notes)


def test_where_no_reasons_are_given_other_need_not_be_said_but_explained():
    assert settled(None, "Moves abroad", why=()) == "other"
    assert settled(None, None, why=()) == "<notes_missing>"


def test_a_run_takes_a_member_of_an_enum_and_records_its_name():
    desk = Desk("Acme")

    @desk.action("cancel", who="support", why=Why)
    def cancel() -> None: ...

    with trial(desk, priya="support") as t:
        said = [Why.CUSTOMER_ASKED, "customer asked", Why.OUR_MISTAKE, "OUR MISTAKE"]
        runs = [t.run(cancel, by="priya", reason=reason) for reason in said]
        assert [run.reason for run in runs] == ["customer asked", "customer asked", "OUR MISTAKE", "OUR MISTAKE"]
        refused = t.run(cancel, by="priya", reason="because")
        assert (
            refused.refusal.fix == "Give one of: customer asked, OUR MISTAKE, other; with other, say it in the notes."
        )
