"""Handing over: the note at the end of a shift, for whoever comes next, and who took over from there."""

from __future__ import annotations

from firsthand.core import refusals
from firsthand.core.actors import Person
from firsthand.core.digests import say_once
from firsthand.core.journal import Journal
from firsthand.core.text import LIMITS, is_utf8


def hand_over(journal: Journal, actor: Person, words: str, at: int, once: str | None = None) -> bool:
    """Leave a note for whoever comes next; False where it was left before, under the same key.

    Raises ``Refused`` for a note without words, one that is too long, and one that is not UTF-8.
    """
    if not words.strip():
        raise refusals.note_missing()
    if not is_utf8(words):
        raise refusals.not_utf8("note")
    if len(words) > LIMITS["comment"]:
        raise refusals.too_long("note", len(words), LIMITS["comment"])
    return say_once(journal, "handed_over", words, actor=actor.id, at=at, run=None, once=once)


def take_over(journal: Journal, actor: Person, note: int, at: int) -> bool:
    """Say that one has read the note, an event's id, and goes on from there; False where one has said so before.

    Raises ``Refused`` where there is no such note.
    """
    event = journal.event(note)
    if event is None or event.kind != "handed_over":
        raise refusals.unknown_note()
    return journal.append("taken_over", actor=actor.id, at=at, run=None, data={"note": note}, once=f"note {note}")
