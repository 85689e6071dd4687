import os
from typing import Annotated

from django.contrib.auth import get_user_model
from django.db import connection

from firsthand import Refused
from firsthand.integrations.django import Choices, desk
from orders.models import Archived, Carrier, Order, Payment

User = get_user_model()


def is_open(order: Order) -> bool:
    """The order is open."""
    return order.state == "open"


@desk.action("order.cancel", who="support", when=is_open)
def cancel(order: Order, note: str = "") -> str:
    """Cancel an order."""
    order.state = "cancelled"
    order.save()
    Payment.objects.create(order=order, amount=-1)
    if note == "raise":
        raise ValueError("half of it is done")
    if note == "refuse":
        raise Refused("Not this one.")
    if note == "kill":
        os._exit(9)
    return f"{order} cancelled"


@desk.action("order.carrier", who="orders.change_order")
def set_carrier(order: Order, carrier: Annotated[int, Choices(Carrier.objects.filter(open=True))]) -> str:
    """Give an order to a carrier."""
    return Carrier.objects.get(pk=carrier).name


@desk.action("payment.refund", who="support")
def refund(payment: Payment) -> bool:
    """Refund a payment."""
    return connection.in_atomic_block


@desk.action("user.unlock", who="staff")
def unlock(user: User) -> None:
    """Unlock a user."""
    user.is_active = True
    user.save()


@desk.action("archive.look", who="staff", mode="once")
def look(archived: Archived) -> bool:
    """Look at what is archived."""
    return connection.in_atomic_block


@desk.action("order.tell", who="support")
async def tell(order: Order) -> str:
    """Tell somebody."""
    return order.number
