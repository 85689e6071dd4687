"""Values that are made for a schema are values of its type."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, HttpUrl, Secret, SecretBytes, SecretStr, TypeAdapter

from firsthand import File
from firsthand.core.secrets import reveal
from firsthand.testing.values import Unmade, Values


class Colour(Enum):
    RED = "red"


class Item(BaseModel):
    name: Annotated[str, Field(min_length=20)]
    count: Annotated[int, Field(ge=3)]
    note: str = ""
    more: "list[Item]" = []


class Tree(BaseModel):
    code: SecretStr | None = None
    branches: "list[Tree]"
    roots: "Tree | None" = None


class Endless(BaseModel):
    next: "Endless"


class Card(BaseModel):
    number: SecretStr
    pin: SecretStr | None = None
    holder: str


TYPES = [
    str, int, float, bool, Decimal, date, datetime, time, timedelta, UUID, HttpUrl, Colour, Item, File,
    Literal["a", "b"], list[int], Annotated[list[Item], Field(min_length=2)], tuple[int, str], dict[str, int],
    Item | None, int | str, Annotated[str, Field(max_length=3)], Annotated[str, Field(min_length=200)],
    Annotated[Decimal, Field(gt=0, le=Decimal("0.5"), decimal_places=2)], Annotated[int, Field(lt=-3)],
    Annotated[int, Field(gt=4, multiple_of=5)], Annotated[str, Field(pattern="^x$", examples=["x"])], set[str],
    Annotated[SecretStr, Field(min_length=30)], SecretBytes, Secret[int], Card, Tree,
    list[Tree],
]  # fmt: skip


@pytest.mark.parametrize("kind", TYPES, ids=str)
def test_a_value_is_made_that_its_type_takes(kind: Any):
    adapter = TypeAdapter(kind)
    made = Values.of(adapter.json_schema())
    adapter.validate_python(made)


@given(st.integers(-50, 50), st.integers(0, 20), st.booleans())
def test_a_number_lies_between_its_bounds(low: int, room: int, exclusive: bool):
    bounds = {"gt": low - 1, "lt": low + room + 1} if exclusive else {"ge": low, "le": low + room}
    for kind in (int, float, Decimal):
        adapter = TypeAdapter(Annotated[kind, Field(**bounds)])  # type: ignore[call-overload,valid-type]
        adapter.validate_python(Values.of(adapter.json_schema()))


@given(st.integers(0, 40), st.integers(0, 40))
def test_a_text_is_as_long_as_it_may_be(least: int, more: int):
    adapter = TypeAdapter(Annotated[str, Field(min_length=least, max_length=least + more)])
    adapter.validate_python(Values.of(adapter.json_schema()))


def test_all_that_is_secret_is_made_like_no_other_and_long_enough_to_be_looked_for():
    adapter = TypeAdapter(Card)
    first, second = (adapter.validate_python(Values.of(adapter.json_schema())) for _ in range(2))
    secrets = [str(each) for card in (first, second) for each in reveal(card)]
    assert len(set(secrets)) == 4
    assert all(len(each) == 24 for each in secrets)
    named = TypeAdapter(dict[str, SecretStr])
    assert len(list(reveal(named.validate_python(Values.of(named.json_schema()))))) == 1


@pytest.mark.parametrize(
    ("kind", "told"),
    [(Annotated[str, Field(pattern="^x$")], "matches"), (Any, "does not tell"), (Endless, "has itself")],
)
def test_what_cannot_be_made_is_said(kind: Any, told: str):
    with pytest.raises(Unmade, match=told):
        Values.of(TypeAdapter(kind).json_schema())
