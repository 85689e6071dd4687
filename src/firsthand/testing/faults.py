"""What is found wrong with an action."""

from __future__ import annotations


class Fault(Exception):
    """A rule that an action does not keep: what is wrong, and what to do about it."""

    def __init__(self, wrong: str, fix: str) -> None:
        super().__init__(f"{wrong} {fix}")
        self.wrong = wrong
        self.fix = fix

    @classmethod
    def of(cls, text: str) -> Fault:
        """Return the fault of a text whose first sentence says what is wrong."""
        wrong, _, fix = text.partition(". ")
        return cls(f"{wrong}.", fix)
