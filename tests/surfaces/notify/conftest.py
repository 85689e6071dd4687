from collections.abc import Iterator

import pytest

from .servers import Hooks, Mailbox


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as server:
        yield server


@pytest.fixture
def hooks() -> Iterator[Hooks]:
    with Hooks() as server:
        yield server
