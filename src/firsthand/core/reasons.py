"""Why an action is performed: its own list, and ``other``, always, with notes that say something."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from firsthand.core import refusals
from firsthand.core.text import LIMITS

OTHER = "other"


@dataclass(frozen=True, slots=True)
class Reasons:
    """The reasons of one action, in its author's order, ``other`` last; ``said``: whether anybody said any, or none."""

    listed: tuple[str, ...]
    said: bool = True

    @classmethod
    def of(cls, why: Iterable[str | Enum] | type[Enum] | str | None) -> Reasons:
        """Make them of what an author wrote: strings, members of an enum, or the enum itself."""
        given = (why,) if isinstance(why, str) else tuple(why or ())
        names = dict.fromkeys(name_of(each) for each in given)
        names.pop(OTHER, None)
        return cls((*names, OTHER), said=why is not None)

    def settle(self, reason: str | None, notes: str | None) -> str:
        """Return the reason as recorded, or refuse: none given, one that is not listed, ``other`` without notes."""
        if reason is None and self.listed == (OTHER,):
            reason = OTHER
        if not reason:
            raise refusals.reason_missing(self.listed)
        if reason not in self.listed:
            raise refusals.reason_unknown(reason, self.listed)
        if reason == OTHER and not says_something(notes):
            raise refusals.notes_missing(self.listed)
        return reason


def name_of(reason: str | Enum) -> str:
    """Return a reason's name: a member of an enum goes by its value where that is a text, else by its name."""
    if isinstance(reason, Enum):
        return reason.value if isinstance(reason.value, str) else reason.name.replace("_", " ")
    return reason


def says_something(notes: str | None) -> bool:
    """Say whether notes are more than a full stop: letters or digits, three at least, or two of a denser script."""
    letters = [character for character in notes or "" if character.isalnum()]
    return len(set(letters)) > 1 and sum(1 if letter.isascii() else 2 for letter in letters) >= 3


def check_notes(notes: str | None) -> None:
    """Refuse notes that are too long."""
    if notes and len(notes) > LIMITS["notes"]:
        raise refusals.too_long("notes", len(notes), LIMITS["notes"])
