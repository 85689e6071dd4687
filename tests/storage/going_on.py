"""A process that performs runs and reads when it is told to, line by line: an older version that an upgrade meets."""

import sys

from firsthand import Desk, FirsthandError
from firsthand.followers.tally import Tally
from firsthand.storage.history import Filter
from firsthand.storage.journal import SqlJournal

desk = Desk("Acme", why=["customer asked"])


@desk.action("account.touch", who="support")
def touch(n: int) -> int:
    """Touch it."""
    return n


def perform(journal: SqlJournal) -> int:
    """Perform some runs, in all ways of writing, and return how many there are."""
    for n in range(5):
        assert desk.run("account.touch", {"n": n}, by="priya", reason="customer asked").status == "succeeded"
    desk.run_all("account.touch", [{"n": n} for n in range(5)], by="priya", reason="customer asked")
    assert Tally(journal).advance(5)
    return len(journal.history.feed(Filter(), 1_000))


if __name__ == "__main__":
    journal = SqlJournal(sys.argv[1])
    desk.use(journal)
    for _ in sys.stdin:
        try:
            print(perform(journal), flush=True)
        except FirsthandError as error:
            print(type(error).__name__, error, flush=True)
