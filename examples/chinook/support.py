"""What Chinook's staff do by hand: `firsthand actions` lists it."""

from desk import desk

__all__ = ["desk"]

desk.discover("actions")
