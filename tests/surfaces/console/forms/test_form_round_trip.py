"""For any type and any value of it: shown in a form, sent by a browser, read and parsed, it is that value again."""

import dataclasses
import datetime as dt
import enum
import uuid
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple, NotRequired

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import AnyUrl, BaseModel, Field, Json
from typing_extensions import TypedDict

from firsthand.core.inputs import Input
from firsthand.core.secrets import STARS
from firsthand.surfaces.console.forms.fields import fields_of
from firsthand.surfaces.console.forms.filling import resumed
from firsthand.surfaces.console.forms.reading import read

from .forms_seen import submitted

TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), min_size=1, max_size=30
).filter(lambda text: text != STARS)


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Line(BaseModel):
    sku: str
    count: int = 1
    gift: bool = False
    note: str | None = None


class Plain(BaseModel):
    a: int | None = None
    b: bool = True
    c: str = "x"


class Tree(BaseModel):
    name: str
    kids: list["Tree"] = []


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    barks: bool = True


class Order(BaseModel):
    lines: list[Line]
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]
    by_name: dict[str, Decimal] = {}
    when: dt.datetime | dt.date | None = None
    shipping: Plain | None = None


class Named(BaseModel):
    odd: str = Field(alias='a.b "c" <d> é 1')
    place: Annotated[int, Field(alias="7")]


class Deep(BaseModel):
    rows: list[list[dict[str, list[tuple[int, bool]]]]]


class Typed(TypedDict):
    a: int
    b: NotRequired[Line]
    c: NotRequired[bool]
    d: NotRequired[list[int]]


class Point(NamedTuple):
    x: int
    y: float = 2.5
    label: str = "here"


@dataclasses.dataclass
class Parcel:
    weight: Decimal
    sizes: tuple[int, int, int]
    tags: set[str] = dataclasses.field(default_factory=set)


DECIMALS = st.decimals(allow_nan=False, allow_infinity=False)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
ZONES = st.sampled_from([None, dt.UTC, dt.timezone(dt.timedelta(hours=5, minutes=30))])
MOMENTS = st.datetimes(min_value=dt.datetime(1000, 1, 1), max_value=dt.datetime(9999, 1, 1), timezones=ZONES)
DAYS = st.dates(min_value=dt.date(1000, 1, 1))
LENGTHS = st.timedeltas(dt.timedelta(days=-3000), dt.timedelta(days=300000))
INTS = st.integers(-(10**30), 10**30)
ANY = st.recursive(
    st.none() | st.booleans() | INTS | FLOATS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
LINES = st.builds(Line, sku=TEXT, count=INTS, gift=st.booleans(), note=st.none() | TEXT)
PLAINS = st.builds(Plain, a=st.none() | INTS, b=st.booleans(), c=TEXT | st.just(""))
PETS = st.builds(Cat, lives=INTS) | st.builds(Dog, kind=st.just("dog"), barks=st.booleans())
TREES = st.recursive(st.builds(Tree, name=TEXT), lambda kid: st.builds(Tree, name=TEXT, kids=st.lists(kid, max_size=3)))
KEYS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)

CASES = [
    (str, TEXT),
    (Annotated[str, Field(max_length=1000)], TEXT),
    (int, INTS),
    (float, FLOATS),
    (Decimal, DECIMALS),
    (Annotated[Decimal, Field(gt=0, decimal_places=2)], st.decimals(1, 1000, places=2)),
    (bool, st.booleans()),
    (str | None, st.none() | TEXT),
    (int | None, st.none() | INTS),
    (Decimal | None, st.none() | DECIMALS),
    (bool | None, st.sampled_from([None, True, False])),
    (dt.date, DAYS),
    (dt.datetime, MOMENTS),
    (dt.time, st.times(timezones=st.none())),
    (dt.timedelta, LENGTHS),
    (dt.datetime | None, st.none() | MOMENTS),
    (uuid.UUID, st.uuids()),
    (AnyUrl, st.sampled_from([AnyUrl("https://example.com/a?b=c%20d#e"), AnyUrl("mailto:luis@example.com")])),
    (Colour, st.sampled_from(Colour)),
    (Level, st.sampled_from(Level)),
    (Colour | None, st.none() | st.sampled_from(Colour)),
    (Literal["only"], st.just("only")),
    (Literal[1, "1", True, None, "", "a b"], st.sampled_from([1, "1", True, None, "", "a b"])),
    (Literal[True, False], st.booleans()),
    (list[int], st.lists(INTS, max_size=4)),
    (list[str], st.lists(TEXT, max_size=4)),
    (list[bool], st.lists(st.booleans(), max_size=4)),
    (list[int | None], st.lists(st.none() | INTS, max_size=4)),
    (list[bool | None], st.lists(st.none() | st.booleans(), max_size=4)),
    (list[Colour], st.lists(st.sampled_from(Colour), max_size=4)),
    (Annotated[list[int], Field(min_length=2, max_length=3)], st.lists(INTS, min_size=2, max_size=3)),
    (list[list[int]], st.lists(st.lists(INTS, max_size=3), max_size=3)),
    (list[Line], st.lists(LINES, max_size=4)),
    (list[Plain], st.lists(PLAINS, max_size=4)),
    (list[Plain | None], st.lists(st.none() | PLAINS, max_size=4)),
    (list[int] | None, st.none() | st.lists(INTS, max_size=3)),
    (set[int], st.sets(INTS, max_size=4)),
    (frozenset[str], st.frozensets(TEXT, max_size=4)),
    (set[Colour], st.sets(st.sampled_from(Colour))),
    (set[Literal[1, 2]] | None, st.none() | st.sets(st.sampled_from([1, 2]))),
    (tuple[int, str, bool], st.tuples(INTS, TEXT | st.just(""), st.booleans())),
    (tuple[int, ...], st.lists(INTS, max_size=4).map(tuple)),
    (tuple[Line, int | None], st.tuples(LINES, st.none() | INTS)),
    (Point, st.builds(Point, INTS, FLOATS, TEXT)),
    (dict[str, int], st.dictionaries(KEYS, INTS, max_size=4)),
    (dict[int, Line], st.dictionaries(INTS, LINES, max_size=3)),
    (dict[str, list[bool]], st.dictionaries(KEYS, st.lists(st.booleans(), max_size=3), max_size=3)),
    (dict[Literal["a", "b"], str | None], st.dictionaries(st.sampled_from(["a", "b"]), st.none() | TEXT)),
    (int | str, INTS | st.text(st.characters(categories=["L"]), min_size=1)),
    (int | float, INTS | FLOATS),
    (bool | int | None, st.none() | st.booleans() | INTS),
    (int | Decimal, INTS | DECIMALS),
    (dt.datetime | dt.date, MOMENTS | DAYS),
    (dt.date | dt.datetime | None, st.none() | MOMENTS | DAYS),
    (list[int] | list[Colour], st.lists(INTS, min_size=1) | st.lists(st.sampled_from(Colour), min_size=1)),
    (int | Line | list[Line], INTS | LINES | st.lists(LINES, max_size=2)),
    (Annotated[Cat | Dog, Field(discriminator="kind")], PETS),
    (Cat | Dog | None, st.none() | PETS),
    (Line | None, st.none() | LINES),
    (Line, LINES),
    (Plain, PLAINS),
    (Tree, TREES),
    (
        Deep,
        st.builds(
            Deep,
            rows=st.lists(
                st.lists(
                    st.dictionaries(KEYS, st.lists(st.tuples(INTS, st.booleans()), max_size=2), max_size=2), max_size=2
                ),
                max_size=2,
            ),
        ),
    ),
    (Named, st.builds(lambda odd, n: Named(**{'a.b "c" <d> é 1': odd, "7": n}), TEXT, INTS)),
    (
        Typed,
        st.fixed_dictionaries(
            {"a": INTS}, optional={"b": LINES, "c": st.booleans(), "d": st.lists(INTS, min_size=1, max_size=2)}
        ),
    ),
    (Parcel, st.builds(Parcel, DECIMALS, st.tuples(INTS, INTS, INTS), st.sets(TEXT, max_size=3))),
    (
        Order,
        st.builds(
            Order,
            lines=st.lists(LINES, max_size=3),
            pet=PETS,
            by_name=st.dictionaries(KEYS, DECIMALS, max_size=2),
            when=st.none() | MOMENTS | DAYS,
            shipping=st.none() | PLAINS,
        ),
    ),
    (Any, ANY),
    (dict, st.dictionaries(KEYS, ANY, max_size=3)),
    (list, st.lists(ANY, max_size=3)),
    (Json[list[int]], st.lists(INTS, max_size=3)),
]


@pytest.mark.parametrize(("annotation", "values"), CASES, ids=[str(each) for each, _ in CASES])
def test_a_value_comes_back_as_it_was(annotation, values):
    one = Input("given", annotation)
    fields = fields_of([one.describe()])

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
    @given(values)
    def there_and_back(value):
        recorded = one.masked(value)
        reading = read(fields, submitted(fields, resumed(fields, {"given": recorded})))
        assert reading.faults == []
        assert same(one.parse(reading.inputs["given"]), value)

    there_and_back()


def same(one, other):
    """Equal, and of one type: True is not 1."""
    if type(one) is not type(other):
        return False
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    return one == other


@settings(max_examples=40, deadline=None, database=None, derandomize=True)
@given(ANY, TEXT)
@example("\nfirst line empty", "\n\n")
def test_json_and_texts_with_line_ends_come_back_as_they_were(value, text):
    inputs = [Input("value", Any), Input("text", str)]
    fields = fields_of([each.describe() for each in inputs])
    reading = read(fields, submitted(fields, resumed(fields, {"value": value, "text": text})))
    assert reading.inputs == {"value": value, "text": text}
