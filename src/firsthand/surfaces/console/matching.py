"""How well an action fits what somebody types: its names, former ones too, its description, its tags and its owner."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

Entry = Mapping[str, Any]

EXACT, BEGINS, WORDS, WITHIN, DESCRIBED = range(5)
"""How well: it is the name; a name begins with it; words of the names do; it is within; it is in what is said of it."""


@lru_cache(maxsize=20_000)
def folded(*texts: str) -> str:
    """Return texts as they are searched, a line each; kept, since somebody who types asks again and again."""
    return "\n".join(texts).casefold()


def fitting(entries: Iterable[Entry], text: str) -> list[tuple[int, Entry]]:
    """Return the actions that fit a text, with how well, best first; ties by name."""
    wanted = " ".join(text.casefold().split())
    words = wanted.split()
    found = [(rank, entry) for entry in entries if (rank := rank_of(entry, wanted, words)) is not None]
    return sorted(found, key=lambda each: (each[0], each[1]["name"]))


def rank_of(entry: Entry, wanted: str, words: Sequence[str]) -> int | None:
    """Return how well an action fits; None where a word is nowhere."""
    names = folded(entry["name"], entry["title"], *entry["aliases"])
    if not all(word in names for word in words):
        said = folded(entry["description"], *entry["tags"], entry["owner"] or "")
        return DESCRIBED if all(word in names or word in said for word in words) else None
    lines = names.split("\n")
    if wanted in lines:
        return EXACT
    if any(line.startswith(wanted) for line in lines):
        return BEGINS
    spaced = names.replace(".", " ").replace("_", " ").replace("\n", " ")
    return WORDS if all(f" {word}" in f" {names} {spaced}" for word in words) else WITHIN
