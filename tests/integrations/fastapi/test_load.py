"""Several browsers at once for a few seconds: nothing is lost or doubled, and every connection is given back."""

from __future__ import annotations

import threading
import time
from collections import Counter

from sqlalchemy.orm import Session

from firsthand.integrations.fastapi import mount

from ..django.served import Visitor
from .service import Order, Service, serving

CLIENTS, SECONDS, ORDERS = 8, 3.0, 400


def test_nothing_is_lost_or_doubled_and_the_pool_has_its_connections_back(service: Service) -> None:
    with Session(service.engine) as session, session.begin():
        session.add_all(Order(id=id) for id in range(11, ORDERS + 1))
    mount(service.app, service.desk, "/support", identify=service.by_cookie(), id=lambda user: user.email)
    answers: Counter[int] = Counter()
    left, guard, until = iter(range(1, ORDERS + 1)), threading.Lock(), time.monotonic() + SECONDS

    def client() -> None:
        visitor = Visitor(port)
        visitor.ask("POST", "/sign-in/priya@acme.com", {})
        while time.monotonic() < until:
            with guard:
                order = next(left, None)
            if order is None:
                return
            status = visitor.perform("order.cancel", order=order)[0]
            with guard:
                answers[status] += 1

    with serving(service.app) as port:
        threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert service.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    performed = answers[303]
    print(f"{performed} runs in {SECONDS} s by {CLIENTS} browsers")
    assert performed > CLIENTS
    assert answers == {303: performed}
    assert service.done() == (performed, performed)
    runs = service.desk.journal.database.read("SELECT count(*) FROM runs WHERE status = 'succeeded'")
    assert runs == [(performed,)]
