"""The desk that is killed: its effect is a line in a file outside the database, and it dies where POINT says.

A kill inside the author's code is done by that code; a kill between two steps is done by the pipeline's own method
being entered or left, through a subclass that changes nothing else.
"""

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firsthand import Desk
from firsthand.storage.journal import SqlJournal

POINT = os.environ.get("POINT", "")
EFFECTS = Path(os.environ["EFFECTS"])

desk = Desk("Crash", environment="test", why=["customer asked"])


def die(point: str) -> None:
    """Be killed here, if this is the point."""
    if point == POINT:
        os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class Account:
    id: int


class Session:
    pass


@desk.resource
def session() -> Iterator[Session]:
    die("opening the resource")
    yield Session()
    die("closing the resource")


@desk.subject()
def account(id: int, session: Session) -> Account | None:
    die("loading the subject")
    return Account(id)


def is_well(account: Account) -> bool:
    """The account is well."""
    die("checking the circumstances")
    return True


@desk.action("account.touch", who="support", when=is_well)
def touch(account: Account) -> str:
    """Touch an account."""
    die("in the action, before its effect")
    with EFFECTS.open("a") as file:
        file.write(f"{account.id}\n")
    die("in the action, after its effect")
    return "touched"


class Mortal(SqlJournal):
    """The real journal, in a process that dies before or after one of its commits."""

    def record(self, by: str, intent: Any, *rest: Any) -> Any:
        die("before the intent is committed")
        recorded = super().record(by, intent, *rest)
        die("after the intent is committed")
        return recorded

    def step(self, step: Any) -> bool:
        die(f"before {step.status} is committed")
        done = super().step(step)
        die(f"after {step.status} is committed")
        return done


if __name__ == "__main__":
    desk.use(Mortal(os.environ["FIRSTHAND_DATABASE"]))
    desk.run(touch, {"account": 42}, by="priya", reason="customer asked")
