"""What an action did in a session of SQLAlchemy and the record of it are one commit, wherever a process is killed."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import select
from sqlalchemy.orm import Session

from .killing import POINTS, killed
from .service import Order, Service

LATE = ("committed", "finished")


def test_effect_and_record_are_there_or_neither_wherever_a_process_is_killed(service: Service) -> None:
    for order, point in enumerate(POINTS, 1):
        killed(service, point, order)
    desk = service.desk
    desk.start()
    desk.journal.settle()
    desk.verify_unknown()
    statuses = Counter(status for (status,) in desk.journal.database.read("SELECT status FROM runs"))
    assert statuses == {"failed": len(POINTS) - len(LATE), "succeeded": len(LATE)}
    assert service.done() == (len(LATE), len(LATE))
    with Session(service.engine) as session:
        states = dict(session.execute(select(Order.id, Order.state)).all())  # type: ignore[arg-type]
    for order, point in enumerate(POINTS, 1):
        assert states[order] == ("cancelled" if point in LATE else "open"), point
    for order in (1, 3):
        assert (
            desk.run("order.cancel", {"order": order}, by="priya@acme.com", reason="customer asked").outcome
            == "succeeded"
        )
