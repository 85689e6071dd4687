"""A second desk of the project, on a journal of its own."""

from firsthand.integrations.django import Desk

second = Desk("Back office", database="sqlite:///second.db", why=["audit"])


@second.action(who="staff")
def count(n: int = 1) -> int:
    """Count."""
    return n
