"""What the bookshop's support does by hand."""

from decimal import Decimal
from typing import Annotated

from django.contrib.auth.models import User
from django.contrib.sites.models import Site
from oscar.apps.order.processing import EventHandler
from oscar.apps.order.utils import OrderDispatcher
from oscar.core.loading import get_model
from pydantic import Field

from firsthand import Refused
from firsthand.integrations.django import desk

Basket = get_model("basket", "Basket")
Order = get_model("order", "Order")
Source = get_model("payment", "Source")

order = desk.namespace("order", who="support", tags=["orders"], owner="order team")


def can_be_cancelled(order: Order) -> bool:
    """The order was neither sent nor cancelled."""
    return "Cancelled" in order.available_statuses()


@order.action(when=can_be_cancelled)
def cancel(order: Order) -> str:
    """Cancel an order, and give back what was put aside for it."""
    handler = EventHandler()
    handler.cancel_stock_allocations(order)
    handler.handle_order_status_change(order, "Cancelled", "Cancelled by support.")
    return f"Order {order.number} is cancelled."


def has_an_address(order: Order) -> bool:
    """Somebody can be written to."""
    return bool(order.email)


@order.action(when=has_an_address, mode="once")
def resend_confirmation(order: Order) -> str:
    """Send the confirmation of an order again."""
    said = {"user": order.user, "order": order, "lines": order.lines.all(), "site": Site.objects.get_current()}
    OrderDispatcher().send_order_placed_email_for_user(order, said)
    return f"Sent to {order.email}."


def within_limit(amount: Decimal) -> bool:
    """Up to 50."""
    return amount <= 50


@desk.action(
    "payment.refund",
    who={"support": within_limit, "lead": True},
    tags=["payments"],
    owner="finance",
)
def refund(
    source: Source, amount: Annotated[Decimal, Field(gt=0, decimal_places=2, description="in the order's currency")]
) -> dict[str, Decimal]:
    """Refund a payment, wholly or in part."""
    if amount > source.amount_available_for_refund:
        raise Refused(
            f"Only {source.amount_available_for_refund} of this payment is left.", "Refund that, or another payment."
        )
    source.refund(amount, reference="support")
    return {"refunded": amount, "left": source.amount_available_for_refund}


def is_locked(user: User) -> bool:
    """The user is locked."""
    return not user.is_active


@desk.action("user.unlock", who="support", when=is_locked, tags=["accounts"])
def unlock(user: User) -> None:
    """Let a user sign in again."""
    user.is_active = True
    user.save(update_fields=["is_active"])


def is_open(basket: Basket) -> bool:
    """The basket is open."""
    return basket.status == Basket.OPEN


@desk.action("basket.merge", who="support", when=is_open, tags=["orders"])
def merge(basket: Basket, other: Basket) -> str:
    """Put what is in another open basket of the same customer into this one."""
    if other.pk == basket.pk or other.owner_id != basket.owner_id or other.status != Basket.OPEN:
        raise Refused("These are not two open baskets of one customer.", "Choose two of the same customer.")
    lines = other.lines.count()
    basket.merge(other)
    return f"Lines taken over: {lines}."
