"""Killing processes that perform in a Django project, at each point between the record and the effect."""

from __future__ import annotations

from .sites import Site

POINTS = ("recorded", "performing", "half of it done", "marked", "committed", "finished")

CODE = """
import sys
from collections import Counter
from django.db import connections
from firsthand.core.marking import Transaction
from firsthand.storage.journal import SqlJournal

def dying(home, name, before=False, when=lambda *args: True):
    plain = getattr(home, name)
    def replaced(*args, **said):
        if before and when(*args):
            os._exit(9)
        done = plain(*args, **said)
        if when(*args):
            os._exit(9)
        return done
    setattr(home, name, replaced)

WAYS = {
    "recorded": lambda: dying(SqlJournal, "record"),
    "performing": lambda: dying(SqlJournal, "step", when=lambda journal, step: step.status == "performing"),
    "half of it done": lambda: None,
    "marked": lambda: dying(Transaction, "finish"),
    "committed": lambda: dying(SqlJournal, "finish", before=True),
    "finished": lambda: dying(SqlJournal, "finish"),
}
user("priya", "support")
killed = {}
for point, arm in WAYS.items():
    for number in range(TIMES):
        order = Order.objects.create(number=f"{point} {number}")
        connections.close_all()
        child = os.fork()
        if not child:
            arm()
            run("order.cancel", {"order": order.pk, "note": "kill" if point == "half of it done" else ""})
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9, point
        killed[order.pk] = point
desk.start(); desk.journal.settle(); desk.verify_unknown(); desk.verify_unknown()
runs = dict(desk.journal.database.read("SELECT coalesce(subject, CAST(id AS TEXT)), status FROM runs"))
told = {}
for pk, point in killed.items():
    order = Order.objects.get(pk=pk)
    effects = (order.state, Payment.objects.filter(order=order).count())
    told.setdefault(point, Counter())[f"{runs.get(f'order:{pk}')} {effects[0]} {effects[1]}"] += 1
told = [told, len(runs), Counter(runs.values())]
"""


def killed(site: Site, times: int) -> tuple[dict[str, dict[str, int]], int, dict[str, int]]:
    """Kill a process at each point, so many times.

    Return by point how often a run ended how, with which state of its order and how many payments; how many runs
    there are, and how many of each status.
    """
    told: tuple[dict[str, dict[str, int]], int, dict[str, int]] = site.inside(f"TIMES = {times}\n{CODE}")
    return told


def expected(times: int) -> dict[str, dict[str, int]]:
    """Return what must be found: whoever was killed before the commit has done nothing, and after it all."""
    nothing, all = {"failed open 0": times}, {"succeeded cancelled 1": times}
    late = ("committed", "finished")
    return {point: all if point in late else {"None open 0": times} if point == "recorded" else nothing
            for point in POINTS}  # fmt: skip
