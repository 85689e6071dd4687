"""What is filled in in a form, before it means anything: texts and files at their places, within limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import IO, Protocol

from firsthand.core.errors import FirsthandError
from firsthand.surfaces.console.forms.fields import segments_of

SPACE = "inputs"
"""What the names of all fields start with: inputs have a space of their own."""

MOST_FIELDS = 2_000
DEEPEST = 20
MOST_ROWS = 1_000


class Upload(Protocol):
    """A file as a form sends it, such as Starlette's ``UploadFile``."""

    @property
    def filename(self) -> str | None:
        """Its name; none where no file was chosen."""

    @property
    def content_type(self) -> str | None:
        """Its media type, as the browser says."""

    @property
    def file(self) -> IO[bytes]:
        """Its content."""


Said = str | Upload


class FormTooLarge(FirsthandError):
    """A form has more fields, rows or levels than any form of ours; nothing of it was read."""


@dataclass(slots=True)
class Entry:
    """What is filled in at one place, and at the places below it by their segments."""

    said: list[Said] = field(default_factory=list)
    below: dict[str, Entry] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The last text that was said; a box that is sent twice is what it was sent as last."""
        return next((each for each in reversed(self.said) if isinstance(each, str)), "")

    @property
    def upload(self) -> Upload | None:
        """The file that was chosen, if any."""
        return next((each for each in reversed(self.said) if not isinstance(each, str) and each.filename), None)

    def at(self, *segments: str) -> Entry:
        """Return the entry at a place below, an empty one where nothing is said."""
        found = self
        for segment in segments:
            found = found.below.get(segment, NOTHING)
        return found

    def made(self, *segments: str) -> Entry:
        """Return the entry at a place below, made where there is none."""
        found = self
        for segment in segments:
            found = found.below.setdefault(segment, Entry())
        return found

    def put(self, segment: str, entry: Entry) -> None:
        """Replace what is filled in at a place below."""
        self.below[segment] = entry

    def rows(self) -> list[tuple[str, Entry]]:
        """Return the rows of a list or a mapping in their order, with the numbers that they go by in the form."""
        numbers = sorted(int(each) for each in self.below if each.isascii() and each.isdecimal() and len(each) < 20)
        if len(numbers) > MOST_ROWS or (numbers and numbers[-1] > MOST_ROWS):
            raise FormTooLarge(
                f"A list of this form has a row beyond number {MOST_ROWS:,}.",
                "Send it in several parts, or from a terminal.",
            )
        return [(str(n), self.below[str(n)]) for n in numbers if str(n) in self.below]

    def everything(self, place: str = "") -> Iterator[tuple[str, Said]]:
        """Yield all that says something, with its place."""
        for each in self.said:
            if each if isinstance(each, str) else each.filename:
                yield place, each
        for segment, entry in self.below.items():
            yield from entry.everything(f"{place}.{segment}")


NOTHING = Entry()


def entered(pairs: Iterable[tuple[str, Said]]) -> Entry:
    """Return what was posted for the inputs, from the form's names and values; other fields are left aside."""
    root = Entry()
    for number, (name, value) in enumerate(pairs):
        if number >= MOST_FIELDS:
            raise FormTooLarge(
                f"This form has more than {MOST_FIELDS:,} fields.", "Send it in several parts, or from a terminal."
            )
        if name.startswith(f"{SPACE}."):
            segments = segments_of(name)[1:]
            if len(segments) > DEEPEST:
                raise FormTooLarge(
                    f"A field of this form is more than {DEEPEST} levels deep.", "Give that part as JSON."
                )
            root.made(*segments).said.append(value)
    return root


def with_row(entry: Entry, name: str, row: Entry) -> Entry:
    """Add a row to the list at a name, after its last; the entry is changed and returned."""
    place = entry.made(*segments_of(name)[1:])
    numbers = [int(number) for number, _ in place.rows()]
    place.put(str(max(numbers, default=-1) + 1), row)
    return entry


def without_row(entry: Entry, name: str) -> Entry:
    """Take the row at a name out of its list; the entry is changed and returned."""
    *place, number = segments_of(name)[1:] or [""]
    entry.at(*place).below.pop(number, None)
    return entry


def plain(entry: Entry) -> object:
    """Return what is filled in at a place that no field is for, as the core can name it."""
    if entry.below:
        return {segment: plain(each) for segment, each in entry.below.items()}
    return entry.text
