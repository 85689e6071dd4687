"""The sentence for the ticket reads well, whatever was said of a run."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from firsthand.core.runs import Run, Subject
from firsthand.surfaces.words import Names, sentence

NAMES = Names({"priya": "Priya"}, {"invoice.refund": "Refund invoice"})


def said(**known: Any) -> str:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    subject = Subject("invoice", "98", "", {})
    run: Run[Any] = Run(
        1, "invoice.refund", "succeeded", at, "priya", "python", "test", subjects=(subject,), value="Done.", **known
    )
    return sentence(run, NAMES)


@pytest.mark.parametrize(
    ("known", "why"),
    [
        ({"reason": "customer asked"}, ", reason: customer asked"),
        ({"reason": "customer asked", "notes": "By phone."}, ", reason: customer asked"),
        ({"reason": "other", "notes": "Moves abroad"}, ", reason: other, Moves abroad"),
        ({}, ""),
    ],
)
def test_a_reason_stands_as_it_is_and_of_other_the_notes(known: dict[str, str], why: str) -> None:
    assert said(**known) == f"Priya ran Refund invoice on invoice 98{why}; it succeeded: Done."
