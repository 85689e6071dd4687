"""Processes of the service that die while they cancel an order: ``python -m ... DATABASE JOURNAL POINT ORDER``."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from firsthand.core.marking import Transaction
from firsthand.storage.journal import SqlJournal

from .service import Service

POINTS = ("recorded", "performing", "half of it done", "marked", "committed", "finished")


def dying(home: Any, name: str, *, before: bool = False, when: Callable[..., bool] = lambda *_: True) -> None:
    """Have a method kill its process, before or after it has done what it does."""
    plain = getattr(home, name)

    def replaced(*args: Any, **said: Any) -> Any:
        if before and when(*args):
            os._exit(9)
        done = plain(*args, **said)
        if when(*args):
            os._exit(9)
        return done

    setattr(home, name, replaced)


WAYS: dict[str, Callable[[Service], None]] = {
    "recorded": lambda _: dying(SqlJournal, "record"),
    "performing": lambda _: dying(SqlJournal, "step", when=lambda journal, step: step.status == "performing"),
    "half of it done": lambda service: dying(service, "pay", before=True),
    "marked": lambda _: dying(Transaction, "finish"),
    "committed": lambda _: dying(SqlJournal, "finish", before=True),
    "finished": lambda _: dying(SqlJournal, "finish"),
}
"""How a process dies at each point."""


def killed(service: Service, point: str, order: int) -> None:
    """Have a process begin to cancel an order, and die at a point."""
    command = [sys.executable, "-m", __name__, service.database, service.journal, point, str(order)]
    done = subprocess.run(command, cwd=Path(__file__).parents[3], capture_output=True, text=True, check=False)
    assert done.returncode == 9, done.stdout + done.stderr


if __name__ == "__main__":
    dies = Service(sys.argv[1], sys.argv[2])
    WAYS[sys.argv[3]](dies)
    dies.desk.run("order.cancel", {"order": sys.argv[4]}, by="priya@acme.com", reason="customer asked")
