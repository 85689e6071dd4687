"""Charts as SVG, drawn on the server: lengths are shares of whatever width there is, so that words keep their size.

Whatever is put into one is escaped here. Colours are classes of the style sheet; the numbers stand in a table beside.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from markupsafe import Markup, escape

from firsthand.surfaces.words import safe

HEIGHT = 150
"""Pixels from the ground to where the scale ends."""

OVER, UNDER = 8, 22
"""Pixels for half a line of words above the scale, and for the words under the bars."""

LABELS, FEW_LABELS = 5, 4
"""Labels under a chart, and under a small one, at most: as many as a telephone has room for."""

GAP = 0.22
"""Part of a bar's place that is left free."""

STEPS = (1, 2, 2.5, 5)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart: its label, what it says in full, where it leads, and its parts from the ground up."""

    label: str
    title: str
    href: str
    parts: tuple[int, ...]


# Over time


def over_time(
    id: str, title: str, description: str, bars: Sequence[Bar], classes: Sequence[str], height: int = HEIGHT
) -> Markup:
    """Return bars that stand side by side, each a link; ``classes`` colour their parts, from the ground up.

    Links in it are told to whoever listens, but no stops for the keyboard: the table beside has the same.
    """
    most, step = scale(max((sum(bar.parts) for bar in bars), default=0))
    drawn = [*grid(most, step, height)]
    drawn += [link(bar, place, 100 / len(bars), height / most, classes, height) for place, bar in enumerate(bars)]
    drawn += labels(bars, height + 16, LABELS if height >= HEIGHT else FEW_LABELS)
    name = escape(id)
    return Markup(  # noqa: S704 - every part is escaped
        f'<svg class="chart time" height="{OVER + height + UNDER}" role="group" aria-labelledby="{name}-t {name}-d">'
        f'<title id="{name}-t">{told(title)}</title><desc id="{name}-d">{told(description)}</desc>'
        f'<svg y="{OVER}" height="{height + UNDER}" overflow="visible">{"".join(drawn)}</svg></svg>'
    )


def scale(most: int) -> tuple[int, int]:
    """Return where a scale for numbers up to ``most`` ends, and the round step between its lines: four at most."""
    steps = (each * 10**power for power in range(20) for each in STEPS)
    step = next(int(each) for each in steps if each * 4 >= most and each == int(each))
    return max(-(-most // step), 1) * step, step


def grid(most: int, step: int, height: int) -> Iterator[str]:
    """Yield the lines behind the bars, each with its number."""
    for value in range(0, most + 1, step):
        y = at(height - value / most * height)
        yield f'<line class="grid" x1="0" x2="100%" y1="{y}" y2="{y}"/>'
        yield f'<text x="-8" y="{y}" dy="3.5" text-anchor="end">{value:,}</text>'


def link(bar: Bar, place: int, wide: float, scaled: float, classes: Sequence[str], height: int) -> str:
    """Return a bar that leads to its runs; the whole height of its place can be pressed."""
    drawn = f'<rect class="hit" x="{at(place * wide)}%" width="{at(wide)}%" y="0" height="{height}"/>'
    x, width = at((place + GAP / 2) * wide), at((1 - GAP) * wide)
    for low, high, name in stretches(bar.parts, classes):
        y, tall = at(height - high * scaled), at((high - low) * scaled)
        drawn += f'<rect class="{name}" x="{x}%" width="{width}%" y="{y}" height="{tall}"/>'
    said = told(bar.title)
    return f'<a href="{escape(bar.href)}" tabindex="-1" aria-label="{said}"><title>{said}</title>{drawn}</a>'


def labels(bars: Sequence[Bar], y: int, most: int) -> Iterator[str]:
    """Yield the labels of some of the bars, evenly apart: at most so many, and none that would stick out."""
    every = -(-len(bars) // most) or 1
    anchor, shift = ("middle", 0.5) if every == 1 else ("start", GAP / 2)
    for place in range(0, len(bars) - every // 2, every):
        x = at((place + shift) * 100 / len(bars))
        yield f'<text x="{x}%" y="{y}" text-anchor="{anchor}" aria-hidden="true">{told(bars[place].label)}</text>'


# In the cells of tables: the number stands beside


def lying(values: Sequence[int], most: float, classes: Sequence[str]) -> Markup:
    """Return a bar whose parts lie one after the other, as long as their share of ``most``."""
    drawn = [rect(name, low / most, (high - low) / most, 0, 8) for low, high, name in stretches(values, classes)]
    return small("".join(drawn))


def paired(share: float, expected: float, most: float) -> Markup:
    """Return two bars that lie, a share above the one that was to be expected."""
    return small(rect("s-blue", 0, share / most, 0, 6) + rect("s-grey", 0, expected / most, 8, 4), " two")


def rect(name: str, start: float, wide: float, top: int, tall: int) -> str:
    """Return a part of a bar that lies, by shares of the width."""
    return f'<rect class="{name}" x="{at(start * 100)}%" width="{at(wide * 100)}%" y="{top}" height="{tall}"/>'


def small(drawn: str, more: str = "") -> Markup:
    """Return a small chart, which only repeats in a picture what stands beside it."""
    return Markup(f'<svg class="lie{more}" aria-hidden="true" focusable="false">{drawn}</svg>')  # noqa: S704 - our own


# What both have


def stretches(values: Sequence[int], classes: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Yield where each part begins and ends that is not empty, with its class."""
    for (low, high), name in zip(pairwise(accumulate(values, initial=0)), classes, strict=True):
        if high > low:
            yield low, high, name


def at(value: float) -> str:
    """Return a length with two places at most."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def told(value: str) -> str:
    """Return text escaped, control characters spelt out."""
    return str(escape(safe(value)))
