"""The desk: registering actions, and every way in to performing them from Python."""

from firsthand.desk.desk import Desk

__all__ = ["Desk"]
