"""What tests of all kinds share; that this file is here puts the folder on Python's path."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    """A Chromium. It ends with its module: while Playwright is on, a thread cannot start an event loop of its own."""
    from .chromium import launched

    with launched() as chromium:
        yield chromium
