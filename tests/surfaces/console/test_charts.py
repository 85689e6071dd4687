"""Charts: lengths that are the numbers', links, and text that stays text."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree

import pytest

from firsthand.surfaces.console import charts
from firsthand.surfaces.console.charts import Bar, lying, over_time, paired, scale

CLASSES = ("s-green", "s-red")
HOSTILE = '</title><script>alert("1")</script>\x1b\u202e'


def bars(*parts: tuple[int, int]) -> list[Bar]:
    return [Bar(str(place), f"bar {place}", f"/?day={place}&x=1", each) for place, each in enumerate(parts)]


def drawn(*given: Bar) -> ElementTree.Element:
    return ElementTree.fromstring(over_time("it", "Runs", "Some runs.", given, CLASSES))


def found(root: ElementTree.Element, name: str) -> list[float]:
    return [float(each.get("height", 0)) for each in root.iter("rect") if each.get("class") == name]


@pytest.mark.parametrize(
    ("most", "end", "step"),
    [(0, 1, 1), (1, 1, 1), (3, 3, 1), (4, 4, 1), (5, 6, 2), (9, 10, 5), (40, 40, 10), (41, 60, 20), (98, 100, 25),
     (1_284, 1_500, 500), (10**15 + 1, 10**15 + 5 * 10**14, 5 * 10**14)],
)  # fmt: skip
def test_a_scale_has_at_most_four_steps_of_round_numbers_and_holds_the_highest_bar(most, end, step):
    assert scale(most) == (end, step)


def test_scales_never_fall_short():
    for most in range(3_000):
        end, step = scale(most)
        assert end >= most
        assert end % step == 0
        assert end // step <= 4


def test_each_part_is_as_high_as_its_number_and_an_empty_one_is_not_drawn():
    root = drawn(*bars((30, 10), (0, 0), (20, 0)))
    assert found(root, "s-green") == [charts.HEIGHT * 30 / 40, charts.HEIGHT * 20 / 40]
    assert found(root, "s-red") == [charts.HEIGHT * 10 / 40]
    assert len(found(root, "hit")) == 3


def test_each_bar_is_a_link_that_says_what_it_is():
    links = list(drawn(*bars((1, 0), (2, 2))).iter("a"))
    assert [each.get("href") for each in links] == ["/?day=0&x=1", "/?day=1&x=1"]
    assert [each.get("aria-label") for each in links] == ["bar 0", "bar 1"]


def test_the_chart_has_a_name_and_a_description():
    root = drawn(*bars((1, 0)))
    assert root.get("aria-labelledby") == "it-t it-d"
    assert (root.findtext("title"), root.findtext("desc")) == ("Runs", "Some runs.")


def test_bars_stand_beside_each_other_and_none_sticks_out():
    for number in (1, 2, 7, 31, 92):
        root = drawn(*bars(*[(1, 1)] * number))
        each = [rect for rect in root.iter("rect") if rect.get("class") == "s-green"]
        spans = [(float(rect.get("x", "0")[:-1]), float(rect.get("width", "0")[:-1])) for rect in each]
        assert len(spans) == number
        assert all(x + wide <= after for (x, wide), (after, _) in pairwise(spans))
        assert sum(spans[-1]) <= 100


@pytest.mark.parametrize("number", [1, 4, 5, 6, 7, 13, 30, 31, 52, 90, 92, 104])
def test_labels_are_few_and_apart(number):
    root = drawn(*bars(*[(1, 0)] * number))
    x = [float(each.get("x", "0")[:-1]) for each in root.iter("text") if each.get("aria-hidden")]
    assert 1 <= len(x) <= charts.LABELS
    assert all(after - before > 12 for before, after in pairwise(x))
    assert number <= charts.LABELS or x[-1] < 92


def test_hostile_text_stays_text():
    html = over_time("it", HOSTILE, HOSTILE, [Bar(HOSTILE, HOSTILE, f'/?x="{HOSTILE}', (1, 1))], CLASSES)
    assert "<script" not in html
    assert "\x1b" not in html.replace("href", "")[: html.index("href")]
    root = ElementTree.fromstring(html.replace("\x1b", ""))
    assert not [each for each in root.iter() if each.tag.endswith("script")]
    assert "\\u202e" in (root.findtext("title") or "")


def test_nothing_is_a_chart_too():
    assert found(drawn(), "hit") == []
    assert "rect" not in lying((0, 0), 1, CLASSES)


def test_what_lies_is_as_long_as_its_share():
    root = ElementTree.fromstring(lying((30, 10), 80, CLASSES))
    assert [(each.get("x"), each.get("width")) for each in root] == [("0%", "37.5%"), ("37.5%", "12.5%")]
    pair = ElementTree.fromstring(paired(0.4, 0.1, 0.5))
    assert [each.get("width") for each in pair] == ["80%", "20%"]
