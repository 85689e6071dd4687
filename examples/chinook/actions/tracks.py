"""What sales does to tracks."""

from decimal import Decimal
from typing import Annotated

from desk import desk
from models import Track
from pydantic import Field


def is_another_price(track: Track, price: Decimal) -> bool:
    """The track does not cost that already."""
    return track.price != price


def by_half_at_most(track: Track, price: Decimal) -> bool:
    """By half of the price at most."""
    return abs(price - track.price) <= track.price / 2


Price = Annotated[Decimal, Field(ge=Decimal("0.49"), le=Decimal("4.99"), decimal_places=2)]


@desk.action(
    "track.change_price",
    title="Change track price",
    who={"sales manager": by_half_at_most, "general manager": True},
    why=["promotion", "label asked", "typing error"],
    when=is_another_price,
    tags=["catalogue"],
    owner="sales",
)
def change_price(track: Track, price: Price) -> str:
    """Change what a track costs from now on; invoices stay as they are."""
    before, track.price = track.price, price
    return f"It cost {before} and costs {price}."
