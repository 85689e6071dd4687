"""Where a process is killed, between the steps and inside of them, and what must have become of its run then.

A point that is "within the commit" of something is, on SQLite, after its statements and before COMMIT. On PostgreSQL a
statement that is a transaction of its own has been sent, and nobody reads the answer; of several statements COMMIT has
been sent so every second time.
"""

from __future__ import annotations

from typing import NamedTuple

POINTS = {
    "before the intent is committed": "K0: the request was read, nothing is on record",
    "within the commit of the intent": "K1: it is written, or sent, and not known to be committed",
    "after the intent is committed": "K2: it is on record, and the caller has heard nothing of it",
    "before queueing is committed": "in the background: it was checked, and is not queued yet",
    "within the commit of queueing": "in the background",
    "after queueing is committed": "in the background: it waits, and the caller has heard nothing of it",
    "before taking rows is committed": "K13, in a batch: none of the next rows has a run yet",
    "within the commit of taking rows": "K13, in a batch",
    "after taking rows is committed": "K13, in a batch: rows have runs, which this process holds",
    "before claiming is committed": "in the background: a worker is about to claim it",
    "within the commit of claiming": "in the background",
    "after claiming is committed": "K5: a worker has claimed it, and has not begun",
    "loading the subject": "K3: the actor is authorized, the resource is open",
    "checking the circumstances": "K6",
    "before performing is committed": "K6: every check holds",
    "within the commit of performing": "between K6 and K7",
    "after performing is committed": "K7: the author's function is called next",
    "before the effect": "K8: in the author's function, nothing done yet",
    "after the effect": "K9, K8 for transactional: in the author's function, which has done it",
    "closing the resource": "K9, K8 for transactional: it has returned; its transaction is about to be committed",
    "within the commit of the effect": "K10 for transactional: COMMIT is sent to the author's PostgreSQL",
    "after the resource is closed": "K9: its transaction is committed, the outcome is not recorded",
    "before the outcome is committed": "K9",
    "within the commit of the outcome": "K10: sent, and the answer not read",
    "after the outcome is committed": "K11: it is on record, and the caller has heard nothing of it",
    "before its fate is committed": "settling: it is found that the process of a run is dead",
    "within the commit of its fate": "settling",
    "after its fate is committed": "settling: it is unknown, or waits, or has failed",
    "before settling is committed": "settling: verify=, or the mark, has told whether it happened",
    "within the commit of settling": "settling",
    "after settling is committed": "settling: that is on record",
}
"""What each point is, and which of B7 in the research that is. K4 (approvals) and K12 (seals) are not built."""

ORDER = list(POINTS)
AROUND_CLOSE = ["closing the resource", "within the commit of the effect", "after the resource is closed"]
INTENT, QUEUEING, TAKING, CLAIMING = ORDER[:3], ORDER[3:6], ORDER[6:9], ORDER[9:12]
NOTHING = INTENT[:2]
PERFORMING = ORDER[14:17]
TOGETHER, FATE, SETTLING = ORDER[-9:-6], ORDER[-6:-3], ORDER[-3:]
"""Points that a batch comes to but once, where its runs' outcomes are recorded together."""

WAYS = ("now", "background", "batch", "settling")
"""How a run comes to be performed: by its caller, by a worker that claims it, or as a row in the middle of a batch.

In the last its caller is killed before the effect, and whoever then sees to that is killed, too.
"""

ABSENT = {
    "now": QUEUEING + TAKING + CLAIMING + FATE + SETTLING,
    "background": INTENT + TAKING + FATE + SETTLING,
    "batch": INTENT + QUEUEING + CLAIMING + FATE + SETTLING,
    "settling": [point for point in ORDER[:-6] if point not in AROUND_CLOSE],
}
"""Points that a run does not come to on its way, or to no purpose."""

ROWS = 5
"""Rows of a batch; the third of them is killed."""


class Kind(NamedTuple):
    """What is killed: a journal's database, the mode of its action, and where a transactional effect is.

    ``verified`` is ``once`` with a ``verify=``. ``books`` is ``own`` for the journal's own database, ``sqlite`` or
    ``postgresql`` for another one, with the table of marks.
    """

    database: str
    mode: str
    books: str = ""

    @property
    def shared(self) -> bool:
        """Whether effect and outcome are one transaction of one file."""
        return self.database == "sqlite" and self.books == "own"

    def __str__(self) -> str:
        where = {"own": " in the journal's database", "sqlite": " in a SQLite", "postgresql": " in another PostgreSQL"}
        return f"{self.mode}{where.get(self.books, '')}"


KINDS = [
    *(Kind(database, mode) for database in ("sqlite", "postgresql") for mode in ("once", "verified", "idempotent")),
    Kind("sqlite", "transactional", "own"), Kind("sqlite", "transactional", "sqlite"),
    Kind("sqlite", "transactional", "postgresql"), Kind("postgresql", "transactional", "own"),
    Kind("postgresql", "transactional", "postgresql"),
]  # fmt: skip


def points_of(kind: Kind, way: str) -> list[str]:
    """Return the points at which a run of a kind can be killed on its way."""
    absent = {*ABSENT[way]}
    if not on_server(kind):
        absent.add("within the commit of the effect")
    if kind.shared:  # these steps are committed with the effect
        absent |= {*PERFORMING[::2], *TOGETHER[::2]}
    if way == "batch" and kind.mode == "idempotent":  # its rows are performing as soon as they have runs
        absent |= {*PERFORMING}
    if way == "settling" and (kind.shared or kind.mode != "transactional"):
        absent |= {*AROUND_CLOSE} if kind.mode == "verified" else {*AROUND_CLOSE, *SETTLING}
    return [point for point in ORDER if point not in absent]


def on_server(kind: Kind) -> bool:
    """Say whether the effect is a row on a PostgreSQL server."""
    return kind.books == "postgresql" or kind == Kind("postgresql", "transactional", "own")


def hit(kind: Kind, way: str, point: str) -> int:
    """Return at which time that a point is come to it is deadly: in a batch at its third row."""
    together = kind.mode != "transactional" and point in TOGETHER
    return 3 if way == "batch" and point not in TAKING and not together else 1


def fates(kind: Kind, way: str, point: str) -> set[tuple[str | None, int]]:
    """Return how a run may stand that was killed at a point, with how many effects; None where there is none.

    What was sent to a server, and not answered, may have come about or not.
    """
    if way == "settling":
        return {promised(kind, worked=False, happened=False)}
    if kind.database == "postgresql" and "within" in point and point != "within the commit of the effect":
        at = ORDER.index(point)
        return {fate(kind, way, ORDER[at - 1]), fate(kind, way, ORDER[at + 1])}
    return {fate(kind, way, point)}


def fate(kind: Kind, way: str, point: str) -> tuple[str | None, int]:
    """Return how a run must stand that was killed at a point, once a worker has seen to it."""
    if point in NOTHING:
        return None, 0
    at, worked = ORDER.index(point), way != "now"
    if way == "background" and at < ORDER.index("after queueing is committed"):
        return "failed", 0
    if at <= ORDER.index("within the commit of performing"):
        return ("succeeded", 1) if worked else ("failed", 0)
    if point == "after the outcome is committed":
        return "succeeded", 1
    return promised(kind, worked=worked, happened=has_happened(kind, point))


def has_happened(kind: Kind, point: str) -> bool:
    """Say whether the effect has happened for good by then; a shared transaction is committed after the outcome."""
    if kind.shared:
        return point == "after the resource is closed"
    first = "within the commit of the effect" if kind.mode == "transactional" else "after the effect"
    return ORDER.index(point) >= ORDER.index(first)


def promised(kind: Kind, *, worked: bool, happened: bool) -> tuple[str | None, int]:
    """Return what a mode promises of a run whose process died while it performed."""
    if kind.mode == "once":
        return "unknown", int(happened)
    if kind.mode == "idempotent":
        return "succeeded", 1 + happened
    if happened or (worked and kind.mode == "transactional"):
        return "succeeded", 1
    return "failed", 0
