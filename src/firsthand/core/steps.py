"""Steps in words: what of a text is a step to tick, and which steps of a run are ticked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

ITEM = re.compile(r" *(?:[-*+]|(\d{1,9})[.)])( +|$)")
"""The start of a list's item, with its number and the spaces after it."""

BREAK = re.compile(r" {0,3}(?:#{1,6}(?: |$)|([-*_])(?: *\1){2,} *$)")
"""A heading or a rule: the end of whatever stands before it, and no step."""

FENCE = re.compile(r" *(`{3,}|~{3,})")
BOX = re.compile(r"\[[ xX]\] +")


def steps_of(markdown: str) -> tuple[str, ...]:
    """Return the steps to tick: every item of a top-level list, or every paragraph where a text has no list."""
    blocks = [(is_item, text_of(lines)) for is_item, lines in blocks_of(markdown.expandtabs(4).splitlines())]
    items = [BOX.sub("", text, count=1) for is_item, text in blocks if is_item]
    found = items if any(items) else [text for _, text in blocks]
    return tuple(text for text in found if text)


def markdown_of(texts: Iterable[str]) -> str:
    """Return texts as a list in Markdown, one item each."""
    items = ((f"{number}. ", text.splitlines()) for number, text in enumerate(texts, 1))
    return "\n".join(mark + f"\n{' ' * len(mark)}".join(lines) for mark, lines in items)


def text_of(lines: Iterable[str]) -> str:
    """Return a block's lines as its text."""
    return "\n".join(lines).strip()


def blocks_of(lines: Iterable[str]) -> Iterator[tuple[bool, list[str]]]:
    """Yield a Markdown text's top-level items and the paragraphs around them, each with its lines."""
    block: list[str] = []
    inner = 0
    """How far an item's lines are indented; 0 in a paragraph."""
    fence = ""
    for line in lines:
        indent = len(line) - len(line.lstrip())
        outside = bool(line.strip()) and indent < inner and (block[-1] == "" or FENCE.match(line))
        item = None if fence else item_in(line, indent, inner, in_paragraph=bool(block) and not inner)
        breaks = not fence and (indent < inner or not inner) and BREAK.match(line)
        if item or breaks or (not fence and (outside or (not inner and not line.strip()))):
            yield bool(inner), block
            inner = len(item[0]) + (not item[2]) if item else 0
            block = [line[item.end() :]] if item else [] if breaks or not line.strip() else [line]
        else:
            block.append(line[min(indent, inner) :])
        if mark := FENCE.match(block[-1] if block else ""):
            fence = "" if fence and mark[1].startswith(fence) else fence or mark[1]
    yield bool(inner), block


def item_in(line: str, indent: int, inner: int, *, in_paragraph: bool) -> re.Match[str] | None:
    """Return the start of a top-level item, if a line is one; "2019. It was" within a paragraph is none."""
    item = ITEM.match(line)
    if item is None or indent >= (inner or 4) or BREAK.match(line):
        return None
    return None if in_paragraph and item[1] not in (None, "1") else item


class Noted(Protocol):
    """What ``Steps.of`` reads of an event."""

    @property
    def at(self) -> datetime:
        """When it was."""

    @property
    def kind(self) -> str:
        """What happened."""

    @property
    def actor(self) -> str | None:
        """Who did it."""

    @property
    def data(self) -> Mapping[str, Any]:
        """What more is known of it."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Who ticked a step, and when."""

    actor: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of one run of a manual action, as they stood when it began, and which are ticked, numbered from 1."""

    version: int
    texts: tuple[str, ...]
    ticks: Mapping[int, Tick]

    @classmethod
    def of(cls, events: Iterable[Noted]) -> Steps | None:
        """Return the steps that a run's events tell of, oldest event first; None where its action has code."""
        found: Steps | None = None
        ticks: dict[int, Tick] = {}
        for event in events:
            if event.kind == "performing" and "steps" in event.data:
                found = cls(int(event.data["version"]), tuple(event.data["steps"]), ticks)
            elif event.kind == "ticked" and event.data["done"]:
                ticks[event.data["step"]] = Tick(event.actor, event.at)
            elif event.kind == "ticked":
                ticks.pop(event.data["step"], None)
        return found

    @property
    def left(self) -> tuple[int, ...]:
        """The numbers of the steps that are not ticked."""
        return tuple(number for number in range(1, len(self.texts) + 1) if number not in self.ticks)

    def words(self) -> str:
        """Return what is not ticked in words: ``2 of 5 steps were not ticked.``; nothing where all are."""
        left, every = len(self.left), len(self.texts)
        return f"{left} of {every} steps {'was' if left == 1 else 'were'} not ticked." if left else ""
