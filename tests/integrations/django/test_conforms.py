"""A project's desk is held to what it promises, outside of its tests too, on each database."""

from __future__ import annotations

from .sites import Site

KIT = """
from firsthand.testing import Conformance
for number in range(4):
    order = Order.objects.create(number=f"A-{number}")
Payment.objects.create(order=order, amount=5)
Carrier.objects.create(name="Post")
Archived.objects.create(number="old")
user("luis")

def rows():
    return [list(model.objects.order_by("pk").values_list()) for model in (Order, Payment, User)]

def faults(**said):
    subjects = {"payment": lambda: Payment.objects.all()[:1], "archived": [1]}
    kit = Conformance(desk, subjects=subjects, effect=rows, **said)
    told = [rule.fault() for rule in kit.rules() if rule.says != "says what it does"]
    return [each for each in told if each]
"""


def test_each_kind_of_action_keeps_its_promises_in_its_transaction_or_without(site: Site):
    told = site.inside(KIT + "told = [faults(), Order.objects.filter(state='cancelled').count()]")
    assert told == [[], 1]


def test_an_action_that_does_something_outside_of_its_transaction_is_named(site: Site):
    told = site.inside(
        KIT
        + """
elsewhere = []
@desk.action("order.audit", who="support", why=["customer asked"])
def audit(order: Order) -> None:
    "Write down somewhere else that it was looked at."
    elsewhere.append(order.number)
kit = Conformance(desk, effect=lambda: list(elsewhere))
told = [rule.fault() for rule in kit.rules() if rule.action == "order.audit"]
told = [each for each in told if each]
"""
    )
    assert len(told) == 1
    assert told[0].startswith(
        "order.audit: is safe to repeat? No: it raised after what it did, and that is still there."
    )
