"""A process that performs a batch: its effects are lines in a file outside the journal."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from itertools import count

from firsthand import Desk, Run
from firsthand.core.preflights import Preflight
from firsthand.storage.journal import SqlJournal
from firsthand.work.batches import advance

desk = Desk("Labor", why=["customer asked"])
performed: list[int] = []


def effect(run: Run[object], account: int) -> None:
    with open(os.environ["EFFECTS"], "a", encoding="utf-8") as file:
        file.write(f"{account} {run.key}\n")
    time.sleep(float(os.environ.get("SECONDS", "0")))
    performed.append(account)
    if account == int(os.environ.get("DIES_AT", "-1")) or len(performed) == int(os.environ.get("DIES_AFTER", "-1")):
        os.kill(os.getpid(), signal.SIGKILL)


@desk.action("touch.once", who="support")
def touch(run: Run[object], account: int) -> None:
    effect(run, account)


@desk.action("touch.idempotent", who="support", mode="idempotent")
def touch_again(run: Run[object], account: int) -> None:
    effect(run, account)


def is_small(account: int) -> bool:
    """The account is small."""
    if account == int(os.environ.get("LOOK_DIES_AT", "-1")):
        os.kill(os.getpid(), signal.SIGKILL)
    return account % 50 != 49


@desk.action("touch.small", who="support", when=is_small)
def touch_small(run: Run[object], account: int) -> None:
    effect(run, account)


def given(dies_at: int) -> Iterator[int]:
    """Yield accounts without end, and die at one."""
    for account in count():
        if account == dies_at:
            os.kill(os.getpid(), signal.SIGKILL)
        yield account


if __name__ == "__main__":
    journal = SqlJournal(sys.argv[1])
    desk.use(journal)
    desk.start()
    if "GIVE_DIES_AT" in os.environ:
        desk.draft_batch("touch.once", given(int(os.environ["GIVE_DIES_AT"])), by="priya", reason="customer asked")
    if "LOOKS" in os.environ:
        Preflight(desk.pipeline, journal.batches).look(1)
    while journal.batches.get(1).status == "confirmed":
        advance(desk.pipeline, journal, 1)
        journal.settle()
        time.sleep(0.02)
