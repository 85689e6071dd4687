"""Comments: what is said about a run afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firsthand.core import refusals
from firsthand.core.digests import say_once
from firsthand.core.errors import FirsthandError
from firsthand.core.text import LIMITS, is_utf8

if TYPE_CHECKING:
    from firsthand.core.actors import Person
    from firsthand.core.journal import Journal


def comment(journal: Journal, run: int, actor: Person, words: str, at: int, once: str | None = None) -> bool:
    """Say something about a run, which stands below it for good; every known person may.

    False where the person has said it before, under the same key.
    """
    if journal.run(run) is None:
        raise FirsthandError(f"There is no run {run}.", "Look at the newest runs.")
    check_words(words)
    return say_once(journal, "commented", words, actor=actor.id, at=at, run=run, once=once)


def check_words(words: str) -> None:
    """Refuse a comment that is empty, too long or not UTF-8."""
    if not words.strip():
        raise refusals.comment_missing()
    if not is_utf8(words):
        raise refusals.not_utf8("comment")
    if len(words) > LIMITS["comment"]:
        raise refusals.too_long("comment", len(words), LIMITS["comment"])
